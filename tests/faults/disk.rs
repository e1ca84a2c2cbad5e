//! A disk that is full, or fails: a small file system of its own for the real relay, and a limit on the size of its files.
//!
//! The file system is a tmpfs in a mount namespace, which needs no root where the system lets everybody make one.

use std::{
    collections::HashSet,
    io::{BufRead, BufReader},
    net::SocketAddr,
    process::{Child, Command, Stdio},
};

use super::{body, number, syncs, try_send};
use crate::support::{Home, Program, Request, Sender, TestTarget, eventually, story};

/// A file system where the relay keeps its data, gone when this is dropped.
struct SmallDisk {
    /// Keeps the namespace.
    holder: Child,
    folder: String,
}

impl SmallDisk {
    /// None where this process may not mount one.
    fn mount(home: &Home, size: &str) -> Option<Self> {
        let folder = home.path("relay");
        std::fs::create_dir(&folder).expect("made");
        let folder = folder.display().to_string();
        let script = "mount -t tmpfs -o size=$1 none \"$2\" && echo mounted && exec sleep 600";
        let mut holder = Command::new("unshare")
            .args(["-rm", "sh", "-c", script, "sh", size, &folder])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let mut said = String::new();
        let mut stdout = BufReader::new(holder.stdout.take().expect("a pipe"));
        stdout.read_line(&mut said).expect("it is read");
        let disk = Self { holder, folder };
        (said == "mounted\n").then_some(disk)
    }

    /// What comes before a command that is to see it.
    fn inside(&self) -> Vec<String> {
        let pid = self.holder.id().to_string();
        let words = ["nsenter", "-t", &pid, "-m", "-U", "--preserve-credentials"];
        words.map(str::to_owned).to_vec()
    }

    fn grow(&self, size: &str) {
        let inside = self.inside();
        let grown = Command::new(&inside[0])
            .args(&inside[1..])
            .args(["mount", "-o", &format!("remount,size={size}")])
            .arg(&self.folder)
            .status();
        assert!(grown.expect("mount runs").success());
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Both fail only for a process that is gone.
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}

/// Makes the endpoint `tidy-otter`, with nobody listening afterwards.
async fn claim(home: &Home, addr: SocketAddr) {
    let url = format!("http://{addr}");
    let args = ["listen", "--relay", &url, "--endpoint", "tidy-otter"];
    let mut listener = home.start("app", &args);
    listener.url().await;
    listener.signal("TERM");
    assert_eq!(listener.code().await, 0, "{}", listener.stderr());
}

/// Sends numbered bodies until one is refused: how many were stored, and the status of the last; none if nobody answered.
async fn fill(addr: SocketAddr) -> (usize, Option<u16>) {
    for number in 0..2000 {
        let status = try_send(addr, body(number)).await;
        if status != Some(202) {
            return (number, status);
        }
    }
    panic!("it is never full");
}

/// Listens, and gives the numbers that the target got once all of these are among them.
async fn delivered(home: &Home, addr: SocketAddr, acknowledged: &HashSet<usize>) -> Vec<usize> {
    let target = TestTarget::start().await;
    let (to, url) = (target.addr.to_string(), format!("http://{addr}"));
    let args = ["listen", &to, "--relay", &url, "--endpoint", "tidy-otter"];
    let _listener: Program = home.start("app", &args);
    eventually("what was acknowledged, at the target", || async {
        let got: HashSet<usize> = target.got().iter().map(|got| number(&got.body)).collect();
        let missing: Vec<_> = acknowledged.difference(&got).collect();
        missing
            .is_empty()
            .then_some(())
            .ok_or(format!("missing {missing:?}"))
    })
    .await;
    let got = target.got();
    for got in &got {
        let number = number(&got.body);
        assert!(got.body == body(number), "body {number} is another");
    }
    got.iter().map(|got| number(&got.body)).collect()
}

#[test]
fn a_relay_on_a_full_disk_answers_503_loses_nothing_and_recovers() {
    story(async {
        let home = Home::new();
        let Some(disk) = SmallDisk::mount(&home, "3m") else {
            eprintln!("skipped: no file system can be mounted here (unshare -rm)");
            return;
        };
        let mut relay = home.relay_by(&disk.inside(), "127.0.0.1:0");
        let (addr, _) = relay.url().await;
        claim(&home, addr).await;
        let (count, _) = fill(addr).await;
        assert!(count > 50, "{count}");

        let sender = Sender::to(addr);
        for len in [10, 200_000] {
            let refused = sender
                .send(Request::post("/tidy-otter", vec![b'x'; len]))
                .await;
            assert_eq!(refused.status, 503, "{}", refused.text());
            assert!(refused.header("retry-after").is_some(), "{refused:?}");
            assert_eq!(refused.text(), "not stored; this relay has no room left\n");
        }
        let ready = sender.send(Request::get("/_hooktool/ready")).await;
        assert_eq!((ready.status, ready.text()), (503, "the disk is full\n"));
        let metrics = sender.send(Request::get("/_hooktool/metrics")).await;
        let full = "\nhooktool_relay_store_full 1\n";
        assert!(metrics.text().contains(full), "{}", metrics.text());
        assert!(relay.stderr().contains("full"), "{}", relay.stderr());

        disk.grow("64m");
        eventually("room", || async {
            let status = try_send(addr, body(count)).await;
            (status == Some(202))
                .then_some(())
                .ok_or(format!("{status:?}"))
        })
        .await;
        let ready = sender.send(Request::get("/_hooktool/ready")).await;
        assert_eq!(ready.status, 200, "{}", ready.text());
        relay.signal("TERM");
        assert_eq!(relay.code().await, 0, "{}", relay.stderr());

        let relay = home.relay_by(&disk.inside(), &addr.to_string());
        relay.url().await;
        let acknowledged: HashSet<usize> = (0..=count).collect();
        let got = delivered(&home, addr, &acknowledged).await;
        assert_eq!(got.len(), acknowledged.len(), "refused ones came as well");
    });
}

#[test]
fn a_relay_whose_sync_fails_acknowledges_nothing_more_and_ends() {
    story(async {
        let home = Home::new();
        if !syncs::can_trace(&home) {
            eprintln!(
                "SKIPPED: no sync can be made to fail, since strace is missing or may not trace here"
            );
            return;
        }
        // The 40th is after the endpoint was made and some requests were stored; those after it would succeed.
        let failing = "inject=fsync,fdatasync:error=EIO:when=40";
        let strace = ["strace", "-D", "-f", "-o", "/dev/null", "-e", failing];
        let mut relay = home.relay_by(&strace.map(str::to_owned), "127.0.0.1:0");
        let (addr, _) = relay.url().await;
        claim(&home, addr).await;
        let (count, refused) = fill(addr).await;
        assert!(matches!(refused, None | Some(503)), "{refused:?}");
        assert!(count > 5, "{count}");
        assert_eq!(relay.code().await, 1, "{}", relay.stderr());
        let said = relay.stderr();
        let sentence = "error: the relay stopped: it can store nothing more";
        assert!(said.contains(sentence), "{said}");
        assert!(!said.contains("panicked"), "{said}");

        let relay = home.relay(&addr.to_string());
        relay.url().await;
        let acknowledged: HashSet<usize> = (0..count).collect();
        delivered(&home, addr, &acknowledged).await;
    });
}

#[test]
fn a_relay_whose_write_fails_ends_and_what_it_acknowledged_is_there() {
    story(async {
        let home = Home::new();
        // 2,000 blocks of 512 bytes, or of 1 KiB in some shells; without the trap the first write over it would kill.
        let limited = "trap '' XFSZ; ulimit -f 2000; exec \"$@\"";
        let limited = ["sh", "-c", limited, "sh"].map(str::to_owned);
        let mut relay = home.relay_by(&limited, "127.0.0.1:0");
        let (addr, _) = relay.url().await;
        claim(&home, addr).await;
        let (count, refused) = fill(addr).await;
        assert!(matches!(refused, None | Some(503)), "{refused:?}");
        assert!(count > 10, "{count}");
        assert_eq!(relay.code().await, 1, "{}", relay.stderr());
        let said = relay.stderr();
        let sentence = "error: the relay stopped: it can store nothing more";
        assert!(said.contains(sentence), "{said}");
        assert!(said.contains("relay.db cannot be written"), "{said}");
        assert!(!said.contains("panicked"), "{said}");

        let relay = home.relay(&addr.to_string());
        relay.url().await;
        let acknowledged: HashSet<usize> = (0..count).collect();
        delivered(&home, addr, &acknowledged).await;
    });
}
