//! When a forward counts as timed out, and which options are refused.

use hooktool_relay::answer::Cut;
use http::{HeaderName, HeaderValue};
use http_body::Body as _;
use tokio::time::sleep;

use super::*;

fn options() -> Options {
    Options {
        host: HostHeader::Target,
        headers: Vec::new(),
        insecure: false,
        timeout: Duration::from_secs(60),
    }
}

fn never() -> Failure {
    Failure::broken("nothing")
}

#[tokio::test(start_paused = true)]
async fn the_timeout_begins_anew_with_every_piece_of_the_requests_body() {
    let forwarder = Forwarder::new(options()).unwrap();
    let target = "3000".parse().unwrap();
    let began = Instant::now();
    let progress = Progress::new(began);
    let slow = async {
        for _ in 0..3 {
            sleep(Duration::from_secs(50)).await;
            let body: RequestBody = http_body_util::Full::new(Bytes::from_static(b"x"))
                .map_err(|never| match never {})
                .boxed_unsync();
            let mut piece = Outbound::new(body, 1, progress.clone());
            assert!(matches!(piece.frame().await, Some(Ok(_))));
        }
        std::future::pending::<()>().await;
        Err(never())
    };
    let failure = forwarder.in_time(&target, &progress, slow).await;
    assert_eq!(failure.unwrap_err().outcome, Outcome::TimedOut);
    assert_eq!(began.elapsed(), Duration::from_secs(3 * 50 + 60));
}

#[tokio::test(start_paused = true)]
async fn an_app_that_takes_a_minute_is_timed_out() {
    let forwarder = Forwarder::new(options()).unwrap();
    let target = "3000".parse().unwrap();
    let began = Instant::now();
    for (takes, expected) in [(59, Outcome::Broken), (61, Outcome::TimedOut)] {
        let progress = Progress::new(Instant::now());
        let app = async {
            sleep(Duration::from_secs(takes)).await;
            Err(never())
        };
        let failure = forwarder.in_time(&target, &progress, app).await;
        assert_eq!(failure.unwrap_err().outcome, expected);
    }
    assert_eq!(began.elapsed(), Duration::from_secs(59 + 60));
}

#[tokio::test]
async fn an_outbound_body_knows_its_length_and_its_end() {
    let body = |len| {
        let pieces = [
            Ok(http_body::Frame::data(Bytes::from_static(b"12"))),
            Err(Cut),
        ];
        let body = http_body_util::StreamBody::new(futures_util::stream::iter(pieces));
        Outbound::new(body.boxed_unsync(), len, Progress::new(Instant::now()))
    };
    let mut exact = body(2);
    assert_eq!(exact.size_hint().exact(), Some(2));
    assert!(matches!(exact.frame().await, Some(Ok(_))));
    assert!(exact.is_end_stream() && exact.frame().await.is_none());
    let mut none = body(0);
    assert!(none.is_end_stream() && none.frame().await.is_none());
    let mut over = body(1);
    assert!(matches!(over.frame().await, Some(Err(Cut))));
    let mut short = body(3);
    assert!(matches!(short.frame().await, Some(Ok(_))));
    assert!(matches!(short.frame().await, Some(Err(Cut))));
}

#[test]
fn options_that_would_bend_a_request_are_refused() {
    for name in [
        "connection",
        "content-length",
        "transfer-encoding",
        "upgrade",
    ] {
        let line = (HeaderName::from_static(name), HeaderValue::from_static("1"));
        let refused = Forwarder::new(Options {
            headers: vec![line],
            ..options()
        });
        assert!(refused.unwrap_err().contains(name));
    }
    let refused = Forwarder::new(Options {
        host: HostHeader::Name("a\r\nb".to_owned()),
        ..options()
    });
    assert!(refused.unwrap_err().contains("can be no Host"));
}
