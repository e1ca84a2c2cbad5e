//! Forwards to real sockets: scripted apps that answer, refuse, break off and lie.

mod bytes;
mod connections;
mod failures;
mod streams;
mod tls;
mod upgrades;

use std::time::Duration;

use ::bytes::Bytes;
use hooktool::{
    forward::{Forwarder, HostHeader, Options, RequestBody, Tried},
    target::Target,
};
use hooktool_relay::{
    answer::{AnswerBody, Cut},
    capture::{Body, Capture, CaptureId, Headers, UnixMillis, Version},
};
use http_body_util::{BodyExt as _, Full};

fn options() -> Options {
    Options {
        host: HostHeader::Target,
        headers: Vec::new(),
        insecure: false,
        timeout: Duration::from_secs(20),
    }
}

fn forwarder(options: Options) -> Forwarder {
    Forwarder::new(options).expect("options that can be set")
}

fn capture(method: &str, path: &[u8], headers: &[(&str, &[u8])], body: Body) -> Capture {
    let mut lines = Headers::new();
    for (name, value) in headers {
        let (name, value) = (name.as_bytes(), *value);
        lines.push(Bytes::copy_from_slice(name), Bytes::copy_from_slice(value));
    }
    Capture {
        id: CaptureId::new(),
        endpoint: "tidy-otter".parse().expect("a name"),
        received_at: UnixMillis(0),
        peer: "203.0.113.9".parse().expect("an address"),
        method: method.parse().expect("a method"),
        path: Bytes::copy_from_slice(path),
        version: Version::Http11,
        scheme: None,
        headers: lines,
        trailers: Headers::new(),
        body,
    }
}

fn get() -> Capture {
    capture("GET", b"/", &[], Body::Absent)
}

fn full(bytes: impl Into<Bytes>) -> RequestBody {
    Full::new(bytes.into())
        .map_err(|never| match never {})
        .boxed_unsync()
}

/// Sends a capture with the body that is in it.
async fn send(forwarder: &Forwarder, target: &Target, capture: &Capture) -> Tried {
    let body = match &capture.body {
        Body::Whole(bytes) => full(bytes.clone()),
        Body::Absent | Body::Pieces(_) => full(""),
    };
    forwarder.send(target, capture, body, None).await
}

/// All of an answer's body, or that it broke off.
async fn whole(body: AnswerBody) -> Result<Bytes, Cut> {
    body.collect()
        .await
        .map(http_body_util::Collected::to_bytes)
}

/// Sends a GET and reads the whole answer, which must come.
async fn ask(forwarder: &Forwarder, target: &Target) -> (u16, Bytes) {
    let tried = send(forwarder, target, &get()).await;
    let answered = tried.result.expect("an answer");
    let body = whole(answered.body).await.expect("a whole body");
    (answered.head.status.as_u16(), body)
}
