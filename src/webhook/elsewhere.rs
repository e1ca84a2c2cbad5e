//! A URL that stands in a request, and the hosts where it may be. A stranger wrote it: nobody here fetches it.
//!
//! In: its definition, a request. Out: the URL as it stands there, and whether it is https and on one of these hosts. Must not
//! know: what it is good for.

use std::borrow::Cow;

use regex::bytes::Regex;

use super::{
    block::expression, definition, pointer::Pointers, reading::Fault, request::Facts,
    source::Source, url,
};

/// Where it stands, and the hosts.
#[derive(Clone, Debug)]
pub(super) struct Elsewhere {
    url: Source,
    allow: Regex,
}

impl Elsewhere {
    /// Compiles it; `field` is what it is called in its definition.
    ///
    /// # Errors
    /// Where the fault stands, and what it is.
    pub(super) fn new(
        raw: &definition::Elsewhere,
        field: &'static str,
        pointers: &mut Pointers,
    ) -> Result<Self, Fault> {
        Ok(Self {
            url: Source::parse(raw.url.get_ref(), pointers)
                .map_err(|reason| Fault::at(&raw.url, field, reason))?,
            allow: expression(&raw.allow)?,
        })
    }

    /// The URL as it stands in a request, empty if it is not there.
    pub(super) fn of<'f>(&'f self, facts: &'f Facts<'_>) -> Cow<'f, [u8]> {
        self.url.first(facts, None).unwrap_or_default()
    }

    /// Whether a URL is https and on one of the hosts.
    pub(super) fn allows(&self, url: &[u8]) -> bool {
        let host = str::from_utf8(url).ok().and_then(url::https_host);
        host.is_some_and(|host| self.allow.is_match(host.as_bytes()))
    }
}
