//! Websockets through an endpoint: live only, never stored, and no pipe before the app said 101.
//!
//! In: a request that asks to become a websocket, and its connection. Out: the app's 101 and then bytes both ways, parsed
//! by nobody; or the app's refusal; or why there is neither. Must not know: frames, of either kind.
//!
//! ```text
//!   asked ──▶ carried ──▶ 101 ──▶ pumped both ways ──▶ either side ends
//!               └──▶ the app's refusal, 502, 503, 504
//! ```

use std::{sync::Arc, time::Duration};

use bytes::{Bytes, BytesMut};
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::{
    BodyExt,
    channel::{Channel, Sender},
};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, split},
    sync::oneshot,
    time::{Instant, timeout, timeout_at},
};

use crate::{
    answer::{AnswerBody, Cut},
    capture::Capture,
    headers,
    ingress::{
        Ingress,
        reply::{self, Refusal},
    },
    registry::{Answer, NoAnswer, Upgrade},
};

/// Pieces of a sender's bytes that wait for the link; full means that its socket is not read.
const PIECES: usize = 4;

/// Largest piece, in bytes: one DATA frame of the wire.
const PIECE: usize = 16 * 1024;

impl Ingress {
    /// Carries an upgrade to the listener and answers with what the app said. `socket` is the connection to come.
    pub(super) async fn upgrade(
        &self,
        capture: Capture,
        socket: OnUpgrade,
    ) -> Result<Response<AnswerBody>, Refusal> {
        let deadline = Instant::now() + self.config.limits.reading_deadline;
        let (upstream, body) = Channel::new(PIECES);
        let (answer, answered) = oneshot::channel();
        let (endpoint, method) = (capture.endpoint.clone(), capture.method.clone());
        let (upstream, id) = (Upstream(Some(upstream)), capture.id);
        let upgrade = Upgrade {
            capture: Arc::new(capture),
            upstream: AnswerBody::new(body),
            answer,
        };
        if self.registry.carry(&endpoint, upgrade).is_err() {
            return Err(Refusal::NOBODY.of(id));
        }
        let answer = match timeout_at(deadline, answered).await {
            Err(_) => Err(NoAnswer::TimedOut),
            Ok(Err(_)) => Err(NoAnswer::NoListener),
            Ok(Ok(answer)) => answer,
        };
        let answer = answer.map_err(|why| Refusal::unanswered(why).of(id))?;
        if answer.head.status == StatusCode::SWITCHING_PROTOCOLS {
            return Ok(self.switched(answer, upstream, socket));
        }
        self.passed_on(&method, answer)
            .ok_or(Refusal::unanswered(NoAnswer::Broken).of(id))
    }

    /// The app's 101; the bytes after it are pumped by a task of the relay until either side ends.
    fn switched(
        &self,
        answer: Answer,
        upstream: Upstream,
        socket: OnUpgrade,
    ) -> Response<AnswerBody> {
        let mut response = Response::new(reply::empty());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let lines = response.headers_mut();
        *lines = headers::for_sender(&answer.head, self.accounts.is_single());
        lines.remove(header::CONTENT_LENGTH);
        // They are hop-by-hop: the app's own ended at the listener.
        lines.append(header::CONNECTION, HeaderValue::from_static("Upgrade"));
        lines.append(header::UPGRADE, HeaderValue::from_static("websocket"));
        let stall = self.config.limits.answer_stall;
        self.tasks.spawn(async move {
            // An error means that the sender went away before the 101 reached it: both bodies are dropped, and so told.
            if let Ok(socket) = socket.await {
                pump(TokioIo::new(socket), upstream, answer.body, stall).await;
            }
        });
        response
    }
}

/// What the sender writes, on its way to the app. Dropped before [`Upstream::end`] it is a cut, whoever dropped it: the
/// sender left before the app had answered, the connection broke, the relay stopped.
struct Upstream(Option<Sender<Bytes, Cut>>);

impl Upstream {
    /// Hands on a piece; false if nobody takes it any more.
    async fn push(&mut self, bytes: Bytes) -> bool {
        match &mut self.0 {
            Some(sender) => sender.send_data(bytes).await.is_ok(),
            None => false,
        }
    }

    /// The sender has said all.
    fn end(&mut self) {
        self.0 = None;
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        if let Some(sender) = self.0.take() {
            sender.abort(Cut);
        }
    }
}

/// How one direction ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// Its writer has said all, or its reader takes no more.
    Whole,
    /// It broke off.
    Broken,
}

/// Bytes both ways until the app's side ends, the sender's connection breaks, or the app says nothing for `stall` after
/// the sender ended.
async fn pump<S>(socket: S, mut upstream: Upstream, answer: AnswerBody, stall: Duration)
where
    S: AsyncRead + AsyncWrite,
{
    let (from_sender, to_sender) = split(socket);
    let downwards = downwards(answer, to_sender, stall);
    tokio::pin!(downwards);
    let (end, app_ended) = tokio::select! {
        end = &mut downwards => (end, true),
        end = upwards(from_sender, &mut upstream) => (end, false),
    };
    if end == End::Whole {
        upstream.end();
        if !app_ended {
            // How it ends then is the sender's to see.
            let _ = timeout(stall, downwards).await;
        }
    }
}

/// What the sender writes, piece by piece, no faster than the link takes it.
async fn upwards(mut from: impl AsyncRead + Unpin, to: &mut Upstream) -> End {
    let mut buffer = BytesMut::new();
    loop {
        buffer.reserve(PIECE);
        match from.read_buf(&mut buffer).await {
            Ok(0) => return End::Whole,
            Ok(_) => {}
            Err(_) => return End::Broken,
        }
        if !to.push(buffer.split().freeze()).await {
            return End::Whole;
        }
    }
}

/// What the app writes, each piece flushed. A cut closes without a clean end; so does a sender that takes nothing for `stall`.
async fn downwards(mut from: AnswerBody, mut to: impl AsyncWrite + Unpin, stall: Duration) -> End {
    while let Some(frame) = from.frame().await {
        let Ok(frame) = frame else {
            return End::Broken;
        };
        let Ok(bytes) = frame.into_data() else {
            continue;
        };
        let written = timeout(stall, async {
            to.write_all(&bytes).await?;
            to.flush().await
        });
        if !matches!(written.await, Ok(Ok(()))) {
            return End::Broken;
        }
    }
    match timeout(stall, to.shutdown()).await {
        Ok(Ok(())) => End::Whole,
        _ => End::Broken,
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::duplex;

    use super::*;

    const STALL: Duration = Duration::from_secs(30);

    /// A pumped connection: the sender's end, what the app gets, what the app writes to, and the pump itself.
    fn pumped() -> (
        tokio::io::DuplexStream,
        Channel<Bytes, Cut>,
        Sender<Bytes, Cut>,
        impl Future<Output = ()>,
    ) {
        let (sender, socket) = duplex(8);
        let (upstream, to_app) = Channel::new(PIECES);
        let (from_app, answer) = Channel::new(PIECES);
        let upstream = Upstream(Some(upstream));
        let pump = pump(socket, upstream, AnswerBody::new(answer), STALL);
        (sender, to_app, from_app, pump)
    }

    #[tokio::test(start_paused = true)]
    async fn bytes_pass_both_ways_and_a_clean_end_is_passed_on() {
        let (mut sender, mut to_app, mut from_app, pump) = pumped();
        let talk = async {
            sender.write_all(b"up").await.unwrap();
            let up = to_app.frame().await.unwrap().unwrap();
            assert_eq!(up.into_data().unwrap(), "up");
            let long = Bytes::from(vec![7; 100]);
            from_app.send_data(long.clone()).await.unwrap();
            drop(from_app);
            let mut down = Vec::new();
            sender.read_to_end(&mut down).await.unwrap();
            assert_eq!(down, long);
            assert!(to_app.frame().await.is_none());
        };
        tokio::join!(pump, talk);
    }

    #[tokio::test(start_paused = true)]
    async fn what_the_app_says_after_the_senders_end_still_arrives() {
        let (sender, mut to_app, mut from_app, pump) = pumped();
        let (mut sender, mut writing) = split(sender);
        let talk = async {
            writing.shutdown().await.unwrap();
            assert!(to_app.frame().await.is_none());
            from_app.send_data("bye".into()).await.unwrap();
            drop(from_app);
            let mut down = Vec::new();
            sender.read_to_end(&mut down).await.unwrap();
            assert_eq!(down, b"bye");
        };
        tokio::join!(pump, talk);
    }

    #[tokio::test(start_paused = true)]
    async fn a_sender_that_takes_nothing_is_let_go() {
        let (_sender, mut to_app, mut from_app, pump) = pumped();
        let start = Instant::now();
        from_app
            .send_data("more than 8 bytes".into())
            .await
            .unwrap();
        pump.await;
        assert_eq!(start.elapsed(), STALL);
        assert!(from_app.send_data("x".into()).await.is_err());
        assert_eq!(to_app.frame().await.unwrap().unwrap_err(), Cut);
    }

    #[tokio::test]
    async fn a_pump_that_is_stopped_cuts_and_does_not_end() {
        let (_sender, mut to_app, _from_app, pump) = pumped();
        drop(pump);
        assert_eq!(to_app.frame().await.unwrap().unwrap_err(), Cut);
    }
}
