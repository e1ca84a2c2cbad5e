//! The registry without sockets: who is told what, and when.

use http_body_util::{BodyExt, Empty};

use super::*;
use crate::capture::{Headers, SentBy};

fn endpoint() -> EndpointName {
    "tidy-otter".parse().unwrap()
}

fn answer() -> Result<Answer, NoAnswer> {
    let head = AnswerHead {
        status: http::StatusCode::OK,
        headers: Headers::new(),
    };
    let body = Empty::new().map_err(|never| match never {}).boxed_unsync();
    Ok(Answer { head, body })
}

#[tokio::test]
async fn a_sender_gets_the_answer_of_the_session_and_the_session_hears_what_it_got() {
    let registry = Registry::default();
    let mut held = registry.hold(&endpoint(), Epoch(1)).unwrap();
    let id = CaptureId::new();
    let mut expected = registry.expect(&endpoint(), id).unwrap();
    let (offers, orders) = held.halves();
    assert_eq!(offers.offer(id), Offered::Live(None));
    assert!(offers.answer(id, answer()).is_ok());
    assert_eq!(expected.answer().await.unwrap().head.status, 200);
    expected.sent(Sent {
        status: Some(200),
        by: SentBy::App,
        ms: None,
    });
    let Some(Order::Sent(told, sent)) = orders.recv().await else {
        panic!("an order")
    };
    assert_eq!((told, sent.status), (id, Some(200)));
    assert_eq!(registry.counts(), (1, 0));
}

#[tokio::test]
async fn a_lost_hold_answers_every_waiting_sender_at_once() {
    let registry = Registry::default();
    let held = registry.hold(&endpoint(), Epoch(1)).unwrap();
    let mut expected = registry.expect(&endpoint(), CaptureId::new()).unwrap();
    drop(held);
    assert_eq!(expected.answer().await.unwrap_err(), NoAnswer::NoListener);
    assert!(registry.expect(&endpoint(), CaptureId::new()).is_none());
}

#[tokio::test]
async fn a_sender_that_leaves_cancels_the_answer_and_not_the_delivery() {
    let registry = Registry::default();
    let mut held = registry.hold(&endpoint(), Epoch(1)).unwrap();
    let (early, offered) = (CaptureId::new(), CaptureId::new());
    drop(registry.expect(&endpoint(), early));
    let waiting = registry.expect(&endpoint(), offered);
    let (offers, orders) = held.halves();
    assert_eq!(offers.offer(early), Offered::Waited);
    assert_eq!(offers.offer(offered), Offered::Live(None));
    drop(waiting);
    let Some(Order::Sent(_, sent)) = orders.recv().await else {
        panic!("an order")
    };
    assert_eq!(sent.by, SentBy::Gone);
    assert!(offers.answer(offered, answer()).is_err());
}

#[tokio::test]
async fn an_answer_by_policy_is_told_with_the_offer() {
    let registry = Registry::default();
    let mut held = registry.hold(&endpoint(), Epoch(1)).unwrap();
    let id = CaptureId::new();
    let sent = Sent {
        status: Some(202),
        by: SentBy::Policy,
        ms: None,
    };
    registry.expect(&endpoint(), id).unwrap().sent(sent.clone());
    assert_eq!(held.halves().0.offer(id), Offered::Live(Some(sent)));
    assert_eq!(held.halves().0.offer(id), Offered::Waited);
}

#[tokio::test]
async fn the_newer_epoch_holds_and_the_older_is_told_who_came() {
    let registry = Registry::default();
    let older = registry.hold(&endpoint(), Epoch(1)).unwrap();
    let evicting = registry.clone();
    let name = endpoint();
    let evict = async move { evicting.evict(&name, Some("laptop-2".into())).await };
    let leave = async {
        older.evicted().cancelled().await;
        assert_eq!(older.newcomer().as_deref(), Some("laptop-2"));
        drop(older);
    };
    tokio::join!(evict, leave);
    let newer = registry.hold(&endpoint(), Epoch(2)).unwrap();
    assert!(registry.hold(&endpoint(), Epoch(1)).is_none());
    assert!(registry.is_held(&endpoint()));
    drop(newer);
    assert!(!registry.is_held(&endpoint()));
}

#[tokio::test]
async fn a_hold_that_was_replaced_long_ago_frees_nothing_when_it_goes() {
    let registry = Registry::default();
    let first = registry.hold(&endpoint(), Epoch(1)).unwrap();
    drop(registry.hold(&endpoint(), Epoch(2)).unwrap());
    let third = registry.hold(&endpoint(), Epoch(3)).unwrap();
    let mut expected = registry.expect(&endpoint(), CaptureId::new()).unwrap();
    drop(first);
    assert!(registry.is_held(&endpoint()));
    drop(third);
    assert_eq!(expected.answer().await.unwrap_err(), NoAnswer::NoListener);
}
