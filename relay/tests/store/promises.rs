//! The conformance suite: what every kind of store promises its callers.
//!
//! In: stores of each kind, opened empty. Out: pass or fail.

use std::{
    collections::BTreeSet,
    future::Future,
    sync::Arc,
    task::{Context, Waker},
    time::Duration,
};

use bytes::Bytes;
use hooktool_relay::{
    capture::{AccountId, Body, CaptureId, Epoch, Seq, UnixMillis},
    store::{Cursor, Retention, StoreError, Stored, Tail},
};
use tokio::task::JoinSet;

use super::{Kept, Kind, append, both, capture, name, noise, record, small, token, whole_body};

fn seqs(captures: &[Stored]) -> Vec<u64> {
    captures.iter().map(|stored| stored.seq.0).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_appenders_at_once_get_seqs_without_holes_and_read_their_own_append() {
    for kept in both() {
        let (a, b) = (name("a"), name("b"));
        let mut running = JoinSet::new();
        for place in 0..64 {
            let store = kept.store().clone();
            let endpoint = if place % 2 == 0 { a.clone() } else { b.clone() };
            running.spawn(async move {
                let mut given = Vec::new();
                for _ in 0..10 {
                    let capture = small(&endpoint);
                    let seq = store.append(Arc::clone(&capture), None).await.unwrap();
                    let found = store.get(capture.id).await.unwrap().unwrap();
                    assert_eq!((found.seq, &found.capture), (seq, &capture));
                    given.push(seq.0);
                }
                assert!(given.is_sorted(), "{given:?}");
                (endpoint, given)
            });
        }
        let (mut of_a, mut of_b) = (BTreeSet::new(), BTreeSet::new());
        while let Some(done) = running.join_next().await {
            let (endpoint, given) = done.unwrap();
            let all = if endpoint == a { &mut of_a } else { &mut of_b };
            all.extend(given);
        }
        assert!(of_a.iter().copied().eq(1..=320), "{of_a:?}");
        assert!(of_b.iter().copied().eq(1..=320), "{of_b:?}");
    }
}

#[tokio::test]
async fn the_same_capture_again_gives_its_first_seq() {
    for kept in both() {
        let (store, a) = (kept.store(), name("a"));
        let body = noise(150_000);
        let large = capture(&a, 1, Body::Pieces(150_000));
        let first = append(store, &large, &body).await.unwrap();
        append(store, &small(&a), &Bytes::new()).await.unwrap();
        let again = append(store, &large, &body).await.unwrap();
        assert_eq!((first, again), (Seq(1), Seq(1)));
        let capture = small(&a);
        let (one, other) = tokio::join!(
            store.append(Arc::clone(&capture), None),
            store.append(Arc::clone(&capture), None),
        );
        assert_eq!((one.unwrap(), other.unwrap()), (Seq(3), Seq(3)));
        assert_eq!(store.waiting(&a, Seq(0)).await.unwrap(), (Seq(3), 3));
        assert_eq!(whole_body(store, large.id).await.unwrap(), body);
    }
}

#[tokio::test]
async fn an_append_whose_caller_leaves_is_stored_all_the_same() {
    for kept in both() {
        let (store, a) = (kept.store(), name("a"));
        {
            let mut append = Box::pin(store.append(small(&a), None));
            let mut context = Context::from_waker(Waker::noop());
            let _ = append.as_mut().poll(&mut context);
        }
        assert_eq!(store.append(small(&a), None).await.unwrap(), Seq(2));
        let page = store.read(&a, Seq(0), 10).await.unwrap();
        assert_eq!(seqs(&page.captures), [1, 2]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_follower_sees_every_capture_in_order_by_tail_and_read_together() {
    const ALL: u64 = 500;
    for kept in both() {
        let (store, a) = (kept.store().clone(), name("a"));
        store.append(small(&a), None).await.unwrap();
        let mut tail = store.tail(&a).await.unwrap();
        assert_eq!(*tail.newest.borrow(), Seq(1));
        let mut appending = JoinSet::new();
        for _ in 1..ALL {
            let (store, capture) = (store.clone(), small(&a));
            appending.spawn(async move { store.append(capture, None).await.unwrap() });
        }
        let mut seen = Seq(0);
        while seen < Seq(ALL) {
            while let Ok(stored) = tail.recent.try_recv() {
                if stored.seq == seen.next() {
                    seen = stored.seq;
                }
            }
            for stored in store.read(&a, seen, 7).await.unwrap().captures {
                assert_eq!(stored.seq, seen.next());
                seen = stored.seq;
            }
            if seen < Seq(ALL) && *tail.newest.borrow() <= seen {
                tokio::time::timeout(Duration::from_secs(10), tail.newest.changed())
                    .await
                    .expect("the newest seq is told")
                    .unwrap();
            }
        }
        appending.join_all().await;
        assert_eq!(*tail.newest.borrow(), Seq(ALL));
    }
}

#[tokio::test]
async fn a_tail_hands_over_until_it_is_full_and_ends_when_it_is_replaced() {
    for kept in both() {
        let (store, a) = (kept.store(), name("a"));
        let mut first = store.tail(&a).await.unwrap();
        let full = Tail::RECENT as u64;
        for _ in 0..full + 8 {
            store.append(small(&a), None).await.unwrap();
        }
        let mut taken = Vec::new();
        while let Ok(stored) = first.recent.try_recv() {
            taken.push(stored.seq.0);
        }
        assert!(taken.iter().copied().eq(1..=full), "{taken:?}");
        assert_eq!(*first.newest.borrow_and_update(), Seq(full + 8));
        let mut second = store.tail(&a).await.unwrap();
        store.append(small(&a), None).await.unwrap();
        assert_eq!(second.recent.recv().await.unwrap().seq, Seq(full + 9));
        assert!(first.recent.recv().await.is_none());
    }
}

#[tokio::test]
async fn endpoints_and_cursors_change_only_for_whoever_knows_the_epoch() {
    for mut kept in both() {
        let a = name("a");
        let store = kept.store();
        // Asked before the claim: what is remembered of that must not hide it.
        assert_eq!(store.endpoint(&a).await.unwrap(), None);
        let cursor = Cursor {
            offered: Seq(9),
            open: vec![Seq(2), Seq(5)],
        };
        let unclaimed = store.put_cursor(&a, Epoch(1), cursor.clone()).await;
        assert!(matches!(unclaimed, Err(StoreError::Conflict)));
        let expected = store.put_endpoint(record(&a, 2), Some(Epoch(1))).await;
        assert!(matches!(expected, Err(StoreError::Conflict)));
        store.put_endpoint(record(&a, 1), None).await.unwrap();
        assert_eq!(store.endpoint(&a).await.unwrap(), Some(record(&a, 1)));
        let again = store.put_endpoint(record(&a, 1), None).await;
        assert!(matches!(again, Err(StoreError::Conflict)));
        let (one, other) = tokio::join!(
            store.put_endpoint(record(&a, 2), Some(Epoch(1))),
            store.put_endpoint(record(&a, 3), Some(Epoch(1))),
        );
        assert!(one.is_ok() && matches!(other, Err(StoreError::Conflict)));
        let stale = store.put_cursor(&a, Epoch(1), cursor.clone()).await;
        assert!(matches!(stale, Err(StoreError::Conflict)));
        assert_eq!(store.cursor(&a).await.unwrap(), Cursor::default());
        store
            .put_cursor(&a, Epoch(2), cursor.clone())
            .await
            .unwrap();
        kept.reopen();
        let store = kept.store();
        assert_eq!(store.cursor(&a).await.unwrap(), cursor);
        assert_eq!(store.endpoint(&a).await.unwrap(), Some(record(&a, 2)));
        assert_eq!(store.stats().await.unwrap().endpoints, 1);
    }
}

#[tokio::test]
async fn a_large_body_comes_back_by_any_range() {
    for mut kept in both() {
        let (a, body) = (name("a"), noise(300_000));
        let large = capture(&a, 1, Body::Pieces(300_000));
        append(kept.store(), &large, &body).await.unwrap();
        kept.reopen();
        let store = kept.store();
        for (offset, len) in [
            (0, 10),
            (65_530, 100),
            (65_536, 65_536),
            (299_999, 5),
            (131_072, 0),
        ] {
            let part = store.body(large.id, offset, len).await.unwrap().unwrap();
            let start = offset as usize;
            assert!(part.len() <= len && (len == 0 || !part.is_empty()));
            assert_eq!(part, body[start..start + part.len()]);
        }
        let end = store.body(large.id, 300_000, 9).await.unwrap();
        assert_eq!(end, Some(Bytes::new()));
        assert_eq!(whole_body(store, large.id).await.unwrap(), body);
        assert_eq!(store.body(CaptureId::new(), 0, 9).await.unwrap(), None);
        let found = store.get(large.id).await.unwrap().unwrap();
        assert_eq!(found.capture, large);
        let short = capture(&a, 1, Body::Pieces(300_001));
        assert!(matches!(
            append(store, &short, &body).await,
            Err(StoreError::Denied { .. })
        ));
    }
}

#[tokio::test]
async fn the_first_seq_of_a_moment_is_found_among_many() {
    for kept in both() {
        let (store, a) = (kept.store(), name("a"));
        let mut appending = JoinSet::new();
        assert_eq!(store.seq_at(&a, UnixMillis(0)).await.unwrap(), None);
        for _ in 0..1100 {
            let (store, early) = (store.clone(), capture(&a, 5, Body::Absent));
            appending.spawn(async move { store.append(early, None).await.unwrap() });
        }
        appending.join_all().await;
        for at in [9, 7, 12] {
            store
                .append(capture(&a, at, Body::Absent), None)
                .await
                .unwrap();
        }
        for (moment, seq) in [
            (0, Some(1)),
            (5, Some(1)),
            (6, Some(1101)),
            (10, Some(1103)),
            (13, None),
        ] {
            let found = store.seq_at(&a, UnixMillis(moment)).await.unwrap();
            assert_eq!(found, seq.map(Seq), "at {moment}");
        }
    }
}

#[tokio::test]
async fn what_is_beyond_the_limits_goes_oldest_first_and_no_seq_comes_again() {
    for kind in [Kind::Disk, Kind::Memory] {
        let limits = Retention {
            count: 1000,
            bytes: 3000,
            age: Duration::from_millis(100),
            total_bytes: 5000,
        };
        let mut kept = Kept::new(kind, limits);
        let (store, a, b, c) = (kept.store(), name("a"), name("b"), name("c"));
        let body = || Body::Whole(Bytes::from(vec![b'x'; 880]));
        for at in 1..=4 {
            store.append(capture(&a, at, body()), None).await.unwrap();
        }
        let page = store.read(&a, Seq(0), 10).await.unwrap();
        assert_eq!(
            (seqs(&page.captures), page.oldest),
            (vec![2, 3, 4], Some(Seq(2)))
        );
        for (endpoint, at) in [(&b, 5), (&b, 6), (&c, 7)] {
            store
                .append(capture(endpoint, at, body()), None)
                .await
                .unwrap();
        }
        let stats = store.stats().await.unwrap();
        assert!(stats.bytes <= 5000, "{stats:?}");
        assert_eq!(stats.captures + stats.dropped, 7);
        assert_eq!(store.waiting(&c, Seq(0)).await.unwrap(), (Seq(1), 1));
        a_later_one_takes_all_older_ones(&mut kept).await;
    }
}

/// After the appends above: seven captures of moments up to 7, and then one of moment 1000.
async fn a_later_one_takes_all_older_ones(kept: &mut Kept) {
    let (store, a, c) = (kept.store(), name("a"), name("c"));
    let latest = capture(&c, 1000, Body::Absent);
    store.append(latest, None).await.expect("the store answers");
    store.trim().await.expect("the store answers");
    assert_eq!(
        store.waiting(&a, Seq(0)).await.expect("the store answers"),
        (Seq(4), 0)
    );
    assert_eq!(
        store.waiting(&c, Seq(0)).await.expect("the store answers"),
        (Seq(2), 1)
    );
    assert_eq!(store.stats().await.expect("the store answers").dropped, 7);
    assert_eq!(
        store
            .read(&a, Seq(0), 10)
            .await
            .expect("the store answers")
            .oldest,
        None
    );
    let left = store
        .read_these(&c, vec![Seq(2), Seq(1)])
        .await
        .expect("the store answers");
    assert_eq!(seqs(&left), [2]);
    kept.reopen();
    let next = capture(&a, 1000, Body::Absent);
    assert_eq!(
        kept.store()
            .append(next, None)
            .await
            .expect("the store answers"),
        Seq(5)
    );
}

#[tokio::test]
async fn a_clock_that_once_ran_ahead_makes_nothing_too_old() {
    const MONTH: i64 = 30 * 24 * 3600 * 1000;
    for kept in both() {
        let (store, a, now) = (kept.store(), name("a"), UnixMillis::now().0);
        for at in [now + MONTH, now, now - 1000] {
            let capture = capture(&a, at, Body::Absent);
            store.append(capture, None).await.unwrap();
        }
        assert_eq!(store.trim().await.unwrap(), 0);
        assert_eq!(store.waiting(&a, Seq(0)).await.unwrap(), (Seq(3), 3));
    }
}

#[tokio::test]
async fn tokens_are_kept_found_and_revoked_by_account() {
    for mut kept in both() {
        let store = kept.store();
        for record in [token(2, "bob"), token(1, "ada"), token(3, "ada")] {
            store.add_token(record).await.unwrap();
        }
        assert_eq!(store.revoke(&AccountId("ada".to_owned())).await.unwrap(), 2);
        assert_eq!(store.revoke(&AccountId("ada".to_owned())).await.unwrap(), 0);
        kept.reopen();
        let store = kept.store();
        let all = store.tokens().await.unwrap();
        let places: Vec<u8> = all.iter().map(|token| token.digest[0]).collect();
        assert_eq!(places, [1, 2, 3]);
        assert_eq!(store.token([2; 32]).await.unwrap(), Some(token(2, "bob")));
        assert!(all[0].revoked_at.is_some() && all[1].revoked_at.is_none());
        assert_eq!(store.token([4; 32]).await.unwrap(), None);
    }
}
