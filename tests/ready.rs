//! `ready` is said when a request of the listener's own came back from its public URL, and not before.

use std::{
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use hooktool::event::Proof;
use hooktool_relay::{
    Config,
    config::{Access, Limits},
};
use tokio::{
    io::{AsyncWriteExt as _, copy_bidirectional},
    net::TcpStream,
};

use crate::{
    app::{App, read_request},
    support::{Home, Request, Sender, TestRelay, eventually, listener::Setup, story},
};

/// What a portal in a hotel says to everything.
const PORTAL: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\nConnection: close\r\n\r\nwelcome";

/// A proxy before a relay, which lets links through and answers what else comes itself, for as long as it lies.
async fn proxy(relay: Arc<std::sync::OnceLock<SocketAddr>>, lies: Arc<AtomicBool>) -> App {
    App::scripted(move |mut near, seen| {
        let (relay, lies) = (relay.clone(), lies.clone());
        async move {
            let Some(request) = read_request(&mut near).await else {
                return;
            };
            let is_link = request.starts_with(b"GET /_hooktool/link ");
            seen.push(request.clone());
            if !is_link && lies.load(Ordering::Relaxed) {
                near.write_all(PORTAL).await.expect("written");
                return;
            }
            let relay = relay.get().expect("the relay is there");
            let mut far = TcpStream::connect(relay).await.expect("connects");
            far.write_all(&request).await.expect("written");
            // Either end may close first.
            let _ = copy_bidirectional(&mut near, &mut far).await;
        }
    })
    .await
}

#[test]
fn a_public_url_that_leads_elsewhere_is_told_until_it_leads_here() {
    story(async {
        let (place, lies) = (Arc::default(), Arc::new(AtomicBool::new(true)));
        let proxy = proxy(Arc::clone(&place), lies.clone()).await;
        let owned = tempfile::tempdir().expect("a folder");
        let config = Config {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            public_url: Some(format!("http://{}", proxy.addr)),
            data: Some(owned.path().join("relay")),
            access: Access::Embedded {
                token: "test-token".to_owned(),
            },
            limits: Limits {
                rate: 0,
                ..Limits::default()
            },
            ..Config::default()
        };
        let relay = TestRelay::of(config, Some(owned)).await;
        place.set(relay.addr).expect("set once");
        let setup = Setup::at(proxy.addr, &relay.token, None);
        let listener = setup.start().await;
        let mut notices = listener.board.notices.subscribe();
        listener.wait_live().await;
        eventually("doubt", || async {
            match &*listener.board.proof.borrow() {
                Proof::Doubted { cause } if cause.ends_with("is a proxy in between?") => Ok(()),
                other => Err(format!("{other:?}")),
            }
        })
        .await;
        lies.store(false, Ordering::Relaxed);
        eventually("a proof", || async {
            let proof = listener.board.proof.borrow().clone();
            (proof == Proof::Proven)
                .then_some(())
                .ok_or(format!("{proof:?}"))
        })
        .await;
        let mut told = Vec::new();
        while let Ok(notice) = notices.try_recv() {
            told.push((notice.is_problem, notice.text));
        }
        let cause = format!(
            "the public URL does not lead here yet: {} answered something that is not this relay's: is a proxy in between?",
            proxy.addr
        );
        let healed = "the public URL leads here".to_owned();
        assert_eq!(told, [(true, cause), (false, healed)]);
        assert!(listener.requests().is_empty());
    });
}

#[test]
fn the_record_comes_when_the_url_answers_and_once_a_link() {
    story(async {
        let home = Home::new();
        let mut listener = home.start_piped("app", &["listen", "--json"]);
        let out = BufReader::new(listener.stdout.take().expect("a pipe"));
        let mut records = out.lines();
        let mut next = || records.next().expect("a record").expect("read");
        let session: serde_json::Value = serde_json::from_str(&next()).expect("JSON");
        assert_eq!(session["type"], "session");
        assert_eq!(
            next(),
            r#"{"v":1,"type":"link","state":"live","waiting":0}"#
        );
        assert_eq!(next(), r#"{"v":1,"type":"ready"}"#);
        let url = session["url"].as_str().expect("a URL");
        let (addr, name) = url["http://".len()..].split_once('/').expect("a path");
        let sender = Sender::to(addr.parse().expect("an address"));
        let answer = sender
            .send(Request::post(&format!("/{name}/a"), "{}"))
            .await;
        assert_eq!(answer.status, 200);
        let capture: serde_json::Value = serde_json::from_str(&next()).expect("JSON");
        assert_eq!(
            (&capture["type"], &capture["number"], &capture["path"]),
            (&"capture".into(), &1.into(), &"/a".into())
        );
        listener.signal("TERM");
        assert_eq!(listener.code().await, 0, "{}", listener.stderr());
        assert_eq!(listener.stderr(), "");
    });
}
