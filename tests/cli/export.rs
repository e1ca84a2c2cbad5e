//! `show --as`, `export` and `diff` on stored requests; the curl line is run, and the archive read back.

use std::{fs, process::Command, sync::Arc, time::Duration};

use bytes::Bytes;
use hooktool::history::{Arrival, Attempt, Cause, History, KeptAnswer, Retention};
use hooktool_relay::capture::{
    Body, Capture, CaptureId, Headers, Kind, Outcome, Seq, UnixMillis, Version,
};

use super::Home;
use crate::app::App;

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const SECRET: &str = "hunter2canary";

/// What a stored request is made of.
pub(super) struct Stored {
    pub(super) method: &'static str,
    pub(super) path: &'static [u8],
    pub(super) headers: Vec<(&'static str, Vec<u8>)>,
    pub(super) body: Option<Vec<u8>>,
    /// Where each try went, and what it was answered.
    pub(super) tries: Vec<(String, u16, &'static str)>,
}

impl Stored {
    /// A POST of JSON with a signature.
    pub(super) fn post(body: impl Into<Vec<u8>>) -> Self {
        Self {
            method: "POST",
            path: b"/hook?a='1'",
            headers: vec![
                ("content-type", b"application/json".to_vec()),
                ("x-odd", b"\x9b31m".to_vec()),
                ("Webhook-Signature", SECRET.into()),
            ],
            body: Some(body.into()),
            tries: Vec::new(),
        }
    }

    pub(super) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    fn tried(mut self, url: &str, status: u16, answer: &'static str) -> Self {
        let path = str::from_utf8(self.path).expect("utf-8");
        self.tries.push((format!("{url}{path}"), status, answer));
        self
    }
}

/// A home whose history has these, numbered from 1.
pub(super) async fn home(all: Vec<Stored>) -> Home {
    let home = Home::new();
    home.file(".config/hooktool/config.toml", "utc = true\n");
    let path = home.path(".local/share/hooktool/history.db");
    let history = History::open(&path, Retention::default()).expect("a new history");
    for (place, stored) in all.into_iter().enumerate() {
        record(&history, place, stored).await;
    }
    home
}

async fn record(history: &History, place: usize, stored: Stored) {
    let at = UnixMillis(1_760_265_121_004 + 1000 * place as i64);
    let mut id = [0; 16];
    id[15] = place as u8 + 1;
    let id = CaptureId::from_bytes(id);
    let mut headers = Headers::new();
    for (name, value) in stored.headers {
        headers.push(name, value);
    }
    let capture = Capture {
        id,
        endpoint: "tidy-otter".parse().expect("a name"),
        received_at: at,
        peer: "203.0.113.9".parse().expect("an address"),
        method: stored.method.parse().expect("a method"),
        path: Bytes::from_static(stored.path),
        version: Version::Http11,
        scheme: None,
        headers,
        trailers: Headers::new(),
        body: stored
            .body
            .map_or(Body::Absent, |body| Body::Whole(body.into())),
    };
    let arrival = Arrival {
        webhook: None,
        fingerprint: None,
        capture: Arc::new(capture),
        relay: "https://relay.example".into(),
        seq: Some(Seq(place as u64 + 1)),
        kind: Kind::Live,
    };
    history.record(arrival, None).await.expect("recorded");
    for (target, status, answer) in stored.tries {
        let attempt = Attempt {
            try_number: None,
            cause: Cause::Live,
            target,
            started_at: at,
            outcome: Outcome::Answered,
            error: None,
            connect: None,
            took: Some(Duration::from_millis(4)),
            changes: Vec::new(),
            answer: Some(KeptAnswer {
                status,
                headers: Headers::new(),
                body: Bytes::from_static(answer.as_bytes()),
                len: answer.len() as u64,
                ended: true,
                carried: None,
            }),
            sent: None,
            late: false,
        };
        history.attempted(id, attempt).await.expect("recorded");
    }
}

/// Splits a request as it came: its first line, its header lines, its body.
fn parts(request: &[u8]) -> (Vec<u8>, Vec<Vec<u8>>, Vec<u8>) {
    let end = request
        .windows(4)
        .position(|part| part == b"\r\n\r\n")
        .expect("a head");
    let mut lines = request[..end]
        .split(|&byte| byte == b'\n')
        .map(|line| line.trim_ascii_end().to_vec());
    let first = lines.next().expect("a line");
    (first, lines.collect(), request[end + 4..].to_vec())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_curl_line_gives_the_target_the_same_bytes() {
    if Command::new("curl").arg("--version").output().is_err() {
        eprintln!("SKIPPED the_curl_line_gives_the_target_the_same_bytes: no curl on this machine");
        return;
    }
    let app = App::answering(OK).await;
    let url = format!("http://{}", app.addr);
    let bodies: Vec<Vec<u8>> = vec![
        b"{\"a\":1}".to_vec(),
        b"@/etc/passwd".to_vec(),
        b"'; touch pwned; '$(touch pwned)`touch pwned`!!\\".to_vec(),
        "na\u{ef}ve \u{1f980}\r\n\t".into(),
        (1..=255).collect(),
        (0..=255).collect(),
        Vec::new(),
        vec![b'x'; 50_000],
    ];
    let home = home(
        bodies
            .iter()
            .map(|body| {
                Stored::post(body.clone())
                    .header("x-empty", "")
                    .tried(&url, 200, "")
            })
            .collect(),
    )
    .await;
    let binary = std::path::Path::new(env!("CARGO_BIN_EXE_hooktool"));
    let folder = binary.parent().expect("a folder").display();
    for (number, body) in (1..).zip(&bodies) {
        let line = home.run(&[
            "show",
            &format!("{number}"),
            "--as",
            "curl",
            "--with-secrets",
        ]);
        assert_eq!((line.code, line.stderr.as_str()), (0, ""));
        let ran = Command::new("bash")
            .args(["-c", &line.stdout])
            .env("HOME", home.path(""))
            .env(
                "PATH",
                format!("{folder}:{}", std::env::var("PATH").expect("a path")),
            )
            .current_dir(home.path("project"))
            .output()
            .expect("bash runs");
        assert!(ran.status.success(), "{ran:?}");
        let (first, lines, sent) = parts(&app.seen()[number - 1]);
        assert_eq!(first, b"POST /hook?a='1' HTTP/1.1");
        assert_eq!(sent, *body, "{number}");
        let mut lines: Vec<_> = lines
            .into_iter()
            .filter(|line| !line.starts_with(b"Host: ") && !line.starts_with(b"Content-Length: "))
            .collect();
        lines.sort();
        let secret = format!("Webhook-Signature: {SECRET}");
        assert_eq!(
            lines,
            [
                secret.as_bytes(),
                b"content-type: application/json",
                b"x-empty:",
                b"x-odd: \x9b31m"
            ]
        );
    }
    assert!(!home.path("project/pwned").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn exports_hold_what_was_asked_for_and_no_secret() {
    let first = Stored::post("{\"a\":1}").tried("http://localhost:1", 400, "no");
    let second = Stored::post(b"\xff\0".to_vec());
    let home = home(vec![first, second]).await;
    let curl = home.run(&["export", "--as", "curl"]);
    assert_eq!(
        curl.stderr,
        "hooktool: 1 secret is masked (--with-secrets leaves it)\n\
         hooktool: 1 left out, #2 first: never forwarded, and no target is set\n"
    );
    assert!(
        curl.stdout.contains("'Webhook-Signature: [masked]'"),
        "{curl:?}"
    );
    let json = home.run(&["export", "--as", "json"]);
    assert_eq!(
        json.stderr,
        "hooktool: 2 secrets are masked (--with-secrets leaves them)\n"
    );
    let records: Vec<serde_json::Value> = json
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(records.len(), 2);
    assert_eq!(records[0]["body"]["data"], "{\"a\":1}");
    assert_eq!(records[1]["body"]["data"], "/wA=");
    assert_eq!(records[1]["headers"][2][1], "[masked]");
    for form in ["har", "http", "json", "curl"] {
        let ran = home.run(&["export", "1", "--as", form]);
        assert_eq!(ran.code, 0, "{ran:?}");
        assert!(!ran.stdout.contains(SECRET), "{form}: {}", ran.stdout);
        let ran = home.run(&["export", "1", "--as", form, "--with-secrets"]);
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
        assert!(ran.stdout.contains(SECRET), "{form}: {}", ran.stdout);
    }
    for form in ["har", "http", "curl"] {
        let shown = home.run(&["show", "1", "--as", form]);
        let exported = home.run(&["export", "1", "--as", form]);
        assert_eq!(shown, exported);
    }
    let shown = home.run(&["show", "1", "--headers"]);
    assert!(shown.stdout.contains(SECRET), "the store keeps the bytes");
    assert_eq!(home.run(&["export", "9", "--as", "har"]).code, 7);
    let fitting = |filter: &[&str]| {
        let ran = home.run(&[&["export", "--as", "json"], filter].concat());
        assert_eq!(ran.code, 0, "{ran:?}");
        ran.stdout.lines().count()
    };
    assert_eq!(fitting(&["-status:400"]), 1);
    assert_eq!(fitting(&[".a:1", "status:4xx"]), 1);
    assert_eq!(fitting(&[".a:2"]), 0);
    assert_eq!(fitting(&["last", "1"]), 2);
    home.run(&["show", "2", "--as", "http"]).fails(
        1,
        "error: no target is known for #2\n  cause: it was never forwarded, and the settings name none\n  \
         hint: `hooktool replay 2 --to 3000` sends it\n",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exported_file_is_whole_and_private() {
    let home = home(vec![Stored::post("{}").tried(
        "http://localhost:1",
        200,
        "",
    )])
    .await;
    home.file("project/all.har", "old");
    let ran = home.run(&[
        "export",
        "--as",
        "har",
        "--output",
        "all.har",
        "--with-secrets",
    ]);
    ran.says("");
    let text = fs::read_to_string(home.path("project/all.har")).expect("written");
    let har: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(har["log"]["entries"][0]["request"]["method"], "POST");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(home.path("project/all.har"))
            .expect("there")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        home.run(&[
            "export",
            "--as",
            "har",
            "--output",
            "/dev/stdout",
            "--with-secrets",
        ])
        .says(&text);
    }
    let names: Vec<_> = fs::read_dir(home.path("project"))
        .expect("there")
        .map(|file| file.expect("a file").file_name())
        .collect();
    assert_eq!(names.len(), 2, "no draft is left: {names:?}");
    home.run(&["export", "--as", "har", "--output", "no/such/all.har"]).fails(
        1,
        "error: no/such/all.har cannot be written\n  cause: No such file or directory (os error 2)\n",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_and_tries_are_compared() {
    let first = Stored::post("{\"id\":\"evt_1\",\"amount\":1900,\"tax\":null}")
        .tried("http://localhost:1", 500, "{\"error\":\"db\"}")
        .tried("http://localhost:1", 200, "{\"ok\":true}");
    let mut second = Stored::post("{\"id\":\"evt_2\",\"amount\":4200}");
    second.path = b"/other";
    let home = home(vec![first, second]).await;
    home.run(&["diff", "1", "last"]).says(
        "diff #1 → #2     3 changes, 1 volatile hidden (--all shows them)\nhead\n~ path  /hook?a='1'  →  /other\n\
         body\n~ .amount  1900  →  4200\n- .tax     null\n",
    );
    let all = home.run(&["diff", "1", "2", "--all"]);
    assert!(
        all.stdout.contains("~ .id      \"evt_1\"  →  \"evt_2\"\n"),
        "{all:?}"
    );
    home.run(&["diff", "1", "1"])
        .says("diff #1 → #1     the same\n");
    home.run(&["diff", "1:1", "1:2"]).says(
        "diff #1:1 → #1:2     4 changes\nhead\n~ status           500  →  200\n~ answer's length  14  →  11\n\
         body\n- .error  \"db\"\n+ .ok     true\n",
    );
    home.run(&["diff", "1:1", "1:9"]).fails(
        2,
        "error: #1 has no try 9\n  cause: its tries are `1:1` to `1:2`\n",
    );
    home.run(&["diff", "1", "1:1"]).fails(
        2,
        "error: a request cannot be compared with a try\n  \
         hint: two requests: `hooktool diff 1 1`; two tries: `hooktool diff 1:1 1:1`\n",
    );
    assert_eq!(home.run(&["diff", "1", "77"]).code, 7);
}
