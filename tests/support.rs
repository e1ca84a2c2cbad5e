//! The four people of every story: a relay, a target, a listener and a sender, each real, each stopped in `Drop`.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

pub(crate) mod listener;
pub(crate) mod program;
pub(crate) mod proxy;
pub(crate) mod relay;
pub(crate) mod sender;
pub(crate) mod target;

pub(crate) use listener::TestListener;
pub(crate) use program::{Home, Program};
pub(crate) use relay::TestRelay;
pub(crate) use sender::{Request, Sender};
pub(crate) use target::TestTarget;

/// Polls a fact for up to 5 s (10 s on a busy machine) and gives its value; prints the last state on failure. The only sleep of
/// the tests.
pub(crate) async fn eventually<T, F, Fut>(what: &str, mut look: F) -> T
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, String>>,
{
    let until = Instant::now() + Duration::from_secs(10);
    loop {
        let last = match look().await {
            Ok(value) => return value,
            Err(state) => state,
        };
        assert!(
            Instant::now() < until,
            "{what} did not come true; last: {last}"
        );
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// A runtime for a story: real sockets, two workers.
pub(crate) fn story<Fut: Future<Output = ()>>(told: Fut) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        tokio::time::timeout(Duration::from_secs(120), told)
            .await
            .expect("the story ends in time");
    });
}

/// A body of so many bytes that no two offsets share by accident.
pub(crate) fn pattern(len: usize) -> Arc<[u8]> {
    (0..len)
        .map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect()
}
