//! A connection that the app agreed to turn into a websocket: bytes both ways, never parsed.
//!
//! In: what the sender writes. Out: what the app writes, read only as it is asked for. Must not know: frames of either
//! websocket, the link.
//!
//! ```text
//! sender ─▶ upstream ─▶ task of the pool ─▶ app        one piece in memory
//! sender ◀─ answer's body ◀──────────────── app        16 KiB in memory
//! ```
//!
//! When the sender's side ends or breaks off, the app reads an end. When the answer's body is dropped, all of it ends.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use hooktool_relay::answer::{AnswerBody, Cut};
use http_body::{Body, Frame};
use http_body_util::BodyExt as _;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWriteExt as _, ReadBuf, ReadHalf, WriteHalf},
    task::AbortHandle,
};

use super::{RequestBody, pool::Pool};

/// Most bytes of one piece of the answer: a DATA frame's.
const PIECE: usize = 16 * 1024;

/// Carries `upstream` to the app until it ends; the body returned is what the app writes.
pub(super) fn carry(upgraded: Upgraded, upstream: RequestBody, pool: &Pool) -> AnswerBody {
    let (from_app, to_app) = tokio::io::split(TokioIo::new(upgraded));
    let pump = pool.drive(async move {
        // The reading half sees what became of the connection.
        drop(pump(upstream, to_app).await);
    });
    let carried = Carried {
        from_app,
        buffer: Box::new([0; PIECE]),
        pump,
        _pool: pool.clone(),
    };
    carried.boxed_unsync()
}

async fn pump(
    mut upstream: RequestBody,
    mut to_app: WriteHalf<TokioIo<Upgraded>>,
) -> io::Result<()> {
    while let Some(Ok(frame)) = upstream.frame().await {
        if let Ok(piece) = frame.into_data() {
            to_app.write_all(&piece).await?;
            to_app.flush().await?;
        }
    }
    to_app.shutdown().await
}

struct Carried {
    from_app: ReadHalf<TokioIo<Upgraded>>,
    buffer: Box<[u8; PIECE]>,
    pump: AbortHandle,
    _pool: Pool,
}

impl Body for Carried {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        let this = self.get_mut();
        let mut buffer = ReadBuf::new(this.buffer.as_mut_slice());
        let read = ready!(Pin::new(&mut this.from_app).poll_read(cx, &mut buffer));
        Poll::Ready(match read {
            Ok(()) if buffer.filled().is_empty() => None,
            Ok(()) => Some(Ok(Frame::data(Bytes::copy_from_slice(buffer.filled())))),
            Err(_) => Some(Err(Cut)),
        })
    }
}

impl Drop for Carried {
    fn drop(&mut self) {
        self.pump.abort();
    }
}
