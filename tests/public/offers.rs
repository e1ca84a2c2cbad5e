//! An open relay whose first answer is lost, and the listener with it: whoever claimed a name by it still owns it.

use std::{net::SocketAddr, sync::Arc};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy, copy_bidirectional},
    net::{TcpListener, TcpStream},
    sync::Notify,
    task::JoinSet,
};

use crate::support::{Home, Request, Sender, TestTarget, story};

/// A way to a relay on which the first link's WELCOME is lost.
struct Way {
    addr: SocketAddr,
    /// Told when the relay has sent it.
    lost: Arc<Notify>,
    _tasks: JoinSet<()>,
}

impl Way {
    async fn to(relay: SocketAddr) -> Self {
        let door = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let addr = door.local_addr().expect("an address");
        let lost = Arc::new(Notify::new());
        let told = lost.clone();
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut links = JoinSet::new();
            let mut is_first = true;
            loop {
                let (near, _) = door.accept().await.expect("a connection");
                let far = TcpStream::connect(relay).await.expect("the relay");
                let told = std::mem::take(&mut is_first).then(|| told.clone());
                links.spawn(carry(near, far, told));
            }
        });
        Self {
            addr,
            lost,
            _tasks: tasks,
        }
    }
}

/// Carries all, or only the head of the answer to the upgrade.
async fn carry(mut near: TcpStream, mut far: TcpStream, lost: Option<Arc<Notify>>) {
    let Some(lost) = lost else {
        // How it ends is seen at both ends.
        let _ = copy_bidirectional(&mut near, &mut far).await;
        return;
    };
    let ((mut near_read, mut near_write), (mut far_read, mut far_write)) =
        (near.split(), far.split());
    let down = async {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(far_read.read_u8().await.expect("an answer"));
        }
        near_write.write_all(&head).await.expect("it reads");
        far_read.read_u8().await.expect("WELCOME");
        lost.notify_one();
        std::future::pending::<()>().await;
    };
    tokio::select! {
        _ = copy(&mut near_read, &mut far_write) => {}
        () = down => {}
    }
}

#[test]
fn a_name_that_was_claimed_by_a_lost_welcome_is_its_claimers_all_the_same() {
    story(async {
        let home = Home::new();
        let relay = home.relay("127.0.0.1:0");
        let way = Way::to(relay.url().await.0).await;
        let url = format!("http://{}", way.addr);
        let target = TestTarget::start().await;
        let to = target.addr.to_string();
        let args = ["listen", &to, "--relay", &url, "--endpoint", "tidy-otter"];
        let first = home.start("app", &args);
        way.lost.notified().await;
        first.kill();

        let listener = home.start("app", &args);
        let (_, path) = listener.url().await;
        let answer = Sender::to(way.addr).send(Request::post(&path, "x")).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        // A stranger has no part in it.
        let elsewhere = Home::new();
        let mut stranger = elsewhere.start("app", &args);
        assert_eq!(stranger.code().await, 4);
        let said = stranger.stderr();
        assert!(said.contains("belongs to another account"), "{said}");
    });
}
