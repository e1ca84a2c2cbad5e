//! The same relay behind a proxy: whom it counts.
//!
//! In: requests as a proxy hands them on. Out: what comes back.

use hooktool_relay::{
    Config,
    config::{Access, Limits},
};
use tokio::io::AsyncWriteExt;

use super::{TestRelay, V1, eventually, get, link, read_head, status, with};

fn config(trusts_loopback: bool) -> Config {
    let proxies = trusts_loopback.then(|| "127.0.0.0/8".parse().expect("is a range"));
    Config {
        access: Access::Embedded {
            token: "the-token".into(),
        },
        trusted_proxies: proxies.into_iter().collect(),
        ..with(Limits {
            connections_per_address: 1,
            ..Limits::default()
        })
    }
}

/// Holds a link as 192.0.2.1, and says what that sender and another one get meanwhile.
async fn beside_a_link(relay: &TestRelay) -> [String; 2] {
    let from = |ip: &str| format!("X-Forwarded-For: 203.0.113.5, {ip}\r\n");
    let mut socket = relay.connect().await;
    let lines = format!(
        "{V1}Authorization: Bearer the-token\r\n{}",
        from("192.0.2.1")
    );
    socket
        .write_all(link(&lines).as_bytes())
        .await
        .expect("writes");
    assert_eq!(status(&read_head(&mut socket).await), "101");
    let mut answers = [String::new(), String::new()];
    for (answer, ip) in answers.iter_mut().zip(["192.0.2.1", "192.0.2.2"]) {
        let request = get("/_hooktool/health", &from(ip));
        status(&relay.ask(&request).await).clone_into(answer);
    }
    drop(socket);
    eventually(async || {
        let request = get("/_hooktool/health", &from("192.0.2.1"));
        let answer = relay.ask(&request).await;
        if status(&answer) == "200" {
            Ok(())
        } else {
            Err(answer)
        }
    })
    .await;
    answers
}

#[tokio::test]
async fn behind_a_trusted_proxy_each_sender_has_its_own_limit() {
    let relay = TestRelay::start(config(true)).await;
    assert_eq!(beside_a_link(&relay).await, ["503", "200"]);
}

#[tokio::test]
async fn whom_an_unknown_proxy_names_counts_for_nothing() {
    let relay = TestRelay::start(config(false)).await;
    assert_eq!(beside_a_link(&relay).await, ["200", "200"]);
}
