//! Webhooks from outside: signatures made by the providers' own libraries, and the verbs that judge them.

use std::{
    collections::BTreeMap,
    io::Write as _,
    process::{Command, Stdio},
    sync::Arc,
};

use bytes::Bytes;
use hooktool::{
    history::{Arrival, History, Retention},
    webhook::{Doctor, Head, Known, Request, Secret, Signing, Verdict},
};
use hooktool_relay::capture::{Body, Capture, CaptureId, Headers, Kind, Seq, UnixMillis, Version};
use serde::Deserialize;

use crate::cli::{Home, Ran};

/// A request that a provider's library signed or accepted; `tests/vectors/` makes them.
#[derive(Deserialize)]
struct Vector {
    library: String,
    provider: String,
    secret: String,
    method: String,
    url: Option<String>,
    headers: Vec<(String, String)>,
    body: String,
    at: i64,
    /// Settings beside the secret.
    #[serde(default)]
    config: BTreeMap<String, String>,
    /// A part of the body that is signed; none: nothing of it is, and the verdict is `token`.
    covered: Option<String>,
}

fn vectors() -> Vec<Vector> {
    let files = [
        include_str!("vectors/node.json"),
        include_str!("vectors/python.json"),
    ];
    let lists = files.map(|text| serde_json::from_str::<Vec<Vector>>(text).expect("vectors"));
    lists.into_iter().flatten().collect()
}

fn judge(vector: &Vector, body: &[u8], secret: &str) -> (Verdict, String) {
    let mut headers = Headers::new();
    for (name, value) in &vector.headers {
        headers.push(name.clone(), value.clone());
    }
    let url = vector.url.clone();
    let path = url.as_deref().and_then(|url| url.split_once(".com"));
    let path = path.map_or("/", |(_, path)| path.trim_start_matches(":443"));
    let public: Vec<String> = url.iter().cloned().collect();
    let mut secret = Secret::new(&*vector.provider, "vector", secret);
    secret.config.clone_from(&vector.config);
    let secrets = [secret];
    let doctor = Doctor {
        known: Known::built_in(),
        secrets: &secrets,
    };
    let request = Request {
        head: Head {
            method: &vector.method,
            path: path.as_bytes(),
            headers: &headers,
        },
        body,
        public: &public,
        local: &[],
    };
    let found = doctor.verdict(&request, None, vector.at * 1_000);
    let provider = found.seen.map(|seen| seen.provider);
    // Only HubSpot's headers say who sent a body of this shape, and Clerk's and Resend's are Svix's.
    assert_eq!(
        provider.as_deref(),
        Some(&*vector.provider),
        "{}",
        vector.library
    );
    (found.verdict, found.reason)
}

#[test]
fn what_the_providers_own_libraries_sign_is_ok() {
    let vectors = vectors();
    let mut libraries: Vec<_> = vectors.iter().map(|vector| &vector.library).collect();
    libraries.dedup();
    assert!(libraries.len() >= 20, "{libraries:?}");
    for vector in &vectors {
        let (verdict, reason) = judge(vector, vector.body.as_bytes(), &vector.secret);
        assert_eq!(verdict, Verdict::Ok, "{}: {reason}", vector.library);
        let mut changed = vector.body.clone().into_bytes();
        if vector.provider == "adyen" {
            // Adyen signs eight fields; the amount is one.
            changed = vector.body.replace("1130", "1131").into_bytes();
        } else {
            changed[4] ^= 1;
        }
        let (verdict, _) = judge(vector, &changed, &vector.secret);
        assert_eq!(verdict, Verdict::Bad, "{}", vector.library);
    }
}

#[test]
fn what_keys_of_our_own_sign_by_the_documented_rules_is_ok() {
    let text = include_str!("vectors/own_keys.json");
    let vectors: Vec<Vector> = serde_json::from_str(text).expect("vectors");
    let senders = vectors.iter().map(|vector| vector.provider.as_str());
    assert_eq!(
        senders.collect::<Vec<_>>(),
        [
            "gitlab", "gitlab", "paypal", "aws-sns", "aws-sns", "aws-sns", "aws-sns"
        ]
    );
    for vector in &vectors {
        let (verdict, reason) = judge(vector, vector.body.as_bytes(), &vector.secret);
        let Some(covered) = &vector.covered else {
            assert_eq!(verdict, Verdict::Token, "{}: {reason}", vector.library);
            let (verdict, _) = judge(vector, vector.body.as_bytes(), "another");
            assert_eq!(verdict, Verdict::Bad, "{}", vector.library);
            continue;
        };
        assert_eq!(verdict, Verdict::Ok, "{}: {reason}", vector.library);
        let changed = vector.body.replace(covered, "another");
        assert_ne!(changed, vector.body, "{}", vector.library);
        let (verdict, _) = judge(vector, changed.as_bytes(), &vector.secret);
        assert_eq!(verdict, Verdict::Bad, "{}", vector.library);
    }
}

/// Runs the binary with these bytes on stdin.
fn piped(home: &Home, args: &[&str], variables: &[(&str, &str)], stdin: &[u8]) -> Ran {
    let mut child = Command::new(env!("CARGO_BIN_EXE_hooktool"))
        .args(args)
        .env_clear()
        .env("HOME", home.path(""))
        .envs(variables.iter().copied())
        .current_dir(home.path("project"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let mut pipe = child.stdin.take().expect("piped");
    // A usage error ends it before it reads.
    let _ = pipe.write_all(stdin);
    drop(pipe);
    let output = child.wait_with_output().expect("it ends");
    let place = home.path("").display().to_string();
    let place = place.trim_end_matches('/');
    let text = |bytes| {
        let text = String::from_utf8(bytes).expect("utf-8");
        text.replace(place, "~")
    };
    Ran {
        stdout: text(output.stdout),
        stderr: text(output.stderr),
        code: output.status.code().expect("no signal"),
    }
}

const BODY: &[u8] = b"{\"id\":\"evt_1\",\"type\":\"charge.succeeded\"}\n";

/// HMAC-SHA-256 of `1700000000.` and [`BODY`] by `whsec_test`: `openssl dgst -sha256 -hmac whsec_test`.
const STRIPE: &str = "Stripe-Signature: t=1700000000,v1=d34c0f398622310a51b753f85144d31a9923d90043db89b3ea9a68f5368fe9d3";

fn verify(home: &Home, more: &[&str], secret: &str, body: &[u8]) -> Ran {
    let mut args = vec!["verify", "--provider", "stripe", "--secret", "env:KEY"];
    args.extend(["--header", STRIPE]);
    args.extend(more);
    piped(home, &args, &[("KEY", secret)], body)
}

#[test]
fn verify_judges_a_body_from_stdin() {
    let home = Home::new();
    let at = ["--at", "2023-11-14T22:13:20Z"];
    verify(&home, &at, "whsec_test", BODY).says(
        "verdict  ok: the signature is right\n\
         by       the secret of env:KEY\n\
         sender   Stripe (stripe)\n\
         event    charge.succeeded\n\
         id       evt_1\n",
    );
    let at = ["--at", "1700000000", "--json"];
    let line = |verdict: &str, signature: &str, time: &str, cause: &str| {
        format!(
            "{{\"provider\":\"stripe\",\"event\":\"charge.succeeded\",\"action\":null,\"delivery_id\":\"evt_1\",\
             \"verdict\":\"{verdict}\",\"signature_ok\":{signature},\"timestamp_ok\":{time},\"cause\":{cause}}}\n"
        )
    };
    verify(&home, &at, "whsec_test", BODY).says(&line("ok", "true", "true", "null"));
    let lost = "\"the body's trailing newline (LF) was lost on the way\"";
    verify(&home, &at, "whsec_test", BODY.trim_ascii_end()).is(
        &line("bad", "false", "true", lost),
        "",
        6,
    );
    let space = "\"the secret has white space around it\"";
    verify(&home, &at, "whsec_test \n", BODY).is(&line("bad", "false", "true", space), "", 6);
    let late = ["--at", "1700000400", "--json"];
    let old = "\"the clock is off, or the request is: by 400 s\"";
    verify(&home, &late, "whsec_test", BODY).is(&line("old", "true", "false", old), "", 6);
    let args = ["verify", "--header", STRIPE, "--json", "--at", "1700000000"];
    piped(&home, &args, &[], BODY).is(&line("unknown", "null", "true", "null"), "", 3);
    piped(&home, &["verify", "--json"], &[], b"").is(
        "{\"provider\":null,\"event\":null,\"action\":null,\"delivery_id\":null,\"verdict\":\"none\",\"signature_ok\":null,\"timestamp_ok\":null,\"cause\":null}\n",
        "",
        6,
    );
}

#[test]
fn a_secret_on_the_command_line_is_refused_and_not_shown() {
    let home = Home::new();
    let refused = "error: a secret is never given on the command line\n  hint: env:NAME or file:PATH says where it stands; `hooktool secret add` asks for it\n";
    for args in [
        &[
            "verify",
            "--provider",
            "stripe",
            "--secret",
            "whsec_x",
            "--header",
            STRIPE,
        ][..],
        &["secret", "add", "stripe", "whsec_x"],
    ] {
        piped(&home, args, &[], BODY).fails(2, refused);
    }
    let ran = verify(&home, &["--provider", "strpie"], "k", BODY);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    let args = ["verify", "--provider", "strpie"];
    piped(&home, &args, &[], BODY).fails(
        2,
        "error: there is no provider `strpie`\n  hint: the nearest is `stripe`; `hooktool providers` lists them\n",
    );
    let args = ["verify", "--provider", "stripe", "--secret", "env:NOWHERE"];
    piped(&home, &args, &[], BODY).fails(
        3,
        "error: the secret cannot be read\n  cause: the variable NOWHERE is not set\n",
    );
}

#[test]
fn secrets_are_kept_listed_and_forgotten_and_never_shown() {
    let home = Home::new();
    let file = "~/.config/hooktool/secrets.toml";
    let kept = format!("hooktool: kept in {file}; `hooktool verify last` uses it\n");
    piped(&home, &["secret", "add", "stripe"], &[], b"whsec_old\r\n").is("", &kept, 0);
    piped(&home, &["secret", "add", "stripe"], &[], b"whsec_test\n").is("", &kept, 0);
    let add = ["secret", "add", "github", "env:HUB", "--name", "ci"];
    piped(&home, &add, &[("HUB", "k")], b"").is("", &kept, 0);
    piped(&home, &["secret", "add", "slack", "env:HUB"], &[], b"").fails(
        3,
        "error: no secret of Slack was kept\n  cause: the variable HUB is not set\n",
    );
    let project = "hooktool: kept in ~/project/hooktool.secrets.toml; `hooktool verify last` uses it\nhooktool: keep that file out of version control\n";
    piped(&home, &["secret", "add", "zoom", "--project"], &[], b"z").is("", project, 0);
    home.run(&["secret", "list"]).says(&format!(
        "stripe  1  kept here  ({file})\n\
         stripe  2  kept here  ({file})\n\
         github  1  env:HUB  `ci`  ({file})\n\
         zoom    1  kept here  (~/project/hooktool.secrets.toml)\n"
    ));
    #[cfg(unix)]
    for name in [
        ".config/hooktool/secrets.toml",
        "project/hooktool.secrets.toml",
    ] {
        use std::os::unix::fs::PermissionsExt as _;
        let found = std::fs::metadata(home.path(name)).expect(name);
        assert_eq!(found.permissions().mode() & 0o777, 0o600, "{name}");
    }
    let args = ["verify", "--header", STRIPE, "--at", "1700000000"];
    piped(&home, &args, &[], BODY).says(&format!(
        "verdict  ok: the signature is right\n\
         by       the secret in {file}\n\
         sender   Stripe (stripe)\n\
         event    charge.succeeded\n\
         id       evt_1\n"
    ));
    home.run(&["secret", "remove", "stripe"]).fails(
        2,
        "error: `stripe` has 2 secrets\n  hint: `hooktool secret remove stripe 1` forgets the first of `hooktool secret list`\n",
    );
    home.run(&["secret", "remove", "stripe", "2"]).is(
        "",
        "hooktool: forgotten: stripe, kept here\n",
        0,
    );
    assert_eq!(piped(&home, &args, &[], BODY).code, 6);
    home.run(&["secret", "remove", "paddle"]).fails(
        3,
        "error: no secret of `paddle` is kept\n  hint: `hooktool secret list` shows what there is\n",
    );
    let text = std::fs::read_to_string(home.path(".config/hooktool/secrets.toml")).expect("kept");
    assert!(
        text.contains("whsec_old") && !text.contains("whsec_test"),
        "{text}"
    );
}

#[test]
fn providers_are_listed_and_explained() {
    let home = Home::new();
    let ran = home.run(&["providers"]);
    assert_eq!(
        (ran.code, ran.stdout.lines().count()),
        (0, 39),
        "{}",
        ran.stderr
    );
    home.run(&["providers", "show", "slack"]).says(
        "id            slack\n\
         name          Slack\n\
         docs          https://docs.slack.dev/authentication/verifying-requests-from-slack/\n\
         recognised by header x-slack-request-timestamp\n\
         or by         header x-slack-signature\n\
         event         body:/event/type, else form:command, else form:payload:/type, else body:/type\n\
         delivery id   body:/event_id\n\
         attempt       header:x-slack-retry-num\n\
         signs by      HMAC by SHA-256 of v0:{timestamp}:{body}, in hex in header:x-slack-signature, good for 300 s\n\
         waits         3 s for an answer\n\
         tries again   3 times, after 0s, 1m, 5m\n\
         secret        hooktool secret add slack\n",
    );
    home.file(
        ".config/hooktool/providers.toml",
        "[[provider]]\nid = \"mine\"\ndetect = [{ header = \"x-mine\", match = \"(\" }]\n",
    );
    home.run(&["providers"]).fails(
        3,
        "error: ~/.config/hooktool/providers.toml:3: `match` cannot be used\n  cause: that is no regular expression: unclosed group\n",
    );
}

/// A request of Square in the history, signed for this URL.
async fn square(home: &Home, url: &str) {
    let secret = Secret::new("square", "", "square-key");
    let signing = Signing {
        known: Known::built_in(),
        provider: "square",
        secret: &secret,
        url: Some(url),
        now: 0,
    };
    let mut headers = Headers::new();
    headers.push("host", "relay.example");
    headers.push("square-retry-number", "2");
    headers.push("square-retry-reason", "http_timeout");
    headers.push("x-square-hmacsha256-signature", "-");
    let body = br#"{"type":"payment.updated","event_id":"sq-1"}"#;
    let head = Head {
        method: "POST",
        path: b"/hooks",
        headers: &headers,
    };
    let request = Request {
        head,
        body,
        public: &[],
        local: &[],
    };
    let signed = signing.sign(&request).expect("signed");
    let path = home.path(".local/share/hooktool/history.db");
    let history = History::open(&path, Retention::default()).expect("a history");
    let capture = Capture {
        id: CaptureId::from_bytes([7; 16]),
        endpoint: "tidy-otter".parse().expect("a name"),
        received_at: UnixMillis(1_700_000_000_000),
        peer: "203.0.113.9".parse().expect("an address"),
        method: http::Method::POST,
        path: Bytes::from_static(b"/hooks"),
        version: Version::Http11,
        scheme: None,
        headers: signed.headers,
        trailers: Headers::new(),
        body: Body::Whole(signed.body.into()),
    };
    let arrival = Arrival {
        webhook: None,
        capture: Arc::new(capture),
        relay: "https://relay.example".into(),
        seq: Some(Seq(1)),
        kind: Kind::Live,
    };
    history.record(arrival, None).await.expect("recorded");
    drop(history);
    let added = piped(home, &["secret", "add", "square"], &[], b"square-key\n");
    assert_eq!(added.code, 0, "{}", added.stderr);
}

#[tokio::test]
async fn a_stored_request_is_judged_by_its_public_url() {
    let told = "sender   Square (square)\n\
         event    payment.updated\n\
         id       sq-1\n\
         attempt  2 (http_timeout)\n";
    let home = Home::new();
    square(&home, "https://relay.example/tidy-otter/hooks").await;
    let by = "by       the secret in ~/.config/hooktool/secrets.toml\n";
    home.run(&["verify", "last"])
        .says(&format!("verdict  ok: the signature is right\n{by}{told}"));
    let home = Home::new();
    square(&home, "https://relay.example/hooks").await;
    let cause =
        "cause    it was signed for https://relay.example/hooks: without the endpoint's name\n";
    home.run(&["verify", "1"]).is(
        &format!("verdict  bad: the signature does not match\n{cause}{told}"),
        "",
        6,
    );
    assert_eq!(home.run(&["verify", "2"]).code, 7);
}
