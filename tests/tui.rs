//! The inspector's real loop on a test terminal: scripted keys, a real history on disk, a board that the test writes.
//!
//! ```text
//! test ── keys, board, history ──▶ drive ──▶ Screen ──▶ the test reads it until it shows what it must
//! ```

mod heavy;
mod table;

use std::{sync::PoisonError, time::Duration, time::Instant};

use crossterm::event::KeyCode;
use futures_util::future::join_all;
use hooktool::{
    event::{Intent, Link},
    history::Cause,
    tui::View,
};

use self::table::{answered, arrival, both, inspector, live, open};

#[tokio::test]
async fn a_request_comes_is_looked_at_and_replayed() {
    let (mut table, run) = inspector(80, 24);
    let script = async {
        table.screen.shows("waiting for the first request").await;
        table.board.link.send_replace(live());
        table
            .screen
            .shows("curl https://relay.example/tidy-otter/test")
            .await;
        table.keys.type_in("y");
        table.screen.shows("[ok] public URL sent").await;

        let (id, number) = table
            .record(arrival(1, b"/stripe", b"{\"a\":[1]}"), 500)
            .await;
        table.screen.shows("POST /stripe").await;
        table.screen.shows("500   19ms").await;
        table.screen.shows("▾ a: [").await;
        table.keys.type_in("3");
        table.screen.shows("thanks").await;

        table.keys.type_in("r");
        let asked = table.asked().await;
        assert_eq!(asked, Some(Intent::Replay { number, to: None }));
        table.attempted(id, answered(Cause::Replay, 200)).await;
        table
            .screen
            .shows("[ok] replay of #1: 200 after 19ms")
            .await;
        table.screen.shows("4 Tries(2)").await;
        table.screen.shows("×2").await;

        table.keys.type_in("q");
        table.screen.shows("[ y Quit ]").await;
        table.keys.until_ended('y').await;
    };
    let ended = both(run, script).await;
    let ended = ended.expect("a clean end");
    assert_eq!(
        (ended.requests, ended.failed, ended.by_person),
        (1, 0, true)
    );
    assert_eq!(table.asked().await, Some(Intent::Quit));
    let copied = table.copied.lock().unwrap_or_else(PoisonError::into_inner);
    assert_eq!(*copied, ["https://relay.example/tidy-otter"]);
}

#[tokio::test]
async fn losing_the_link_hides_nothing() {
    let (table, run) = inspector(80, 24);
    let script = async {
        table.record(arrival(1, b"/before", b"{}"), 200).await;
        table.board.link.send_replace(live());
        table.screen.shows("POST /before").await;
        table.board.link.send_replace(Link::Reconnecting {
            after: Duration::from_secs(30),
            attempt: 2,
            cause: "refused".into(),
        });
        table
            .screen
            .shows("RECONNECTING in 30s (try 2)  refused")
            .await;
        table.screen.shows("RECONNECTING in 29s").await;
        table.screen.shows("POST /before").await;
        table.board.tell(true, "disk \u{1b}[31mfull");
        table.screen.shows("[x] disk ^[[31mfull").await;
        table.keys.press(KeyCode::Enter);
        table.keys.type_in("2");
        table.screen.shows("1 headers, in the order received").await;
        table.stop.cancel();
    };
    let ended = both(run, script).await;
    assert!(!ended.expect("a clean end").by_person);
}

#[tokio::test]
async fn a_burst_is_shown_whole_and_drawn_seldom() {
    let (table, run) = inspector(120, 40);
    let script = async {
        table.screen.shows("waiting for the first request").await;
        let (began, before) = (Instant::now(), table.screen.draws());
        let arrivals = (1..=3_000).map(|seq| {
            let arrival = arrival(seq, b"/burst", b"{}");
            table.history.record(arrival, None)
        });
        join_all(arrivals).await;
        table.screen.shows("3,000 requests").await;
        let frames = began.elapsed().as_millis() as u64 / 33;
        let draws = table.screen.draws() - before;
        assert!(draws <= frames + 2, "{draws} draws in the time of {frames}");
        table.keys.type_in("g");
        table.screen.shows("PAUSED +0").await;
        table.record(arrival(3_001, b"/later", b"{}"), 200).await;
        table.screen.shows("PAUSED +1").await;
        table.keys.type_in("G");
        table.screen.shows("POST /later").await;
        table.keys.type_in("Q");
    };
    let ended = both(run, script).await;
    assert_eq!(ended.expect("a clean end").requests, 3_001);
}

#[tokio::test]
async fn a_replay_in_another_process_shows_up() {
    let (table, run) = inspector(80, 24);
    let other = open(table.folder.path());
    let script = async {
        let (id, _) = table.record(arrival(1, b"/stripe", b"{}"), 500).await;
        table.screen.shows("500   19ms").await;
        let replay = other.attempted(id, answered(Cause::Replay, 200)).await;
        assert!(replay.expect("recorded").is_none());
        table.screen.shows("200   19ms ×2").await;
        table.stop.cancel();
    };
    let ended = both(run, script).await;
    ended.expect("a clean end");
}

#[tokio::test]
async fn a_full_queue_of_intents_is_said_and_nothing_waits() {
    let (table, run) = inspector(80, 24);
    let script = async {
        table.screen.shows("waiting for the first request").await;
        for _ in 0..View::INTENTS {
            table.keys.type_in("H");
        }
        table.keys.type_in("H");
        table.screen.shows("[x] busy: not done, try again").await;
        table.keys.type_in("?");
        table.screen.shows("Keys here (list)").await;
        table.stop.cancel();
    };
    let ended = both(run, script).await;
    ended.expect("a clean end");
    assert_eq!(table.intents.len(), View::INTENTS);
}

#[tokio::test]
async fn a_terminal_that_goes_away_ends_the_inspector() {
    let (table, run) = inspector(80, 24);
    let script = async {
        table.screen.shows("waiting for the first request").await;
        drop(table.keys);
    };
    let ended = both(run, script).await;
    assert!(!ended.expect("a clean end").by_person);
}
