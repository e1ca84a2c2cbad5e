//! Listeners that only hold a link: websocket, HELLO, WELCOME, and then silence.
//!
//! In: a relay that lets anyone claim. Out: links, which end when dropped. They are quiet: the relay's heartbeats pile up in
//! the socket, which does no harm for the seconds that they live.

use std::net::SocketAddr;

use anyhow::{Result, bail};
use hooktool_relay::{
    capture::{AnswerPolicy, EndpointName},
    link::{self, Inbound, Incoming, Outbound, Watched},
    protocol::{Frame, From, Hello, LINK_PATH, SUBPROTOCOL, Welcome},
};
use tokio::{net::TcpStream, task::JoinSet};
use tokio_tungstenite::{client_async_with_config, tungstenite::client::IntoClientRequest};

/// Held links of one account, each with an endpoint of its own.
pub(crate) struct Links {
    relay: SocketAddr,
    token: Option<String>,
    held: Vec<(Outbound, Inbound<TcpStream>)>,
    writing: JoinSet<()>,
}

impl Links {
    /// None yet, on this relay.
    pub(crate) fn on(relay: SocketAddr) -> Self {
        Self {
            relay,
            token: None,
            held: Vec::new(),
            writing: JoinSet::new(),
        }
    }

    /// Claims so many endpoints more.
    pub(crate) async fn grow(&mut self, count: usize) -> Result<()> {
        for _ in 0..count {
            let name = format!("idle-{}", self.held.len()).parse()?;
            let token = self.token.as_deref();
            let (link, welcome) = open(self.relay, token, name, &mut self.writing).await?;
            self.held.push(link);
            if welcome.token.is_some() {
                self.token = welcome.token;
            }
        }
        Ok(())
    }
}

async fn open(
    relay: SocketAddr,
    token: Option<&str>,
    endpoint: EndpointName,
    writing: &mut JoinSet<()>,
) -> Result<((Outbound, Inbound<TcpStream>), Welcome)> {
    let mut request = format!("ws://{relay}{LINK_PATH}").into_client_request()?;
    let headers = request.headers_mut();
    headers.append(
        http::header::SEC_WEBSOCKET_PROTOCOL,
        http::HeaderValue::from_static(SUBPROTOCOL),
    );
    if let Some(token) = token {
        headers.append(
            http::header::AUTHORIZATION,
            http::HeaderValue::try_from(format!("Bearer {token}"))?,
        );
    }
    let tcp = Watched::new(TcpStream::connect(relay).await?);
    let config = Some(link::websocket_config());
    let (socket, _) = client_async_with_config(request, tcp, config).await?;
    let limits = hooktool_relay::config::Limits::default();
    let limits = link::Limits {
        dead_after: limits.dead_after,
        write_stall: limits.write_stall,
    };
    let (out, mut inbound, writer) = link::split(socket, limits);
    writing.spawn(async move {
        // It ends with the benchmark.
        let _ = writer.run().await;
    });
    let hello = Box::new(hello(endpoint));
    out.control(Frame::Hello(hello)).await?;
    match inbound.next().await? {
        Incoming::Welcome(welcome) => Ok(((out, inbound), *welcome)),
        other => bail!("no WELCOME but {other:?}"),
    }
}

fn hello(endpoint: EndpointName) -> Hello {
    Hello {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        endpoint,
        name: "bench".to_owned(),
        answer: AnswerPolicy::App,
        deadline_ms: 4_500,
        from: From::Cursor,
        max_in_flight: 32,
        resume: None,
    }
}
