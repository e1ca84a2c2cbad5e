//! What a relay's word of its public URL may make a listener connect to, and what each answer means.

use hooktool_relay::capture::{Epoch, SessionId};

use super::*;

fn relay(host: &str, port: u16) -> Endpoint {
    Endpoint {
        is_tls: false,
        host: host.to_owned(),
        port,
        path: String::new(),
        token: None,
        offer: None,
    }
}

fn asked(url: &str) -> Result<String, String> {
    let name = "tidy-otter".parse().expect("a name");
    let public = public(&relay("127.0.0.1", 4141), &name, url);
    public.map(|public| public.to_string())
}

#[test]
fn only_the_relay_itself_is_asked_without_tls() {
    for (url, place) in [
        ("http://127.0.0.1:4141/tidy-otter", "http://127.0.0.1:4141"),
        ("http://localhost:4141/tidy-otter", "http://localhost:4141"),
        ("https://relay.example/tidy-otter", "https://relay.example"),
        (
            "https://relay.example:8443/hooks/tidy-otter",
            "https://relay.example:8443/hooks",
        ),
        ("https://[2001:db8::1]/tidy-otter", "https://[2001:db8::1]"),
    ] {
        assert_eq!(asked(url).as_deref(), Ok(place), "{url}");
    }
    for url in [
        "http://127.0.0.1:5432/tidy-otter",
        "http://relay.example/tidy-otter",
        "ftp://relay.example/tidy-otter",
        "https://relay.example/other",
        "https://relay.example/xtidy-otter",
        "https://relay.example",
        "/tidy-otter",
        "http://\u{1b}]0;owned\u{7}",
        "",
    ] {
        assert!(asked(url).is_err(), "{url}");
    }
}

#[test]
fn addresses_of_a_machine_or_its_network_are_not_the_worlds() {
    for ip in ["203.0.113.9", "1.1.1.1", "2001:db8::1", "64:ff9b::101:101"] {
        assert!(is_global(ip.parse().expect("an address")), "{ip}");
    }
    for ip in [
        "127.0.0.1",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fd00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:a00:1::",
    ] {
        assert!(!is_global(ip.parse().expect("an address")), "{ip}");
    }
}

#[tokio::test]
async fn another_place_of_this_machine_is_not_connected_to() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
    let port = listener.as_ref().expect("a port").local_addr();
    let port = port.expect("an address").port();
    let elsewhere = Endpoint {
        is_tls: true,
        ..relay("127.0.0.1", port)
    };
    let refused = connect(&relay("relay.example", 443), &elsewhere).await;
    let why = refused.expect_err("not connected").to_string();
    assert!(why.starts_with("an address of this machine"), "{why}");
    connect(&relay("127.0.0.1", port), &relay("127.0.0.1", port))
        .await
        .expect("the relay itself");
}

#[test]
fn only_this_sessions_own_words_are_a_yes() {
    let holds = Holds {
        session: SessionId::new(),
        epoch: Epoch(3),
    };
    let judge = |status, body: &[u8]| judge("relay.example", status, body, &holds);
    let yes = serde_json::to_vec(&holds).expect("JSON");
    assert_eq!(judge(StatusCode::OK, &yes), Ok(()));
    let older = Holds {
        epoch: Epoch(2),
        ..holds.clone()
    };
    let older = serde_json::to_vec(&older).expect("JSON");
    for (status, body, words) in [
        (StatusCode::OK, older.as_slice(), "is a proxy in between?"),
        (StatusCode::OK, b"<html>Welcome", "is a proxy in between?"),
        (StatusCode::NOT_FOUND, &yes, "does not know this listener"),
        (StatusCode::FOUND, b"", "which is not followed"),
        (StatusCode::BAD_GATEWAY, b"", "answered 502 Bad Gateway"),
    ] {
        let why = judge(status, body).expect_err("no yes");
        assert!(why.contains(words), "{why}");
    }
}
