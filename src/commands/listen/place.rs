//! Which endpoint, on which relay: the folder's own as it was yesterday, or a new one; and the relay in this process, if there is
//! none elsewhere.

use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

use hooktool_relay::{
    Config, Relay,
    capture::EndpointName,
    config::{Access, Limits},
    server::BindError,
    store::{Retention, StoreError},
    token::Token,
};
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;

use crate::{
    agent::{Endpoint, Offer},
    config::{
        ConfigError, RelayAt, Settings,
        secrets::{self, Secret},
    },
    exit::{Failure, Report, writable},
    history::{FolderEndpoint, History, HistoryError},
};

use super::{ending, names};

/// First port of an embedded relay; the next free one is taken, and kept for the folder.
const FIRST_PORT: u16 = 4141;
/// Ports tried before the system chooses.
const PORTS: u16 = 100;
/// What the history calls the embedded relay.
const LOCAL: &str = "local";
/// The embedded relay's last moments: its one listener has left before.
const DRAIN: Duration = Duration::from_secs(2);

/// Where a listener listens.
#[derive(Debug)]
pub(super) struct Place {
    /// The endpoint.
    pub(super) endpoint: EndpointName,
    /// What the history calls the relay.
    pub(super) relay_name: String,
    /// How to reach it.
    pub(super) dial: Endpoint,
    /// The relay in this process.
    pub(super) embedded: Option<Relay>,
    /// Whether the folder does not know this endpoint as its own yet.
    is_new: bool,
}

impl Place {
    /// Keeps the endpoint for the folder, once the relay has given it: a name that is another account's must not take the place
    /// of the folder's own.
    pub(super) async fn keep(
        &self,
        settings: &Settings,
        history: &History,
    ) -> Result<(), HistoryError> {
        if !self.is_new {
            return Ok(());
        }
        let keep = FolderEndpoint {
            endpoint: self.endpoint.clone(),
            port: None,
        };
        history
            .keep_endpoint(&settings.project, &self.relay_name, keep)
            .await
    }
}

/// Finds the place. One on this machine is kept for the folder; another by [`Place::keep`].
pub(super) async fn find(settings: &Settings, history: &History) -> Result<Place, Failure> {
    match &settings.relay {
        RelayAt::Local => local(settings, history).await,
        RelayAt::Url(url) => remote(settings, history, url).await,
    }
}

async fn local(settings: &Settings, history: &History) -> Result<Place, Failure> {
    let kept = history.endpoint_of(&settings.project, LOCAL).await?;
    let endpoint = name(settings, kept.as_ref(), false)?;
    let kept_port = kept
        .as_ref()
        .filter(|kept| kept.endpoint == endpoint)
        .and_then(|kept| kept.port);
    let token = Token::random().map_err(|_| random())?;
    let data = settings.folders.local(endpoint.as_str());
    let relay = bind(kept_port, &data, token.reveal(), &settings.project).await?;
    let port = relay.addr().port();
    let keep = FolderEndpoint {
        endpoint: endpoint.clone(),
        port: Some(port),
    };
    history
        .keep_endpoint(&settings.project, LOCAL, keep)
        .await?;
    let dial = Endpoint {
        is_tls: false,
        host: relay.addr().ip().to_string(),
        port,
        path: String::new(),
        token: Some(token.reveal().to_owned()),
        offer: None,
    };
    Ok(Place {
        endpoint,
        relay_name: LOCAL.to_owned(),
        dial,
        embedded: Some(relay),
        is_new: false,
    })
}

async fn remote(settings: &Settings, history: &History, url: &str) -> Result<Place, Failure> {
    let kept = history.endpoint_of(&settings.project, url).await?;
    let endpoint = name(settings, kept.as_ref(), true)?;
    let is_new = kept.is_none_or(|kept| kept.endpoint != endpoint);
    let token = settings
        .token
        .as_ref()
        .map(|secret| secret.expose().to_owned());
    let mut dial = dial(url, token)?;
    if dial.token.is_none() {
        dial.offer = Some(offer(settings, url).await?);
    }
    Ok(Place {
        endpoint,
        relay_name: url.to_owned(),
        dial,
        embedded: None,
        is_new,
    })
}

/// A token for an open relay to take: the one that was offered before, or a new one.
async fn offer(settings: &Settings, url: &str) -> Result<Offer, Failure> {
    let made = Token::random().map_err(|_| random())?;
    let made = Secret::new(made.reveal()).ok_or_else(random)?;
    let (folders, url) = (settings.folders.clone(), url.to_owned());
    let offered = spawn_blocking(move || {
        let kept = secrets::offered(&folders, &url)?;
        let secret = kept.unwrap_or(made);
        let token = secret.expose().to_owned();
        let keep = move || {
            if let Err(error) = secrets::offer(&folders, &url, secret.clone()) {
                tracing::warn!(%error, "the token that is offered is not kept");
            }
        };
        Ok(Offer {
            token,
            keep: Arc::new(keep),
        })
    });
    match offered.await {
        Ok(offered) => offered.map_err(|error: ConfigError| error.into()),
        Err(_) => Err(random()),
    }
}

fn name(
    settings: &Settings,
    kept: Option<&FolderEndpoint>,
    is_public: bool,
) -> Result<EndpointName, Failure> {
    match (&settings.endpoint, kept) {
        (Some(chosen), _) => Ok(chosen.clone()),
        (None, Some(kept)) => Ok(kept.endpoint.clone()),
        (None, None) => names::make_up(is_public).map_err(|_| random()),
    }
}

/// Binds the embedded relay: on the folder's port, else on the next free one.
async fn bind(
    kept: Option<u16>,
    data: &Path,
    token: &str,
    project: &Path,
) -> Result<Relay, Failure> {
    let ports = kept
        .into_iter()
        .chain(FIRST_PORT..FIRST_PORT + PORTS)
        .chain([0]);
    let mut last = None;
    for port in ports {
        let listen = SocketAddr::from(([127, 0, 0, 1], port));
        let config = Config {
            listen,
            public_url: None,
            data: Some(data.to_owned()),
            tls: None,
            insecure_http: false,
            trusted_proxies: Vec::new(),
            access: Access::Embedded {
                token: token.to_owned(),
            },
            limits: Limits {
                rate: 0,
                drain: DRAIN,
                ..Limits::default()
            },
            retention: Retention::default(),
            // Its disk is the developer's, who needs the room more.
            reserve: 0,
        };
        match Relay::bind(config).await {
            Ok(relay) => return Ok(relay),
            Err(BindError::InUse(addr)) => last = Some(BindError::InUse(addr)),
            Err(error) => return Err(not_bound(&error, project)),
        }
    }
    Err(not_bound(
        &last.unwrap_or(BindError::InUse(SocketAddr::from(([127, 0, 0, 1], 0)))),
        project,
    ))
}

/// Runs the relay of this process, if there is one, until it is stopped; when it ends by itself, the listener is asked to stop:
/// it would wait for ever.
pub(super) async fn serve(
    relay: Option<Relay>,
    stopped: CancellationToken,
    listener: CancellationToken,
) -> Result<(), Failure> {
    let Some(relay) = relay else {
        stopped.cancelled().await;
        return Ok(());
    };
    let ended = relay.run(stopped.cancelled_owned()).await;
    listener.cancel();
    ended.map_err(|error| ending::relay_failed(&error))
}

fn not_bound(error: &BindError, project: &Path) -> Failure {
    if let BindError::Store(StoreError::Locked(_)) = error {
        let report = Report::new(format!(
            "another `hooktool listen` runs in {}",
            project.display()
        ));
        return Failure::Other(
            report
                .because("a folder has one public URL, and one listener holds it")
                .hint("stop the other one, or give this one a name of its own: --endpoint NAME"),
        );
    }
    let cause = std::error::Error::source(error).map(ToString::to_string);
    let mut report = Report::new(format!("the relay of this folder cannot start: {error}"));
    report.cause = cause;
    Failure::Other(match error {
        BindError::Store(StoreError::ReadOnly(path)) => report.hint(writable(path)),
        _ => report.hint("`hooktool config path` says where its files are"),
    })
}

/// A relay's URL as something to dial.
fn dial(url: &str, token: Option<String>) -> Result<Endpoint, Failure> {
    let wrong = || {
        Failure::Usage(
            Report::new(format!("`{url}` is no relay's URL")).hint("give https://relay.example"),
        )
    };
    let uri: http::Uri = url.parse().map_err(|_| wrong())?;
    let is_tls = uri.scheme_str() == Some("https");
    let host = uri
        .host()
        .ok_or_else(wrong)?
        .trim_start_matches('[')
        .trim_end_matches(']')
        .to_owned();
    let port = uri.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
    let path = uri.path().trim_end_matches('/').to_owned();
    Ok(Endpoint {
        is_tls,
        host,
        port,
        path,
        token,
        offer: None,
    })
}

fn random() -> Failure {
    Failure::Other(Report::new("the system gives no random numbers"))
}
