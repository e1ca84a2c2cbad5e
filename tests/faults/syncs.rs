//! That a 2xx is never sent before its request is on the disk, by the order of the real relay's system calls. A process that is
//! killed does not show it: what it wrote lives on in the system's memory.
//!
//! ```text
//! recvfrom(socket, "POST …/marker-7 …") … pwrite64(relay.db-wal, "… marker-7 …") … fsync(relay.db-wal) = 0 … writev(socket, "HTTP/1.1 202 …")
//! ```

use std::{collections::HashMap, fs, process::Command};

use crate::support::{Home, Request, Sender, eventually, story};

/// Requests at the same time, so that several share a commit, and how often.
const SENDERS: usize = 8;
const ROUNDS: usize = 250;

/// One system call.
#[derive(Debug)]
struct Call {
    /// The lines of the trace at which it began and at which its result was there.
    began: usize,
    ended: usize,
    /// Its name, arguments and result.
    text: String,
}

impl Call {
    fn is_of(&self, names: &[&str]) -> bool {
        let name = self.text.split('(').next();
        name.is_some_and(|name| names.contains(&name))
    }

    /// What its first argument is: `TCP:[127.0.0.1:1->127.0.0.1:2]`, say, or a file's path.
    fn what(&self) -> &str {
        let inner = self.text.split_once('<').map_or("", |(_, rest)| rest);
        inner
            .find(">,")
            .or_else(|| inner.find(">)"))
            .map_or("", |end| &inner[..end])
    }

    fn is_on_the_log(&self) -> bool {
        self.what().ends_with("/relay.db-wal")
    }
}

/// The calls of a trace of several threads, of which each may have been cut in two.
fn calls(trace: &str) -> Vec<Call> {
    let mut begun: HashMap<&str, (usize, String)> = HashMap::new();
    let mut calls = Vec::new();
    for (line, text) in trace.lines().enumerate() {
        let Some((thread, text)) = text.split_once(' ') else {
            continue;
        };
        let text = text.trim_start();
        if let Some(head) = text.strip_suffix(" <unfinished ...>") {
            begun.insert(thread, (line, head.to_owned()));
        } else if let Some((_, rest)) = text.split_once(" resumed>") {
            let Some((began, head)) = begun.remove(thread) else {
                continue;
            };
            calls.push(Call {
                began,
                ended: line,
                text: head + rest,
            });
        } else {
            calls.push(Call {
                began: line,
                ended: line,
                text: text.to_owned(),
            });
        }
    }
    calls.sort_by_key(|call| call.began);
    calls
}

/// The numbers that follow this word in a text.
fn numbers<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    text.match_indices(word).filter_map(move |(at, _)| {
        let rest = &text[at + word.len()..];
        let end = rest.find(|next: char| !next.is_ascii_digit())?;
        rest[..end].parse().ok()
    })
}

/// Asserts the order above for this many requests.
fn are_synced_before_their_answers(calls: &[Call], count: usize) {
    let (mut arrived, mut written) = (HashMap::new(), HashMap::new());
    let mut syncs = Vec::new();
    for (place, call) in calls.iter().enumerate() {
        if call.is_of(&["read", "recvfrom"]) {
            for marker in numbers(&call.text, "POST /tidy-otter/marker-") {
                arrived.entry(marker).or_insert(place);
            }
        } else if call.is_on_the_log() && call.is_of(&["pwrite64"]) {
            for marker in numbers(&call.text, "body of marker-") {
                written.entry(marker).or_insert(call);
            }
        } else if call.is_on_the_log()
            && call.is_of(&["fsync", "fdatasync"])
            && call.text.ends_with("= 0")
        {
            syncs.push(call);
        }
    }
    for marker in 0..count {
        let came = *arrived
            .get(&marker)
            .unwrap_or_else(|| panic!("{marker} never came"));
        let answered = calls[came..]
            .iter()
            .find(|call| {
                call.began > calls[came].ended
                    && call.is_of(&["write", "writev", "sendto", "sendmsg"])
                    && call.what() == calls[came].what()
            })
            .unwrap_or_else(|| panic!("{marker} was never answered"));
        assert!(answered.text.contains("\"HTTP/1.1 202 "), "{answered:?}");
        let written = written
            .get(&marker)
            .unwrap_or_else(|| panic!("{marker} was never written"));
        let after = syncs.partition_point(|sync| sync.began <= written.ended);
        let is_synced = syncs
            .get(after)
            .is_some_and(|sync| sync.ended < answered.began);
        assert!(
            is_synced,
            "{marker}: written at line {}, answered at line {}, and no sync between",
            written.ended, answered.began
        );
    }
}

/// Whether strace is there and may trace.
pub(super) fn can_trace(home: &Home) -> bool {
    let probe = home.path("probe");
    let traced = Command::new("strace")
        .args(["-D", "-f", "-yy", "-o"])
        .arg(&probe)
        .arg("true")
        .status();
    traced.is_ok_and(|status| status.success())
}

#[test]
fn no_2xx_is_sent_before_its_request_is_synced() {
    story(async {
        let home = Home::new();
        if !can_trace(&home) {
            eprintln!(
                "SKIPPED: that a 2xx comes after the sync is not shown, since strace is missing or may not trace here"
            );
            return;
        }
        let path = home.path("trace").display().to_string();
        let traced = "trace=fsync,fdatasync,pwrite64,read,recvfrom,write,writev,sendto,sendmsg";
        // The relay stays this process's own child (-D), and a page of the log is shown whole (-s).
        let strace = [
            "strace", "-D", "-f", "-yy", "-s", "20000", "-o", &path, "-e", traced,
        ];
        let mut relay = home.relay_by(&strace.map(str::to_owned), "127.0.0.1:0");
        let (addr, _) = relay.url().await;
        let url = format!("http://{addr}");
        let args = ["listen", "--relay", &url, "--endpoint", "tidy-otter"];
        let mut listener = home.start("app", &args);
        listener.url().await;
        listener.signal("TERM");
        assert_eq!(listener.code().await, 0, "{}", listener.stderr());

        let sender = Sender::to(addr);
        for round in 0..ROUNDS {
            let sent = (0..SENDERS).map(|of| {
                let marker = format!("marker-{}", round * SENDERS + of);
                let path = format!("/tidy-otter/{marker}");
                sender.send(Request::post(&path, format!("body of {marker}.")))
            });
            for answer in futures_util::future::join_all(sent).await {
                assert_eq!(answer.status, 202, "{}", answer.text());
            }
        }
        relay.signal("TERM");
        assert_eq!(relay.code().await, 0, "{}", relay.stderr());
        let trace = eventually("the whole trace", || async {
            let trace = fs::read(&path).expect("it is there");
            let trace = String::from_utf8(trace).expect("strace writes ASCII");
            let is_whole = trace
                .lines()
                .last()
                .is_some_and(|line| line.contains("+++ exited"));
            is_whole.then_some(trace).ok_or("it goes on".to_owned())
        })
        .await;
        are_synced_before_their_answers(&calls(&trace), ROUNDS * SENDERS);
    });
}
