//! A recorded request's body as bytes that come when they are asked for: what a forward of a stored request sends.

use bytes::Bytes;
use futures_util::stream;
use hooktool_relay::{
    answer::{AnswerBody, Cut},
    capture::Body,
};
use http_body::Frame;
use http_body_util::{BodyExt, Empty, Full, StreamBody};
use tokio::task::spawn_blocking;
use tracing::warn;

use super::{History, HistoryError, Number};

/// Bytes read at a time.
const PIECE: usize = 256 * 1024;

impl History {
    /// The body of a request, `body` being what its capture says of it. A read that fails cuts it: it never looks whole.
    pub fn stored_body(&self, number: Number, body: &Body) -> AnswerBody {
        match body {
            Body::Absent => Empty::new().map_err(|never| match never {}).boxed_unsync(),
            Body::Whole(bytes) => Full::new(bytes.clone())
                .map_err(|never| match never {})
                .boxed_unsync(),
            Body::Pieces(len) => {
                let (history, len) = (self.clone(), *len);
                let pieces = stream::try_unfold(0_u64, move |offset| {
                    let history = history.clone();
                    async move {
                        if offset >= len {
                            return Ok(None);
                        }
                        let bytes =
                            spawn_blocking(move || history.reader()?.body(number, offset, PIECE))
                                .await;
                        let bytes = whole(bytes, number)?;
                        let next = offset.saturating_add(bytes.len() as u64);
                        Ok(Some((Frame::data(bytes), next)))
                    }
                });
                BodyExt::boxed_unsync(StreamBody::new(pieces))
            }
        }
    }
}

fn whole(
    read: Result<Result<Bytes, HistoryError>, tokio::task::JoinError>,
    number: Number,
) -> Result<Bytes, Cut> {
    match read {
        Ok(Ok(bytes)) if !bytes.is_empty() => Ok(bytes),
        Ok(Ok(_)) => Err(Cut),
        Ok(Err(error)) => {
            warn!(number, %error, "a stored body cannot be read");
            Err(Cut)
        }
        Err(_) => Err(Cut),
    }
}
