//! Opens the websocket to a relay: TCP, TLS (always verified), upgrade. Refusals come back as the relay said them.

use std::{fmt, io, sync::Arc, time::Duration};

use hooktool_relay::{
    link::{self, Watched},
    protocol::{ErrorCode, LINK_PATH, OFFER, SUBPROTOCOL, WireError},
};
use rustls_platform_verifier::BuilderVerifierExt;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::TlsConnector;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{self, client::IntoClientRequest, http},
};

use crate::forward::{Distrust, words};

/// DNS, TCP, TLS and upgrade together.
const ESTABLISH: Duration = Duration::from_secs(10);

/// Bytes read from the link at once. A listener has one link, so it affords more than a relay, which has many: a dozen webhooks,
/// or two pieces of a large body.
const READ: usize = 32 * 1024;

/// A relay to dial.
#[derive(Clone)]
pub struct Endpoint {
    /// Whether by TLS.
    pub is_tls: bool,
    /// Host: a name, or an address without brackets.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Path before `/_hooktool`; empty, or beginning and not ending with `/`.
    pub path: String,
    /// The token, if there is one.
    pub token: Option<String>,
    /// While there is none: one that this listener made, for an open relay to take.
    pub offer: Option<Offer>,
}

/// A token that a listener made for itself. It is kept when a relay lets the listener in, and before it claims anything: if the
/// relay's answer is lost, or this process, what was claimed is this user's all the same.
#[derive(Clone)]
pub struct Offer {
    /// The token.
    pub token: String,
    /// Keeps it; blocks. When that fails, the offer holds for as long as this process lives.
    pub keep: Arc<dyn Fn() + Send + Sync>,
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let token = self.token.as_ref().map(|_| "…");
        f.debug_struct("Endpoint")
            .field("url", &self.to_string())
            .field("token", &token)
            .finish()
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_tls { "https" } else { "http" };
        write!(f, "{scheme}://{}{}", self.authority(), self.path)
    }
}

impl Endpoint {
    /// Its host and port, as people write them.
    pub fn authority(&self) -> String {
        let host = if self.host.contains(':') {
            format!("[{}]", self.host)
        } else {
            self.host.clone()
        };
        match (self.is_tls, self.port) {
            (true, 443) | (false, 80) => host,
            (_, port) => format!("{host}:{port}"),
        }
    }
}

/// Why there is no websocket.
#[derive(Debug)]
pub enum DialError {
    /// Trying again may help.
    Unreachable {
        /// In words.
        cause: String,
        /// When the relay wants the next try.
        retry_after: Option<Duration>,
    },
    /// It does not: whoever answers does not prove to be this relay.
    Untrusted(Distrust),
    /// It does not: the relay says so.
    Refused {
        /// What kind.
        code: ErrorCode,
        /// In the relay's words, not yet safe to show.
        text: String,
    },
}

/// Any stream below the websocket.
pub(super) trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Wire for T {}

/// A websocket to a relay, before HELLO.
pub(super) type Socket = WebSocketStream<Watched<Box<dyn Wire>>>;

/// Dials within 10 s.
pub(super) async fn dial(relay: &Endpoint) -> Result<Socket, DialError> {
    match timeout(ESTABLISH, open(relay)).await {
        Ok(opened) => opened,
        Err(_) => Err(unreachable(format!(
            "{} did not answer within 10 s",
            relay.authority()
        ))),
    }
}

async fn open(relay: &Endpoint) -> Result<Socket, DialError> {
    let tcp = TcpStream::connect((relay.host.as_str(), relay.port)).await;
    let stream = stream(relay, tcp).await?;
    let request = upgrade(relay).map_err(|error| unreachable(error.to_string()))?;
    let config = Some(link::websocket_config().read_buffer_size(READ));
    match tokio_tungstenite::client_async_with_config(request, Watched::new(stream), config).await {
        Ok((socket, _)) => Ok(socket),
        Err(tungstenite::Error::Http(answer)) => Err(refused(relay, &answer)),
        Err(error) => Err(unreachable(format!(
            "{} does not speak {SUBPROTOCOL}: {}",
            relay.authority(),
            words::of(&error)
        ))),
    }
}

/// What HTTP is spoken on, over a connection as it was made.
pub(super) async fn stream(
    relay: &Endpoint,
    tcp: io::Result<TcpStream>,
) -> Result<Box<dyn Wire>, DialError> {
    let tcp = tcp.map_err(|error| {
        let why = words::of_system(&error);
        unreachable(format!("{}: {why}", relay.authority()))
    })?;
    // Frames are batched by the link itself.
    let _ = tcp.set_nodelay(true);
    Ok(if relay.is_tls {
        Box::new(secure(relay, tcp).await?)
    } else {
        Box::new(tcp)
    })
}

async fn secure(
    relay: &Endpoint,
    tcp: TcpStream,
) -> Result<tokio_rustls::client::TlsStream<TcpStream>, DialError> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(BuilderVerifierExt::with_platform_verifier)
        .map_err(|error| DialError::Untrusted(words::no_authorities(&error)))?
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let name = rustls_pki_types::ServerName::try_from(relay.host.clone())
        .map_err(|_| unreachable(format!("{} is no host name", relay.host)))?;
    TlsConnector::from(Arc::new(config))
        .connect(name, tcp)
        .await
        .map_err(|error| {
            let authority = relay.authority();
            match words::distrust(&error, &authority, &relay.host) {
                Some(distrust) => DialError::Untrusted(distrust),
                None => unreachable(format!("{authority}: {}", words::of(&error))),
            }
        })
}

fn upgrade(relay: &Endpoint) -> Result<http::Request<()>, tungstenite::Error> {
    let scheme = if relay.is_tls { "wss" } else { "ws" };
    let url = format!("{scheme}://{}{}{LINK_PATH}", relay.authority(), relay.path);
    let mut request = url.into_client_request()?;
    let headers = request.headers_mut();
    headers.append(
        http::header::SEC_WEBSOCKET_PROTOCOL,
        http::HeaderValue::from_static(SUBPROTOCOL),
    );
    if let Some(token) = &relay.token {
        let mut value = http::HeaderValue::try_from(format!("Bearer {token}"))?;
        value.set_sensitive(true);
        headers.append(http::header::AUTHORIZATION, value);
    } else if let Some(offer) = &relay.offer {
        let mut value = http::HeaderValue::try_from(&offer.token)?;
        value.set_sensitive(true);
        headers.append(OFFER, value);
    }
    Ok(request)
}

/// What a refusal before the upgrade means.
fn refused(relay: &Endpoint, answer: &http::Response<Option<Vec<u8>>>) -> DialError {
    let said: Option<WireError> = answer
        .body()
        .as_deref()
        .and_then(|body| serde_json::from_slice(body).ok());
    let seconds = || {
        let value = answer.headers().get(http::header::RETRY_AFTER)?;
        std::str::from_utf8(value.as_bytes())
            .ok()?
            .parse()
            .ok()
            .map(Duration::from_secs)
    };
    let retry_after = said
        .as_ref()
        .and_then(|error| error.retry_after_ms)
        .map(Duration::from_millis)
        .or_else(seconds);
    let status = answer.status().as_u16();
    let text = said.map_or_else(
        || format!("{} answered {status}", relay.authority()),
        |error| error.text,
    );
    match status {
        401 => DialError::Refused {
            code: ErrorCode::Unauthorized,
            text,
        },
        403 => DialError::Refused {
            code: ErrorCode::Forbidden,
            text,
        },
        426 => DialError::Refused {
            code: ErrorCode::Version,
            text,
        },
        _ => DialError::Unreachable {
            cause: text,
            retry_after,
        },
    }
}

fn unreachable(cause: String) -> DialError {
    DialError::Unreachable {
        cause,
        retry_after: None,
    }
}
