//! The lab: the same request at once, out of order, late, cut; and what the app answered to each.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    sync::Barrier,
};

use super::requests::home;
use crate::{
    app::{App, read_request},
    support::eventually,
};

/// The rows of the table below the tries, without their times.
fn table(stdout: &str) -> Vec<Vec<String>> {
    let (_, table) = stdout.split_once("\n\n").expect("a table");
    let cells = |row: &str| -> Vec<String> {
        let cells = row.split("  ").map(str::trim);
        cells
            .filter(|cell| !cell.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let mut rows: Vec<_> = table.lines().map(cells).collect();
    for row in &mut rows {
        row.remove(4);
    }
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn two_at_once_are_under_way_together_and_their_bodies_are_compared() {
    let (both, count) = (Arc::new(Barrier::new(2)), Arc::new(AtomicUsize::new(0)));
    let app = App::scripted(move |mut stream, _seen| {
        let (both, count) = (both.clone(), count.clone());
        async move {
            if read_request(&mut stream).await.is_none() {
                return;
            }
            // Neither is answered before both are there.
            both.wait().await;
            let number = count.fetch_add(1, Ordering::SeqCst) % 2;
            let body = format!("{{\"new\":{},\"id\":{number}}}", number == 0);
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                body.len()
            );
            stream
                .write_all((head + &body).as_bytes())
                .await
                .expect("written");
        }
    })
    .await;
    let home = home(&format!("http://{}", app.addr)).await;
    let ran = home.run(&["replay", "1", "--times", "2", "--parallel", "2"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
    let expected = [
        ["request", "variant", "sent", "answers", "bodies"],
        ["#1", "plain", "2 at once", "200, 200", "differ"],
    ];
    assert_eq!(table(&ran.stdout), expected);
    let tries: Vec<_> = ran.stdout.lines().take(2).collect();
    assert!(
        tries.iter().any(|line| line.ends_with("  try=2 replay")),
        "{ran:?}"
    );
    assert!(
        tries.iter().any(|line| line.ends_with("  try=3 replay")),
        "{ran:?}"
    );

    let ran = home.run(&["replay", "1", "--times", "2", "--parallel", "2", "--json"]);
    let records: Vec<serde_json::Value> = ran
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).expect("a record"))
        .collect();
    assert_eq!((ran.code, records.len()), (0, 3), "{ran:?}");
    let summary = &records[2];
    assert_eq!(summary["type"], "summary");
    let group = &summary["groups"][0];
    assert_eq!(group["statuses"], serde_json::json!([200, 200]));
    assert_eq!(
        (&group["sent"], &group["bodies"]),
        (&2.into(), &"differ".into())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_request_is_whole_at_the_app_and_waits_for_no_answer() {
    let app = App::scripted(|mut stream, seen| async move {
        let Some(request) = read_request(&mut stream).await else {
            return;
        };
        // It never answers: nothing but the end of the connection comes.
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest).await;
        assert!(rest.is_empty());
        seen.push(request);
    })
    .await;
    let home = home(&format!("http://{}", app.addr)).await;
    let ran = home.run(&[
        "replay", "1", "--cut", "--expect", "2xx", "--junit", "cut.xml",
    ]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
    let said = "  --> ERR  cut: the connection was dropped before the answer  try=2 replay\n";
    assert!(ran.stdout.contains(said), "{ran:?}");
    assert_eq!(table(&ran.stdout)[1], ["#1", "cut", "1", "cut", "-"]);
    let seen = eventually("the end of the connection", || async {
        app.seen().pop().ok_or("it is open".to_owned())
    })
    .await;
    assert!(seen.ends_with(b"\r\n\r\n{\"a\":1}"));
    let report = std::fs::read_to_string(home.path("project/cut.xml")).expect("a report");
    assert!(
        report.contains("tests=\"1\" failures=\"0\" errors=\"0\""),
        "{report}"
    );

    // Nobody is there: that is no cut.
    let refused = home.run(&["replay", "1", "--cut", "--to", "127.0.0.1:1"]);
    assert_eq!(refused.code, 5, "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shuffle_is_repeated_by_its_seed() {
    const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    let app = App::answering(OK).await;
    let home = home(&format!("http://{}", app.addr)).await;
    let one = home.run(&["export", "last", "--as", "json"]).stdout;
    let many: String = (0..8)
        .map(|number| one.replace("/hook?a='1'", &format!("/{number}")))
        .collect();
    home.file("project/many.jsonl", &many);
    let to = app.addr.to_string();
    let order = |from: usize| -> Vec<u8> {
        let paths = app.seen();
        paths[from..]
            .iter()
            .map(|head| head["POST /".len()])
            .collect()
    };
    let first = home.run(&["replay", "many.jsonl", "--to", &to, "--shuffle"]);
    let said = first
        .stderr
        .strip_prefix("hooktool: shuffled: --seed ")
        .expect("a seed");
    let (seed, _) = said.split_once(' ').expect("a number");
    let shuffled = order(0);
    let args = [
        "replay",
        "many.jsonl",
        "--to",
        &to,
        "--shuffle",
        "--seed",
        seed,
        "--delay",
        "1ms",
    ];
    let again = home.run(&args);
    assert_eq!(
        (again.code, again.stderr.as_str()),
        (0, first.stderr.as_str())
    );
    assert_eq!(order(8), shuffled);
    let mut sorted = shuffled;
    sorted.sort_unstable();
    assert_eq!(sorted, b"01234567");
    assert_eq!(table(&again.stdout).len(), 9);
}
