//! Asks a relay two things before it is kept: is it one, and does it take this token.
//!
//! The token goes where a link's would: in `Authorization` of the upgrade, which a relay judges before it says 101. The link that
//! may come of it is dropped.

use std::time::Duration;

use bytes::Bytes;
use hooktool_relay::protocol::{LINK_PATH, SUBPROTOCOL};
use http::{Request, Response, StatusCode, header};
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs};
use rustls_platform_verifier::BuilderVerifierExt as _;

use crate::{
    config::secrets::Secret,
    exit::{Failure, Report},
    forward::{Distrust, words},
};

/// Longest wait for the relay, in all.
const PATIENCE: Duration = Duration::from_secs(10);

/// Whether a relay answers there.
pub(super) async fn health(relay: &str) -> Result<(), Failure> {
    let request = Request::get(format!("{relay}/_hooktool/health"));
    let answer = ask(relay, request).await?;
    match answer.status() {
        StatusCode::OK => Ok(()),
        status => {
            let report = Report::new(format!("{relay} is not a hooktool relay"));
            Err(Failure::Relay(
                report.because(format!("it answered {status}")),
            ))
        }
    }
}

/// Whether the relay takes this token.
pub(super) async fn token(relay: &str, token: &Secret) -> Result<(), Failure> {
    let request = Request::get(format!("{relay}{LINK_PATH}"))
        .header(header::CONNECTION, "upgrade")
        .header(header::UPGRADE, "websocket")
        .header(header::SEC_WEBSOCKET_VERSION, "13")
        .header(header::SEC_WEBSOCKET_PROTOCOL, SUBPROTOCOL)
        // Sixteen bytes in base64, as RFC 6455 §4.1 wants; nothing is sent on this link, so they need not be random.
        .header(header::SEC_WEBSOCKET_KEY, "aG9va3Rvb2wtbG9naW4hIQ==")
        .header(header::AUTHORIZATION, format!("Bearer {}", token.expose()));
    let answer = ask(relay, request).await?;
    match answer.status() {
        StatusCode::SWITCHING_PROTOCOLS => Ok(()),
        StatusCode::UNAUTHORIZED => {
            let report = Report::new(format!("{relay} does not take this token"));
            let hint = "it may be revoked, or cut when it was copied; nothing was changed here";
            Err(Failure::Relay(report.hint(hint)))
        }
        status => {
            let report = Report::new(format!("{relay} cannot check the token now"));
            Err(Failure::Relay(
                report.because(format!("it answered {status}")),
            ))
        }
    }
}

async fn ask(relay: &str, request: http::request::Builder) -> Result<Response<Incoming>, Failure> {
    let failed = |cause: String, hint: &str| {
        let report = Report::new(format!("cannot reach the relay {relay}"));
        Failure::Relay(report.because(cause).hint(hint))
    };
    let unreachable = |cause: String| {
        let hint = "is it running? `hooktool listen 3000 --relay local` works without it";
        failed(cause, hint)
    };
    let untrusted = |found: Distrust| failed(found.cause, &found.hint);
    let request = request.body(Empty::<Bytes>::new());
    let request = request.map_err(|error| unreachable(error.to_string()))?;
    let tls = tls(relay).map_err(|error| untrusted(words::no_authorities(&error)))?;
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(tls)
        .https_or_http()
        .enable_http1()
        .build();
    let client = Client::builder(TokioExecutor::new()).build(connector);
    match tokio::time::timeout(PATIENCE, client.request(request)).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => {
            let uri = relay.parse::<http::Uri>().unwrap_or_default();
            let authority = uri.authority().map_or(relay, http::uri::Authority::as_str);
            let name = uri.host().unwrap_or(relay);
            Err(match words::distrust(&error, authority, name) {
                Some(found) => untrusted(found),
                None => unreachable(words::of(&error)),
            })
        }
        Err(_) => Err(unreachable(format!("no answer within {PATIENCE:?}"))),
    }
}

/// How the relay is verified. Plain HTTP needs no authorities, and some machines have none.
fn tls(relay: &str) -> Result<ClientConfig, rustls::Error> {
    let builder = ClientConfig::builder_with_provider(aws_lc_rs::default_provider().into())
        .with_safe_default_protocol_versions()?;
    let builder = if relay.starts_with("https:") {
        builder.with_platform_verifier()?
    } else {
        builder.with_root_certificates(RootCertStore::empty())
    };
    Ok(builder.with_no_client_auth())
}
