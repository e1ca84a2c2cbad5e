//! Handshakes: the questions that senders ask before they send, answered by a listener of the real binary, or left to the app.

use std::{fs, io::Read as _};

use aws_lc_rs::{
    hmac,
    signature::{Ed25519KeyPair, KeyPair as _},
};
use data_encoding::HEXLOWER;
use serde_json::{Value, json};

use crate::support::{Home, Program, Request, Sender, TestTarget, eventually, story};

const ZOOM: &str = "zoom-secret";

/// A listener in a home of its own, with these secrets.
struct Listening {
    home: Home,
    program: Program,
    sender: Sender,
    path: String,
}

impl Listening {
    async fn new(secrets: &[(&str, &str)], args: &[&str]) -> Self {
        let home = Home::new();
        for (provider, secret) in secrets {
            let file = home.path(provider);
            fs::write(&file, secret).expect("written");
            let origin = format!("file:{}", file.display());
            home.records("app", &["secret", "add", provider, &origin]);
        }
        let program = home.start_piped("app", &[&["listen"], args].concat());
        let (addr, path) = program.url().await;
        Self {
            home,
            program,
            sender: Sender::to(addr),
            path,
        }
    }

    /// Status, type and body of the answer.
    async fn ask(&self, request: Request) -> (u16, String, String) {
        let answer = self.sender.send(request).await;
        let kind = answer.header("content-type").unwrap_or_default();
        let kind = str::from_utf8(kind).expect("text").to_owned();
        (answer.status, kind, answer.text().to_owned())
    }

    fn post(&self, path: &str, body: &str) -> Request {
        Request::post(&format!("{}{path}", self.path), body)
    }

    fn get(&self, path: &str) -> Request {
        Request::get(&format!("{}{path}", self.path))
    }

    /// Waits until so many requests are recorded with how they ended.
    async fn listed(&self, count: usize) -> Vec<Value> {
        eventually("requests with an end", || async {
            let records = self.home.records("app", &["list", "--json"]);
            let ended = |record: &&Value| !record["last"].is_null();
            match records.iter().filter(ended).count() {
                found if found == count => Ok(records),
                _ => Err(format!("{records:?}")),
            }
        })
        .await
    }

    /// Ends it; what it printed, and what it said.
    async fn end(mut self) -> (String, String) {
        self.program.signal("INT");
        let code = self.program.code().await;
        let said = self.program.stderr();
        assert_eq!(code, 0, "{said}");
        let mut text = String::new();
        let stdout = self.program.stdout.as_mut().expect("a pipe");
        stdout.read_to_string(&mut text).expect("text");
        (text, said)
    }
}

fn mac(key: &str, text: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
    HEXLOWER.encode(hmac::sign(&key, text.as_bytes()).as_ref())
}

fn now() -> String {
    let passed = std::time::UNIX_EPOCH.elapsed().expect("after 1970");
    passed.as_secs().to_string()
}

fn slack(request: Request, secret: &str, body: &str) -> Request {
    let at = now();
    let signature = mac(secret, &format!("v0:{at}:{body}"));
    request
        .header("Content-Type", "application/json")
        .header("X-Slack-Request-Timestamp", at)
        .header("X-Slack-Signature", format!("v0={signature}"))
}

const SLACK: &str = r#"{"token":"x","challenge":"3eZbrw1aB","type":"url_verification"}"#;

fn zoom(request: Request, secret: &str, body: &str) -> Request {
    let at = now();
    let signature = mac(secret, &format!("v0:{at}:{body}"));
    request
        .header("Content-Type", "application/json")
        .header("x-zm-request-timestamp", at)
        .header("x-zm-signature", format!("v0={signature}"))
}

const ZOOM_BODY: &str = r#"{"payload":{"plainToken":"qgg8vlvZRS6UYooatFL8Aw"},"event_ts":1,"event":"endpoint.url_validation"}"#;

fn discord(request: Request, pair: &Ed25519KeyPair, body: &str) -> Request {
    let at = now();
    let signature = pair.sign(format!("{at}{body}").as_bytes());
    request
        .header("Content-Type", "application/json")
        .header("X-Signature-Timestamp", at)
        .header("X-Signature-Ed25519", HEXLOWER.encode(signature.as_ref()))
}

fn pair() -> (Ed25519KeyPair, String) {
    let pair = Ed25519KeyPair::generate().expect("a pair");
    let public = HEXLOWER.encode(pair.public_key().as_ref());
    (pair, public)
}

#[test]
fn without_a_target_every_challenge_is_answered() {
    story(async {
        let (pair, public) = pair();
        let secrets = [("zoom", ZOOM), ("discord", public.as_str())];
        let listening = Listening::new(&secrets, &[]).await;
        let plain = |body: &str| (200, "text/plain".to_owned(), body.to_owned());

        let asked = slack(listening.post("/slack", SLACK), "nobody set it", SLACK);
        assert_eq!(listening.ask(asked).await, plain("3eZbrw1aB"));
        let asked = "/meta?hub.mode=subscribe&hub.verify_token=t&hub.challenge=11%2B58";
        assert_eq!(listening.ask(listening.get(asked)).await, plain("11+58"));
        let asked = listening.post("/graph?validationToken=a%20b%3Cscript%3E", "");
        let answer = listening.sender.send(asked).await;
        assert_eq!(answer.text(), "a b<script>");
        assert_eq!(
            answer.header("x-content-type-options"),
            Some(&b"nosniff"[..])
        );
        let asked = listening.get("/dropbox?challenge=abc123");
        let asked = asked.header("User-Agent", "DropboxWebhooks/1.0");
        assert_eq!(listening.ask(asked).await, plain("abc123"));
        let asked = zoom(listening.post("/zoom", ZOOM_BODY), ZOOM, ZOOM_BODY);
        let (status, kind, body) = listening.ask(asked).await;
        assert_eq!((status, kind.as_str()), (200, "application/json"));
        let body: Value = serde_json::from_str(&body).expect("JSON");
        let token = "qgg8vlvZRS6UYooatFL8Aw";
        assert_eq!(
            body,
            json!({"plainToken": token, "encryptedToken": mac(ZOOM, token)})
        );
        let ping = r#"{"version":1,"application_id":"1","type":0}"#;
        let asked = discord(listening.post("/discord", ping), &pair, ping);
        let none = (204, String::new(), String::new());
        assert_eq!(listening.ask(asked).await, none);
        let ping = r#"{"id":"1","type":1}"#;
        let asked = discord(listening.post("/discord", ping), &pair, ping);
        let json = (200, "application/json".to_owned(), r#"{"type":1}"#.into());
        assert_eq!(listening.ask(asked).await, json);
        let event = r#"{"type":"event_callback","event":{"type":"app_mention"}}"#;
        let sent = slack(listening.post("/slack", event), "x", event);
        let answer = listening.ask(sent).await;
        assert_eq!(answer.2, "captured; there is no target\n");

        let records = listening.listed(8).await;
        for (at, record) in records.iter().enumerate() {
            let last = &record["last"];
            let is_challenge = last["challenge"] == json!(true);
            assert_eq!(is_challenge, at < 7, "{record}");
            assert_eq!(last["status"], Value::Null, "{record}");
            assert_eq!(last["outcome"], "skipped", "{record}");
        }
        let found = listening
            .home
            .records("app", &["list", "--json", "-is:challenge"]);
        assert_eq!(found.len(), 1);
        let shown = listening.home.records("app", &["show", "1", "--json"]);
        assert_eq!(shown[1]["sender_status"], 200);
        assert_eq!(shown[1]["challenge"], true);
        assert_eq!(shown[1]["answer"]["body"]["data"], "3eZbrw1aB");
        let (text, _) = listening.end().await;
        let ends: Vec<_> = text
            .lines()
            .filter_map(|line| Some(line.split_once("  -->")?.1))
            .collect();
        let [first, .., ping, _, last] = ends.as_slice() else {
            panic!("{text}");
        };
        assert_eq!(*first, " -  challenge  sender=200", "{text}");
        assert_eq!(*ping, " -  challenge  sender=204", "{text}");
        assert_eq!(*last, " -  skipped", "{text}");
    });
}

#[test]
fn a_bad_signature_hears_401_and_a_missing_secret_is_told() {
    story(async {
        let (pair, public) = pair();
        let (other, _) = self::pair();
        let secrets = [("slack", "right"), ("discord", public.as_str())];
        let listening = Listening::new(&secrets, &[]).await;
        let ping = r#"{"version":1,"application_id":"1","type":0}"#;
        let refused = (
            401,
            "text/plain".to_owned(),
            "the signature does not hold\n".to_owned(),
        );
        let asked = discord(listening.post("/discord", ping), &other, ping);
        assert_eq!(listening.ask(asked).await, refused);
        let changed = r#"{"version":1,"application_id":"2","type":0}"#;
        let asked = discord(listening.post("/discord", changed), &pair, ping);
        assert_eq!(listening.ask(asked).await, refused);
        let asked = slack(listening.post("/slack", SLACK), "wrong", SLACK);
        assert_eq!(listening.ask(asked).await, refused);
        // Without a signature nobody gets a MAC, and nobody an echo where a secret is set.
        let asked = listening
            .post("/slack", SLACK)
            .header("X-Slack-Request-Timestamp", now());
        assert_eq!(listening.ask(asked).await, refused);
        let asked = zoom(listening.post("/zoom", ZOOM_BODY), ZOOM, ZOOM_BODY);
        let (status, _, text) = listening.ask(asked).await;
        assert_eq!(
            (status, text.as_str()),
            (200, "captured; there is no target\n")
        );
        let records = listening.listed(5).await;
        assert_eq!(records[0]["last"]["challenge"], true);
        assert_eq!(records[4]["last"]["challenge"], Value::Null);
        let shown = listening.home.records("app", &["show", "1", "--json"]);
        let error = shown[1]["error"].as_str().unwrap_or_default();
        assert!(error.starts_with("the challenge was refused: "), "{error}");
        let (text, said) = listening.end().await;
        let why =
            "a challenge was not answered: no secret is set: `hooktool secret add zoom` takes it";
        assert!(said.contains(why), "{said}");
        let line = text.lines().last().unwrap_or_default();
        assert!(line.contains("no secret is set"), "{line}");
    });
}

#[test]
fn with_a_target_the_app_answers_unless_told_otherwise() {
    story(async {
        for is_told in [false, true] {
            let app = TestTarget::start().await;
            let target = app.addr.port().to_string();
            let mut args = vec![target.as_str()];
            args.extend(is_told.then_some("--answer-challenges"));
            let listening = Listening::new(&[], &args).await;
            let asked = slack(listening.post("/slack", SLACK), "any", SLACK);
            let answer = listening.ask(asked).await;
            let zoomed = zoom(listening.post("/zoom", ZOOM_BODY), ZOOM, ZOOM_BODY);
            // It cannot be answered without its secret, so the app has its say.
            assert_eq!(listening.ask(zoomed).await.2, "ok");
            let event = r#"{"type":"event_callback","event":{"type":"app_mention"}}"#;
            let sent = slack(listening.post("/slack", event), "any", event);
            assert_eq!(listening.ask(sent).await.2, "ok");
            let got: Vec<_> = app
                .wait_for(2)
                .await
                .iter()
                .map(|got| got.body.clone())
                .collect();
            match is_told {
                true => {
                    assert_eq!(answer.2, "3eZbrw1aB");
                    assert_eq!(got, [ZOOM_BODY, event]);
                }
                false => {
                    assert_eq!(answer.2, "ok");
                    assert_eq!(got, [SLACK, ZOOM_BODY, event]);
                }
            }
            let records = listening.listed(3).await;
            let first = &records[0]["last"];
            let outcome = if is_told { "skipped" } else { "answered" };
            assert_eq!(first["outcome"], outcome);
            let (_, said) = listening.end().await;
            assert_eq!(said.contains("it went to the app"), is_told, "{said}");
        }
    });
}

#[test]
fn a_subscription_to_confirm_is_shown_and_never_visited() {
    story(async {
        let elsewhere = TestTarget::start().await;
        let listening = Listening::new(&[], &[]).await;
        let right = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=23";
        let wrong = format!("http://{}/?Action=ConfirmSubscription", elsewhere.addr);
        for url in [right, &wrong] {
            let body = json!({"Type": "SubscriptionConfirmation", "SubscribeURL": url}).to_string();
            let sent = listening
                .post("/sns", &body)
                .header("Content-Type", "text/plain; charset=UTF-8")
                .header("x-amz-sns-message-type", "SubscriptionConfirmation");
            assert_eq!(listening.ask(sent).await.0, 200);
        }
        listening.listed(2).await;
        let shown = |id| listening.home.text("app", &["show", id]);
        let first = shown("1");
        let line = format!("to confirm it, open this URL yourself: {right}\n");
        assert!(first.contains(&line), "{first}");
        let second = shown("2");
        let line = format!("not the sender's: do not open it: {wrong}\n");
        assert!(second.contains(&line), "{second}");
        let (_, said) = listening.end().await;
        assert!(!said.contains("error"), "{said}");
        assert_eq!(elsewhere.got(), []);
    });
}
