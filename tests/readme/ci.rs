//! The workflow for CI that README shows, run step by step as a runner does: the real binary, curl and jq, an app made here.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use super::{blocks, section};
use crate::{app::App, cli::Home};

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// What the steps of the workflow run, in their order; those of other programs' set-up left out.
fn scripts() -> Vec<String> {
    let workflow = blocks(section("### In tests and CI"), "yaml").remove(0);
    let mut scripts = Vec::new();
    let mut lines = workflow.lines().peekable();
    while let Some(line) = lines.next() {
        let Some((_, script)) = line.split_once("run: ") else {
            continue;
        };
        let mut script = script.to_owned();
        if script == "|" {
            script.clear();
            while let Some(line) = lines.next_if(|line| line.starts_with("          ")) {
                script.push_str(line.trim_start());
                script.push('\n');
            }
        }
        if script.contains("hooktool ") {
            scripts.push(script);
        }
    }
    scripts
}

/// Ends the listener that a step left behind, by the number that it wrote down.
struct Left<'a>(&'a Path);

impl Drop for Left<'_> {
    fn drop(&mut self) {
        if let Ok(pid) = fs::read_to_string(self.0) {
            // It may be gone already.
            let _ = Command::new("kill").arg(pid.trim()).status();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_workflow_passes_and_fails_when_the_app_does() {
    for program in ["bash", "curl", "jq"] {
        let asked = Command::new(program).arg("--version").output();
        if asked.is_err() {
            eprintln!("skipped: there is no {program} on this machine");
            return;
        }
    }
    let app = App::answering(OK).await;
    let home = Home::new();
    let bin = home.path("bin");
    fs::create_dir_all(&bin).expect("made");
    let binary = env!("CARGO_BIN_EXE_hooktool");
    std::os::unix::fs::symlink(binary, bin.join("hooktool")).expect("linked");
    let path = std::env::var("PATH").unwrap_or_default();
    let path = format!("{}:{path}", bin.display());
    let pid = home.path("pid");
    let _left = Left(&pid);
    let run = |script: &str, port: u16| {
        let script = script.replace("3000", &port.to_string());
        let script = script.replace("hooktool.jsonl &", "hooktool.jsonl & echo $! > ../pid");
        let said = home.path("said");
        let out = fs::File::create(&said).expect("a file");
        let ended = Command::new("bash")
            .args(["-e", "-o", "pipefail", "-c", &script])
            .env_clear()
            .env("HOME", home.path(""))
            .env("PATH", &path)
            .current_dir(home.path("project"))
            .stdin(Stdio::null())
            .stdout(out.try_clone().expect("a second handle"))
            .stderr(out)
            .status()
            .expect("bash runs");
        (
            ended.code(),
            fs::read_to_string(&said).expect("what it said"),
        )
    };
    let scripts = scripts();
    let [listen, send, replay] = scripts.as_slice() else {
        panic!("{scripts:?}");
    };
    for script in [listen, send] {
        let (code, said) = run(script, app.addr.port());
        assert_eq!(code, Some(0), "{script}{said}");
    }
    let exported = home.run(&["export", "last", "--as", "json"]);
    home.file("project/tests/webhooks/paid.json", &exported.stdout);
    let (code, said) = run(replay, app.addr.port());
    assert_eq!(code, Some(0), "{replay}{said}");
    let report = || fs::read_to_string(home.path("project/webhooks.xml")).expect("a report");
    assert!(
        report().contains("failures=\"0\" errors=\"0\""),
        "{}",
        report()
    );

    let other = App::answering(b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n").await;
    let (code, said) = run(replay, other.addr.port());
    assert_eq!(code, Some(6), "{replay}{said}");
    assert!(
        report().contains("failures=\"1\" errors=\"0\""),
        "{}",
        report()
    );
}
