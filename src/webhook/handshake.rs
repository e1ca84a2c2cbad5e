//! Questions that senders ask before they send: the challenge, and the answer that they want.
//!
//! In: the definition of a handshake, a request, the secrets of its sender. Out: an answer to give, or why there is none; or a URL
//! for a person to visit. Nothing is fetched and nothing is sent here. Must not know: who answers.
//!
//! ```text
//! asked? ─no─▶ none        signature bad? ─yes─▶ Refused
//!   │ yes                      │ no
//!   ▼                          ▼
//! an answer by a secret, or for a signed question only? ─ it must hold ─▶ Answer · Lacks
//! ```

use std::collections::BTreeMap;

use hooktool_relay::capture::{Body, Capture};
use toml::Spanned;

use super::{
    block::Block,
    definition,
    diagnosis::Verdict,
    doctor::{Doctor, Request},
    elsewhere::Elsewhere,
    key::Secret,
    known::Known,
    pointer::Pointers,
    reading::Fault,
    request::{Facts, Head},
    source::Source,
    template::{Context, Template},
};

/// Longest URL that a person is shown to visit, in bytes: those of Amazon have some 400.
const LONGEST: usize = 2_048;

/// A question and its answer.
#[derive(Clone, Debug)]
pub(super) struct Handshake {
    when: Block,
    /// Pairs of sources that must have the same value.
    require: Vec<(Source, Source)>,
    /// Answered only where the signature is known to hold.
    is_signed: bool,
    wants: Wants,
}

/// What the sender wants.
#[derive(Clone, Debug)]
enum Wants {
    Answer {
        status: u16,
        content_type: Option<String>,
        body: Option<Template>,
    },
    /// That a person opens a URL, whose host is one of these.
    Visit(Elsewhere),
}

/// What becomes of a handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Challenge {
    /// This is to be answered.
    Answer(Reply),
    /// Its signature does not hold, for this reason; a sender that probes wants to hear 401.
    Refused(String),
    /// It cannot be answered, for this reason: a secret is missing.
    Lacks(String),
}

/// A URL in a request that its sender wants to be visited. Nobody but a person does that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visit {
    /// The URL as the request has it: a stranger's text, not yet safe to show.
    pub url: String,
    /// Whether it is https, and its host is one of the provider's.
    pub is_allowed: bool,
}

impl Visit {
    /// What a person is told to do about it.
    pub fn advice(&self) -> &'static str {
        match self.is_allowed {
            true => "to confirm it, open this URL yourself",
            false => "it asks to be confirmed on a host that is not the sender's: do not open it",
        }
    }
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
    pub(super) fn new(
        raw: &Spanned<definition::Handshake>,
        pointers: &mut Pointers,
    ) -> Result<Self, Fault> {
        let (span, raw) = (raw.span(), raw.get_ref());
        let mut require = Vec::new();
        for (one, other) in &raw.require {
            let mut source = |text: &definition::Text| {
                Source::parse(text.get_ref(), pointers)
                    .map_err(|reason| Fault::at(text, "require", reason))
            };
            require.push((source(one)?, source(other)?));
        }
        let wants = match (&raw.respond, &raw.visit) {
            (Some(respond), None) => {
                let body = respond.body.as_ref().map(|text| {
                    Template::parse(text.get_ref(), pointers)
                        .map_err(|reason| Fault::at(text, "body", reason))
                });
                Wants::Answer {
                    status: respond.status,
                    content_type: respond.content_type.clone(),
                    body: body.transpose()?,
                }
            }
            (None, Some(visit)) => Wants::Visit(Elsewhere::new(visit, "visit", pointers)?),
            _ => {
                let reason = "it has either `respond` or `visit`".to_owned();
                return Err(Fault::within(span, "handshake", reason));
            }
        };
        Ok(Self {
            when: Block::new(&raw.when, pointers)?,
            require,
            is_signed: raw.signed,
            wants,
        })
    }

    /// Whether a request asks this.
    pub(super) fn is_asked(&self, facts: &Facts<'_>) -> bool {
        self.when.holds(facts)
    }

    /// Whether only a request whose signature holds is answered: so the definition says, or the answer is a MAC, and whoever
    /// gets those for words of his own can sign.
    fn needs_proof(&self) -> bool {
        let is_mac = match &self.wants {
            Wants::Answer { body, .. } => body.as_ref().is_some_and(Template::has_mac),
            Wants::Visit(_) => false,
        };
        self.is_signed || is_mac
    }

    /// The answer by a secret; none if there is none to give, or what must agree does not.
    fn reply(&self, facts: &Facts<'_>, secret: Option<&Secret>) -> Option<Reply> {
        let Wants::Answer {
            status,
            content_type,
            body,
        } = &self.wants
        else {
            return None;
        };
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
        let body = match body {
            Some(template) => template.bytes(&context).ok()?,
            None => Vec::new(),
        };
        Some(Reply {
            status: *status,
            content_type: content_type.clone(),
            body,
        })
    }
}

impl Doctor<'_> {
    /// What becomes of a request that is a handshake, at a moment in Unix milliseconds; none if it is none, or one that wants a URL
    /// visited.
    pub fn challenge(&self, request: &Request<'_>, now: i64) -> Option<Challenge> {
        let facts = Facts::new(request.head, request.body, true, &self.known.pointers);
        let provider = self.known.recognise(&facts)?;
        let mut handshakes = provider.handshakes.iter();
        let asked = handshakes
            .find(|one| matches!(one.wants, Wants::Answer { .. }) && one.is_asked(&facts))?;
        let found = self.verdict(request, Some(&provider.id), now);
        if found.verdict == Verdict::Bad {
            return Some(Challenge::Refused(found.reason));
        }
        let holds = matches!(found.verdict, Verdict::Ok | Verdict::Old);
        if asked.needs_proof() && !holds {
            return Some(Challenge::Lacks(found.reason));
        }
        let own = self.own(provider);
        let matched = own
            .iter()
            .find(|one| Some(&one.label) == found.secret.as_ref());
        let secrets = matched.into_iter().chain(&own).map(|secret| Some(*secret));
        let reply = secrets
            .chain([None])
            .find_map(|one| asked.reply(&facts, one));
        Some(match reply {
            Some(reply) => Challenge::Answer(reply),
            None => {
                let reason = "what it says does not agree with what is set for its sender";
                Challenge::Lacks(reason.to_owned())
            }
        })
    }
}

impl Known {
    /// The URL that the sender of a request wants a person to visit; none of any other request, or one whose body is in pieces.
    pub fn visit(&self, capture: &Capture) -> Option<Visit> {
        let Body::Whole(body) = &capture.body else {
            return None;
        };
        let facts = Facts::new(Head::of(capture), body, true, &self.pointers);
        let provider = self.recognise(&facts)?;
        let mut handshakes = provider.handshakes.iter();
        let wanted = handshakes.find_map(|one| match &one.wants {
            Wants::Visit(elsewhere) if one.is_asked(&facts) => Some(elsewhere),
            _ => None,
        })?;
        let url = wanted.of(&facts);
        let text = str::from_utf8(&url).ok()?;
        (!text.is_empty() && text.len() <= LONGEST).then(|| Visit {
            url: text.to_owned(),
            is_allowed: wanted.allows(&url),
        })
    }
}
