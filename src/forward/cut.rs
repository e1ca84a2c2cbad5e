//! A request that is written whole, and whose connection is dropped before the answer: what an app must live with when a sender gives
//! up, or the network between them does.
//!
//! In: a target and a request. Out: always a [`Failure`]; [`CUT`] says that it went as wished. Must not know: who asks for it.
//!
//! ```text
//! connect ─▶ head, body ─▶ the last of them is flushed ─▶ the connection is dropped
//! ```

use std::{
    io,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use http::Request;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::Notify,
    time::Instant,
};

use super::{
    Failure,
    body::{Outbound, Progress},
    connect::{self, Connector},
};
use crate::target::Target;

/// Why an attempt has no answer that was cut as wished.
pub const CUT: &str = "cut: the connection was dropped before the answer";

/// Sends the request and drops the connection.
pub(super) async fn send(
    connector: &Connector,
    target: &Target,
    request: Request<Outbound>,
    progress: &Progress,
    connect: &mut Option<Duration>,
) -> Failure {
    let began = Instant::now();
    let tcp = match connect::tcp(target).await {
        Ok(tcp) => tcp,
        Err(failure) => return failure,
    };
    if !target.is_tls {
        *connect = Some(began.elapsed());
        return write(target, tcp, request, progress).await;
    }
    match connector.secure(target, tcp).await {
        Ok(stream) => {
            *connect = Some(began.elapsed());
            write(target, stream, request, progress).await
        }
        Err(failure) => failure,
    }
}

async fn write<S>(
    target: &Target,
    stream: S,
    request: Request<Outbound>,
    progress: &Progress,
) -> Failure
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let written = Arc::new(Notify::new());
    let watched = Watched {
        stream,
        progress: progress.clone(),
        has_begun: false,
        written: written.clone(),
    };
    let unanswered = |error: &hyper::Error| Failure::unanswered(target, error, progress.is_cut());
    let (mut sender, connection) = match http1::handshake(TokioIo::new(watched)).await {
        Ok(both) => both,
        Err(error) => return unanswered(&error),
    };
    let mut connection = pin!(connection);
    let driven = async {
        match connection.as_mut().await {
            // Whoever waits for the answer gets the end there.
            Ok(()) => std::future::pending().await,
            Err(error) => error,
        }
    };
    tokio::select! {
        // An answer that is there already is dropped like one that is not.
        biased;
        () = written.notified() => Failure::broken(CUT),
        answered = sender.send_request(request) => match answered {
            Ok(_) => Failure::broken(CUT),
            Err(error) => unanswered(&error),
        },
        error = driven => unanswered(&error),
    }
}

/// A stream that tells when the whole request has gone through it.
struct Watched<S> {
    stream: S,
    progress: Progress,
    has_begun: bool,
    written: Arc<Notify>,
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, into)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.has_begun = true;
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    /// hyper flushes the stream when its own buffer is empty.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
        if self.has_begun && self.progress.is_ended() {
            self.written.notify_one();
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
