//! A sender that speaks HTTP/1.1 or HTTP/2 over TLS, and trusts one authority.

use std::{net::SocketAddr, sync::Arc};

use bytes::Bytes;
use http::{Request, Response, request};
use http_body_util::{BodyExt, Full, combinators::UnsyncBoxBody};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::{net::TcpStream, task::JoinSet};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::people::Ca;

/// A request's body.
pub(super) type Body = UnsyncBoxBody<Bytes, std::io::Error>;

/// Which HTTP, as ALPN names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Http {
    One,
    Two,
}

/// A connection to a relay; requests on HTTP/2 run side by side.
pub(super) struct Edge {
    sending: Sending,
    _connection: JoinSet<()>,
    pub(super) shown: CertificateDer<'static>,
    origin: String,
}

enum Sending {
    One(hyper::client::conn::http1::SendRequest<Body>),
    Two(hyper::client::conn::http2::SendRequest<Body>),
}

impl Edge {
    pub(super) async fn to(addr: SocketAddr, ca: &Ca, http: Http) -> Self {
        let socket = shake_hands(addr, ca, http).await;
        let chain = socket.get_ref().1.peer_certificates().expect("a chain");
        let shown = chain[0].clone().into_owned();
        let mut connection = JoinSet::new();
        let sending = match http {
            Http::One => {
                let shaken = hyper::client::conn::http1::handshake(TokioIo::new(socket)).await;
                let (sending, driving) = shaken.expect("HTTP/1.1");
                connection.spawn(async move {
                    // Its end is told to whoever waits for an answer.
                    let _ = driving.await;
                });
                Sending::One(sending)
            }
            Http::Two => {
                let (executor, io) = (TokioExecutor::new(), TokioIo::new(socket));
                let shaken = hyper::client::conn::http2::handshake(executor, io).await;
                let (sending, driving) = shaken.expect("HTTP/2");
                connection.spawn(async move {
                    // As above.
                    let _ = driving.await;
                });
                Sending::Two(sending)
            }
        };
        Self {
            sending,
            _connection: connection,
            shown,
            origin: format!("https://{addr}"),
        }
    }

    /// A request to this path, without its body.
    pub(super) fn request(&self, method: &str, path: &str) -> request::Builder {
        let builder = Request::builder().method(method);
        match &self.sending {
            Sending::One(_) => {
                let host = self.origin.strip_prefix("https://").expect("https");
                builder.uri(path).header("host", host)
            }
            Sending::Two(_) => builder.uri(format!("{}{path}", self.origin)),
        }
    }

    /// Sends it; the answer's head has come when this is ready.
    pub(super) fn send(
        &mut self,
        request: Request<Body>,
    ) -> impl Future<Output = Response<Incoming>> + Send + 'static {
        let (one, two) = match &mut self.sending {
            Sending::One(sending) => (Some(sending.send_request(request)), None),
            Sending::Two(sending) => (None, Some(sending.send_request(request))),
        };
        async move {
            let answered = match (one, two) {
                (Some(one), _) => one.await,
                (None, Some(two)) => two.await,
                (None, None) => unreachable!("it is one of them"),
            };
            answered.expect("an answer")
        }
    }

    /// Posts a body and reads the whole answer.
    pub(super) async fn post(&mut self, path: &str, body: impl Into<Bytes>) -> (u16, Bytes) {
        let request = self.request("POST", path).body(whole(body));
        let answer = self.send(request.expect("a request")).await;
        let status = answer.status().as_u16();
        let body = answer.into_body().collect().await.expect("a whole answer");
        (status, body.to_bytes())
    }
}

/// A body that is there whole.
pub(super) fn whole(body: impl Into<Bytes>) -> Body {
    Full::new(body.into())
        .map_err(|never| match never {})
        .boxed_unsync()
}

async fn shake_hands(addr: SocketAddr, ca: &Ca, http: Http) -> TlsStream<TcpStream> {
    let mut roots = RootCertStore::empty();
    roots.add(ca.root.clone()).expect("a certificate");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let alpn: &[u8] = match http {
        Http::One => b"http/1.1",
        Http::Two => b"h2",
    };
    config.alpn_protocols = vec![alpn.to_vec()];
    let tcp = TcpStream::connect(addr).await.expect("it listens");
    let name = ServerName::from(addr.ip());
    let socket = TlsConnector::from(Arc::new(config))
        .connect(name, tcp)
        .await;
    let socket = socket.expect("shakes hands");
    assert_eq!(socket.get_ref().1.alpn_protocol(), Some(alpn));
    socket
}
