//! Ports, folders and names: what is taken is said, and what is kept is the same tomorrow.

use std::{
    collections::HashSet,
    net::{SocketAddr, TcpListener},
};

use crate::support::{Home, Program, Request, Sender, TestTarget, story};

#[test]
fn a_port_in_use_is_said() {
    story(async {
        let home = Home::new();
        let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
        let addr = taken.local_addr().expect("an address").to_string();
        let mut relay = home.relay(&addr);
        assert_eq!(relay.code().await, 1);
        let said = relay.stderr();
        assert!(
            said.contains(&format!("error: cannot listen on {addr}")),
            "{said}"
        );
        assert!(said.contains("another process listens there"), "{said}");
    });
}

#[test]
fn a_second_listener_in_a_folder_is_told_of_the_first() {
    story(async {
        let home = Home::new();
        let first = home.start("app", &["listen"]);
        let (addr, path) = first.url().await;
        let mut second = home.start("app", &["listen"]);
        assert_eq!(second.code().await, 1);
        let folder = home.path("app").display().to_string();
        let sentence = format!("error: another `hooktool listen` runs in {folder}");
        assert!(second.stderr().contains(&sentence), "{}", second.stderr());
        let answer = Sender::to(addr).send(Request::post(&path, "x")).await;
        assert_eq!(answer.status, 200);
    });
}

async fn stop(mut program: Program) {
    program.signal("INT");
    assert_eq!(program.code().await, 0, "{}", program.stderr());
}

#[test]
fn each_folder_has_its_own_url_and_keeps_it() {
    story(async {
        // Another program of this machine may take a port while nobody listens on it; not each time.
        for round in 0.. {
            let (before, after) = urls_of_three_folders().await;
            let names = |urls: &[(SocketAddr, String)]| -> Vec<String> {
                urls.iter().map(|(_, path)| path.clone()).collect()
            };
            assert_eq!(names(&before), names(&after));
            let addrs: HashSet<SocketAddr> = before.iter().map(|(addr, _)| *addr).collect();
            assert_eq!(addrs.len(), 3, "{before:?}");
            if before == after {
                return;
            }
            assert!(round < 3, "{before:?}, then {after:?}");
        }
    });
}

/// Where three folders are served, and where after a restart; each by a listener and an app of its own.
async fn urls_of_three_folders() -> (Vec<(SocketAddr, String)>, Vec<(SocketAddr, String)>) {
    let home = Home::new();
    let mut urls = Vec::new();
    for _ in 0..2 {
        let mut listeners = Vec::new();
        for folder in ["one", "two", "three"] {
            let target = TestTarget::start().await;
            let to = target.addr.to_string();
            let listener = home.start(folder, &["listen", &to]);
            listeners.push((folder, target, listener));
        }
        let mut now: Vec<(SocketAddr, String)> = Vec::new();
        for (_, _, listener) in &listeners {
            now.push(listener.url().await);
        }
        for ((addr, path), (folder, target, _)) in now.iter().zip(&listeners) {
            let answer = Sender::to(*addr).send(Request::post(path, *folder)).await;
            assert_eq!(answer.status, 200);
            assert_eq!(target.wait_for(1).await[0].body, *folder);
            assert_eq!(target.got().len(), 1);
        }
        for (_, _, listener) in listeners {
            stop(listener).await;
        }
        urls.push(now);
    }
    let after = urls.pop().unwrap_or_default();
    (urls.pop().unwrap_or_default(), after)
}
