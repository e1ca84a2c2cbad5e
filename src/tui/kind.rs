//! Of what kind a request is: what is folded in one is folded in the next of its kind, and it is compared with the one before.
//!
//! In: a row. Out: a number that all of its kind share: the event of a known sender, else method and path of its endpoint.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use crate::history::Summary;

/// The kind of a request.
pub(super) fn kind(row: &Summary) -> u64 {
    let mut hasher = DefaultHasher::new();
    let webhook = row.webhook.as_deref();
    match webhook.filter(|webhook| webhook.event.is_some() || webhook.action.is_some()) {
        Some(webhook) => {
            (&webhook.provider, &webhook.event, &webhook.action).hash(&mut hasher);
        }
        None => {
            let path = row.path.split(|&byte| byte == b'?').next();
            (row.endpoint.as_str(), &row.method, path).hash(&mut hasher);
        }
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{history::Webhook, tui::tests::row};

    fn event(provider: &str, event: Option<&str>, action: Option<&str>) -> Option<Box<Webhook>> {
        Some(Box::new(Webhook {
            provider: provider.into(),
            event: event.map(Into::into),
            action: action.map(Into::into),
            delivery_id: None,
            attempt: None,
            attempt_reason: None,
            verdict: "ok".into(),
        }))
    }

    #[test]
    fn the_event_decides_and_without_one_the_path() {
        let of = |path: &'static str, webhook| {
            let mut row = row(7, Some(200));
            row.path = path.into();
            row.webhook = webhook;
            kind(&row)
        };
        let paid = || event("stripe", Some("invoice.paid"), None);
        assert_eq!(of("/a", paid()), of("/b?x=1", paid()));
        assert_ne!(
            of("/a", paid()),
            of("/a", event("stripe", Some("charge"), None))
        );
        let issue = |action| event("github", Some("issues"), Some(action));
        assert_ne!(of("/a", issue("opened")), of("/a", issue("closed")));
        assert_eq!(of("/a?n=1", None), of("/a?n=2", None));
        assert_ne!(of("/a", None), of("/b", None));
        let unnamed = || event("stripe", None, None);
        assert_ne!(
            of("/a", unnamed()),
            of("/b", unnamed()),
            "no event is known"
        );
    }
}
