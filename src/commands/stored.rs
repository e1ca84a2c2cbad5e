//! The stored requests, as the verbs that read them see them: the history, this folder's endpoints, a clock.

use crate::{
    config::Layers,
    exit::Failure,
    filter::{Clock, Filter},
    history::{HistoryError, KeptAnswer, Number, Reader, Request, Select, Summary},
    search::Search,
    text::Zone,
};

/// What `list`, `show` and `replay` work on.
pub(super) struct Stored {
    /// The history, open only to read.
    pub(super) reader: Reader,
    /// This folder's endpoints; all of them when it has none.
    pub(super) select: Select,
    /// Which clock times are shown on.
    pub(super) zone: Zone,
    /// The settings.
    pub(super) layers: Layers,
}

impl Stored {
    /// Opens what there is; without a history there is nothing in it.
    pub(super) fn open() -> Result<Self, Failure> {
        let layers = Layers::read(None, &super::here()?)?;
        let reader = Reader::open(&layers.folders.history())?;
        let select = Select {
            endpoints: reader.endpoints_of(&layers.project)?,
            ..Select::default()
        };
        Ok(Self {
            zone: layers.zone()?,
            reader,
            select,
            layers,
        })
    }

    /// The request that a text names.
    pub(super) fn pick(&self, text: &str) -> Result<Request, Failure> {
        let number = self.reader.pick(text, &self.select)?;
        self.numbered(number, text)
    }

    /// The requests that fit a filter, or the newest `limit` of them, ascending.
    pub(super) fn matching(
        &self,
        text: &str,
        limit: Option<usize>,
    ) -> Result<Vec<Summary>, Failure> {
        let filter = Filter::parse(text, Clock::here(self.zone))
            .map_err(|error| Failure::Filter(text.to_owned(), error))?;
        Ok(Search::new(&self.reader, &filter, &self.select).all(limit)?)
    }

    /// The request of this number, which `text` asked for.
    pub(super) fn numbered(&self, number: Number, text: &str) -> Result<Request, Failure> {
        let gone = || crate::history::PickError::None {
            asked: text.to_owned(),
            nearest: None,
        };
        // Retention may have dropped it a moment ago.
        Ok(self.reader.request(number)?.ok_or_else(gone)?)
    }
}

/// Whether a word is a number, an id or `last`, and not a term of a filter.
pub(super) fn names_a_request(word: &str) -> bool {
    let digits = word.strip_prefix('#').unwrap_or(word);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number || word == "last" || word.starts_with("req_")
}

/// What the app answered last, if it ever did.
pub(super) fn last_answer(
    reader: &Reader,
    number: Number,
) -> Result<Option<KeptAnswer>, HistoryError> {
    let attempts = reader.attempts(number)?;
    Ok(attempts
        .into_iter()
        .rev()
        .find_map(|attempt| attempt.answer))
}
