//! One provider: how it is recognised, where its event and ids stand, how it signs, how it behaves.
//!
//! In: its definition. Out: a [`Draft`], every part of it optional so that another can lie under it, then a [`Provider`]. Must
//! not know: files.

use super::{
    block::Block,
    definition::{self, Text},
    handshake::Handshake,
    pointer::Pointers,
    reading::Fault,
    scheme::Scheme,
    sender::Sender,
    source::Source,
    words,
};

/// A known sender.
#[derive(Clone, Debug)]
pub struct Provider {
    /// What people type and JSON says.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// The page a developer needs.
    pub docs: Option<String>,
    /// The provider that this one is built on.
    pub extends: Option<String>,
    /// Whether the public URL is part of the signature.
    pub is_url_signed: bool,
    /// How it behaves, as far as it is known.
    pub sender: Sender,
    /// What it is recognised by, in words; any may fit.
    pub recognised_by: Vec<String>,
    /// Where its event type, its action, its delivery id and its attempt number stand, as the definition says it.
    pub stands: Stands,
    pub(super) rank: i8,
    pub(super) detect: Vec<Block>,
    pub(super) event: Vec<Source>,
    pub(super) action: Option<Source>,
    pub(super) dedupe: Vec<Source>,
    pub(super) dedupe_with: Vec<Source>,
    pub(super) attempt: Option<Source>,
    pub(super) attempt_reason: Option<Source>,
    pub(super) schemes: Vec<Scheme>,
    pub(super) handshakes: Vec<Handshake>,
}

/// Sources as their definition writes them, the first that is there counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stands {
    /// Of the event type.
    pub event: Vec<String>,
    /// Of the action.
    pub action: Option<String>,
    /// Of the delivery id.
    pub id: Vec<String>,
    /// Of the sender's own attempt number.
    pub attempt: Option<String>,
}

impl Provider {
    /// How it signs, in words, a line a scheme.
    pub fn signs(&self) -> impl Iterator<Item = String> {
        self.schemes.iter().map(Scheme::words)
    }
}

/// Some sources and how they were written.
type Sources = (Vec<Source>, Vec<String>);

/// A definition of which parts may be missing.
#[derive(Clone, Debug, Default)]
pub(super) struct Draft {
    pub(super) id: String,
    pub(super) extends: Option<Text>,
    name: Option<String>,
    docs: Option<String>,
    rank: Option<i8>,
    detect: Option<(Vec<Block>, Vec<String>)>,
    event: Option<Sources>,
    action: Option<Sources>,
    dedupe: Option<Sources>,
    dedupe_with: Option<Sources>,
    attempt: Option<Sources>,
    attempt_reason: Option<Sources>,
    is_url_signed: Option<bool>,
    verify: Option<Vec<Alternative>>,
    handshakes: Option<Vec<Handshake>>,
    sender: Option<Sender>,
}

#[derive(Clone, Debug)]
enum Alternative {
    Own(Box<Scheme>),
    Borrowed(Box<Borrowed>),
}

/// The schemes of another provider, if a block holds.
#[derive(Clone, Debug)]
pub(super) struct Borrowed {
    pub(super) id: Text,
    pub(super) when: Option<Block>,
}

impl Draft {
    /// Compiles a definition.
    ///
    /// # Errors
    /// The first fault in it.
    pub(super) fn new(raw: &definition::Provider, pointers: &mut Pointers) -> Result<Self, Fault> {
        check_id(&raw.id)?;
        let detect = match &raw.detect {
            None => None,
            Some(blocks) => Some(detection(&raw.id, blocks, pointers)?),
        };
        let verify = raw.verify.as_ref().map(|list| {
            let list = list.iter();
            list.map(|raw| Alternative::new(raw, pointers))
                .collect::<Result<_, _>>()
        });
        let verify = verify.transpose()?;
        let handshakes = raw.handshake.as_ref().map(|list| {
            let list = list.iter();
            list.map(|raw| Handshake::new(raw, pointers))
                .collect::<Result<_, _>>()
        });
        let handshakes = handshakes.transpose()?;
        let mut list = |texts: &Option<Vec<Text>>, field| match texts {
            None => Ok(None),
            Some(texts) => sources(texts, field, pointers).map(Some),
        };
        let one = |text: &Option<Text>| text.clone().map(|text| vec![text]);
        Ok(Self {
            id: raw.id.get_ref().clone(),
            extends: raw.extends.clone(),
            name: raw.name.clone(),
            docs: raw.docs.clone(),
            rank: raw.rank,
            detect,
            event: list(&raw.event, "event")?,
            action: list(&one(&raw.action), "action")?,
            dedupe: list(&raw.dedupe, "dedupe")?,
            dedupe_with: list(&raw.dedupe_with, "dedupe_with")?,
            attempt: list(&one(&raw.attempt), "attempt")?,
            attempt_reason: list(&one(&raw.attempt_reason), "attempt_reason")?,
            is_url_signed: raw.url_signed,
            verify,
            handshakes,
            sender: raw.sender.clone(),
        })
    }

    /// Itself, and what it leaves out as `base` has it.
    pub(super) fn over(self, base: Self) -> Self {
        Self {
            id: self.id,
            extends: self.extends,
            name: self.name,
            docs: self.docs.or(base.docs),
            rank: self.rank.or(base.rank),
            detect: self.detect.or(base.detect),
            event: self.event.or(base.event),
            action: self.action.or(base.action),
            // What goes with an id goes with the ids that it was written for.
            dedupe_with: match self.dedupe {
                Some(_) => self.dedupe_with,
                None => self.dedupe_with.or(base.dedupe_with),
            },
            dedupe: self.dedupe.or(base.dedupe),
            attempt: self.attempt.or(base.attempt),
            attempt_reason: self.attempt_reason.or(base.attempt_reason),
            is_url_signed: self.is_url_signed.or(base.is_url_signed),
            verify: self.verify.or(base.verify),
            handshakes: self.handshakes.or(base.handshakes),
            sender: self.sender.or(base.sender),
        }
    }

    /// Its schemes in order: its own, or where they are borrowed from.
    pub(super) fn alternatives(&self) -> impl Iterator<Item = (Option<&Borrowed>, Option<Scheme>)> {
        let list = self.verify.iter().flatten();
        list.map(|alternative| match alternative {
            Alternative::Own(scheme) => (None, Some(scheme.as_ref().clone())),
            Alternative::Borrowed(borrowed) => (Some(borrowed.as_ref()), None),
        })
    }

    /// The schemes that it does not borrow.
    pub(super) fn own_schemes(&self) -> Vec<Scheme> {
        self.alternatives().filter_map(|(_, own)| own).collect()
    }

    /// The provider, with these schemes.
    pub(super) fn finish(self, schemes: Vec<Scheme>) -> Provider {
        let (detect, recognised_by) = self.detect.unwrap_or_default();
        let (event, event_words) = self.event.unwrap_or_default();
        let (action, action_words) = self.action.unwrap_or_default();
        let (dedupe, dedupe_words) = self.dedupe.unwrap_or_default();
        let (dedupe_with, _) = self.dedupe_with.unwrap_or_default();
        let (attempt, attempt_words) = self.attempt.unwrap_or_default();
        let (attempt_reason, _) = self.attempt_reason.unwrap_or_default();
        let extends = self.extends.map(toml::Spanned::into_inner);
        Provider {
            name: self.name.unwrap_or_else(|| self.id.clone()),
            extends: extends.filter(|base| *base != self.id),
            id: self.id,
            docs: self.docs,
            is_url_signed: self.is_url_signed.unwrap_or_default(),
            sender: self.sender.unwrap_or_default(),
            recognised_by,
            stands: Stands {
                event: event_words,
                action: action_words.into_iter().next(),
                id: dedupe_words,
                attempt: attempt_words.into_iter().next(),
            },
            rank: self.rank.unwrap_or_default(),
            detect,
            event,
            action: action.into_iter().next(),
            dedupe,
            dedupe_with,
            attempt: attempt.into_iter().next(),
            attempt_reason: attempt_reason.into_iter().next(),
            schemes,
            handshakes: self.handshakes.unwrap_or_default(),
        }
    }
}

impl Alternative {
    fn new(
        raw: &toml::Spanned<definition::Verify>,
        pointers: &mut Pointers,
    ) -> Result<Self, Fault> {
        match &raw.get_ref().r#use {
            None => Scheme::new(raw, pointers).map(|scheme| Self::Own(Box::new(scheme))),
            Some(id) => {
                let when = raw.get_ref().when.as_ref();
                let when = when.map(|block| Block::new(block, pointers)).transpose()?;
                let id = id.clone();
                Ok(Self::Borrowed(Box::new(Borrowed { id, when })))
            }
        }
    }
}

fn check_id(id: &Text) -> Result<(), Fault> {
    let text = id.get_ref();
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if !text.is_empty() && text.len() <= 63 && text.bytes().all(fits) {
        return Ok(());
    }
    let reason = "an id is lower-case letters, digits and `-`, at most 63";
    Err(Fault::at(id, "id", reason))
}

fn detection(
    id: &Text,
    raw: &[definition::Block],
    pointers: &mut Pointers,
) -> Result<(Vec<Block>, Vec<String>), Fault> {
    let mut blocks = Vec::new();
    for block in raw {
        let compiled = Block::new(block, pointers)?;
        if compiled.is_empty() {
            return Err(Fault::at(id, "detect", "an empty block fits every request"));
        }
        blocks.push(compiled);
    }
    Ok((blocks, raw.iter().map(words::block).collect()))
}

fn sources(texts: &[Text], field: &'static str, pointers: &mut Pointers) -> Result<Sources, Fault> {
    let mut found = Vec::new();
    for text in texts {
        let source = Source::parse(text.get_ref(), pointers);
        found.push(source.map_err(|reason| Fault::at(text, field, reason))?);
    }
    let texts = texts.iter().map(|text| text.get_ref().clone());
    Ok((found, texts.collect()))
}
