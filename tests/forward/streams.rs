//! Bodies go through piece by piece; one that breaks off never looks whole.

use bytes::Bytes;
use hooktool::forward::{Kept, RequestBody};
use hooktool_relay::{answer::Cut, capture::Body};
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::app::{App, read_request};

use super::{capture, forwarder, get, options, send, whole};

#[tokio::test]
async fn each_piece_of_an_answer_comes_as_the_app_writes_it() {
    let (go_on, steps) = tokio::sync::watch::channel(0);
    let app = App::scripted(move |mut stream, _| {
        let mut steps = steps.clone();
        async move {
            read_request(&mut stream).await.expect("a request");
            let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
            stream.write_all(head).await.expect("a peer that reads");
            for step in 1..4 {
                steps.wait_for(|&s| s >= step).await.expect("a test");
                let chunk = format!("5\r\npart{step}\r\n");
                stream.write_all(chunk.as_bytes()).await.expect("a peer");
            }
            stream.write_all(b"0\r\n\r\n").await.expect("a peer");
        }
    })
    .await;
    let tried = send(&forwarder(options()), &app.target(), &get()).await;
    let mut body = tried.result.expect("a head before any body").body;
    for step in 1..4 {
        go_on.send(step).expect("an app that waits");
        let frame = body.frame().await.expect("a piece").expect("no cut");
        assert_eq!(frame.into_data().unwrap(), format!("part{step}"));
    }
    assert!(body.frame().await.is_none());
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_cut() {
    for head in [
        &b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"[..],
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ] {
        let app = App::scripted(move |mut stream, _| async move {
            read_request(&mut stream).await.expect("a request");
            stream.write_all(head).await.expect("a peer that reads");
        })
        .await;
        let tried = send(&forwarder(options()), &app.target(), &get()).await;
        let body = tried.result.expect("a head").body;
        assert_eq!(whole(body).await, Err(Cut), "{}", head.escape_ascii());
    }
}

#[tokio::test]
async fn an_answer_nobody_wants_any_more_closes_the_connection() {
    let (closed, mut ends) = tokio::sync::mpsc::channel(1);
    let app = App::scripted(move |mut stream, _| {
        let closed = closed.clone();
        async move {
            read_request(&mut stream).await.expect("a request");
            let head = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf";
            stream.write_all(head).await.expect("a peer that reads");
            assert_eq!(stream.read(&mut [0]).await.unwrap_or(0), 0);
            closed.send(()).await.expect("a test that waits");
        }
    })
    .await;
    let forwarder = forwarder(options());
    let tried = send(&forwarder, &app.target(), &get()).await;
    drop(tried);
    let end = tokio::time::timeout(std::time::Duration::from_secs(5), ends.recv());
    end.await.expect("the connection is closed in time");
}

#[tokio::test]
async fn an_answer_outlives_its_forwarder() {
    let app = App::scripted(|mut stream, _| async move {
        read_request(&mut stream).await.expect("a request");
        let head = b"HTTP/1.1 200 OK\r\nContent-Length: 900000\r\n\r\n";
        stream.write_all(head).await.expect("a peer that reads");
        let body = vec![1; 900_000];
        stream.write_all(&body).await.expect("a peer that reads");
    })
    .await;
    let tried = send(&forwarder(options()), &app.target(), &get()).await;
    let body = whole(tried.result.expect("a head").body).await;
    assert_eq!(body.expect("all of it").len(), 900_000);
}

#[tokio::test]
async fn a_large_body_goes_out_in_pieces_with_its_length() {
    const PIECES: usize = 200;
    let piece = Bytes::from_static(&[0xa5; 16 * 1024]);
    let len = (PIECES * piece.len()) as u64;
    let app = App::answering(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
    let frames = (0..PIECES).map(move |_| Ok(Frame::data(piece.clone())));
    let body: RequestBody = StreamBody::new(futures_util::stream::iter(frames)).boxed_unsync();
    let capture = capture(
        "POST",
        b"/",
        &[("transfer-encoding", b"chunked")],
        Body::Pieces(len),
    );
    let tried = forwarder(options())
        .send(&app.target(), &capture, body, None)
        .await;
    assert!(tried.result.is_ok(), "{tried:?}");
    let request = app.seen().pop().expect("a request");
    let head = request.len() - PIECES * 16 * 1024;
    let shown = request[..head].escape_ascii().to_string();
    assert!(shown.contains(&format!("content-length: {len}")), "{shown}");
    assert!(!shown.contains("transfer-encoding"), "{shown}");
    assert!(request[head..].iter().all(|&b| b == 0xa5));
}

#[test]
fn the_first_bytes_are_kept_and_the_rest_is_counted() {
    let mut kept = Kept::new(5);
    assert!(kept.is_empty());
    kept.take(b"abc");
    assert!(!kept.is_full());
    kept.take(b"defg");
    kept.take(b"h");
    assert!(kept.is_full());
    assert_eq!(kept.len(), 8);
    assert_eq!(kept.into_bytes(), "abcde");
}
