//! What every store promises, held against SQLite on disk and SQLite in memory.
//!
//! In: stores of each kind, opened empty. Out: pass or fail. `promises` is the suite, `model` compares random
//! operations with a plain model, `disk` holds what only a file can do: damage, locks, modes, other processes, a full disk.

mod disk;
mod model;
mod promises;

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use hooktool_relay::{
    capture::{
        AccountId, AnswerPolicy, Body, Capture, CaptureId, EndpointName, Epoch, Headers, Scheme,
        Seq, UnixMillis, Version,
    },
    store::{EndpointRecord, Options, Retention, Store, StoreError, TokenRecord},
};
use tempfile::TempDir;

/// What is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Disk,
    Memory,
}

/// A store with the folder it lives in.
struct Kept {
    store: Option<Store>,
    options: Options,
    _folder: Option<TempDir>,
}

impl Kept {
    fn new(kind: Kind, retention: Retention) -> Self {
        let folder = (kind == Kind::Disk).then(|| TempDir::new().expect("a temporary folder"));
        let options = Options {
            folder: folder.as_ref().map(|folder| folder.path().join("data")),
            retention,
            max_pages: None,
            reserve: 0,
        };
        Self {
            store: Some(Store::open(options.clone()).expect("a new store opens")),
            options,
            _folder: folder,
        }
    }

    fn store(&self) -> &Store {
        self.store.as_ref().expect("it is open")
    }

    /// Closes and opens it again; nothing for one in memory, which would be empty.
    fn reopen(&mut self) {
        if self.options.folder.is_some() {
            self.store = None;
            self.store = Some(Store::open(self.options.clone()).expect("it opens again"));
        }
    }
}

/// Both kinds, empty, with limits that nothing here reaches.
fn both() -> [Kept; 2] {
    [Kind::Disk, Kind::Memory].map(|kind| Kept::new(kind, Retention::default()))
}

fn name(text: &str) -> EndpointName {
    text.parse().expect("an endpoint's name")
}

/// A capture with odd bytes wherever bytes may be odd.
fn capture(endpoint: &EndpointName, at: i64, body: Body) -> Arc<Capture> {
    let mut headers = Headers::new();
    headers.push("Host", "relay.example");
    headers.push("X-Odd", &b"\xff\x80 \t caf\xe9"[..]);
    headers.push("x-odd", "");
    let mut trailers = Headers::new();
    trailers.push("x-checksum", "9");
    Arc::new(Capture {
        id: CaptureId::new(),
        endpoint: endpoint.clone(),
        received_at: UnixMillis(at),
        peer: "2001:db8::7".parse().expect("an address"),
        method: http::Method::from_bytes(b"BREW").expect("a token"),
        path: Bytes::from_static(b"/a%2Fb?q=\xe9"),
        version: Version::Http2,
        scheme: Some(Scheme::Https),
        headers,
        trailers,
        body,
    })
}

fn small(endpoint: &EndpointName) -> Arc<Capture> {
    capture(endpoint, 1, Body::Whole(Bytes::from_static(b"hello")))
}

/// Bytes that differ from piece to piece.
fn noise(len: usize) -> Bytes {
    (0..len).map(|at| (at / 251 + at * 7) as u8).collect()
}

/// Stores a capture, a large body in portions of a size that fits no piece.
async fn append(store: &Store, capture: &Arc<Capture>, body: &Bytes) -> Result<Seq, StoreError> {
    let mut draft = None;
    if matches!(capture.body, Body::Pieces(_)) {
        let mut pieces = store.draft(capture.id);
        for portion in body.chunks(50_001) {
            pieces.push(Bytes::copy_from_slice(portion)).await?;
        }
        draft = Some(pieces);
    }
    store.append(Arc::clone(capture), draft).await
}

async fn whole_body(store: &Store, id: CaptureId) -> Result<Bytes, StoreError> {
    let mut whole = Vec::new();
    loop {
        let part = store.body(id, whole.len() as u64, 40_000).await?;
        match part {
            Some(part) if !part.is_empty() => whole.extend_from_slice(&part),
            _ => return Ok(whole.into()),
        }
    }
}

fn record(name: &EndpointName, epoch: u64) -> EndpointRecord {
    EndpointRecord {
        name: name.clone(),
        account: AccountId("ada".to_owned()),
        epoch: Epoch(epoch),
        answer: AnswerPolicy::Respond {
            status: 201,
            body: "thanks".to_owned(),
        },
        deadline: Duration::from_millis(4500),
        created_at: UnixMillis(7),
    }
}

fn token(place: u8, account: &str) -> TokenRecord {
    TokenRecord {
        digest: [place; 32],
        account: AccountId(account.to_owned()),
        created_at: UnixMillis(i64::from(place)),
        revoked_at: None,
    }
}
