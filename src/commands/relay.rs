//! `hooktool relay`: the public server, until it is told to stop.

use std::net::{Ipv6Addr, SocketAddr};

use hooktool_relay::{
    Config, Relay,
    config::{Access, Limits, TlsFiles},
    server::{BindError, RelayError},
    store::StoreError,
};
use tokio_util::sync::CancellationToken;

use super::stop;
use crate::{
    cli::relay::{Data, Serve},
    config::Folders,
    exit::{Failure, Report, writable},
};

/// Serves. The first line on stderr names the URL.
pub(super) async fn run(serve: Serve) -> Result<(), Failure> {
    let config = config(serve)?;
    let has_url = config.public_url.is_some();
    let relay = Relay::bind(config).await.map_err(|error| unbound(&error))?;
    let addr = relay.addr();
    tracing::info!(url = %relay.public_url(), %addr, "the relay is up");
    if !has_url && addr.ip().is_unspecified() {
        tracing::warn!("nobody can reach that URL: --public-url says what senders use");
    }
    let stop = CancellationToken::new();
    let asked = stop.clone().cancelled_owned();
    let ended = tokio::select! {
        ended = Box::pin(relay.run(asked)) => ended,
        () = stop::on_signal(stop) => Ok(()),
    };
    ended.map_err(|RelayError::Store(error)| {
        let report = Report::new("the relay stopped: it can store nothing more");
        Failure::Other(report.because(error.to_string()))
    })
}

/// The relay's data folder.
pub(super) fn folder(data: Data) -> Result<std::path::PathBuf, Failure> {
    match data.data {
        Some(folder) => Ok(folder),
        None => Ok(Folders::of_user()?.relay()),
    }
}

fn config(serve: Serve) -> Result<Config, Failure> {
    let tls = match (serve.tls_cert, serve.tls_key) {
        (Some(cert), Some(key)) => Some(TlsFiles { cert, key }),
        _ => None,
    };
    let standard = Config::default();
    let listen = match (serve.listen, &tls) {
        (Some(addr), _) => addr,
        (None, Some(_)) => SocketAddr::from((Ipv6Addr::UNSPECIFIED, 443)),
        (None, None) => standard.listen,
    };
    Ok(Config {
        listen,
        public_url: serve.public_url,
        data: Some(folder(serve.data)?),
        tls,
        insecure_http: serve.insecure_http,
        trusted_proxies: serve.trusted_proxy,
        access: if serve.open {
            Access::Open
        } else {
            Access::Tokens
        },
        limits: Limits {
            rate: serve.max_rate,
            ..standard.limits
        },
        ..standard
    })
}

fn unbound(error: &BindError) -> Failure {
    let report = match error {
        BindError::Insecure(addr) => {
            let report = Report::new(format!("the relay will not listen on {addr} without TLS"))
                .because("tokens and bodies could be read on the way")
                .hint("give --tls-cert and --tls-key, or --insecure-http behind a proxy with TLS");
            return Failure::Usage(report);
        }
        BindError::InUse(addr) => Report::new(format!("cannot listen on {addr}"))
            .because("another process listens there")
            .hint("choose another address: --listen 127.0.0.1:8081"),
        BindError::Denied(addr) => Report::new(format!("cannot listen on {addr}"))
            .because("the system does not allow it")
            .hint("ports below 1024 are for root: --listen 0.0.0.0:8443"),
        BindError::Address { addr, source } => {
            Report::new(format!("cannot listen on {addr}")).because(source.to_string())
        }
        BindError::Tls(tls) => {
            let report = Report::new(format!("the certificate cannot be used: {tls}"));
            let report = match std::error::Error::source(tls) {
                Some(source) => report.because(source.to_string()),
                None => report,
            };
            return Failure::Usage(
                report.hint("both files are PEM; the chain begins with the relay's own"),
            );
        }
        BindError::Store(StoreError::ReadOnly(path)) => {
            Report::new("the relay's data cannot be opened")
                .because(format!("{} is read-only", path.display()))
                .hint(format!("{}; --data chooses another folder", writable(path)))
        }
        BindError::Store(store) => {
            Report::new("the relay's data cannot be opened").because(store.to_string())
        }
    };
    Failure::Other(report)
}
