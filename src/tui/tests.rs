//! The inspector without a terminal: its rules, its screens, and what strangers' bytes do to them.

mod act;
mod again;
mod detail;
mod every;
mod filter;
mod history;
mod hostile;
mod keep;
mod list;
mod marks;
mod palette;
mod pointing;
mod readme;
mod rules;
mod screens;
mod trigger;

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use hooktool_relay::capture::{
    Body, Capture, CaptureId, Edit, Headers, Kind, Outcome, Sent, SentBy, Seq, UnixMillis, Version,
};

use super::{
    keys::{Code, Key},
    page,
    state::{Route, State, Time},
    update::{Effect, Input, Loaded, What, update},
};
use crate::{
    event::{Intent, Link, Live},
    history::{Attempt, Cause, KeptAnswer, LastAttempt, Number, Request, Summary},
    webhook::Known,
};

/// 2025-10-12 10:31:41 UTC.
const NOON: i64 = 1_760_265_101_000;

/// A screen of this size with a live link and these rows read.
fn screen(size: (u16, u16), rows: Vec<Summary>) -> State {
    let mut state = blank(size);
    let live = Live {
        url: "https://relay.example/tidy-otter".into(),
        waiting: 0,
        waiting_since: None,
        caught_up: 0,
    };
    update(&mut state, Input::Link(Link::Live(live)));
    update(&mut state, Input::Loaded(Loaded::All(rows)));
    state
}

fn blank(size: (u16, u16)) -> State {
    let route = Route {
        target: "http://localhost:3000".into(),
        relay: "relay.example".into(),
        routes: 0,
        is_local_relay: false,
        is_listening: true,
    };
    let mut state = State::new(size, route);
    state.now.wall = UnixMillis(NOON);
    state
}

fn rows(numbers: std::ops::RangeInclusive<Number>) -> Vec<Summary> {
    numbers.map(|number| row(number, Some(200))).collect()
}

pub(super) fn row(number: Number, status: Option<u16>) -> Summary {
    let last = LastAttempt {
        outcome: status.map_or(Outcome::Refused, |_| Outcome::Answered),
        status,
        took: Some(Duration::from_millis(10 + number)),
        late: false,
        cause: Cause::Live,
    };
    Summary {
        number,
        id: CaptureId::from_bytes([7; 16]),
        endpoint: "tidy-otter".parse().expect("a name"),
        seq: Some(Seq(number)),
        kind: Kind::Live,
        received_at: UnixMillis(NOON + number as i64 * 1000),
        method: "POST".into(),
        path: Bytes::from(format!("/stripe?n={number}")),
        size: Some(27),
        peer: "54.187.174.169".parse().expect("an address"),
        tries: 1,
        last: Some(last),
        bookmarked: false,
        note: None,
        webhook: None,
        again: None,
    }
}

fn request(summary: Summary, body: &'static [u8]) -> Request {
    let mut headers = Headers::new();
    headers.push("Host", "relay.example");
    headers.push("Content-Type", "application/json");
    headers.push("Stripe-Signature", "t=1760265101,v1=4be109c2");
    headers.push("Connection", "keep-alive");
    Request {
        capture: Arc::new(Capture {
            id: summary.id,
            endpoint: summary.endpoint.clone(),
            received_at: summary.received_at,
            peer: summary.peer,
            method: http::Method::POST,
            path: summary.path.clone(),
            version: Version::Http11,
            scheme: None,
            headers,
            trailers: Headers::new(),
            body: Body::Whole(Bytes::from_static(body)),
        }),
        relay: "local".into(),
        summary,
    }
}

fn attempt(number: u32, target: &str) -> Attempt {
    let mut headers = Headers::new();
    headers.push("content-type", "application/json");
    let body = Bytes::from_static(br#"{"error":"database timeout after 1000ms"}"#);
    Attempt {
        try_number: Some(number),
        cause: if number == 1 {
            Cause::Live
        } else {
            Cause::Replay
        },
        target: format!("{target}/stripe"),
        started_at: UnixMillis(NOON + 10),
        outcome: Outcome::Answered,
        error: None,
        connect: Some(Duration::from_millis(1)),
        took: Some(Duration::from_millis(1200)),
        changes: vec![
            Edit::Changed {
                what: "path".into(),
                from: Bytes::from_static(b"/tidy-otter/stripe"),
                to: Bytes::from_static(b"/stripe"),
            },
            Edit::Removed {
                name: "Connection".into(),
                value: Bytes::from_static(b"keep-alive"),
            },
            Edit::Added {
                name: "X-Forwarded-Host".into(),
                value: Bytes::from_static(b"relay.example"),
            },
        ],
        answer: Some(KeptAnswer {
            status: 500,
            headers,
            len: body.len() as u64,
            body,
            ended: true,
            carried: None,
        }),
        sent: Some(Sent {
            status: Some(500),
            by: SentBy::App,
            ms: None,
        }),
        late: false,
    }
}

/// Reads the selected request's detail, with tries to this target.
fn read_detail(state: &mut State, tries: u32, target: &str) {
    let summary = state.row().expect("a selected row").clone();
    let attempts: Vec<Attempt> = (1..=tries).map(|number| attempt(number, target)).collect();
    let request = request(summary, br#"{"id":"evt_1PqL2xA7","amount":4200,"ok":true}"#);
    let Body::Whole(body) = &request.capture.body else {
        return;
    };
    let wish = state.wish().expect("a wish");
    let detail = page::compose(&request, &attempts, body, &wish, Known::built_in());
    update(state, Input::Loaded(Loaded::Detail(Box::new(detail))));
}

fn code(code: Code) -> Key {
    Key { code, ctrl: false }
}

/// Presses keys one after the other, named by their character; answers what they asked for, reads left out.
fn press(state: &mut State, keys: &str) -> Vec<Effect> {
    let keys: Vec<Key> = keys.chars().map(|c| code(Code::Char(c))).collect();
    press_all(state, &keys)
}

fn press_all(state: &mut State, keys: &[Key]) -> Vec<Effect> {
    let mut asked = Vec::new();
    for &key in keys {
        // A person is slower than the time a box ignores keys for.
        wait(state, Duration::from_millis(200));
        let (_, effects) = update(state, Input::Key(key));
        asked.extend(
            effects
                .into_iter()
                .filter(|effect| !matches!(effect, Effect::Load(_))),
        );
    }
    asked
}

/// Lets time pass; answers whether the screen changed by it.
fn wait(state: &mut State, time: Duration) -> bool {
    let now = Time {
        since_start: state.now.since_start + time,
        wall: UnixMillis(state.now.wall.0 + time.as_millis() as i64),
    };
    update(state, Input::Tick(now)).0
}

/// Lets a request come, with all reads done.
fn arrive(state: &mut State, summary: Summary) {
    let loaded = Loaded::Rows {
        rows: vec![summary],
        gone: Vec::new(),
    };
    update(state, Input::Loaded(loaded));
}
