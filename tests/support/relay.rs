//! A relay in this process, on a port of the system's choice, with its store in a temporary folder.

use std::{net::SocketAddr, path::PathBuf};

use hooktool_relay::{
    Config, Relay,
    config::{Access, Limits},
    store::Retention,
};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// A running relay.
pub(crate) struct TestRelay {
    pub(crate) addr: SocketAddr,
    pub(crate) folder: PathBuf,
    pub(crate) token: String,
    stop: CancellationToken,
    running: JoinHandle<()>,
    config: Config,
    _owned: Option<tempfile::TempDir>,
}

impl TestRelay {
    /// A relay for one account, with limits fit for a test.
    pub(crate) async fn start() -> Self {
        Self::with(Limits {
            rate: 0,
            ..Limits::default()
        })
        .await
    }

    /// The same, keeping so many requests an endpoint.
    pub(crate) async fn keeping(count: u64) -> Self {
        let retention = Retention {
            count,
            ..Retention::default()
        };
        Self::made(
            Limits {
                rate: 0,
                ..Limits::default()
            },
            retention,
        )
        .await
    }

    /// The same with these limits.
    pub(crate) async fn with(limits: Limits) -> Self {
        Self::made(limits, Retention::default()).await
    }

    async fn made(limits: Limits, retention: Retention) -> Self {
        let owned = tempfile::tempdir().expect("a folder");
        let folder = owned.path().join("relay");
        let token = "test-token".to_owned();
        let config = Config {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            public_url: None,
            data: Some(folder),
            tls: None,
            insecure_http: false,
            trusted_proxies: Vec::new(),
            access: Access::Embedded { token },
            limits,
            retention,
            reserve: 0,
        };
        Self::of(config, Some(owned)).await
    }

    /// A relay with this configuration.
    pub(crate) async fn of(config: Config, owned: Option<tempfile::TempDir>) -> Self {
        let relay = Relay::bind(config.clone()).await.expect("the relay binds");
        let addr = relay.addr();
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        #[expect(
            clippy::disallowed_methods,
            reason = "the handle is kept, and awaited or aborted in Drop"
        )]
        let running = tokio::spawn(async move {
            relay
                .run(stopped.cancelled_owned())
                .await
                .expect("the relay ends well");
        });
        let token = match &config.access {
            Access::Embedded { token } => token.clone(),
            _ => String::new(),
        };
        let folder = config.data.clone().unwrap_or_default();
        Self {
            addr,
            folder,
            token,
            stop,
            running,
            config,
            _owned: owned,
        }
    }

    /// Stops it as a person would, and starts it again on the same port and folder.
    pub(crate) async fn restart(&mut self) {
        self.stop().await;
        let config = Config {
            listen: self.addr,
            ..self.config.clone()
        };
        let owned = self._owned.take();
        *self = Self::of(config, owned).await;
    }

    /// Stops it gracefully.
    pub(crate) async fn stop(&mut self) {
        self.stop.cancel();
        (&mut self.running).await.expect("the relay's task ends");
    }
}

impl Drop for TestRelay {
    fn drop(&mut self) {
        self.stop.cancel();
        self.running.abort();
    }
}
