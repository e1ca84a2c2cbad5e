//! The table of known senders, and recognition: which of them sent a request, what event it is, by what id.
//!
//! In: a [`Head`] and the beginning of a body. Out: [`Seen`]. Headers and query are looked at first; a body is parsed once at
//! most, and of it [`LOOKED_AT`] bytes. Must not know: secrets, clocks.

use std::sync::{Arc, OnceLock};

use super::{
    pointer::Pointers,
    provider::Provider,
    reading::{self, DefinitionError, Layer},
    request::{Facts, Head, LOOKED_AT},
    source::Source,
};

/// The built-in definitions.
const BUILT_IN: &str = include_str!("providers.toml");

/// Longest text that is kept of an event, an action or an id, in bytes: ids are some tens.
const LONGEST: usize = 256;

/// Every known sender.
#[derive(Debug)]
pub struct Known {
    providers: Vec<Provider>,
    pub(super) pointers: Pointers,
}

/// What a request says of itself. Texts are a stranger's, at most 256 bytes each, and not yet safe to show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// The provider's id.
    pub provider: String,
    /// The event's type; of a batch, the first one's.
    pub event: Option<String>,
    /// Its action, where that is a field of its own: `opened` of GitHub's `pull_request`.
    pub action: Option<String>,
    /// The ids that stay the same on a redelivery: one, or those of a batch in its order. Empty: the sender has none.
    pub ids: Vec<String>,
    /// The sender's own attempt number, as it writes it.
    pub attempt: Option<String>,
    /// Why it tried again.
    pub attempt_reason: Option<String>,
}

impl Seen {
    /// The delivery id, unless it is a batch of several.
    pub fn id(&self) -> Option<&str> {
        match self.ids.as_slice() {
            [id] => Some(id),
            _ => None,
        }
    }

    /// `event.action`, as a screen shows it.
    pub fn title(&self) -> Option<String> {
        match (&self.event, &self.action) {
            (Some(event), Some(action)) => Some(format!("{event}.{action}")),
            (Some(only), None) | (None, Some(only)) => Some(only.clone()),
            (None, None) => None,
        }
    }
}

impl Known {
    /// The built-in table.
    ///
    /// # Panics
    /// Never: a test loads the built-in definitions.
    pub fn built_in() -> &'static Arc<Self> {
        static TABLE: OnceLock<Arc<Known>> = OnceLock::new();
        TABLE.get_or_init(|| {
            Arc::new(Self::load(&[]).expect("a test loads the built-in definitions"))
        })
    }

    /// The built-in table with the user's and the project's files over it, the lowest first.
    ///
    /// # Errors
    /// The first fault, with its file, line and field.
    pub fn load(files: &[Layer<'_>]) -> Result<Self, DefinitionError> {
        let built_in = Layer {
            name: "providers.toml (built in)",
            text: BUILT_IN,
        };
        let layers: Vec<_> = [built_in].iter().chain(files).copied().collect();
        reading::read(&layers)
    }

    pub(super) fn new(mut providers: Vec<Provider>, pointers: Pointers) -> Self {
        // Stable: of equal rank, the order of the files stays.
        providers.sort_by_key(|provider| std::cmp::Reverse(provider.rank));
        Self {
            providers,
            pointers,
        }
    }

    /// Every provider.
    pub fn providers(&self) -> impl Iterator<Item = &Provider> {
        self.providers.iter()
    }

    /// The provider of an id.
    pub fn provider(&self, id: &str) -> Option<&Provider> {
        self.providers.iter().find(|provider| provider.id == id)
    }

    /// Recognises a request by its head and its body, or the beginning of that; none: no known sender.
    pub fn look(&self, head: Head<'_>, body: &[u8]) -> Option<Seen> {
        let (start, is_whole) = match body.get(..LOOKED_AT) {
            Some(start) if body.len() > LOOKED_AT => (start, false),
            _ => (body, true),
        };
        let facts = Facts::new(head, start, is_whole, &self.pointers);
        let provider = self.recognise(&facts)?;
        Some(provider.seen(&facts))
    }

    /// The sender of a request: the best rank, and before others of the same rank one that its head gives away.
    pub(super) fn recognise(&self, facts: &Facts<'_>) -> Option<&Provider> {
        let fits = |provider: &Provider, by_body: bool| {
            let mut blocks = provider.detect.iter();
            blocks.any(|block| block.needs_body() == by_body && block.holds(facts))
        };
        let mut providers = self.providers.iter();
        let by_head = providers.find(|provider| fits(provider, false));
        let least = by_head.map_or(i8::MIN, |found| found.rank);
        // What is as good as this one must not parse the body of every request.
        let mut better = self.providers.iter();
        let by_body = better
            .by_ref()
            .take_while(|provider| provider.rank > least || by_head.is_none())
            .find(|provider| fits(provider, true));
        by_body.or(by_head)
    }
}

impl Provider {
    /// What a request of this provider says of itself.
    pub(super) fn seen(&self, facts: &Facts<'_>) -> Seen {
        let first = |source: &Source| source.first(facts, None).and_then(|value| text(&value));
        let ids = self.dedupe.iter().map(|source| {
            let values = source.all(facts, None);
            values
                .iter()
                .filter_map(|value| text(value))
                .collect::<Vec<_>>()
        });
        Seen {
            provider: self.id.clone(),
            event: self.event.iter().find_map(first),
            action: self.action.as_ref().and_then(first),
            ids: ids
                .into_iter()
                .find(|ids| !ids.is_empty())
                .unwrap_or_default(),
            attempt: self.attempt.as_ref().and_then(first),
            attempt_reason: self.attempt_reason.as_ref().and_then(first),
        }
    }
}

/// A value as a text of bounded length; none if it is empty, or longer than any id.
fn text(value: &[u8]) -> Option<String> {
    let text = str::from_utf8(value).ok()?;
    (!text.is_empty() && text.len() <= LONGEST).then(|| text.to_owned())
}
