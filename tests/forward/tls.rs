//! https targets: a certificate nobody vouches for is refused, and taken with `--insecure`.

use std::sync::Arc;

use hooktool::{
    forward::{Options, Tried},
    target::Target,
};
use hooktool_relay::capture::Outcome;
use rustls::{ServerConfig, crypto::aws_lc_rs};
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::AsyncWriteExt as _;
use tokio_rustls::TlsAcceptor;

use crate::app::{App, read_request};

use super::{forwarder, get, options, send, whole};

/// An https app for `localhost` with a certificate that nobody vouches for.
async fn self_signed() -> (App, Target) {
    let signed = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()])
        .expect("a self-signed certificate");
    let key = PrivatePkcs8KeyDer::from(signed.signing_key.serialize_der());
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("a self-signed certificate")
        .with_no_client_auth()
        .with_single_cert(vec![signed.cert.der().clone()], PrivateKeyDer::from(key))
        .expect("a self-signed certificate");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let app = App::scripted(move |stream, seen| {
        let acceptor = acceptor.clone();
        async move {
            let Ok(mut stream) = acceptor.accept(stream).await else {
                return;
            };
            while let Some(request) = read_request(&mut stream).await {
                seen.push(request);
                let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret";
                stream.write_all(answer).await.expect("a peer that reads");
                stream.flush().await.expect("a peer that reads");
            }
        }
    })
    .await;
    let target = format!("https://localhost:{}", app.addr.port());
    (app, target.parse().expect("a target"))
}

async fn tried(insecure: bool, target: &Target) -> Tried {
    let options = Options {
        insecure,
        ..options()
    };
    send(&forwarder(options), target, &get()).await
}

#[tokio::test]
async fn an_unknown_certificate_is_broken_and_says_what_helps() {
    let (app, target) = self_signed().await;
    let failure = tried(false, &target).await.result.unwrap_err();
    assert_eq!(failure.outcome, Outcome::Broken);
    let is_plain = failure.text.contains("--insecure") && failure.text.contains("not trusted");
    // A machine without any certificates says that instead.
    let has_none = failure.text.contains("certificates cannot be used");
    assert!(is_plain || has_none, "{}", failure.text);
    assert!(app.seen().is_empty());
}

#[tokio::test]
async fn an_insecure_target_is_taken_unchecked() {
    let (app, target) = self_signed().await;
    let answered = tried(true, &target).await.result.expect("an answer");
    assert_eq!(whole(answered.body).await.unwrap(), "secret");
    assert_eq!(app.seen().len(), 1);
}

#[tokio::test]
async fn the_wrong_scheme_is_broken_and_the_other_one_is_named() {
    let app = App::scripted(|mut stream, _| async move {
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    })
    .await;
    let target = format!("https://{}", app.addr).parse().unwrap();
    let failure = tried(true, &target).await.result.unwrap_err();
    assert_eq!(failure.outcome, Outcome::Broken);
    let hint = format!("is it http://{}?", app.addr);
    assert!(failure.text.contains(&hint), "{}", failure.text);
}
