//! Pipes that nobody reads or that are closed, and the signals that end a listener.

use std::{
    io::{BufRead, BufReader, Read},
    process::ChildStdout,
    time::{Duration, Instant},
};

use tokio::{
    io::AsyncWriteExt,
    net::TcpStream,
    task::{JoinSet, spawn_blocking},
};

use crate::support::{
    Home, Program, Request, Sender, TestTarget, eventually, program::first_url, sender, story,
};

/// How many webhooks pass a stuck pipe; their records are many times what a pipe holds.
const WEBHOOKS: usize = 500;

/// Reads the first line of its stdout, and gives the rest to be read later, or dropped.
async fn first_line(program: &mut Program) -> (String, BufReader<ChildStdout>) {
    let stdout = program.stdout.take().expect("a pipe");
    let mut reader = BufReader::new(stdout);
    let read = spawn_blocking(move || {
        let mut line = String::new();
        reader.read_line(&mut line).expect("a line");
        (line, reader)
    });
    read.await.expect("no panic")
}

#[test]
fn a_stuck_pipe_slows_nothing() {
    story(async {
        let home = Home::new();
        let target = TestTarget::start().await;
        let to = target.addr.to_string();
        let mut listener = home.start_piped("app", &["listen", &to, "--json"]);
        let (line, mut rest) = first_line(&mut listener).await;
        let (addr, path) = first_url(&line).expect("the session's URL");
        let mut slowest = Duration::ZERO;
        let mut senders = JoinSet::new();
        for worker in 0..4 {
            let path = path.clone();
            senders.spawn(async move {
                let mut slowest = Duration::ZERO;
                for n in (0..WEBHOOKS).filter(|n| n % 4 == worker) {
                    let began = Instant::now();
                    let body = format!("{n} {}", "x".repeat(500));
                    let answer = Sender::to(addr).send(Request::post(&path, body)).await;
                    assert_eq!(answer.status, 200, "webhook {n}");
                    slowest = slowest.max(began.elapsed());
                }
                slowest
            });
        }
        while let Some(took) = senders.join_next().await {
            slowest = slowest.max(took.expect("no panic"));
        }
        assert!(slowest < Duration::from_secs(10), "one took {slowest:?}");

        listener.signal("TERM");
        let read = spawn_blocking(move || {
            let mut text = String::new();
            rest.read_to_string(&mut text).expect("records");
            text
        });
        let text = read.await.expect("no panic");
        assert_eq!(listener.code().await, 0, "{}", listener.stderr());
        let of = |kind: &str| text.matches(&format!(r#""type":"{kind}""#)).count();
        assert_eq!((of("capture"), of("attempt")), (WEBHOOKS, WEBHOOKS));

        // A reader that has seen enough is no failure.
        let mut list = home.start_piped("app", &["list", "--json"]);
        let (line, rest) = first_line(&mut list).await;
        assert!(line.ends_with("}\n"), "{line}");
        drop(rest);
        assert_eq!(list.code().await, 0);
        assert_eq!(list.stderr(), "");
    });
}

#[test]
fn a_listener_whose_pipe_is_closed_ends_quietly() {
    story(async {
        let home = Home::new();
        let mut listener = home.start_piped("app", &["listen", "--json"]);
        let (line, rest) = first_line(&mut listener).await;
        let (addr, path) = first_url(&line).expect("the session's URL");
        drop(rest);
        // It may have noticed at an earlier record: then nobody is left to answer.
        if let Ok(mut stream) = TcpStream::connect(addr).await {
            let head = Request::get(&path).head(addr);
            if stream.write_all(&head).await.is_ok() {
                sender::read(&mut stream, false).await;
            }
        }
        assert_eq!(listener.code().await, 0);
        assert!(
            !listener.stderr().contains("error"),
            "{}",
            listener.stderr()
        );
    });
}

/// A listener with a forward under way that never ends.
async fn with_a_stuck_forward(home: &Home) -> (Program, TestTarget, JoinSet<()>) {
    let target = TestTarget::answering(|_| std::future::pending()).await;
    let listener = home.start("app", &["listen", &target.addr.to_string()]);
    let (addr, path) = listener.url().await;
    let mut sending = JoinSet::new();
    sending.spawn(async move {
        Sender::to(addr).send(Request::post(&path, "x")).await;
    });
    target.wait_for(1).await;
    (listener, target, sending)
}

#[test]
fn either_signal_ends_a_listener_well_though_a_forward_is_under_way() {
    story(async {
        for signal in ["TERM", "INT"] {
            let home = Home::new();
            let (mut listener, _target, _sending) = with_a_stuck_forward(&home).await;
            let began = Instant::now();
            listener.signal(signal);
            assert_eq!(listener.code().await, 0, "{}", listener.stderr());
            let took = began.elapsed();
            // Three seconds for the forward, and what a busy machine takes; the answer would be waited for for 60.
            assert!(took < Duration::from_secs(10), "{signal}: {took:?}");
            let next = home.start("app", &["listen"]);
            next.url().await;
            eventually("the forward's request, again", || async {
                let listed = home.records("app", &["list", "--json"]);
                match listed.first().map(|first| first["last"].is_null()) {
                    Some(false) => Ok(()),
                    other => Err(format!("{other:?}")),
                }
            })
            .await;
        }
    });
}

#[test]
fn a_second_signal_does_not_wait() {
    story(async {
        let home = Home::new();
        let (mut listener, _target, mut sending) = with_a_stuck_forward(&home).await;
        listener.signal("INT");
        // The sender is let go when the link is: the first signal was heard.
        sending.join_next().await.expect("one").expect("no panic");
        assert_eq!(listener.ended(), None, "it did not wait for its forward");
        listener.signal("INT");
        assert_eq!(listener.code().await, 130);
    });
}

#[test]
fn what_is_held_is_told_at_the_end_and_at_the_next_start_and_can_be_let_go() {
    story(async {
        let home = Home::new();
        let target = TestTarget::start().await;
        let to = target.addr.to_string();
        let mut listener = home.start("app", &["listen", &to, "--hold"]);
        let (addr, path) = listener.url().await;
        for n in 0..2 {
            let request = Request::post(&format!("{path}/{n}"), "x");
            assert_eq!(Sender::to(addr).send(request).await.status, 202);
        }
        listener.signal("TERM");
        assert_eq!(listener.code().await, 0);
        let how = format!(
            "hooktool: 2 requests are held: `hooktool replay --where is:held --to http://{to}` forwards them\n"
        );
        assert!(listener.stderr().ends_with(&how), "{}", listener.stderr());

        let mut listener = home.start("app", &["listen", &to]);
        listener.url().await;
        eventually("the held ones", || async {
            let said = listener.stderr();
            said.contains(&how).then_some(()).ok_or(said)
        })
        .await;
        let url = format!("http://{to}");
        let sent = ["replay", "--where", "is:held", "--to", &url, "--json"];
        let sent = home.records("app", &sent);
        assert_eq!(sent.len(), 2, "{sent:?}");
        let paths: Vec<_> = target.got().into_iter().map(|got| got.path).collect();
        assert_eq!(paths, ["/0", "/1"]);
        listener.signal("TERM");
        assert_eq!(listener.code().await, 0);
    });
}
