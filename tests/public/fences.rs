//! What a public relay and its listeners refuse to do: speak in clear, trust a stranger's certificate, lose a good one.

use std::{fs, sync::Arc};

use rustls::{ServerConfig, server::Acceptor};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use tokio::{io::AsyncReadExt, net::TcpListener};
use tokio_rustls::LazyConfigAcceptor;

use super::{
    edge::{Edge, Http},
    people::{Ca, Public, User},
};
use crate::support::{eventually, story};

#[test]
fn without_tls_only_this_machine_is_served() {
    story(async {
        let operator = User::new(None);
        // IPv4's loopback written as IPv6 is not the loopback address, and yet reaches nobody.
        let listen = ["relay", "--listen", "[::ffff:127.0.0.1]:0"];
        let refused = "error: the relay will not listen on [::ffff:127.0.0.1]:0 without TLS\n  \
             cause: tokens and bodies could be read on the way\n  \
             hint: give --tls-cert and --tls-key, or --insecure-http behind a proxy with TLS\n";
        assert_eq!(
            operator.run(&listen, ""),
            (2, String::new(), refused.to_owned())
        );
        assert!(!operator.path(".local").exists());
        let behind = [
            &listen[..],
            &["--insecure-http", "--public-url", "https://relay.example"],
        ];
        let mut relay = operator.start(&behind.concat(), &[]);
        relay
            .says("the relay is up url=https://relay.example")
            .await;
        operator.assert_private();
        relay.terminate();
        assert_eq!(relay.code().await, 0);
    });
}

#[test]
fn a_token_never_goes_over_plain_http_and_a_relay_has_no_path() {
    let user = User::new(None);
    let plain = "give an https:// URL: plain http is for a relay on this machine";
    let path = "give a URL such as https://relay.example, without a path";
    for (args, code, reason) in [
        (&["listen", "--relay", "http://192.0.2.1"][..], 2, plain),
        (&["login", "http://192.0.2.1"], 2, plain),
        (&["login", "https://192.0.2.1/hooks"], 2, path),
        (&["listen", "--relay", "https://192.0.2.1/hooks"], 2, path),
        (
            &["relay", "--public-url", "https://192.0.2.1/hooks"],
            2,
            path,
        ),
    ] {
        let (found, _, stderr) = user.run(args, "");
        assert_eq!(found, code, "{args:?}");
        assert!(stderr.contains(reason), "{stderr}");
    }
    let config = user.path(".config/hooktool/config.toml");
    fs::create_dir_all(config.parent().expect("a folder")).expect("made");
    fs::write(&config, "relay = \"http://192.0.2.1\"\n").expect("written");
    let (code, _, stderr) = user.run(&["listen"], "");
    assert_eq!(code, 3);
    assert!(stderr.contains(plain), "{stderr}");
}

#[test]
fn a_certificate_that_the_machine_does_not_trust_gets_no_link() {
    story(async {
        let public = Public::start(&["--open"]).await;
        let other = Ca::new();
        let stranger = User::new(Some(&other));
        let (code, _, stderr) = stranger.run(&["login", &public.url], "");
        let wanted = format!(
            "error: cannot reach the relay {}\n  \
             cause: the certificate of {} is from an authority that this machine does not trust\n  \
             hint: install its authority's certificate on this machine, or name a file with it by SSL_CERT_FILE\n",
            public.url,
            public.addr(),
        );
        assert_eq!((code, stderr), (4, wanted.clone()));
        let (code, _, stderr) = User::trusting_nobody().run(&["login", &public.url], "");
        assert_eq!(code, 4);
        assert!(
            stderr.contains("hint: install this system's authorities"),
            "{stderr}"
        );
        // --insecure is for the target alone.
        let flags = ["listen", "--insecure", "--relay", &public.url];
        let (code, stdout, stderr) = stranger.run(&flags, "");
        assert_eq!((code, stdout.as_str(), stderr), (4, "", wanted));
        let (code, _, stderr) = User::trusting_nobody().run(&flags, "");
        assert_eq!(code, 4);
        assert!(
            stderr.contains("hint: install this system's authorities"),
            "{stderr}"
        );
        assert!(!public.relay.log().contains("claimed"));
    });
}

/// The ALPN names of a listener's hello, and the head of what it sends once the handshake is done.
async fn greeted(door: &TcpListener, ca: &Ca) -> (Vec<Vec<u8>>, String) {
    let (tcp, _) = door.accept().await.expect("a listener");
    let start = LazyConfigAcceptor::new(Acceptor::default(), tcp).await;
    let start = start.expect("a hello");
    let alpn = start.client_hello().alpn().expect("names");
    let alpn = alpn.map(<[u8]>::to_vec).collect();
    let chain = CertificateDer::pem_file_iter(ca.cert()).expect("a chain");
    let chain = chain.collect::<Result<_, _>>().expect("certificates");
    let key = PrivateKeyDer::from_pem_file(ca.key()).expect("a key");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("a pair");
    let mut socket = start
        .into_stream(Arc::new(config))
        .await
        .expect("shakes hands");
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(socket.read_u8().await.expect("a head"));
    }
    (alpn, String::from_utf8(head).expect("text"))
}

#[test]
fn the_link_offers_http_1_alone_and_its_token_in_one_header() {
    story(async {
        let ca = Ca::new();
        ca.issue();
        let door = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("https://{}", door.local_addr().expect("an address"));
        let alice = User::new(Some(&ca));
        let _listener = alice.start(
            &["listen", "--relay", &url],
            &[("HOOKTOOL_TOKEN", "canary")],
        );
        let (alpn, head) = greeted(&door, &ca).await;
        assert_eq!(alpn, [b"http/1.1"]);
        assert!(
            head.starts_with("GET /_hooktool/link HTTP/1.1\r\n"),
            "{head}"
        );
        let lines = head.lines().filter(|line| line.contains("canary"));
        let lines: Vec<_> = lines.map(str::to_ascii_lowercase).collect();
        assert_eq!(lines, ["authorization: bearer canary"]);
    });
}

#[test]
fn changed_certificate_files_are_shown_and_bad_ones_are_not() {
    story(async {
        let public = Public::start(&[]).await;
        let first = Edge::to(public.addr(), &public.ca, Http::Two).await.shown;
        let second = public.ca.issue();
        assert_ne!(first, second);
        public.relay.says("certificate read again").await;
        let shown = Edge::to(public.addr(), &public.ca, Http::Two).await.shown;
        assert_eq!(shown, second);
        fs::write(public.ca.cert(), "half a fi").expect("written");
        public.relay.says("the old certificate stays").await;
        let shown = Edge::to(public.addr(), &public.ca, Http::One).await.shown;
        assert_eq!(shown, second);
        let third = public.ca.issue();
        eventually("the third certificate", || async {
            let edge = Edge::to(public.addr(), &public.ca, Http::One).await;
            if edge.shown == third {
                Ok(())
            } else {
                Err("another one is shown".to_owned())
            }
        })
        .await;
    });
}
