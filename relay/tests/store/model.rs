//! Random operations on a store and on a plain model of it; after each, everything that can be asked is compared.
//!
//! In: operations by proptest. Out: pass, or the shortest run that differs. A store on disk is opened anew after every step.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use hooktool_relay::{
    capture::{Body, Capture, EndpointName, Epoch, Seq},
    store::{Cursor, Retention, StoreError},
};
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::test_runner::{Config, TestRunner};

use super::{Kept, Kind, append, capture, name, noise, record, whole_body};

const LIMITS: Retention = Retention {
    count: 6,
    bytes: u64::MAX,
    age: Duration::from_millis(50),
    total_bytes: u64::MAX,
};

#[derive(Clone, Debug)]
enum Step {
    Append {
        endpoint: usize,
        body: usize,
        at: i64,
    },
    Again {
        back: usize,
    },
    Claim {
        endpoint: usize,
        is_stale: bool,
    },
    Cursor {
        endpoint: usize,
        is_stale: bool,
        open: Vec<u64>,
    },
    Trim,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (0..3_usize, 0..5_usize, 1..120_i64)
            .prop_map(|(endpoint, body, at)| Step::Append { endpoint, body, at }),
        1 => (0..8_usize).prop_map(|back| Step::Again { back }),
        1 => (0..3_usize, any::<bool>())
            .prop_map(|(endpoint, is_stale)| Step::Claim { endpoint, is_stale }),
        1 => (0..3_usize, any::<bool>(), proptest::collection::vec(1..99_u64, 0..4))
            .prop_map(|(endpoint, is_stale, open)| Step::Cursor { endpoint, is_stale, open }),
        1 => Just(Step::Trim),
    ];
    proptest::collection::vec(step, 1..25)
}

#[derive(Default)]
struct Endpoint {
    kept: VecDeque<(u64, Arc<Capture>, Bytes)>,
    last: u64,
    epoch: Option<Epoch>,
    cursor: Cursor,
}

#[derive(Default)]
struct Model {
    endpoints: BTreeMap<EndpointName, Endpoint>,
    newest: i64,
    all: Vec<(Arc<Capture>, Bytes)>,
}

impl Model {
    fn of(&mut self, place: usize) -> (EndpointName, &mut Endpoint) {
        let name = name(["a", "b-2", "zz"][place]);
        (name.clone(), self.endpoints.entry(name).or_default())
    }

    fn is_kept(&self, capture: &Capture) -> bool {
        let endpoint = &self.endpoints[&capture.endpoint];
        endpoint
            .kept
            .iter()
            .any(|(_, kept, _)| kept.id == capture.id)
    }

    fn sweep(&mut self, names: &[EndpointName]) -> u64 {
        let since = self.newest - 50;
        let mut gone = 0;
        for name in names {
            let kept = &mut self.endpoints.entry(name.clone()).or_default().kept;
            while kept.len() > 6
                || kept
                    .front()
                    .is_some_and(|(_, c, _)| c.received_at.0 < since)
            {
                kept.pop_front();
                gone += 1;
            }
        }
        gone
    }

    fn store(&mut self, capture: &Arc<Capture>, bytes: &Bytes) -> u64 {
        self.newest = self.newest.max(capture.received_at.0);
        let endpoint = self.endpoints.entry(capture.endpoint.clone()).or_default();
        endpoint.last += 1;
        let seq = endpoint.last;
        let entry = (seq, Arc::clone(capture), bytes.clone());
        endpoint.kept.push_back(entry);
        self.sweep(std::slice::from_ref(&capture.endpoint));
        seq
    }

    async fn step(&mut self, kept: &Kept, step: Step) {
        let store = kept.store();
        match step {
            Step::Append { endpoint, body, at } => {
                let bytes = noise([0, 0, 300, 70_000, 140_000][body]);
                let body = match body {
                    0 => Body::Absent,
                    1 | 2 => Body::Whole(bytes.clone()),
                    _ => Body::Pieces(bytes.len() as u64),
                };
                let capture = capture(&self.of(endpoint).0, at, body);
                let seq = append(store, &capture, &bytes).await.unwrap();
                self.all.push((Arc::clone(&capture), bytes.clone()));
                assert_eq!(seq.0, self.store(&capture, &bytes));
            }
            Step::Again { back } => {
                let Some((capture, bytes)) = self.all.iter().rev().nth(back).cloned() else {
                    return;
                };
                // One that retention dropped would be a new one.
                if self.is_kept(&capture) {
                    let seq = append(store, &capture, &bytes).await.unwrap();
                    let kept = &self.endpoints[&capture.endpoint].kept;
                    assert!(
                        kept.iter()
                            .any(|(at, c, _)| *at == seq.0 && c.id == capture.id)
                    );
                }
            }
            Step::Claim { endpoint, is_stale } => {
                let (name, endpoint) = self.of(endpoint);
                let next = endpoint.epoch.map_or(1, |epoch| epoch.0 + 1);
                let expected = if is_stale {
                    Some(Epoch(99))
                } else {
                    endpoint.epoch
                };
                let put = store.put_endpoint(record(&name, next), expected).await;
                if is_stale {
                    assert!(matches!(put, Err(StoreError::Conflict)));
                } else {
                    put.unwrap();
                    endpoint.epoch = Some(Epoch(next));
                }
            }
            Step::Cursor {
                endpoint,
                is_stale,
                open,
            } => {
                let (name, endpoint) = self.of(endpoint);
                let cursor = Cursor {
                    offered: Seq(open.iter().sum()),
                    open: open.into_iter().map(Seq).collect(),
                };
                let epoch = endpoint.epoch.filter(|_| !is_stale);
                let put = store
                    .put_cursor(&name, epoch.unwrap_or(Epoch(98)), cursor.clone())
                    .await;
                if epoch.is_some() {
                    put.unwrap();
                    endpoint.cursor = cursor;
                } else {
                    assert!(matches!(put, Err(StoreError::Conflict)));
                }
            }
            Step::Trim => {
                let names: Vec<_> = self.endpoints.keys().cloned().collect();
                assert_eq!(store.trim().await.unwrap(), self.sweep(&names));
            }
        }
    }

    async fn compare(&self, kept: &Kept) {
        let store = kept.store();
        let (mut captures, mut last) = (0, 0);
        for (name, endpoint) in &self.endpoints {
            let kept = &endpoint.kept;
            let page = store.read(name, Seq(0), 100).await.unwrap();
            let found = page.captures.iter().map(|c| (c.seq.0, &c.capture));
            assert!(found.eq(kept.iter().map(|(seq, capture, _)| (*seq, capture))));
            assert_eq!(page.oldest, kept.front().map(|(seq, ..)| Seq(*seq)));
            let after = kept.len() as u64 / 2 + endpoint.last - kept.len() as u64;
            let rest = store.read(name, Seq(after), 2).await.unwrap().captures;
            let due = kept.iter().filter(|(seq, ..)| *seq > after).take(2);
            assert!(rest.iter().map(|c| c.seq.0).eq(due.map(|(seq, ..)| *seq)));
            let waiting = store.waiting(name, Seq(after)).await.unwrap();
            assert_eq!(waiting, (Seq(endpoint.last), endpoint.last - after));
            if let Some((_, capture, bytes)) = kept.back() {
                assert_eq!(whole_body(store, capture.id).await.unwrap(), bytes);
            }
            assert_eq!(store.cursor(name).await.unwrap(), endpoint.cursor);
            let claim = store.endpoint(name).await.unwrap();
            assert_eq!(claim, endpoint.epoch.map(|epoch| record(name, epoch.0)));
            captures += kept.len() as u64;
            last += endpoint.last;
        }
        for (capture, _) in &self.all {
            let found = store.get(capture.id).await.unwrap();
            assert_eq!(found.is_some(), self.is_kept(capture));
        }
        let stats = store.stats().await.unwrap();
        assert_eq!((stats.captures, stats.dropped), (captures, last - captures));
        assert_eq!(stats.bytes == 0, captures == 0);
    }
}

fn check(kind: Kind, cases: u32) {
    let config = Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let checked = TestRunner::new(config).run(&steps(), |steps| {
        runtime.block_on(async {
            let (mut kept, mut model) = (Kept::new(kind, LIMITS), Model::default());
            for step in steps {
                model.step(&kept, step).await;
                kept.reopen();
                model.compare(&kept).await;
            }
        });
        Ok(())
    });
    if let Err(error) = checked {
        panic!("{error}");
    }
}

#[test]
fn a_store_in_memory_does_what_its_model_does() {
    check(Kind::Memory, 64);
}

#[test]
fn a_store_on_disk_does_what_its_model_does_and_keeps_it() {
    check(Kind::Disk, 24);
}
