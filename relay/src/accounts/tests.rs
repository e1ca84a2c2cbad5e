//! Logins against a store in memory: who gets in, by which token, and what it says when not.

use super::*;
use crate::store::{Options, Retention};

const PEER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7));

fn store() -> Store {
    Store::open(Options {
        folder: None,
        retention: Retention::default(),
        max_pages: None,
        reserve: 0,
    })
    .unwrap()
}

fn accounts(store: &Store, access: Access) -> Accounts {
    Accounts::new(store.clone(), access, 1)
}

#[tokio::test]
async fn a_created_token_logs_in_until_it_is_revoked() {
    let store = store();
    let accounts = accounts(&store, Access::Tokens);
    let token = create_token(&store, "ada").await.unwrap();
    let second = create_token(&store, "ada").await.unwrap();
    let login = accounts.login(Some(token.reveal()), PEER).await.unwrap();
    assert_eq!(login.account, AccountId("ada".into()));
    assert_eq!(login.digest, token.digest());
    assert_eq!(login.minted, None);
    assert!(accounts.is_valid(&login).await.unwrap());
    let other = accounts.login(Some(second.reveal()), PEER).await.unwrap();
    assert_eq!(other.account, login.account);

    assert_eq!(store.revoke(&login.account).await.unwrap(), 2);
    assert!(!accounts.is_valid(&login).await.unwrap());
    let refused = accounts.login(Some(token.reveal()), PEER).await;
    assert!(matches!(refused, Err(LoginError::Invalid)));
}

#[tokio::test]
async fn without_a_token_the_door_stays_shut() {
    let store = store();
    let accounts = accounts(&store, Access::Tokens);
    assert!(matches!(
        accounts.login(None, PEER).await,
        Err(LoginError::Missing)
    ));
    let unknown = Token::random().unwrap();
    for wrong in [unknown.reveal(), "", "hkt_x"] {
        let refused = accounts.login(Some(wrong), PEER).await;
        assert!(matches!(refused, Err(LoginError::Invalid)), "{wrong:?}");
    }
}

#[tokio::test]
async fn guessing_is_throttled_and_others_still_get_in() {
    let store = store();
    let accounts = accounts(&store, Access::Tokens);
    let token = create_token(&store, "ada").await.unwrap();
    let mut throttled = 0;
    for _ in 0..50 {
        match accounts.login(Some("hkt_guess"), PEER).await {
            Err(LoginError::Invalid) => {}
            Err(LoginError::TooMany(wait)) => {
                assert!(wait <= Duration::from_secs(6));
                throttled += 1;
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(throttled >= 38, "{throttled}");
    let elsewhere = "198.51.100.1".parse().unwrap();
    accounts
        .login(Some(token.reveal()), elsewhere)
        .await
        .unwrap();
}

#[tokio::test]
async fn an_open_relay_gives_each_newcomer_an_account() {
    let store = store();
    let accounts = accounts(&store, Access::Open);
    let first = accounts.login(None, PEER).await.unwrap();
    let second = accounts.login(None, PEER).await.unwrap();
    assert_ne!(first.account, second.account);
    let minted = first.minted.clone().unwrap();
    let again = accounts.login(Some(&minted), PEER).await.unwrap();
    assert_eq!(again.account, first.account);
    assert_eq!(again.minted, None);
    let unknown = Token::random().unwrap();
    assert!(matches!(
        accounts.login(Some(unknown.reveal()), PEER).await,
        Err(LoginError::Invalid)
    ));
    assert!(!format!("{first:?}").contains(&minted));
}

#[tokio::test]
async fn a_token_that_a_listener_made_for_itself_is_its_account_from_first_sight() {
    let store = store();
    let open = accounts(&store, Access::Open);
    let offer = Token::random().unwrap();
    let first = open.adopt(offer.reveal(), PEER).await.unwrap();
    assert_eq!(first.minted.as_deref(), Some(offer.reveal()));
    // The answer was lost: the same account again, and then by the token alone.
    let again = open.adopt(offer.reveal(), PEER).await.unwrap();
    assert_eq!(
        (&again.account, &again.minted),
        (&first.account, &first.minted)
    );
    let by_token = open.login(Some(offer.reveal()), PEER).await.unwrap();
    assert_eq!(
        (by_token.account, by_token.minted),
        (first.account.clone(), None)
    );
    let other = open
        .adopt(Token::random().unwrap().reveal(), PEER)
        .await
        .unwrap();
    assert_ne!(other.account, first.account);
    store.revoke(&first.account).await.unwrap();
    for refused in [offer.reveal(), "hkt_guess", ""] {
        let login = open.adopt(refused, PEER).await;
        assert!(matches!(login, Err(LoginError::Invalid)), "{login:?}");
    }
    let closed = accounts(&store, Access::Tokens);
    let login = closed.adopt(Token::random().unwrap().reveal(), PEER).await;
    assert!(matches!(login, Err(LoginError::Missing)), "{login:?}");
}

#[tokio::test]
async fn an_embedded_relay_knows_one_token_and_no_rate() {
    let store = store();
    let token = Token::random().unwrap().reveal().to_owned();
    let access = Access::Embedded {
        token: token.clone(),
    };
    assert!(!format!("{access:?}").contains(&token));
    let embedded = accounts(&store, access);
    assert!(embedded.is_single());
    let login = embedded.login(Some(&token), PEER).await.unwrap();
    assert_eq!(login.account, AccountId(LOCAL.into()));
    assert!(embedded.is_valid(&login).await.unwrap());
    assert!(matches!(
        embedded.login(None, PEER).await,
        Err(LoginError::Missing)
    ));
    let added = create_token(&store, "ada").await.unwrap();
    assert!(matches!(
        embedded.login(Some(added.reveal()), PEER).await,
        Err(LoginError::Invalid)
    ));
    let endpoint: EndpointName = "tidy-otter".parse().unwrap();
    for _ in 0..1_000 {
        embedded.admit(&endpoint).unwrap();
    }
}

#[tokio::test]
async fn an_endpoint_over_its_rate_waits_and_its_neighbour_does_not() {
    let store = store();
    let accounts = accounts(&store, Access::Tokens);
    assert!(!accounts.is_single());
    let endpoint: EndpointName = "tidy-otter".parse().unwrap();
    for _ in 0..10 {
        accounts.admit(&endpoint).unwrap();
    }
    let wait = accounts.admit(&endpoint).unwrap_err();
    assert!(wait <= Duration::from_secs(1));
    accounts.forget_idle();
    accounts.admit(&endpoint).unwrap_err();
    accounts.admit(&"calm-heron".parse().unwrap()).unwrap();
}

#[tokio::test]
async fn names_of_accounts_are_short_and_plain() {
    let store = store();
    let long = "a".repeat(64);
    for bad in ["", "a b", "é", "a\u{1b}[2J", &long] {
        let refused = create_token(&store, bad).await;
        assert!(matches!(refused, Err(CreateError::Name)), "{bad:?}");
    }
    create_token(&store, "ada.l@ci_1-x").await.unwrap();
}
