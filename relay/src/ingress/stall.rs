//! Senders that do not read: an answer that makes no progress is let go.
//!
//! hyper asks a body for its next bytes only when it has room for them, and a full socket leaves it none. So an answer
//! whose last bytes were taken, and which nobody has asked since, stands still because of its sender; one that was asked
//! and has nothing yet waits for the app, and may do so for ever. [`watched`] lets go of the first kind, so that the
//! listener and the app are told, and their credit is free again; the socket's own end is the server's.
//!
//! ```text
//!   asked ──▶ bytes taken ──▶ asked …
//!                 └── stall ──▶ let go: the listener is told, and whoever asks again is told of a cut
//! ```

use std::{
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Instant, sleep_until};
use tokio_util::{
    sync::{CancellationToken, DropGuard},
    task::TaskTracker,
};

use crate::answer::{AnswerBody, Cut};

/// The same body, let go when its reader makes no progress for `stall`. The watch is a task of `tasks`; it ends with the body.
pub(super) fn watched(body: AnswerBody, stall: Duration, tasks: &TaskTracker) -> AnswerBody {
    let progress = Arc::new(Mutex::new(Progress {
        body: Some(body),
        taken: Some(Instant::now()),
        is_written: false,
    }));
    let dropped = CancellationToken::new();
    tasks.spawn(watch(Arc::clone(&progress), stall, dropped.clone()));
    AnswerBody::new(Watched {
        progress,
        _watch: dropped.drop_guard(),
    })
}

struct Progress {
    /// None once it was let go.
    body: Option<AnswerBody>,
    /// When bytes were last taken, if nobody has asked since.
    taken: Option<Instant>,
    /// Whether hyper has had an occasion to write what it took: it writes while a body has nothing more for it.
    is_written: bool,
}

struct Watched {
    progress: Arc<Mutex<Progress>>,
    _watch: DropGuard,
}

impl Body for Watched {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        let mut progress = lock(&self.progress);
        progress.taken = None;
        let Some(body) = &mut progress.body else {
            return Poll::Ready(Some(Err(Cut)));
        };
        let polled = Pin::new(body).poll_frame(cx);
        let is_written = std::mem::replace(&mut progress.is_written, polled.is_pending());
        let frame = ready!(polled);
        if matches!(frame, Some(Err(_))) && !is_written {
            // A body that breaks takes with it what is not written yet: the sender gets its status and what there is first.
            progress.body = None;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        if matches!(frame, Some(Ok(_))) {
            progress.taken = Some(Instant::now());
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        let progress = lock(&self.progress);
        progress.body.as_ref().is_some_and(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        let progress = lock(&self.progress);
        progress
            .body
            .as_ref()
            .map_or_else(SizeHint::default, Body::size_hint)
    }
}

async fn watch(progress: Arc<Mutex<Progress>>, stall: Duration, dropped: CancellationToken) {
    let mut next = Instant::now() + stall;
    loop {
        tokio::select! {
            () = dropped.cancelled() => return,
            () = sleep_until(next) => {}
        }
        let let_go = {
            let mut progress = lock(&progress);
            let since = progress.taken.unwrap_or_else(Instant::now);
            next = since + stall;
            if next <= Instant::now() {
                progress.body.take()
            } else {
                None
            }
        };
        if let_go.is_some() {
            return;
        }
    }
}

/// Nothing can panic while it is held but the body's own poll; what it left is as good as any cut.
fn lock(progress: &Mutex<Progress>) -> MutexGuard<'_, Progress> {
    progress.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use http_body_util::{BodyExt, channel::Channel};
    use tokio::time::sleep;

    use super::*;

    const STALL: Duration = Duration::from_secs(30);

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_nobody_asks_for_is_let_go() {
        let tasks = TaskTracker::new();
        let (mut app, body) = Channel::<Bytes, Cut>::new(1);
        let mut body = watched(AnswerBody::new(body), STALL, &tasks);
        app.send_data(Bytes::from_static(b"a")).await.unwrap();
        assert!(body.frame().await.unwrap().is_ok());
        app.send_data(Bytes::from_static(b"b")).await.unwrap();
        let start = Instant::now();
        // The channel's other end goes when the answer is let go.
        let told = app.send_data(Bytes::from_static(b"c")).await;
        assert!(told.is_err());
        assert_eq!(start.elapsed(), STALL);
        assert_eq!(body.frame().await.unwrap().unwrap_err(), Cut);
        drop(body);
        tasks.close();
        tasks.wait().await;
    }

    #[tokio::test(start_paused = true)]
    async fn an_app_may_be_silent_as_long_as_it_likes() {
        let tasks = TaskTracker::new();
        let (mut app, body) = Channel::<Bytes, Cut>::new(1);
        let mut body = watched(AnswerBody::new(body), STALL, &tasks);
        let late = async {
            sleep(STALL * 20).await;
            app.send_data(Bytes::from_static(b"a")).await.unwrap();
        };
        let (frame, ()) = tokio::join!(body.frame(), late);
        assert!(frame.unwrap().is_ok());
    }
}
