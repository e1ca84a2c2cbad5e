//! Proves that the public URL leads to this listener: a GET of its own, from outside, that the relay answers only if it holds this
//! very session's link. Nothing is captured by it.
//!
//! In: what WELCOME said, and the relay that was dialled. Out: a [`Proof`] on the board. Must not know: requests, forwards.
//!
//! ```text
//! WELCOME ─▶ ask ─ yes ─▶ Proven
//!             ▲ └─ no, or no answer ─▶ Doubted, in words ─▶ wait (full jitter) ─┐
//!             └──────────────────────────────────────────────────────────────────┘
//! ```
//!
//! The URL is the relay's word, and a relay never says what is connected to. So it is asked only where the relay itself was dialled,
//! or by TLS at an address that the whole world can reach: never at one of this machine or its network.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    pin::pin,
    time::Duration,
};

use bytes::Bytes;
use hooktool_relay::{
    capture::EndpointName,
    headers::is_loopback_host,
    protocol::{
        Welcome,
        probe::{EPOCH, Holds, PATH, SESSION},
    },
};
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::{
    net::{TcpStream, lookup_host},
    time::{sleep, timeout},
};

use super::{
    Agent,
    dial::{self, DialError, Endpoint},
    random,
};
use crate::{
    backoff::Backoff,
    event::{Board, Proof},
    forward::words,
};

/// DNS, TCP, TLS and the answer together.
const PATIENCE: Duration = Duration::from_secs(10);

/// Longest answer that is read, in bytes: the relay's own has about sixty.
const LONGEST: usize = 4 * 1024;

/// Asks until the answer is yes, then waits for ever: whoever lost the link drops this.
pub(super) async fn run(agent: &Agent, welcome: Box<Welcome>) {
    let (plan, board) = (&agent.plan, &agent.board);
    let Welcome {
        url,
        session,
        epoch,
        ..
    } = *welcome;
    let holds = Holds { session, epoch };
    let mut backoff = Backoff::default();
    loop {
        let asked = ask(&plan.relay, &plan.endpoint, &url, &holds);
        let Err(cause) = timeout(PATIENCE, asked).await.unwrap_or_else(|_| silent()) else {
            prove(board);
            return std::future::pending().await;
        };
        doubt(board, &cause);
        // The bound alone: a pause of no time at all is none to whoever answers wrongly.
        sleep(Backoff::MIN + backoff.next(random())).await;
    }
}

fn prove(board: &Board) {
    let before = board.proof.send_replace(Proof::Proven);
    if let Proof::Doubted { .. } = before {
        board.tell(false, "the public URL leads here");
    }
}

/// Tells a cause once, however often it is met.
fn doubt(board: &Board, cause: &str) {
    let doubted = Proof::Doubted {
        cause: cause.to_owned(),
    };
    let before = board.proof.send_replace(doubted.clone());
    if before != doubted {
        let text = format!("the public URL does not lead here yet: {cause}");
        board.tell(true, text);
    }
}

fn silent() -> Result<(), String> {
    Err(format!("no answer within {} s", PATIENCE.as_secs()))
}

/// One GET; why the answer is not yes.
async fn ask(
    relay: &Endpoint,
    endpoint: &EndpointName,
    url: &str,
    holds: &Holds,
) -> Result<(), String> {
    let public = public(relay, endpoint, url)?;
    let tcp = connect(relay, &public).await;
    let stream = dial::stream(&public, tcp).await.map_err(why)?;
    let request = request(&public, endpoint, holds)
        .map_err(|error| format!("{url} cannot be asked: {error}"))?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| words::of(&error))?;
    let answer = async {
        let answer = sender.send_request(request).await?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), LONGEST).collect().await;
        Ok((status, body.map(|body| body.to_bytes()).unwrap_or_default()))
    };
    let mut connection = pin!(connection);
    let answered: Result<_, hyper::Error> = tokio::select! {
        answered = answer => answered,
        // It ends by an error, which the answer has too, or when the answer is there.
        () = async { if connection.as_mut().await.is_ok() { std::future::pending().await } } => {
            return Err(format!("{} closed the connection", public.authority()));
        }
    };
    let authority = public.authority();
    let (status, body) = answered.map_err(|error| format!("{authority}: {}", words::of(&error)))?;
    judge(&authority, status, &body, holds)
}

/// What an answer means.
fn judge(authority: &str, status: StatusCode, body: &[u8], holds: &Holds) -> Result<(), String> {
    let is_yes = serde_json::from_slice::<Holds>(body).is_ok_and(|said| said == *holds);
    match status {
        StatusCode::OK if is_yes => Ok(()),
        StatusCode::NOT_FOUND => Err(format!(
            "{authority} does not know this listener: another relay, or one older than this"
        )),
        status if status.is_redirection() => Err(format!(
            "{authority} answered {status} and sends elsewhere, which is not followed"
        )),
        StatusCode::OK => Err(format!(
            "{authority} answered something that is not this relay's: is a proxy in between?"
        )),
        status => Err(format!("{authority} answered {status}")),
    }
}

/// The place that a public URL names, if it may be asked.
fn public(relay: &Endpoint, endpoint: &EndpointName, url: &str) -> Result<Endpoint, String> {
    let wrong = || format!("the relay gives `{url}`, which is no URL of this endpoint");
    let uri: http::Uri = url.parse().map_err(|_| wrong())?;
    let is_tls = match uri.scheme_str() {
        Some("https") => true,
        Some("http") => false,
        _ => return Err(wrong()),
    };
    let host = uri.host().ok_or_else(wrong)?;
    let base = uri.path().strip_suffix(endpoint.as_str());
    let base = base.and_then(|base| base.strip_suffix('/'));
    let public = Endpoint {
        is_tls,
        host: host
            .trim_start_matches('[')
            .trim_end_matches(']')
            .to_owned(),
        port: uri.port_u16().unwrap_or(if is_tls { 443 } else { 80 }),
        path: base.ok_or_else(wrong)?.to_owned(),
        token: relay.token.clone(),
        offer: None,
    };
    if !is_tls && !is_same(relay, &public) {
        return Err(format!(
            "the relay gives the public URL {url}, without TLS and not its own address"
        ));
    }
    Ok(public)
}

/// Whether both are one place: `localhost` and its addresses are, too.
fn is_same(relay: &Endpoint, public: &Endpoint) -> bool {
    let is_here = |place: &Endpoint| is_loopback_host(place.authority().as_bytes());
    relay.port == public.port
        && (is_named_alike(relay, public) || is_here(relay) && is_here(public))
}

fn is_named_alike(relay: &Endpoint, public: &Endpoint) -> bool {
    relay.host.eq_ignore_ascii_case(&public.host)
}

/// Connects: where the relay was dialled by this name, to whatever it means; else only to addresses of the whole world.
async fn connect(relay: &Endpoint, public: &Endpoint) -> io::Result<TcpStream> {
    let place = (public.host.as_str(), public.port);
    if is_same(relay, public) || public.is_tls && is_named_alike(relay, public) {
        return TcpStream::connect(place).await;
    }
    let found: Vec<SocketAddr> = lookup_host(place).await?.collect();
    if !found.iter().all(|addr| is_global(addr.ip())) {
        return Err(io::Error::other(
            "an address of this machine or its network, and not the relay's own",
        ));
    }
    TcpStream::connect(found.as_slice()).await
}

/// Whether an address is one of the whole world: none of RFC 6890's special ones that a machine or its network may use.
fn is_global(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => is_global_v4(ip),
        IpAddr::V6(ip) => is_global_v6(ip),
    }
}

fn is_global_v4(ip: Ipv4Addr) -> bool {
    let [first, second, ..] = ip.octets();
    // RFC 6598: addresses shared behind a carrier.
    let is_shared = first == 100 && (64..128).contains(&second);
    let is_local = ip.is_loopback() || ip.is_private() || ip.is_link_local() || is_shared;
    !is_local && first != 0 && first < 224
}

fn is_global_v6(ip: Ipv6Addr) -> bool {
    // RFC 4291 §2.4: global unicast is 2000::/3. NAT64 (RFC 6052) and 6to4 carry an address of the old kind.
    let embedded = match ip.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => Some((high, low)),
        _ => None,
    };
    match embedded {
        Some((high, low)) => is_global_v4(Ipv4Addr::from(u32::from(high) << 16 | u32::from(low))),
        None => ip.segments()[0] & 0xe000 == 0x2000,
    }
}

fn request(
    public: &Endpoint,
    endpoint: &EndpointName,
    holds: &Holds,
) -> Result<Request<Empty<Bytes>>, http::Error> {
    let mut request = Request::get(format!("{}{PATH}{endpoint}", public.path))
        .header(header::HOST, public.authority())
        .header(header::CACHE_CONTROL, "no-cache")
        .header(SESSION, holds.session.to_string())
        .header(EPOCH, holds.epoch.0);
    if let Some(token) = &public.token {
        let mut value = http::HeaderValue::try_from(format!("Bearer {token}"))?;
        value.set_sensitive(true);
        request = request.header(header::AUTHORIZATION, value);
    }
    request.body(Empty::new())
}

fn why(error: DialError) -> String {
    match error {
        DialError::Unreachable { cause, .. } => cause,
        DialError::Untrusted(distrust) => distrust.cause,
        DialError::Refused { text, .. } => text,
    }
}

#[cfg(test)]
mod tests;
