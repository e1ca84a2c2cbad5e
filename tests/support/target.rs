//! An app on a port of the system's choice: keeps what it got, byte for byte, and answers what the test says.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, combinators::UnsyncBoxBody};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpListener, task::JoinSet};

/// What the app got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Got {
    pub(crate) method: String,
    /// Path and query as they stood in the request line.
    pub(crate) path: String,
    /// Lower-case names, values, in hyper's order.
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Bytes,
}

impl Got {
    /// All values of a header.
    pub(crate) fn all(&self, name: &str) -> Vec<&[u8]> {
        self.headers
            .iter()
            .filter(|(n, _)| n == name)
            .map(|(_, value)| value.as_slice())
            .collect()
    }
}

/// The body of an answer.
pub(crate) type AnswerBody = UnsyncBoxBody<Bytes, std::io::Error>;

/// An answer.
pub(crate) type Answer = http::Response<AnswerBody>;

type Respond = dyn Fn(&Got) -> std::pin::Pin<Box<dyn Future<Output = Answer> + Send>> + Send + Sync;

/// An answer with this status and whole body.
pub(crate) fn answer(status: u16, body: impl Into<Bytes>) -> Answer {
    let body = Full::new(body.into())
        .map_err(|never| match never {})
        .boxed_unsync();
    http::Response::builder()
        .status(status)
        .body(body)
        .expect("an answer")
}

/// A running app.
pub(crate) struct TestTarget {
    pub(crate) addr: SocketAddr,
    got: Arc<Mutex<Vec<Got>>>,
    tasks: JoinSet<()>,
}

impl TestTarget {
    /// Answers 200 `ok`.
    pub(crate) async fn start() -> Self {
        Self::answering(|_| async { answer(200, "ok") }).await
    }

    /// Answers what the function says.
    pub(crate) async fn answering<F, Fut>(respond: F) -> Self
    where
        F: Fn(&Got) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Answer> + Send + 'static,
    {
        Self::on(SocketAddr::from(([127, 0, 0, 1], 0)), respond).await
    }

    /// The same on this address.
    pub(crate) async fn on<F, Fut>(addr: SocketAddr, respond: F) -> Self
    where
        F: Fn(&Got) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Answer> + Send + 'static,
    {
        let listener = TcpListener::bind(addr).await.expect("a port");
        let addr = listener.local_addr().expect("an address");
        let got = Arc::new(Mutex::new(Vec::new()));
        let respond: Arc<Respond> = Arc::new(move |request| Box::pin(respond(request)));
        let mut tasks = JoinSet::new();
        let kept = got.clone();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let Ok((stream, _)) = listener.accept().await else {
                    continue;
                };
                let (kept, respond) = (kept.clone(), respond.clone());
                connections.spawn(async move {
                    let service =
                        service_fn(move |request| serve(request, kept.clone(), respond.clone()));
                    // A connection that breaks is the story's business, not the app's.
                    let _ = hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service)
                        .with_upgrades()
                        .await;
                });
            }
        });
        Self { addr, got, tasks }
    }

    /// What it got so far, in order.
    pub(crate) fn got(&self) -> Vec<Got> {
        self.got.lock().expect("no test panicked with it").clone()
    }

    /// Waits until it got so many requests.
    pub(crate) async fn wait_for(&self, count: usize) -> Vec<Got> {
        super::eventually("requests at the target", || async {
            let got = self.got();
            if got.len() >= count {
                Ok(got)
            } else {
                Err(format!("{} of {count}", got.len()))
            }
        })
        .await
    }
}

impl Drop for TestTarget {
    fn drop(&mut self) {
        self.tasks.abort_all();
    }
}

async fn serve(
    request: http::Request<Incoming>,
    kept: Arc<Mutex<Vec<Got>>>,
    respond: Arc<Respond>,
) -> Result<Answer, std::io::Error> {
    let (head, body) = request.into_parts();
    let body = body
        .collect()
        .await
        .map_err(std::io::Error::other)?
        .to_bytes();
    let got = Got {
        method: head.method.to_string(),
        path: head
            .uri
            .path_and_query()
            .map_or_else(String::new, ToString::to_string),
        headers: head
            .headers
            .iter()
            .map(|(n, v)| (n.to_string(), v.as_bytes().to_vec()))
            .collect(),
        body,
    };
    kept.lock()
        .expect("no test panicked with it")
        .push(got.clone());
    Ok(respond(&got).await)
}
