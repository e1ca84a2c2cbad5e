//! What README shows, printed again by the real binary, its relay and an app.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{Read as _, Write as _},
    net::TcpStream,
    process::{Child, Command, Stdio},
};

use super::{blocks, rows, section, words};
use crate::{
    app::{App, read_request},
    cli::{Home, relay::Relay},
    support::eventually,
};

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// A `hooktool listen` whose stdout and stderr go to one file. Ends when dropped.
struct Listener {
    process: Child,
    log: std::path::PathBuf,
}

impl Listener {
    fn start(home: &Home, args: &[&str], variables: &[(&str, &str)]) -> Self {
        let log = home.path("listen.log");
        let out = File::create(&log).expect("a file");
        let process = Command::new(env!("CARGO_BIN_EXE_hooktool"))
            .arg("listen")
            .args(args)
            .env_clear()
            .env("HOME", home.path(""))
            .envs(variables.iter().copied())
            .current_dir(home.path("project"))
            .stdin(Stdio::null())
            .stdout(out.try_clone().expect("a second handle"))
            .stderr(out)
            .spawn()
            .expect("the binary runs");
        Self { process, log }
    }

    /// What it said, once that has so many lines.
    async fn said(&self, lines: usize) -> String {
        eventually("lines of a listener", || async {
            let text = fs::read_to_string(&self.log).expect("a log");
            match text.lines().count() {
                count if count >= lines => Ok(text),
                _ => Err(text),
            }
        })
        .await
    }

    /// Its public URL.
    async fn url(&self) -> String {
        let said = self.said(2).await;
        let url = said.split(' ').find(|word| word.starts_with("http"));
        url.unwrap_or_else(|| panic!("no URL in {said}")).to_owned()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        // It may have ended by itself; either way it is gone.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// One request with these header lines, and the whole answer to it.
fn send(url: &str, method: &str, headers: &str, body: &str) -> (u16, String) {
    let rest = url.strip_prefix("http://").expect("plain HTTP");
    let (host, path) = rest.split_once('/').expect("a path");
    let mut stream = TcpStream::connect(host).expect("the relay is there");
    let host = match headers.contains("host:") {
        true => String::new(),
        false => format!("host: {host}\r\n"),
    };
    let length = match headers.contains("content-length:") {
        true => String::new(),
        false => format!("content-length: {}\r\n", body.len()),
    };
    let head =
        format!("{method} /{path} HTTP/1.1\r\n{host}{headers}{length}connection: close\r\n\r\n");
    stream.write_all((head + body).as_bytes()).expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let status = answer.split(' ').nth(1).and_then(|code| code.parse().ok());
    let (_, text) = answer.split_once("\r\n\r\n").expect("a head");
    (status.expect("a status"), text.trim_end().to_owned())
}

/// As `curl URL -d BODY` sends it.
fn curl(url: &str, body: &str) -> (u16, String) {
    let headers = "user-agent: curl/7.88.1\r\naccept: */*\r\ncontent-type: application/x-www-form-urlencoded\r\n";
    send(url, "POST", headers, body)
}

/// Dates, clocks and durations as one word each, so that two runs can be compared.
fn timeless(text: &str) -> String {
    let digits = |word: &str, sign: char| {
        word.contains(sign) && word.chars().all(|c| c.is_ascii_digit() || c == sign)
    };
    let word = |word: &str| -> String {
        let (bare, end) = match word.strip_suffix('\n') {
            Some(bare) => (bare, "\n"),
            None => (word, ""),
        };
        let number = bare.trim_start_matches('<').trim_end_matches(['m', 's']);
        let is_time = bare.ends_with('s') && number.parse::<f64>().is_ok();
        let word = match bare {
            _ if digits(bare, '-') && bare.len() == 10 => "DATE",
            _ if digits(bare, ':') && bare.len() == 8 => "CLOCK",
            _ if is_time => "TOOK",
            _ => bare,
        };
        word.to_owned() + end
    };
    let pieces = text.split_inclusive('\n');
    let lines = pieces.map(|line| line.split(' ').map(word).collect::<Vec<_>>().join(" "));
    lines.collect()
}

/// Commands of the console blocks in a section, each with what is shown below it.
fn dialogues(heading: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    for block in blocks(section(heading), "console") {
        for line in block.lines() {
            match (line.strip_prefix("$ "), found.last_mut()) {
                (Some(typed), _) => found.push((typed.to_owned(), String::new())),
                (None, Some((_, shown))) => *shown += &format!("{line}\n"),
                (None, None) => panic!("shown before anything was typed: {line}"),
            }
        }
    }
    found
}

/// The arguments of a command, with README's names replaced by those of this run.
fn args(typed: &str, names: &[(&str, &str)]) -> Vec<String> {
    let typed = names.iter().fold(typed.to_owned(), |typed, (shown, real)| {
        typed.replace(shown, real)
    });
    words(&typed).expect("a command").split_off(1)
}

/// Output with the names of this run replaced by README's.
fn as_shown(text: &str, names: &[(&str, &str)]) -> String {
    names.iter().fold(text.to_owned(), |text, (shown, real)| {
        text.replace(real, shown)
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_commands_print_is_what_is_shown() {
    let home = Home::new();
    let app = App::answering(OK).await;
    let port = app.addr.port().to_string();
    let mut shown = dialogues("## Commands").into_iter();
    let (typed, session) = shown.next().expect("a session");
    assert_eq!(typed, "hooktool listen 3000");
    let listener = Listener::start(&home, &[&port], &[]);
    let url = listener.url().await;
    assert_eq!(curl(&format!("{url}/test"), "{\"hello\":\"world\"}").0, 200);
    let names = [
        ("http://127.0.0.1:4141/tidy-otter", url.as_str()),
        ("3000", &port),
    ];
    let said = listener.said(session.lines().count()).await;
    assert_eq!(timeless(&as_shown(&said, &names)), timeless(&session));
    for (typed, text) in shown {
        let args = args(&typed, &names);
        let args: Vec<_> = args.iter().map(String::as_str).collect();
        let ran = home.run(&args);
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{typed}");
        // A body ends as it was sent, README's line ends with the line.
        let printed = as_shown(&ran.stdout, &names);
        assert_eq!(
            timeless(printed.trim_end()),
            timeless(text.trim_end()),
            "{typed}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_error_shown_is_what_the_program_says() {
    let home = Home::new();
    let app = App::answering(OK).await;
    let port = app.addr.port().to_string();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let gone = format!("http://{}", closed.local_addr().expect("an address"));
    drop(closed);
    let first = Listener::start(&home, &[&port], &[]);
    let url = first.url().await;
    curl(&format!("{url}/test"), "{}");
    first.said(4).await;
    let relay = Relay::start(&home);
    let token = |name| home.run(&["relay", "token", "add", name]).stdout;
    let (alice, bob) = (token("alice"), token("bob"));
    let elsewhere = Home::new();
    let of_alice = ["--relay", &relay.url, "--endpoint", "shop"];
    let other = Listener::start(&elsewhere, &of_alice, &[("HOOKTOOL_TOKEN", alice.trim())]);
    other.url().await;
    // The address is free again, and nothing answers there.
    app.stop().await;
    for (typed, text) in dialogues("## Troubleshooting") {
        let at = match typed.starts_with("hooktool login") {
            true => gone.as_str(),
            false => relay.url.as_str(),
        };
        let names = [("https://relay.example", at), ("3000", port.as_str())];
        // The hint names a port of nobody's.
        let shown_port = [
            ("listen 3000`", "listen PORT`"),
            ("listen 3000 --relay local", "listen PORT --relay local"),
        ];
        let variables = match typed.contains("--endpoint shop") {
            true => vec![("HOOKTOOL_TOKEN", bob.trim())],
            false => Vec::new(),
        };
        let args = args(&typed, &names);
        let args: Vec<_> = args.iter().map(String::as_str).collect();
        let ran = home.run_with(&args, &variables);
        assert_ne!(ran.code, 0, "{typed}");
        let plain = |text: &str| {
            shown_port
                .iter()
                .fold(as_shown(text, &names), |text, (from, to)| {
                    text.replace(from, to)
                })
        };
        assert_eq!(plain(&ran.stderr), plain(&text), "{typed}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_of_the_relay_is_as_the_table_says() {
    let table = rows(section("## Troubleshooting"), 3).into_iter().skip(2);
    let told: BTreeSet<(u16, String)> = table
        .map(|row| (row[0].parse().expect("a status"), row[1].clone()))
        .collect();
    let mut got = BTreeSet::new();
    let home = Home::new();
    let slow =
        App::scripted(
            |mut stream, _| async move { while read_request(&mut stream).await.is_some() {} },
        )
        .await;
    let route = format!("/slow={}", slow.addr);
    let local = Listener::start(&home, &["1", "--route", &route, "--deadline", "50ms"], &[]);
    let url = local.url().await;
    let (origin, _) = url.rsplit_once('/').expect("an endpoint");
    got.insert(curl(&format!("{url}/x"), "1"));
    got.insert(curl(&format!("{url}/slow"), "1"));
    got.insert(curl(&format!("{origin}/no-such-name/x"), "1"));
    got.insert(send(
        &format!("{url}/x"),
        "POST",
        "content-length: 26214401\r\n",
        "",
    ));
    got.insert(send(
        &format!("{url}/x"),
        "POST",
        "host: evil.example\r\n",
        "",
    ));
    drop(local);
    for flag in ["--hold", "--wait-for-target"] {
        let listener = Listener::start(&home, &["1", flag], &[]);
        let url = listener.url().await;
        got.insert(curl(&format!("{url}/x"), "1"));
    }
    let relay = Relay::start(&home);
    let token = home.run(&["relay", "token", "add", "alice"]).stdout;
    let of_alice = [("HOOKTOOL_TOKEN", token.trim())];
    let listener = Listener::start(&home, &["1", "--relay", &relay.url], &of_alice);
    let url = listener.url().await;
    drop(listener);
    let path = format!("{url}/x");
    eventually("the relay notices that nobody listens", || async {
        match send(&path, "GET", "", "") {
            (503, text) => Ok((503, text)),
            other => Err(format!("{other:?}")),
        }
    })
    .await;
    got.insert(send(&path, "GET", "", ""));
    // The relay was started for one request a second: ten at once are the burst.
    got.extend((0..12).map(|_| curl(&path, "1")));
    assert_eq!(got, told);
}
