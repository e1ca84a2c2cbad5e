//! What senders get from a public relay: both versions of HTTP, large and endless answers, refusals, a restart.

use std::{fs, path::Path};

use bytes::Bytes;
use http_body_util::{BodyExt, Channel};
use tokio::task::JoinSet;

use super::{
    edge::{Edge, Http, whole},
    people::{Public, assert_private},
};
use crate::{
    streaming::streamed,
    support::{
        Request, Sender, TestRelay, TestTarget, eventually, listener::Setup, pattern, story,
        target::answer,
    },
};

/// What an app may say, and whether neighbours' pages are safe from it.
const SAID: [(&str, &str, bool); 6] = [
    ("x-app", "kept", true),
    ("set-cookie", "a=1", false),
    ("strict-transport-security", "max-age=1", false),
    ("alt-svc", "h3=\":443\"", false),
    ("clear-site-data", "\"*\"", false),
    ("service-worker-allowed", "/", false),
];

async fn talkative() -> TestTarget {
    TestTarget::answering(|got| {
        let mut said = answer(200, got.body.clone());
        for (name, value, _) in SAID {
            said.headers_mut()
                .append(name, value.parse().expect("a value"));
        }
        async { said }
    })
    .await
}

#[test]
fn both_versions_of_http_reach_the_app_and_no_secret_is_left_behind() {
    story(async {
        let public = Public::start(&[]).await;
        let (alice, token) = public.member("alice");
        let target = talkative().await;
        let (listener, path) = alice.listen_at(&[&target.addr.to_string()]).await;
        let (_, tail) = path.rsplit_once('-').expect("a tail");
        assert_eq!((path.split('-').count(), tail.len()), (3, 12), "{path}");
        for http in [Http::One, Http::Two] {
            let mut edge = Edge::to(public.addr(), &public.ca, http).await;
            let request = edge
                .request("POST", &format!("{path}/deep?canary-query=1"))
                .header("x-secret", "canary-header");
            let request = request.body(whole("canary-body")).expect("a request");
            let answer = edge.send(request).await;
            let (head, body) = answer.into_parts();
            assert_eq!(head.status, 200);
            for (name, value, passes) in SAID {
                let found = head.headers.get(name).map(|found| found.as_bytes());
                assert_eq!(found, passes.then_some(value.as_bytes()), "{name} {http:?}");
            }
            let policy = &head.headers["content-security-policy"];
            assert_eq!(policy, "sandbox; default-src 'none'");
            assert_eq!(head.headers["x-content-type-options"], "nosniff");
            assert_eq!(
                body.collect().await.expect("whole").to_bytes(),
                "canary-body"
            );
        }
        let got = target.wait_for(2).await;
        assert!(got.iter().all(|got| got.path == "/deep?canary-query=1"));
        assert!(
            got.iter()
                .all(|got| got.all("x-secret") == [b"canary-header"])
        );
        eventually("a line a try", || async {
            let out = listener.out();
            let count = out.matches("--> 200").count();
            if count == 2 { Ok(()) } else { Err(out) }
        })
        .await;
        assert_eq!(public.token(&["list"]).lines().count(), 1);
        assert!(public.token(&["list"]).starts_with("alice "));
        assert!(!public.token(&["list"]).contains("hkt_"));
        alice.assert_private();
        assert_private(&public.data());
        absent_below(&public.data(), &token);
        for log in [public.relay.log(), public.relay.out()] {
            for secret in [token.as_str(), "canary"] {
                assert!(!log.contains(secret), "{secret} was logged");
            }
        }
        assert!(!listener.log().contains(&token));
    });
}

fn absent_below(folder: &Path, secret: &str) {
    for entry in fs::read_dir(folder).expect("readable") {
        let path = entry.expect("an entry").path();
        let bytes = fs::read(&path).expect("a file");
        let found = bytes
            .windows(secret.len())
            .any(|part| part == secret.as_bytes());
        assert!(!found, "{} holds a token", path.display());
    }
}

#[test]
fn on_the_embedded_relay_cookies_pass() {
    story(async {
        let relay = TestRelay::start().await;
        let target = talkative().await;
        let _listener = Setup::new(&relay, Some(target.addr))
            .start()
            .await
            .live()
            .await;
        let sender = Sender::to(relay.addr);
        let answer = sender.send(Request::post("/tidy-otter", "x")).await;
        assert_eq!(answer.header("set-cookie"), Some(&b"a=1"[..]));
        assert_eq!(answer.header("content-security-policy"), None);
        assert_eq!(answer.header("strict-transport-security"), None);
    });
}

#[test]
fn many_streams_of_one_connection_run_side_by_side() {
    story(async {
        let public = Public::start(&[]).await;
        let (alice, _) = public.member("alice");
        let target = TestTarget::answering(|got| {
            let body = got.body.clone();
            async { answer(200, body) }
        })
        .await;
        let (_listener, path) = alice.listen_at(&[&target.addr.to_string()]).await;
        let mut edge = Edge::to(public.addr(), &public.ca, Http::Two).await;
        let mut streams = JoinSet::new();
        for number in 0..64_usize {
            // From a byte to far above what goes in one frame.
            let body = Bytes::from(pattern(1 + number * 3_000).to_vec());
            let request = edge.request("POST", &path).body(whole(body.clone()));
            let answering = edge.send(request.expect("a request"));
            streams.spawn(async move {
                let answer = answering.await;
                let status = answer.status().as_u16();
                let answered = answer.into_body().collect().await.expect("whole");
                let answered = answered.to_bytes();
                let is_right = (status, &answered) == (200, &body);
                (!is_right).then(|| format!("{number}: {status}, {} bytes", answered.len()))
            });
        }
        let wrong: Vec<_> = streams.join_all().await.into_iter().flatten().collect();
        assert!(wrong.is_empty(), "{wrong:?}");
    });
}

#[test]
fn large_bodies_and_endless_answers_go_over_http2() {
    story(async {
        let public = Public::start(&[]).await;
        let (alice, _) = public.member("alice");
        let (pieces, answer_pieces) = tokio::sync::mpsc::channel(1);
        let endless = std::sync::Mutex::new(Some(answer_pieces));
        let target = TestTarget::answering(move |got| {
            let endless = match got.path.as_str() {
                "/events" => endless.lock().expect("no panic").take(),
                _ => None,
            };
            let body = got.body.clone();
            async move { endless.map_or_else(|| answer(200, body), streamed) }
        })
        .await;
        let to = target.addr.to_string();
        let (_listener, path) = alice.listen_at(&[&to, "--deadline", "90s"]).await;
        let mut edge = Edge::to(public.addr(), &public.ca, Http::Two).await;
        let body = Bytes::from(pattern(25 * 1024 * 1024).to_vec());
        let (status, answered) = edge.post(&path, body.clone()).await;
        assert_eq!(status, 200);
        assert!(answered == body, "the answer is the body");

        let request = edge.request("GET", &format!("{path}/events"));
        let request = request.body(whole("")).expect("a request");
        let mut events = edge.send(request).await.into_body();
        for number in 0..5 {
            let event = Bytes::from(format!("data: {number}\n\n"));
            pieces.send(event.clone()).await.expect("the app streams");
            // The next event is not written before this one has come.
            let frame = events.frame().await.expect("goes on").expect("whole");
            assert_eq!(frame.into_data().expect("data"), event);
        }
        drop(pieces);
        let rest = events.collect().await.expect("it ends with the app's");
        assert_eq!(rest.to_bytes(), "");
    });
}

#[test]
fn early_refusals_are_read_and_the_neighbour_is_served() {
    story(async {
        let public = Public::start(&["--max-rate", "1"]).await;
        let (alice, _) = public.member("alice");
        let (_one, busy) = alice
            .listen_at(&["--respond", "200", "--endpoint", "busy"])
            .await;
        let (_two, calm) = alice
            .listen_at(&["--respond", "200", "--endpoint", "calm"])
            .await;
        for http in [Http::One, Http::Two] {
            let mut edge = Edge::to(public.addr(), &public.ca, http).await;
            let request = edge
                .request("POST", &calm)
                .header("content-length", 26 * 1024 * 1024);
            // Nothing of the body is ever sent.
            let (sender, body) = Channel::<Bytes, std::io::Error>::new(1);
            let request = request.body(body.boxed_unsync()).expect("a request");
            let answer = edge.send(request).await;
            assert_eq!(answer.status(), 413, "{http:?}");
            let said = answer.into_body().collect().await.expect("whole");
            let reason = "not stored; the body is larger than this relay takes\n";
            assert_eq!(said.to_bytes(), reason);
            drop(sender);
        }
        let mut edge = Edge::to(public.addr(), &public.ca, Http::Two).await;
        let refused = loop {
            let answered = edge.post(&busy, pattern(1024 * 1024).to_vec()).await;
            if answered.0 != 200 {
                break answered;
            }
        };
        let reason = "not stored; too many requests to this endpoint\n";
        assert_eq!(refused, (429, Bytes::from(reason)));
        let (mut sender, body) = Channel::<Bytes, std::io::Error>::new(1);
        let request = edge.request("POST", &busy).body(body.boxed_unsync());
        // What the large ones took to send may have earned it another one.
        while edge.post(&busy, "x").await.0 == 200 {}
        let answer = edge.send(request.expect("a request")).await;
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()["retry-after"]),
            (429, &1.into())
        );
        let said = answer.into_body().collect().await.expect("whole");
        assert_eq!(said.to_bytes(), reason);
        // The stream is not torn down under a sender that has yet to look at its answer.
        for _ in 0..8 {
            let piece = Bytes::from(vec![0; 64 * 1024]);
            sender.send_data(piece).await.expect("the rest is taken");
        }
        drop(sender);
        assert_eq!(edge.post(&calm, "x").await.0, 200);
    });
}

#[test]
fn a_restarted_relay_loses_nothing_and_has_its_listeners_back() {
    story(async {
        let mut public = Public::start(&["--max-rate", "0"]).await;
        let (alice, _) = public.member("alice");
        let target = TestTarget::start().await;
        let (listener, path) = alice.listen_at(&[&target.addr.to_string()]).await;
        let mut edge = Edge::to(public.addr(), &public.ca, Http::Two).await;
        let mut sent = 0;
        for _ in 0..20 {
            assert!((200..300).contains(&edge.post(&path, sent.to_string()).await.0));
            sent += 1;
        }
        public.relay.terminate();
        assert_eq!(public.relay.code().await, 0, "{}", public.relay.log());
        listener.says("link lost").await;
        public.start_again().await;
        let mut edge = Edge::to(public.addr(), &public.ca, Http::Two).await;
        for _ in 0..20 {
            // 202 before the listener is back.
            assert!((200..300).contains(&edge.post(&path, sent.to_string()).await.0));
            sent += 1;
        }
        listener.says("live again after").await;
        let got = target.wait_for(sent).await;
        for number in 0..sent {
            let body = Bytes::from(number.to_string());
            assert!(got.iter().any(|got| got.body == body), "{number} is lost");
        }
    });
}

#[test]
fn a_trusted_proxy_names_the_sender_and_nobody_else_does() {
    story(async {
        let target = TestTarget::start().await;
        for (flags, seen, scheme) in [
            (
                &["--trusted-proxy", "127.0.0.0/8,::1"][..],
                "203.0.113.9",
                "http",
            ),
            (&[], "127.0.0.1", "https"),
        ] {
            let public = Public::start(flags).await;
            let (alice, _) = public.member("alice");
            let (_listener, path) = alice.listen_at(&[&target.addr.to_string()]).await;
            let mut edge = Edge::to(public.addr(), &public.ca, Http::One).await;
            let request = edge
                .request("POST", &path)
                .header("x-forwarded-for", "203.0.113.9")
                .header("x-forwarded-proto", "http")
                .body(whole("x"))
                .expect("a request");
            assert_eq!(edge.send(request).await.status(), 200);
            let got = target.got().pop().expect("a request");
            assert_eq!(got.all("x-forwarded-for"), [seen.as_bytes()]);
            assert_eq!(got.all("x-forwarded-proto"), [scheme.as_bytes()]);
        }
    });
}
