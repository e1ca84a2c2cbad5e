//! The same relay over TLS: versions, ALPN, and peers that say nothing before the handshake.
//!
//! In: a client with the relay's own certificate as its only root. Out: what comes back.

use std::{path::Path, sync::Arc, time::Duration};

use hooktool_relay::{
    Config,
    config::{Limits, TlsFiles},
};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName},
    version,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    time::timeout,
};
use tokio_rustls::TlsConnector;

use super::{PATIENCE, TestRelay, get, read_head, read_to_end, status, with};

/// A relay with TLS and the certificate that it shows.
async fn tls_relay(folder: &Path, limits: Limits) -> (TestRelay, CertificateDer<'static>) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("makes");
    let files = TlsFiles {
        cert: folder.join("cert.pem"),
        key: folder.join("key.pem"),
    };
    std::fs::write(&files.cert, made.cert.pem()).expect("writes");
    std::fs::write(&files.key, made.signing_key.serialize_pem()).expect("writes");
    let config = Config {
        tls: Some(files),
        ..with(limits)
    };
    (TestRelay::start(config).await, made.cert.der().clone())
}

fn connector(
    root: CertificateDer<'static>,
    version: &'static rustls::SupportedProtocolVersion,
    alpn: &[&[u8]],
) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(root).expect("is a certificate");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])
        .expect("the provider speaks it")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
    TlsConnector::from(Arc::new(config))
}

async fn http1_health(mut socket: impl AsyncRead + AsyncWrite + Unpin) {
    let request = get("/_hooktool/health", "");
    socket.write_all(request.as_bytes()).await.expect("writes");
    assert_eq!(status(&read_head(&mut socket).await), "200");
}

#[tokio::test]
async fn both_tls_versions_and_both_http_versions_are_spoken() {
    let folder = tempfile::tempdir().expect("makes a folder");
    let (relay, root) = tls_relay(folder.path(), Limits::default()).await;
    assert!(relay.url.starts_with("https://127.0.0.1:"));
    let name = || ServerName::try_from("localhost").expect("is a name");
    for version in [&version::TLS12, &version::TLS13] {
        let http1 = connector(root.clone(), version, &[b"http/1.1"]);
        let socket = http1.connect(name(), relay.connect().await).await;
        http1_health(socket.expect("shakes hands")).await;
    }
    let without = connector(root.clone(), &version::TLS13, &[]);
    let socket = without.connect(name(), relay.connect().await).await;
    http1_health(socket.expect("shakes hands")).await;

    let http2 = connector(root, &version::TLS13, &[b"h2", b"http/1.1"]);
    let socket = http2.connect(name(), relay.connect().await).await;
    let mut socket = socket.expect("shakes hands");
    assert_eq!(socket.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    // The preface and an empty SETTINGS; a SETTINGS frame (type 4) comes back (RFC 9113 §3.4).
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    socket.write_all(preface).await.expect("writes");
    let mut frame = [0; 9];
    let read = timeout(PATIENCE, socket.read_exact(&mut frame)).await;
    read.expect("answers in time").expect("answers");
    assert_eq!(frame[3], 4);
}

#[tokio::test]
async fn who_is_silent_before_tls_is_closed_and_holds_up_nobody() {
    let folder = tempfile::tempdir().expect("makes a folder");
    let limits = Limits {
        establish: Duration::from_millis(500),
        ..Limits::default()
    };
    let (relay, root) = tls_relay(folder.path(), limits).await;
    let mut silent = relay.connect().await;
    let good = connector(root, &version::TLS13, &[]);
    let name = ServerName::try_from("localhost").expect("is a name");
    let socket = good.connect(name, relay.connect().await).await;
    http1_health(socket.expect("shakes hands")).await;
    assert_eq!(read_to_end(&mut silent).await, "");
}
