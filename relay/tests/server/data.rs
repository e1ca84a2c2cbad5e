//! The same relay with its data folder: what it keeps, whom it shares with, and how it ends when that fails.
//!
//! In: a folder. Out: what start-up and the end say.

use std::path::Path;

use hooktool_relay::{
    Config, Relay,
    accounts::create_token,
    config::Access,
    server::{BindError, RelayError},
    store::{Options, Store, StoreError},
};
use tokio::{io::AsyncWriteExt, time::timeout};

use super::{
    PATIENCE, TestRelay, config,
    link::{V1, refused, request},
    read_head, status,
};

fn config_in(folder: &Path, access: Access) -> Config {
    Config {
        data: Some(folder.to_owned()),
        access,
        ..config()
    }
}

#[tokio::test]
async fn a_folder_serves_one_relay_at_a_time() {
    let folder = tempfile::tempdir().expect("makes a folder");
    let config = || config_in(folder.path(), Access::Tokens);
    let relay = TestRelay::start(config()).await;
    let second = Relay::bind(config()).await;
    assert!(matches!(
        second,
        Err(BindError::Store(StoreError::Locked(_)))
    ));
    relay.stop().await.expect("stops well");
    // All of the first is gone when it returns, so that the next one may begin at once.
    Relay::bind(config()).await.expect("binds");
}

#[tokio::test]
async fn a_token_made_before_the_start_opens_a_link_until_it_is_revoked() {
    let folder = tempfile::tempdir().expect("makes a folder");
    let config = config_in(folder.path(), Access::Tokens);
    let store = Store::open(Options {
        folder: config.data.clone(),
        retention: config.retention.clone(),
        max_pages: None,
        reserve: 0,
    })
    .expect("opens");
    let token = create_token(&store, "ada").await.expect("makes");
    drop(store);

    let relay = Relay::bind(config).await.expect("binds");
    let store = relay.store().clone();
    let relay = TestRelay::of(relay);
    let lines = format!("{V1}Authorization: Bearer {}\r\n", token.reveal());
    let mut socket = relay.connect().await;
    socket
        .write_all(request(&lines).as_bytes())
        .await
        .expect("writes");
    assert_eq!(status(&read_head(&mut socket).await), "101");

    let accounts = store.tokens().await.expect("reads");
    let revoked = store.revoke(&accounts[0].account).await.expect("revokes");
    assert_eq!(revoked, 1);
    assert_eq!(refused(&relay, &lines).await.0, "401");
}

#[tokio::test]
async fn a_failed_write_ends_the_relay_with_an_error() {
    let folder = tempfile::tempdir().expect("makes a folder");
    let mut relay = TestRelay::start(config_in(folder.path(), Access::Open)).await;
    let other = rusqlite::Connection::open(folder.path().join("relay.db")).expect("opens");
    other.execute_batch("DROP TABLE token").expect("drops");
    // A newcomer's token has to be written.
    assert_eq!(refused(&relay, V1).await.0, "503");
    let ended = timeout(PATIENCE, relay.running.join_next()).await;
    let ended = ended.expect("ends in time").expect("ran");
    assert!(matches!(
        ended.expect("does not panic"),
        Err(RelayError::Store(StoreError::Fatal { .. }))
    ));
}
