//! The answer to a listener's probe: yes if this very session's link is held here, else nothing that a stranger could learn from.
//!
//! In: the endpoint's name and the header lines. Out: an answer; none for whoever may not ask and for whom the answer is no, so that
//! both look alike. Nothing is captured.

use std::net::IpAddr;

use http::{
    HeaderMap, Response, StatusCode,
    header::{CACHE_CONTROL, HeaderValue},
};

use super::{Edge, routes::with_body, upgrade};
use crate::{
    answer::AnswerBody,
    capture::{EndpointName, Epoch, SessionId},
    protocol::probe::{EPOCH, Holds, SESSION},
};

/// The yes to a probe.
pub(super) async fn answer(
    edge: &Edge,
    sender: IpAddr,
    endpoint: &str,
    headers: &HeaderMap,
) -> Option<Response<AnswerBody>> {
    let endpoint: EndpointName = endpoint.parse().ok()?;
    let holds = asked(headers)?;
    // On an open relay a login without a token would make an account.
    let token = upgrade::bearer(headers)?;
    let login = edge.rooms.accounts.login(Some(token), sender).await.ok()?;
    let registry = &edge.rooms.registry;
    if !registry.is_held_by(&endpoint, &login.account, &holds.session, holds.epoch) {
        return None;
    }
    let body = serde_json::to_vec(&holds).ok()?;
    let mut answer = with_body(StatusCode::OK, "application/json", body);
    // What a proxy kept would prove nothing.
    let no_store = HeaderValue::from_static("no-store");
    answer.headers_mut().append(CACHE_CONTROL, no_store);
    Some(answer)
}

/// The session that is asked for.
fn asked(headers: &HeaderMap) -> Option<Holds> {
    let text = |name| std::str::from_utf8(upgrade::only(headers, name)?).ok();
    Some(Holds {
        session: SessionId::from(text(SESSION)?.to_owned()),
        epoch: Epoch(text(EPOCH)?.parse().ok()?),
    })
}
