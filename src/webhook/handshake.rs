//! Questions that senders ask before they send: the challenge, and the answer that they want.
//!
//! In: the definition of a handshake, a request, the secrets of its sender. Out: an answer to give. Nothing is fetched and
//! nothing is sent here. Must not know: who answers.

use std::collections::BTreeMap;

use super::{
    block::Block,
    definition,
    key::Secret,
    known::Known,
    pointer::Pointers,
    reading::Fault,
    request::{Facts, Head},
    source::Source,
    template::{Context, Template},
};

/// A question and its answer.
#[derive(Clone, Debug)]
pub(super) struct Handshake {
    when: Block,
    /// Pairs of sources that must have the same value.
    require: Vec<(Source, Source)>,
    status: u16,
    content_type: Option<String>,
    body: Option<Template>,
}

/// The answer that a sender wants to hear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Status.
    pub status: u16,
    /// Content-Type; none: no body.
    pub content_type: Option<String>,
    /// Body.
    pub body: Vec<u8>,
}

impl Handshake {
    /// Compiles it.
    ///
    /// # Errors
    /// Where the fault stands, and what it is.
    pub(super) fn new(raw: &definition::Handshake, pointers: &mut Pointers) -> Result<Self, Fault> {
        let mut require = Vec::new();
        for (one, other) in &raw.require {
            let mut source = |text: &definition::Text| {
                Source::parse(text.get_ref(), pointers)
                    .map_err(|reason| Fault::at(text, "require", reason))
            };
            require.push((source(one)?, source(other)?));
        }
        let body = raw.respond.body.as_ref().map(|text| {
            Template::parse(text.get_ref(), pointers)
                .map_err(|reason| Fault::at(text, "body", reason))
        });
        Ok(Self {
            when: Block::new(&raw.when, pointers)?,
            require,
            status: raw.respond.status,
            content_type: raw.respond.content_type.clone(),
            body: body.transpose()?,
        })
    }

    /// Whether a request asks this.
    pub(super) fn is_asked(&self, facts: &Facts<'_>) -> bool {
        self.when.holds(facts)
    }

    fn reply(&self, facts: &Facts<'_>, secret: Option<&Secret>) -> Option<Reply> {
        if !self.is_asked(facts) {
            return None;
        }
        let nothing = BTreeMap::new();
        let config = secret.map_or(&nothing, |secret| &secret.config);
        let value = |source: &Source| match source {
            Source::Config(name) => config.get(name).map(|text| text.clone().into_bytes()),
            source => source.first(facts, None).map(std::borrow::Cow::into_owned),
        };
        let is_same =
            |(one, other): &(Source, Source)| value(one).is_some() && value(one) == value(other);
        if !self.require.iter().all(is_same) {
            return None;
        }
        let context = Context {
            facts,
            item: None,
            body: facts.body,
            url: None,
            timestamp: b"",
            secret: secret.map_or(b"", |secret| secret.bytes()),
            sig: "",
            config,
        };
        // An answer by a key that nobody set would only look like one.
        let body = match &self.body {
            Some(template) if template.has_mac() && secret.is_none() => return None,
            Some(template) => template.bytes(&context).ok()?,
            None => Vec::new(),
        };
        Some(Reply {
            status: self.status,
            content_type: self.content_type.clone(),
            body,
        })
    }
}

impl Known {
    /// The answer to a handshake, if a request is one; `secrets`: all that are set. Whether its signature holds is for the
    /// doctor to say.
    pub fn challenge(&self, head: Head<'_>, body: &[u8], secrets: &[Secret]) -> Option<Reply> {
        let facts = Facts::new(head, body, true, &self.pointers);
        let provider = self.recognise(&facts)?;
        let own = secrets
            .iter()
            .filter(|secret| secret.provider == provider.id)
            .map(Some)
            .chain([None]);
        let mut handshakes = provider.handshakes.iter();
        handshakes.find_map(|handshake| {
            let mut own = own.clone();
            own.find_map(|secret| handshake.reply(&facts, secret))
        })
    }
}
