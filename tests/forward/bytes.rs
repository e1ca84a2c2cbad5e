//! What reaches the app is what was sent, and what it answers is what comes back.

use bytes::Bytes;
use hooktool::target::Target;
use hooktool_relay::capture::Body;

use crate::app::App;

use super::{ask, capture, forwarder, options, send, whole};

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// A request's head without the lines that differ in every run.
fn head_of(request: &[u8], target: &Target) -> String {
    let end = request
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .expect("a whole head");
    let (head, _) = request.split_at(end);
    head.escape_ascii()
        .to_string()
        .split("\\r\\n")
        .filter(|line| !line.starts_with("hooktool-request-id"))
        .map(|line| line.replace(&target.authority(), "TARGET"))
        .collect::<Vec<_>>()
        .join("\n")
}

#[tokio::test]
async fn odd_paths_repeated_headers_and_binary_bodies_arrive_byte_for_byte() {
    let app = App::answering(OK).await;
    let forwarder = forwarder(options());
    let every_byte: Bytes = (0..=255).collect::<Vec<u8>>().repeat(40).into();
    let mut path = b"//a/../%2e%2e/./%zz|{}\"\\^".to_vec();
    path.extend("/ü?q=%00&&=é?".as_bytes());
    let capture = capture(
        "lower",
        &path,
        &[
            ("host", b"relay.example"),
            ("stripe-signature", b"t=1,v1=\xe9\xff\tx"),
            ("x-tag", b"one"),
            ("x-tag", b""),
            ("x-tag", b"one"),
            ("content-length", b"10240"),
        ],
        Body::Whole(every_byte.clone()),
    );
    let tried = send(&forwarder, &app.target(), &capture).await;
    assert!(tried.result.is_ok(), "{tried:?}");
    let seen = app.seen();
    let expected = [
        r#"lower //a/../%2e%2e/./%zz|{}\"\\^/\xc3\xbc?q=%00&&=\xc3\xa9? HTTP/1.1"#,
        "host: TARGET",
        r"stripe-signature: t=1,v1=\xe9\xff\tx",
        "x-tag: one",
        "x-tag: ",
        "x-tag: one",
        "content-length: 10240",
        "x-forwarded-for: 203.0.113.9",
        "x-forwarded-host: relay.example",
        "x-forwarded-proto: https",
    ];
    assert_eq!(head_of(&seen[0], &app.target()), expected.join("\n"));
    assert!(seen[0].ends_with(&every_byte));
}

#[tokio::test]
async fn an_absent_body_and_an_empty_one_stay_different() {
    let app = App::answering(OK).await;
    let forwarder = forwarder(options());
    for method in ["POST", "GET", "DELETE"] {
        for body in [Body::Absent, Body::Whole(Bytes::new())] {
            let expected = body != Body::Absent;
            let tried = send(&forwarder, &app.target(), &capture(method, b"", &[], body)).await;
            assert!(tried.result.is_ok(), "{tried:?}");
            let request = app.seen().pop().expect("a request");
            let head = head_of(&request, &app.target());
            assert!(
                head.starts_with(&format!("{method} / HTTP/1.1\n")),
                "{head}"
            );
            assert_eq!(head.contains("content-length: 0"), expected, "{head}");
            assert!(!head.contains("transfer-encoding"), "{head}");
        }
    }
}

#[tokio::test]
async fn the_answer_comes_back_with_its_repeats_and_bytes() {
    let app = App::answering(
        b"HTTP/1.1 418 Hello\r\nset-cookie: a=1\r\nset-cookie: b=2\r\nx-name: J\xfcrg\r\n\
          content-encoding: gzip\r\nContent-Length: 3\r\n\r\n\x1f\x8b\xff",
    )
    .await;
    let tried = send(&forwarder(options()), &app.target(), &super::get()).await;
    assert!(tried.took >= tried.connect.expect("a new connection"));
    let answered = tried.result.expect("an answer");
    assert_eq!(answered.head.status, 418);
    let cookies: Vec<&[u8]> = answered.head.headers.all("set-cookie").collect();
    assert_eq!(cookies, [b"a=1", b"b=2"]);
    assert_eq!(answered.head.headers.first("x-name"), Some(&b"J\xfcrg"[..]));
    assert_eq!(
        whole(answered.body).await,
        Ok(Bytes::from_static(b"\x1f\x8b\xff"))
    );
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let inner = App::answering(OK).await;
    let location = format!(
        "HTTP/1.1 302 Found\r\nLocation: http://{}/\r\nContent-Length: 0\r\n\r\n",
        inner.addr
    );
    let app = App::answering(location.leak().as_bytes()).await;
    let (status, _) = ask(&forwarder(options()), &app.target()).await;
    assert_eq!(status, 302);
    assert_eq!((app.seen().len(), inner.connections()), (1, 0));
}

#[tokio::test]
async fn answers_of_head_204_and_304_have_no_body() {
    for (method, answer) in [
        ("HEAD", &b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"[..]),
        ("POST", b"HTTP/1.1 204 No Content\r\n\r\n"),
        ("GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n"),
        ("POST", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
    ] {
        let app = App::answering(answer).await;
        let tried = send(
            &forwarder(options()),
            &app.target(),
            &capture(method, b"/", &[], Body::Absent),
        )
        .await;
        let answered = tried.result.expect("an answer");
        assert!(answered.head.status.as_u16() >= 200);
        assert_eq!(whole(answered.body).await, Ok(Bytes::new()), "{method}");
    }
}
