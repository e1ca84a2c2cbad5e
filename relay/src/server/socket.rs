//! A TCP connection that holds its seat until it is closed, whatever it became, and that gives up on a peer who takes
//! nothing.
//!
//! In and out: bytes, for TLS or HTTP. Must not know: what they mean.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Sleep, sleep},
};

use super::seats::Seat;

/// Most unsent bytes the kernel keeps for us, in bytes (`TCP_NOTSENT_LOWAT`): heartbeats do not queue behind megabytes.
/// 32 KiB is two DATA frames. It holds for senders too, whose unread answers then cost the kernel little.
#[cfg(target_os = "linux")]
const UNSENT: u32 = 32 * 1024;

/// A connection and its seat.
#[derive(Debug)]
pub(super) struct Socket {
    stream: TcpStream,
    seat: Arc<Seat>,
    stall: Duration,
    stalled: Option<Pin<Box<Sleep>>>,
}

impl Socket {
    /// A connection whose writes may make no progress for `stall`, unless it becomes a link, which has its own rule.
    pub(super) fn new(stream: TcpStream, seat: Arc<Seat>, stall: Duration) -> Self {
        prepare(&stream);
        Self {
            stream,
            seat,
            stall,
            stalled: None,
        }
    }

    fn bounded<T>(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() || self.seat.is_link() {
            self.stalled = None;
            return written;
        }
        let timer = self
            .stalled
            .get_or_insert_with(|| Box::pin(sleep(self.stall)));
        timer
            .as_mut()
            .poll(cx)
            .map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

/// Small writes go at once, and few of them queue. A system that cannot do it serves as well, only later.
fn prepare(stream: &TcpStream) {
    stream.set_nodelay(true).ok();
    #[cfg(target_os = "linux")]
    socket2::SockRef::from(stream)
        .set_tcp_notsent_lowat(UNSENT)
        .ok();
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.bounded(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.bounded(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::{io::AsyncWriteExt, net::TcpListener};

    use super::*;
    use crate::{config::Limits, server::seats::Seats};

    async fn pair() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let dial = TcpStream::connect(listener.local_addr().unwrap());
        let (near, far) = tokio::join!(dial, listener.accept());
        (near.unwrap(), far.unwrap().0)
    }

    #[tokio::test]
    async fn a_peer_that_takes_nothing_is_given_up_and_its_seat_is_free() {
        let limits = Limits {
            connections: 1,
            ..Limits::default()
        };
        let seats = Seats::new(&limits, &[]);
        let (near, _far) = pair().await;
        let seat = seats.take([127, 0, 0, 1].into()).unwrap();
        let mut socket = Socket::new(near, Arc::new(seat), Duration::from_millis(50));
        let piece = vec![0; 1024 * 1024];
        let error = loop {
            if let Err(error) = socket.write_all(&piece).await {
                break error;
            }
        };
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        seats.take([127, 0, 0, 1].into()).unwrap_err();
        drop(socket);
        seats.take([127, 0, 0, 1].into()).unwrap();
    }
}
