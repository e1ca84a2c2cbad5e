//! The history on real files: samples that the tests below it share.

use std::{path::PathBuf, sync::Arc, time::Duration};

use bytes::Bytes;
use hooktool_relay::capture::{
    Body, Capture, CaptureId, EndpointName, Headers, Kind, Outcome, Seq, UnixMillis, Version,
};
use tempfile::TempDir;

use super::{
    Arrival, Attempt, Cause, History, HistoryError, KeptAnswer, Number, Options, Reader, Recorded,
    Retention,
};

mod bodies;
mod files;
mod formats;
mod keep;
mod picks;
mod records;
mod repeats;
mod retention;
mod shared;
mod writers;

/// A folder with a history in it.
struct Place {
    _folder: TempDir,
    path: PathBuf,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data").join("history.db");
        Self {
            _folder: folder,
            path,
        }
    }

    fn open(&self) -> History {
        History::open(&self.path, Retention::default()).unwrap()
    }

    fn open_keeping(&self, count: u64, bytes: u64) -> History {
        History::open(&self.path, Retention { count, bytes }).unwrap()
    }

    fn open_waiting(&self, busy: Duration) -> History {
        let options = Options {
            busy,
            ..Options::default()
        };
        History::open_with(&self.path, options).unwrap()
    }

    fn reader(&self) -> Reader {
        Reader::open(&self.path).unwrap()
    }

    /// A connection as any other program has it.
    fn sql(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(&self.path).unwrap()
    }
}

fn headers(lines: &[(&'static str, &'static [u8])]) -> Headers {
    let mut headers = Headers::new();
    for (name, value) in lines {
        headers.push(*name, *value);
    }
    headers
}

fn capture(endpoint: &str, body: Body) -> Capture {
    Capture {
        id: CaptureId::new(),
        endpoint: endpoint.parse().unwrap(),
        received_at: UnixMillis(1_760_000_000_123),
        peer: "2001:db8::7".parse().unwrap(),
        method: http::Method::POST,
        path: Bytes::from_static(b"/stripe?a=%00&b=\xff"),
        version: Version::Http11,
        scheme: None,
        headers: headers(&[
            ("Content-Type", b"application/json"),
            ("X-Odd", b"\xe9\x80\xff"),
        ]),
        trailers: Headers::new(),
        body,
    }
}

fn arrival(capture: Capture) -> Arrival {
    Arrival {
        webhook: None,
        fingerprint: None,
        capture: Arc::new(capture),
        relay: "local".into(),
        seq: Some(Seq(1)),
        kind: Kind::Live,
    }
}

fn small() -> Arrival {
    arrival(capture("tidy-otter", Body::Whole("{}".into())))
}

fn attempt(outcome: Outcome) -> Attempt {
    Attempt {
        try_number: None,
        cause: Cause::Live,
        target: "http://localhost:3000/stripe".to_owned(),
        started_at: UnixMillis(1_760_000_000_200),
        outcome,
        error: None,
        connect: None,
        took: Some(Duration::from_micros(1_234)),
        changes: Vec::new(),
        answer: None,
        sent: None,
        late: false,
    }
}

fn answered(status: u16, body: &'static [u8]) -> Attempt {
    Attempt {
        answer: Some(KeptAnswer {
            status,
            headers: headers(&[("content-type", b"text/plain")]),
            body: Bytes::from_static(body),
            len: body.len() as u64,
            ended: true,
            carried: None,
        }),
        ..attempt(Outcome::Answered)
    }
}

fn streaming(first: &'static [u8]) -> Attempt {
    let mut attempt = answered(200, first);
    if let Some(answer) = &mut attempt.answer {
        answer.ended = false;
    }
    attempt
}

async fn recorded(history: &History, arrival: &Arrival) -> Recorded {
    history.record(arrival.clone(), None).await.unwrap()
}

fn numbers(reader: &Reader) -> Vec<Number> {
    let rows = reader.list(&super::Select::default()).unwrap();
    rows.iter().map(|row| row.number).collect()
}

fn endpoint(name: &str) -> EndpointName {
    name.parse().unwrap()
}

fn count(place: &Place, table: &str) -> i64 {
    let sql = format!("SELECT count(*) FROM {table}");
    place.sql().query_row(&sql, [], |row| row.get(0)).unwrap()
}

fn is_locked<T: std::fmt::Debug>(result: &Result<T, HistoryError>) -> bool {
    matches!(result, Err(HistoryError::Locked(_)))
}

/// Polls until it holds, at most 5 s.
async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..500 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("never: {what}");
}
