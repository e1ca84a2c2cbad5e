//! A bad network between a listener and its relay: slow, cut, or a black hole.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Notify,
    task::JoinSet,
};

/// A TCP proxy whose faults a test chooses.
pub(crate) struct Proxy {
    pub(crate) addr: SocketAddr,
    faults: Arc<Faults>,
    tasks: JoinSet<()>,
}

#[derive(Default)]
struct Faults {
    /// Bytes a second each way; 0: as fast as it goes.
    rate: AtomicU64,
    /// Refuse and cut everything.
    is_down: AtomicBool,
    cut: Notify,
}

impl Proxy {
    /// A good network to `relay`.
    pub(crate) async fn to(relay: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let addr = listener.local_addr().expect("an address");
        let faults = Arc::new(Faults::default());
        let shared = faults.clone();
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let Ok((near, _)) = listener.accept().await else {
                    continue;
                };
                if shared.is_down.load(Ordering::Relaxed) {
                    continue;
                }
                let shared = shared.clone();
                connections.spawn(async move {
                    let Ok(far) = TcpStream::connect(relay).await else {
                        return;
                    };
                    carry(near, far, &shared).await;
                });
            }
        });
        Self {
            addr,
            faults,
            tasks,
        }
    }

    /// Limits both directions to so many bytes a second.
    pub(crate) fn slow(&self, bytes_per_second: u64) {
        self.faults.rate.store(bytes_per_second, Ordering::Relaxed);
    }

    /// Cuts what is open and refuses what comes.
    pub(crate) fn down(&self) {
        self.faults.is_down.store(true, Ordering::Relaxed);
        self.faults.cut.notify_waiters();
    }

    /// Lets connections through again.
    pub(crate) fn up(&self) {
        self.faults.is_down.store(false, Ordering::Relaxed);
    }

    /// Cuts what is open; a new connection goes through.
    pub(crate) fn cut(&self) {
        self.faults.cut.notify_waiters();
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.tasks.abort_all();
    }
}

async fn carry(near: TcpStream, far: TcpStream, faults: &Faults) {
    let (near_read, near_write) = near.into_split();
    let (far_read, far_write) = far.into_split();
    let cut = faults.cut.notified();
    tokio::select! {
        () = pipe(near_read, far_write, faults) => {}
        () = pipe(far_read, near_write, faults) => {}
        () = cut => {}
    }
}

async fn pipe(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, faults: &Faults) {
    let mut buffer = vec![0; 8 * 1024];
    loop {
        let Ok(count @ 1..) = from.read(&mut buffer).await else {
            return;
        };
        let rate = faults.rate.load(Ordering::Relaxed);
        if rate > 0 {
            tokio::time::sleep(Duration::from_secs_f64(count as f64 / rate as f64)).await;
        }
        if to.write_all(&buffer[..count]).await.is_err() {
            return;
        }
    }
}
