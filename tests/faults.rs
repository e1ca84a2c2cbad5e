//! Stories of processes that are killed, of memory, and of what else breaks around the real binary.

use std::{
    collections::HashSet,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{io::AsyncWriteExt, net::TcpStream, sync::watch, task::JoinSet};

use crate::{
    streaming::streamed,
    support::{
        Home, Request, Sender, TestTarget, eventually, listener::Setup, pattern, sender, story,
        target::answer,
    },
};

#[cfg(target_os = "linux")]
mod disk;
mod files;
mod links;
mod pipes;
mod places;
#[cfg(target_os = "linux")]
mod syncs;
mod targets;

/// How often the relay is killed.
const ROUNDS: usize = 50;

/// Sends a body and gives the status; none if the connection failed before the answer's head.
async fn try_send(addr: SocketAddr, body: Vec<u8>) -> Option<u16> {
    let request = Request::post("/tidy-otter", body);
    let mut stream = TcpStream::connect(addr).await.ok()?;
    stream.write_all(&request.head(addr)).await.ok()?;
    stream.write_all(&request.body?).await.ok()?;
    Some(sender::read(&mut stream, false).await?.status)
}

/// The body of this number: every eighth is stored in pieces.
fn body(number: usize) -> Vec<u8> {
    let len = match number % 8 {
        7 => 150_000 + number,
        _ => 100 + number,
    };
    let mut body = format!("{number}\n").into_bytes();
    body.extend_from_slice(&pattern(len));
    body
}

fn number(body: &[u8]) -> usize {
    let line = body.split(|byte| *byte == b'\n').next().expect("a line");
    let text = std::str::from_utf8(line).expect("digits");
    text.parse().expect("a number")
}

/// Senders that go on while the relay is up, and what was acknowledged to them.
struct Load {
    acknowledged: Arc<Mutex<HashSet<usize>>>,
    is_up: watch::Sender<bool>,
    _senders: JoinSet<()>,
}

impl Load {
    fn to(addr: SocketAddr) -> Self {
        let acknowledged = Arc::new(Mutex::new(HashSet::new()));
        let next = Arc::new(AtomicUsize::new(0));
        let is_up = watch::Sender::new(false);
        let mut senders = JoinSet::new();
        for _ in 0..4 {
            let (acknowledged, next) = (acknowledged.clone(), next.clone());
            let mut up = is_up.subscribe();
            senders.spawn(async move {
                while up.wait_for(|up| *up).await.is_ok() {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let status = try_send(addr, body(number)).await;
                    if status.is_some_and(|status| (200..300).contains(&status)) {
                        acknowledged.lock().expect("no panic").insert(number);
                    }
                }
            });
        }
        Self {
            acknowledged,
            is_up,
            _senders: senders,
        }
    }

    fn count(&self) -> usize {
        self.acknowledged.lock().expect("no panic").len()
    }

    async fn more(&self, by: usize) {
        let until = self.count() + by;
        eventually("acknowledged requests", || async {
            let count = self.count();
            (count >= until).then_some(()).ok_or(format!("{count}"))
        })
        .await;
    }
}

#[test]
fn a_killed_relay_keeps_what_it_acknowledged() {
    story(async {
        let home = Home::new();
        let target = TestTarget::start().await;
        let mut relay = home.relay("127.0.0.1:0");
        let (addr, _) = relay.url().await;
        let setup = Setup::at(addr, "", Some(target.addr));
        let listener = setup.start().await.live().await;
        let load = Load::to(addr);
        for round in 0..ROUNDS {
            load.is_up.send_replace(true);
            load.more(3 + round % 9).await;
            relay.kill();
            load.is_up.send_replace(false);
            relay = home.relay(&addr.to_string());
            relay.url().await;
            listener.connect_now.notify_one();
        }
        listener.wait_live().await;
        let acknowledged = load.acknowledged.lock().expect("no panic").clone();
        assert!(acknowledged.len() > 3 * ROUNDS, "{}", acknowledged.len());
        eventually("what was acknowledged, at the target", || async {
            let got: HashSet<usize> = target.got().iter().map(|got| number(&got.body)).collect();
            let missing: Vec<_> = acknowledged.difference(&got).collect();
            if missing.is_empty() {
                Ok(())
            } else {
                Err(format!("missing {missing:?}"))
            }
        })
        .await;
        for got in target.got() {
            let number = number(&got.body);
            assert!(got.body == body(number), "body {number} is another");
        }
    });
}

#[test]
fn a_killed_listener_is_offered_again_what_it_had_begun() {
    story(async {
        let home = Home::new();
        let first = AtomicUsize::new(0);
        let target = TestTarget::answering(move |_| {
            let is_first = first.fetch_add(1, Ordering::Relaxed) == 0;
            async move {
                if is_first {
                    std::future::pending::<()>().await;
                }
                answer(200, "ok")
            }
        })
        .await;
        let to = target.addr.to_string();
        let relay = home.relay("127.0.0.1:0");
        let (addr, _) = relay.url().await;
        let url = format!("http://{addr}");
        let args = ["listen", &to, "--relay", &url];
        let listener = home.start("app", &args);
        let (_, path) = listener.url().await;
        let sender = Sender::to(addr);
        let begun = sender.send(Request::post(&path, "begun"));
        let killed = async {
            target.wait_for(1).await;
            listener.kill();
        };
        let (begun, ()) = tokio::join!(begun, killed);
        assert_eq!(begun.status, 202, "{}", begun.text());
        let waited = sender.send(Request::post(&path, "waited")).await;
        assert_eq!(waited.status, 202, "{}", waited.text());

        let listener = home.start("app", &args);
        assert_eq!(listener.url().await.1, path);
        let live = sender.send(Request::post(&path, "live")).await;
        assert_eq!(live.status, 200);
        let got = target.wait_for(4).await;
        let mut bodies: Vec<_> = got.iter().map(|got| got.body.clone()).collect();
        bodies.sort();
        assert_eq!(bodies, ["begun", "begun", "live", "waited"]);
        let of = |body: &str| {
            let of = got.iter().filter(|got| got.body == body);
            of.map(|got| got.all("hooktool-request-id")[0].to_vec())
                .collect::<Vec<_>>()
        };
        assert_eq!(of("begun")[0], of("begun")[1]);
        assert_ne!(of("begun")[0], of("waited")[0]);
    });
}

#[test]
fn a_killed_listener_leaves_no_try_that_streams_for_ever() {
    story(async {
        let home = Home::new();
        let (pieces, body) = tokio::sync::mpsc::channel(1);
        pieces.send("data: 1\n\n".into()).await.expect("room");
        let body = Mutex::new(Some(body));
        let target = TestTarget::answering(move |_| {
            let body = body.lock().expect("no panic").take().expect("one request");
            async move { streamed(body) }
        })
        .await;
        let to = target.addr.to_string();
        let relay = home.relay("127.0.0.1:0");
        let (addr, _) = relay.url().await;
        let url = format!("http://{addr}");
        let args = ["listen", &to, "--relay", &url];
        let listener = home.start("app", &args);
        let (_, path) = listener.url().await;
        let sender = Sender::to(addr);
        let shown = || home.records("app", &["show", "1", "--json"]).pop();
        let killed = async {
            eventually("a try that streams", || async {
                let listed = home.records("app", &["list", "--json"]).pop();
                let is_tried = listed.as_ref().is_some_and(|row| row["last"].is_object());
                is_tried.then_some(()).ok_or(format!("{listed:?}"))
            })
            .await;
            let attempt = shown().expect("a try");
            assert_eq!(attempt["answer"]["ended"], false, "{attempt}");
            assert_eq!(attempt["outcome"], "answered", "{attempt}");
            listener.kill();
        };
        let (answer, ()) = tokio::join!(sender.send(Request::post(&path, "begun")), killed);
        assert!(!answer.is_whole, "it was cut");
        let left = "hooktool ended before the answer did";
        let attempt = shown().expect("a try");
        assert_eq!(
            (&attempt["outcome"], &attempt["error"]),
            (&"broken".into(), &left.into())
        );
        let listener = home.start("app", &["listen", "--relay", &url]);
        listener.url().await;
        let listed = home
            .records("app", &["list", "--json"])
            .pop()
            .expect("a row");
        assert_eq!(listed["last"]["outcome"], "broken", "{listed}");
    });
}

#[test]
fn twenty_five_mebibytes_both_ways_cost_neither_process_sixteen() {
    story(async {
        let home = Home::new();
        let target = TestTarget::answering(|got| {
            let body = got.body.clone();
            async move { answer(200, body) }
        })
        .await;
        let relay = home.relay("127.0.0.1:0");
        let (addr, _) = relay.url().await;
        let (to, url) = (target.addr.to_string(), format!("http://{addr}"));
        let flags = ["--relay", &url, "--deadline", "60s"];
        let args = [&["listen", &to][..], &flags].concat();
        let listener = home.start("app", &args);
        let (_, path) = listener.url().await;
        let sender = Sender::to(addr);
        assert_eq!(sender.send(Request::post(&path, "x")).await.body, b"x");
        let peaks = || Some((relay.peak_memory()?, listener.peak_memory()?));
        let Some(before) = peaks() else {
            eprintln!("skipped: this system does not say how much memory a process has");
            return;
        };
        let large = pattern(25 * 1024 * 1024);
        let answer = sender.send(Request::post(&path, large.to_vec())).await;
        assert_eq!((answer.status, answer.is_whole), (200, true));
        assert!(answer.body == large[..], "the answer is the body");
        let after = peaks().expect("as before");
        let grown = (after.0 - before.0, after.1 - before.1);
        assert!(
            grown.0 < 16 * 1024 && grown.1 < 16 * 1024,
            "relay and listener grew by {grown:?} KiB, from {before:?}"
        );
    });
}
