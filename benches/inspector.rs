//! How the inspector does with 100,000 requests: its start, a key, a filter, a search in bodies, memory, and a storm of webhooks.
//!
//! In: `cargo bench --bench inspector [-- --quick] [-- --binary FILE]`. Out: one table on stdout. The real binary draws on a
//! pseudo-terminal of 120x40 and is timed from outside, up to the bytes that arrive there. Must not know: anything of the
//! inspector but its keys and what it shows; the history is filled through the library.
//!
//! ```text
//! this program ── keys, HTTP ──▶ hooktool open | listen ── screen ──▶ this program, with a clock
//! ```
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a table for people"
)]

use std::{
    io::{BufReader, Read as _, Write as _},
    net::TcpStream,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use bytes::Bytes;
use futures_util::future::join_all;
use hooktool::{
    filter::{Clock, Filter},
    history::{Arrival, Attempt, Cause, History, KeptAnswer, Reader, Retention, Select},
    search::subject,
    text::Zone,
};
use hooktool_relay::capture::{
    Body, Capture, CaptureId, Headers, Kind, Outcome, Seq, UnixMillis, Version,
};

#[path = "inspector/eye.rs"]
mod eye;

use eye::Eye;

/// Most requests whose recording is under way at once.
const GATHERED: u64 = 250;
/// Body of each, in bytes, about.
const BODY: usize = 1024;
/// How often each key is pressed.
const PRESSES: usize = 40;
/// Long enough for the next key to get a frame of its own.
const PAUSE: Duration = Duration::from_millis(60);
/// Webhooks a second of the storm, and how many connections bring them.
const STORM: (u32, u32) = (1_000, 8);

/// A line of the table: what, how long or how much, and what it should be at most.
struct Figure(&'static str, String, &'static str);

fn main() -> Result<()> {
    let mut words = std::env::args().skip(1);
    let (mut count, mut storm) = (100_000, Duration::from_secs(5));
    let mut binary = PathBuf::from(env!("CARGO_BIN_EXE_hooktool"));
    while let Some(word) = words.next() {
        match word.as_str() {
            "--quick" => (count, storm) = (10_000, Duration::from_secs(2)),
            "--binary" => binary = words.next().context("--binary FILE")?.into(),
            // Cargo adds `--bench`.
            _ => {}
        }
    }
    let home = tempfile::tempdir()?;
    eprintln!("filling a history with {count} requests …");
    let path = home.path().join(".local/share/hooktool/history.db");
    fill(&path, count)?;
    eprintln!("opening it …");
    let mut figures = opened(&binary, home.path(), count)?;
    figures.extend(summaries(&path)?);
    for (output, name) in [
        ("lines", "answer, lines: p50, p99"),
        ("tui", "answer, inspector: p50, p99"),
    ] {
        eprintln!("{} webhooks a second, --output {output} …", STORM.0);
        figures.extend(stormed(&binary, (output, name), storm)?);
    }
    println!("{count} requests in the history, 120x40\n");
    println!("{:44} {:>22}   at most", "", "measured");
    for Figure(what, measured, most) in figures {
        println!("{what:44} {measured:>22}   {most}");
    }
    Ok(())
}

/// Records requests with a try each.
fn fill(path: &Path, count: u64) -> Result<()> {
    let keep = Retention {
        count: u64::MAX / 2,
        bytes: u64::MAX / 2,
    };
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let history = History::open(path, keep)?;
        for first in (1..=count).step_by(GATHERED as usize) {
            let some = (first..first + GATHERED).map(async |number| {
                let arrival = arrival(number);
                let id = arrival.capture.id;
                history.record(arrival, None).await?;
                history.attempted(id, answered(number)).await
            });
            for recorded in join_all(some).await {
                recorded?;
            }
        }
        Ok(())
    })
}

fn arrival(number: u64) -> Arrival {
    let mut headers = Headers::new();
    headers.push("Content-Type", "application/json");
    let rare = if number.is_multiple_of(1_000) {
        "needle"
    } else {
        "hay"
    };
    let filler = "x".repeat(BODY);
    let body = format!("{{\"id\":\"evt_{number}\",\"kind\":\"{rare}\",\"filler\":\"{filler}\"}}");
    let capture = Capture {
        id: CaptureId::new(),
        endpoint: "tidy-otter".parse().expect("a name"),
        received_at: UnixMillis::now(),
        peer: [54, 187, 174, 169].into(),
        method: http::Method::POST,
        path: Bytes::from(format!("/stripe/{}", number % 97)),
        version: Version::Http11,
        scheme: None,
        headers,
        trailers: Headers::new(),
        body: Body::Whole(body.into()),
    };
    Arrival {
        webhook: None,
        fingerprint: None,
        capture: Arc::new(capture),
        relay: "local".into(),
        seq: Some(Seq(number)),
        kind: Kind::Live,
    }
}

fn answered(number: u64) -> Attempt {
    let status = if number.is_multiple_of(50) { 500 } else { 200 };
    Attempt {
        try_number: None,
        cause: Cause::Live,
        target: "http://localhost:3000/stripe".into(),
        started_at: UnixMillis::now(),
        outcome: Outcome::Answered,
        error: None,
        connect: None,
        took: Some(Duration::from_millis(number % 90)),
        changes: Vec::new(),
        answer: Some(KeptAnswer {
            status,
            headers: Headers::new(),
            body: Bytes::from_static(b"ok"),
            len: 2,
            ended: true,
            carried: None,
        }),
        sent: None,
        late: false,
    }
}

/// `hooktool open` on all of it.
fn opened(binary: &Path, home: &Path, count: u64) -> Result<Vec<Figure>> {
    let newest = format!(" {count} ");
    let mut starts = Vec::new();
    for _ in 0..5 {
        let eye = Eye::open(binary, home, &["open"])?;
        eye.until("the newest row", |text| text.contains(&newest))?;
        starts.push(eye.since_start());
    }
    let mut eye = Eye::open(binary, home, &["open"])?;
    eye.until("the newest row", |text| text.contains(&newest))?;
    let mut keys = Vec::new();
    for press in 0..PRESSES {
        eye.rest(PAUSE)?;
        let (pieces, pressed) = (eye.pieces(), Instant::now());
        eye.press(if press % 8 < 6 { "k" } else { "j" })?;
        keys.push(eye.until_more(pieces)? - pressed);
    }
    eye.rest(PAUSE)?;
    eye.press("/")?;
    eye.until("the filter's line", |text| text.contains("filter>"))?;
    let mut strokes = Vec::new();
    let mut typed = String::new();
    for key in "path:/stripe/96 status:5xx".chars() {
        eye.rest(PAUSE * 3)?;
        typed.push(key);
        let pressed = Instant::now();
        eye.press(&key.to_string())?;
        eye.until("the typed filter", |text| text.contains(&typed))?;
        strokes.push(pressed.elapsed());
    }
    eye.press("\x1b")?;
    eye.until("the list", |text| !text.contains("filter>"))?;
    eye.rest(PAUSE * 3)?;
    eye.press("/kind:needl")?;
    eye.rest(PAUSE * 3)?;
    eye.press("\x15body:needle")?;
    let typed = Instant::now();
    let hit = eye.until("a hit in a body", |text| {
        text.lines()
            .any(|line| line.starts_with('>') && line.contains("000 "))
    })?;
    let memory = eye.peak();
    Ok(vec![
        Figure(
            "start to the newest row",
            millis(middle(&mut starts)),
            "100 ms",
        ),
        Figure(
            "a key to its frame: median",
            millis(middle(&mut keys)),
            "2 ms",
        ),
        Figure(
            "a key in the filter to its frame: median",
            millis(middle(&mut strokes)),
            "20 ms",
        ),
        Figure(
            "typed to the first hit in a body (50 ms wait)",
            millis(hit - typed),
            "200 ms",
        ),
        Figure(
            "most memory",
            format!("{:.0} MiB", memory as f64 / 1_048_576.0),
            "80 MiB",
        ),
    ])
}

/// A filter over all summaries, without the screen.
fn summaries(path: &Path) -> Result<Vec<Figure>> {
    let reader = Reader::open(path)?;
    let began = Instant::now();
    let rows = reader.list(&Select::default())?;
    let read = began.elapsed();
    let filter = Filter::parse("path:/stripe/96 status:5xx", Clock::here(Zone::Utc))?;
    let mut passes: Vec<Duration> = (0..5)
        .map(|_| {
            let (began, now) = (Instant::now(), UnixMillis::now());
            let found = rows
                .iter()
                .filter(|row| filter.test(&subject(row), now) == hooktool::filter::Verdict::Yes);
            std::hint::black_box(found.count());
            began.elapsed()
        })
        .collect();
    Ok(vec![
        Figure("all summaries read", millis(read), ""),
        Figure(
            "a filter over all summaries",
            millis(middle(&mut passes)),
            "20 ms",
        ),
    ])
}

/// `hooktool listen` with webhooks coming in.
fn stormed(
    binary: &Path,
    (output, name): (&str, &'static str),
    lasts: Duration,
) -> Result<Vec<Figure>> {
    let home = tempfile::tempdir()?;
    std::fs::create_dir(home.path().join(".git"))?;
    let eye = Eye::open(binary, home.path(), &["listen", "--output", output])?;
    eye.until("the URL", |text| text.contains("http://127.0.0.1:"))?;
    let text = eye.text();
    let place = text.split("http://127.0.0.1:").nth(1).context("a URL")?;
    let place = place.split_whitespace().next().context("a URL")?;
    let (port, endpoint) = place.split_once('/').context("an endpoint")?;
    let endpoint = endpoint.trim_end_matches(',');
    let (port, before) = (port.parse()?, eye.pieces());
    let began = Instant::now();
    let sent = std::thread::scope(|scope| {
        let senders: Vec<_> = (0..STORM.1)
            .map(|_| scope.spawn(move || send(port, endpoint, lasts)))
            .collect();
        let times = senders.into_iter().map(|sender| {
            sender
                .join()
                .map_err(|_| anyhow::anyhow!("a sender panicked"))?
        });
        times.collect::<Result<Vec<_>>>()
    })?;
    let lasted = began.elapsed().as_secs_f64();
    let mut times: Vec<Duration> = sent.into_iter().flatten().collect();
    times.sort_unstable();
    let rate = times.len() as f64 / lasted;
    let (p50, p99) = (times[times.len() / 2], times[times.len() * 99 / 100]);
    let mut figures = vec![Figure(
        name,
        format!("{} {}", millis(p50), millis(p99)),
        "the same for both",
    )];
    if output == "tui" {
        let frames = (eye.pieces() - before) as f64 / lasted;
        figures.push(Figure("webhooks a second", format!("{rate:.0}"), ""));
        figures.push(Figure(
            "pieces of the screen a second",
            format!("{frames:.0}"),
            "30 frames",
        ));
    }
    Ok(figures)
}

/// Sends evenly over one connection; how long each answer took.
fn send(port: u16, endpoint: &str, lasts: Duration) -> Result<Vec<Duration>> {
    let stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_nodelay(true)?;
    let (mut reader, mut writer) = (BufReader::new(stream.try_clone()?), stream);
    let body = "x".repeat(BODY);
    let request = format!(
        "POST /{endpoint}/storm HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: {BODY}\r\n\r\n{body}"
    );
    let (began, gap) = (Instant::now(), Duration::from_secs(1) * STORM.1 / STORM.0);
    let mut times = Vec::new();
    while began.elapsed() < lasts {
        let due = began + gap * u32::try_from(times.len()).unwrap_or(u32::MAX);
        while Instant::now() < due {
            std::thread::park_timeout(due - Instant::now());
        }
        let asked = Instant::now();
        writer.write_all(request.as_bytes())?;
        answer(&mut reader)?;
        times.push(asked.elapsed());
    }
    Ok(times)
}

/// Reads one answer to its end.
fn answer(reader: &mut impl std::io::BufRead) -> Result<()> {
    let mut length = 0;
    let mut line = String::new();
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        if let Some(len) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = len.trim().parse()?;
        }
        if line.trim_end().is_empty() {
            break;
        }
    }
    std::io::copy(&mut reader.take(length), &mut std::io::sink())?;
    Ok(())
}

fn middle(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn millis(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1_000.0)
}
