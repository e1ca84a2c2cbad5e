//! How a link ends: whoever stops says so by a websocket close, and the other end reads it; no connection is reset.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use hooktool_relay::protocol::Frame;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    task::JoinSet,
};

use crate::support::{Home, eventually, story};

/// What one end of a link wrote, and how it ended its half: none while it goes on.
#[derive(Clone, Debug, Default)]
struct Half {
    bytes: Vec<u8>,
    ended: Option<Result<(), io::ErrorKind>>,
}

/// A wire between a listener and a relay that is overheard.
struct Wire {
    addr: SocketAddr,
    listener: Arc<Mutex<Half>>,
    relay: Arc<Mutex<Half>>,
    _tasks: JoinSet<()>,
}

impl Wire {
    /// Carries the first connection that comes, and refuses others.
    async fn to(relay: SocketAddr) -> Self {
        let door = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let addr = door.local_addr().expect("an address");
        let halves: [Arc<Mutex<Half>>; 2] = Default::default();
        let [up, down] = halves.clone();
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let (near, _) = door.accept().await.expect("a listener");
            drop(door);
            let far = TcpStream::connect(relay).await.expect("the relay");
            let ((near_read, near_write), (far_read, far_write)) =
                (near.into_split(), far.into_split());
            tokio::join!(
                carry(near_read, far_write, &up),
                carry(far_read, near_write, &down)
            );
        });
        let [listener, relay] = halves;
        Self {
            addr,
            listener,
            relay,
            _tasks: tasks,
        }
    }

    /// Waits until both ends have hung up, neither by a reset; what each wrote.
    async fn ended(&self) -> [Vec<u8>; 2] {
        eventually("the end of the link", || async {
            let ends = [&self.listener, &self.relay].map(|half| half.lock().expect("ok").clone());
            let is_over = ends.iter().all(|half| half.ended.is_some());
            is_over
                .then(|| {
                    ends.map(|half| {
                        assert_eq!(half.ended, Some(Ok(())));
                        half.bytes
                    })
                })
                .ok_or("it goes on".to_owned())
        })
        .await
    }
}

async fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, half: &Mutex<Half>) {
    let mut buffer = vec![0; 8 * 1024];
    let ended = loop {
        match from.read(&mut buffer).await {
            Ok(0) => break Ok(()),
            Ok(count) => {
                half.lock().expect("ok").bytes.extend(&buffer[..count]);
                if let Err(error) = to.write_all(&buffer[..count]).await {
                    break Err(error.kind());
                }
            }
            Err(error) => break Err(error.kind()),
        }
    };
    // Whoever hung up first need not hear it.
    let _ = to.shutdown().await;
    half.lock().expect("ok").ended = Some(ended);
}

/// The websocket messages behind the HTTP head, unmasked: first byte, payload (RFC 6455 §5.2).
fn messages(bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let end = bytes.windows(4).position(|at| at == b"\r\n\r\n");
    let mut rest = &bytes[end.expect("an upgrade") + 4..];
    let mut found = Vec::new();
    while let [first, second, tail @ ..] = rest {
        let (len, tail) = match second & 0x7f {
            126 => (
                usize::from(u16::from_be_bytes([tail[0], tail[1]])),
                &tail[2..],
            ),
            127 => panic!("no message here is that long"),
            len => (usize::from(len), tail),
        };
        let (mask, tail) = match second & 0x80 {
            0 => ([0; 4], tail),
            _ => ([tail[0], tail[1], tail[2], tail[3]], &tail[4..]),
        };
        let payload = tail[..len].iter().enumerate();
        found.push((
            *first,
            payload.map(|(at, byte)| byte ^ mask[at % 4]).collect(),
        ));
        rest = &tail[len..];
    }
    found
}

/// A final close message (RFC 6455 §5.5.1).
const CLOSE: u8 = 0x88;

fn close(code: u16) -> (u8, Vec<u8>) {
    (CLOSE, code.to_be_bytes().to_vec())
}

#[cfg(unix)]
#[test]
fn a_listener_that_stops_closes_its_link_and_the_relay_answers() {
    story(async {
        let home = Home::new();
        let relay = home.relay("127.0.0.1:0");
        let wire = Wire::to(relay.url().await.0).await;
        let url = format!("http://{}", wire.addr);
        let mut listener = home.start("app", &["listen", "--relay", &url]);
        listener.url().await;
        listener.signal("INT");
        assert_eq!(listener.code().await, 0, "{}", listener.stderr());
        let [said, answered] = wire.ended().await;
        assert_eq!(messages(&said).last(), Some(&close(1000)));
        assert_eq!(messages(&answered).last(), Some(&close(1000)));
    });
}

#[cfg(unix)]
#[test]
fn a_relay_that_stops_says_goaway_and_closes_each_link() {
    story(async {
        let home = Home::new();
        let mut relay = home.relay("127.0.0.1:0");
        let wire = Wire::to(relay.url().await.0).await;
        let url = format!("http://{}", wire.addr);
        let listener = home.start("app", &["listen", "--relay", &url]);
        listener.url().await;
        relay.signal("TERM");
        assert_eq!(relay.code().await, 0, "{}", relay.stderr());
        let [_, said] = wire.ended().await;
        let said = messages(&said);
        assert_eq!(said.last(), Some(&close(1012)));
        let is_goaway = said.iter().any(|(_, payload)| {
            let frame = Frame::decode(payload.clone().into());
            matches!(frame, Ok(Some(Frame::GoAway(_))))
        });
        assert!(is_goaway, "{said:?}");
    });
}
