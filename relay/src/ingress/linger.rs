//! A request's body that is not read to its end, on HTTP/2: what still comes is taken for a moment, and thrown away.
//!
//! In: the body. Out: the same body; when it is dropped early, a task that reads on. Must not know: why nobody wanted the rest.
//!
//! A stream whose answer is complete before its request is reset (RFC 9113 §8.1), and senders exist that drop the answer with
//! it: curl before 8.0 ends with an error instead of showing a 413. One that reads the answer first stops sending by itself.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::{Buf, Bytes};
use http::Version;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use tokio::{runtime::Handle, time::timeout};
use tokio_util::task::TaskTracker;

/// How long the rest is taken: a few round trips to anywhere.
const LONGEST: Duration = Duration::from_secs(1);

/// Most bytes of it: four windows of a stream, so a sender that still sends has had its answer for round trips.
const MOST: usize = 1024 * 1024;

/// A body, and where its rest is taken.
#[derive(Debug)]
pub(super) struct Lingering<B: Body<Data = Bytes> + Unpin + Send + 'static> {
    body: Option<B>,
    tasks: Option<TaskTracker>,
}

impl<B: Body<Data = Bytes> + Unpin + Send + 'static> Lingering<B> {
    /// The body of a request of this version. HTTP/1.1 has a connection for each, and hyper takes its rest.
    pub(super) fn new(body: B, version: Version, tasks: &TaskTracker) -> Self {
        Self {
            body: Some(body),
            tasks: (version == Version::HTTP_2).then(|| tasks.clone()),
        }
    }
}

impl<B: Body<Data = Bytes> + Unpin + Send + 'static> Body for Lingering<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        match &mut self.body {
            Some(body) => Pin::new(body).poll_frame(cx),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(B::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body
            .as_ref()
            .map_or_else(|| SizeHint::with_exact(0), B::size_hint)
    }
}

impl<B: Body<Data = Bytes> + Unpin + Send + 'static> Drop for Lingering<B> {
    fn drop(&mut self) {
        let (Some(body), Some(tasks)) = (self.body.take(), &self.tasks) else {
            return;
        };
        // Without a runtime the connection ends anyway.
        if let Ok(runtime) = Handle::try_current()
            && !body.is_end_stream()
        {
            tasks.spawn_on(discard(body), &runtime);
        }
    }
}

/// Takes what comes, within [`LONGEST`] and [`MOST`]. A stream that is over ends it at once.
async fn discard<B: Body<Data = Bytes> + Unpin>(mut body: B) {
    let taking = async {
        let mut taken = 0;
        while let Some(Ok(frame)) = body.frame().await {
            taken += frame.data_ref().map_or(0, Buf::remaining);
            if taken > MOST {
                return;
            }
        }
    };
    // However it ends, the body is dropped then.
    let _ = timeout(LONGEST, taking).await;
}

#[cfg(test)]
mod tests {
    use http_body_util::Channel;

    use super::*;

    const PIECE: Bytes = Bytes::from_static(&[0; 64 * 1024]);

    /// Drops a body of this version, and says how many pieces are taken of it afterwards.
    async fn taken_after_drop(version: Version) -> usize {
        let tasks = TaskTracker::new();
        let (mut sender, body) = Channel::<Bytes>::new(1);
        drop(Lingering::new(body, version, &tasks));
        let mut taken = 0;
        while sender.send_data(PIECE).await.is_ok() {
            taken += 1;
        }
        tasks.close();
        tasks.wait().await;
        taken
    }

    #[tokio::test]
    async fn the_rest_of_a_stream_is_taken_up_to_a_limit() {
        let taken = taken_after_drop(Version::HTTP_2).await;
        assert!((16..=19).contains(&taken), "{taken}");
        assert_eq!(taken_after_drop(Version::HTTP_11).await, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_stream_that_neither_sends_nor_ends_is_given_up() {
        let tasks = TaskTracker::new();
        let (sender, body) = Channel::<Bytes>::new(1);
        drop(Lingering::new(body, Version::HTTP_2, &tasks));
        tasks.close();
        assert_eq!(tasks.len(), 1);
        tasks.wait().await;
        drop(sender);
    }
}
