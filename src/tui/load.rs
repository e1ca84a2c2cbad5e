//! Reads what the screen asks for, off the loop: each read is a short blocking call on a thread for that.
//!
//! In: a [`What`]. Out: a [`Loaded`], always one. Must not know: the screen's state.

mod clip;
mod deed;
mod save;

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use hooktool_relay::capture::Body;

use super::{
    page,
    state::{Query, Tab, Wish},
    update::{Loaded, What},
};
use crate::{
    format::decode::Encoding,
    history::{History, HistoryError, Number, Reader, Select},
    search::Search,
    webhook::Known,
};

pub(super) use self::save::{Save, Saved};

/// Where to read: the history, what of it, and the readers that are free. At most four are in use at a time: for rows, for
/// what is older, for a search, for the detail.
#[derive(Clone, Debug)]
pub(super) struct Source {
    history: History,
    select: Arc<Select>,
    free: Arc<Mutex<Vec<Reader>>>,
    known: Arc<Known>,
}

impl Source {
    /// The part of a history that the screen shows, and the senders that are known.
    pub(super) fn new(history: History, select: Select, known: Arc<Known>) -> Self {
        Self {
            history,
            select: Arc::new(select),
            free: Arc::default(),
            known,
        }
    }

    /// Reads; blocks.
    pub(super) fn load(&self, what: &What) -> Loaded {
        let read = self.reader().and_then(|reader| {
            let loaded = match what {
                What::All { is_wide } => reader.list(&self.select(*is_wide)).map(Loaded::All),
                What::Older => reader.dropped().map(Loaded::Older),
                What::Rows {
                    newer_than,
                    numbers,
                    is_wide,
                } => self.rows(&reader, *newer_than, numbers, *is_wide),
                What::Search(query) => found(&reader, query),
                What::Detail(wish) => detail(&reader, wish, &self.known),
                What::Fetch(fetch) => {
                    deed::run(&reader, fetch).map(|brought| Loaded::Brought(Box::new(brought)))
                }
                What::Page(wish, tab) => whole(&reader, wish, *tab, &self.known),
                What::Save(save) => {
                    save::save(&reader, save).map(|saved| Loaded::Saved(save.clone(), saved))
                }
            };
            self.readers().push(reader);
            loaded
        });
        read.unwrap_or_else(|error| Loaded::Failed {
            what: what.clone(),
            cause: error.to_string(),
        })
    }

    /// What is shown: this folder's endpoints, or all.
    fn select(&self, is_wide: bool) -> Select {
        let mut select = Select::clone(&self.select);
        if is_wide {
            select.endpoints.clear();
        }
        select
    }

    fn reader(&self) -> Result<Reader, HistoryError> {
        let free = self.readers().pop();
        free.map_or_else(|| self.history.reader(), Ok)
    }

    fn readers(&self) -> std::sync::MutexGuard<'_, Vec<Reader>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn rows(
        &self,
        reader: &Reader,
        newer_than: Option<Option<Number>>,
        numbers: &[Number],
        is_wide: bool,
    ) -> Result<Loaded, HistoryError> {
        let mut rows = Vec::new();
        let mut gone = Vec::new();
        for &number in numbers {
            match reader.request(number)? {
                Some(request) => rows.push(request.summary),
                None => gone.push(number),
            }
        }
        if let Some(newest) = newer_than {
            let select = Select {
                after: newest.or(self.select.after),
                ..self.select(is_wide)
            };
            rows.extend(reader.list(&select)?);
        }
        Ok(Loaded::Rows { rows, gone })
    }
}

fn found(reader: &Reader, query: &Query) -> Result<Loaded, HistoryError> {
    let hits = Search::among(reader, &query.filter, &query.numbers, &query.marked)?;
    Ok(Loaded::Found {
        query: query.clone(),
        hits,
    })
}

fn detail(reader: &Reader, wish: &Wish, known: &Known) -> Result<Loaded, HistoryError> {
    let Some(request) = reader.request(wish.number)? else {
        return Ok(Loaded::NoDetail);
    };
    let attempts = reader.attempts(wish.number)?;
    let is_plain = page::encoding(&request.capture.headers) == Encoding::Plain;
    let most = if is_plain && !wish.is_whole {
        page::SHOWN
    } else {
        page::WHOLE
    };
    let body = beginning(reader, wish.number, &request.capture.body, most)?;
    let detail = page::compose(&request, &attempts, &body, wish, known);
    Ok(Loaded::Detail(Box::new(detail)))
}

/// Most bytes of a body that are read for a pager. A relay takes 25 MiB unless it is told otherwise.
const PAGED: usize = 32 * 1024 * 1024;

/// A tab as text: bodies whole, the others as they are shown.
fn whole(reader: &Reader, wish: &Wish, tab: Tab, known: &Known) -> Result<Loaded, HistoryError> {
    let Some(request) = reader.request(wish.number)? else {
        return Ok(Loaded::NoDetail);
    };
    let attempts = reader.attempts(wish.number)?;
    let most = if tab == Tab::Body { PAGED } else { page::SHOWN };
    let body = beginning(reader, wish.number, &request.capture.body, most)?;
    let text = page::whole(&request, &attempts, &body, wish, tab, known);
    Ok(Loaded::Page(text.into()))
}

/// The first bytes of a body.
fn beginning(
    reader: &Reader,
    number: Number,
    body: &Body,
    most: usize,
) -> Result<Bytes, HistoryError> {
    match body {
        Body::Absent => Ok(Bytes::new()),
        Body::Whole(bytes) => Ok(bytes.clone()),
        Body::Pieces(_) => reader.body(number, 0, most),
    }
}
