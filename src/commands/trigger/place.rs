//! Where a sample goes that is sent through the public URL, and where one that goes straight to a target is recorded.
//!
//! In: the settings, the history, which knows this folder's endpoint. Out: a URL; a relay's name and an endpoint. Nothing is
//! asked of the network.

use crate::{
    commands::listen::names,
    config::{RelayAt, Settings},
    exit::{Failure, Report},
    history::{FolderEndpoint, History},
    target::Target,
    trigger::Place,
};

/// What the history calls the embedded relay.
const LOCAL: &str = "local";

/// The public URL of this folder, and whose it is.
pub(in crate::commands) async fn public(
    settings: &Settings,
    history: &History,
) -> Result<(Target, Place), Failure> {
    let relay = relay(settings);
    let kept = history.endpoint_of(&settings.project, relay).await?;
    let endpoint = settings.endpoint.clone();
    let endpoint = endpoint.or_else(|| kept.as_ref().map(|kept| kept.endpoint.clone()));
    let port = kept.as_ref().and_then(|kept| kept.port);
    let origin = match &settings.relay {
        RelayAt::Url(url) => Some(url.clone()),
        RelayAt::Local => port.map(|port| format!("http://127.0.0.1:{port}")),
    };
    let (Some(endpoint), Some(origin)) = (endpoint, origin) else {
        let report = Report::new("this folder has no public URL yet");
        return Err(Failure::Relay(report.hint(
            "`hooktool listen` makes one; --to 3000 sends straight to the app",
        )));
    };
    let base = format!("{origin}/{endpoint}").parse::<Target>();
    let base = base.map_err(|error| Failure::Usage(Report::new(error.to_string())))?;
    Ok((base, (relay.into(), endpoint)))
}

/// Where to record what goes straight to a target: among this folder's requests.
pub(in crate::commands) async fn to_record(
    settings: &Settings,
    history: &History,
) -> Result<Place, Failure> {
    let relay = relay(settings);
    if let Some(kept) = history.endpoint_of(&settings.project, relay).await? {
        return Ok((relay.into(), kept.endpoint));
    }
    if let Some(endpoint) = settings.endpoint.clone() {
        return Ok((relay.into(), endpoint));
    }
    // The first `listen` here takes this name too.
    let endpoint = names::make_up(false)
        .map_err(|_| Failure::Other(Report::new("the system gives no random numbers")))?;
    let keep = FolderEndpoint {
        endpoint: endpoint.clone(),
        port: None,
    };
    history
        .keep_endpoint(&settings.project, LOCAL, keep)
        .await?;
    Ok((LOCAL.into(), endpoint))
}

fn relay(settings: &Settings) -> &str {
    match &settings.relay {
        RelayAt::Local => LOCAL,
        RelayAt::Url(url) => url,
    }
}
