//! Reads what the screen asks for, off the loop: each read is a short blocking call on a thread for that.
//!
//! In: a [`What`]. Out: a [`Loaded`], always one. Must not know: the screen's state.

mod clip;
mod deed;
mod save;

use std::sync::{Arc, Mutex, PoisonError};

use bytes::{Bytes, BytesMut};
use hooktool_relay::capture::Body;

use super::{
    page::{self, Detail, Line, Making},
    shelf::Shelf,
    state::{Query, Tab, Wish},
    update::{Loaded, Reading, What},
};
use crate::{
    exchange::Evidence,
    format::{Wanted, decode::Encoding},
    history::{History, HistoryError, Number, Reader, Request, Select},
    search::Search,
    webhook::Keyring,
};

pub(super) use self::save::{Save, Saved};

/// Where to read: the history, what of it, and the readers that are free. At most four are in use at a time: for rows, for
/// what is older, for a search, for the detail.
#[derive(Clone, Debug)]
pub(super) struct Source {
    history: History,
    select: Arc<Select>,
    /// What signatures are judged by.
    keys: Arc<dyn Keyring>,
    free: Arc<Mutex<Vec<Reader>>>,
    /// What was laid out before.
    shelf: Arc<Shelf>,
}

impl Source {
    /// The part of a history that the screen shows.
    pub(super) fn new(history: History, select: Select, keys: Arc<dyn Keyring>) -> Self {
        Self {
            history,
            keys,
            select: Arc::new(select),
            free: Arc::default(),
            shelf: Arc::default(),
        }
    }

    /// Reads; blocks, until it is no longer `wanted`.
    pub(super) fn load(&self, what: &What, wanted: &Wanted) -> Loaded {
        let read = self.reader().and_then(|reader| {
            let loaded = match what {
                What::Newest => self.newest(&reader),
                What::All { is_wide } => reader.list(&self.select(*is_wide)).map(Loaded::All),
                What::Older => self.missing(&reader),
                What::Rows {
                    newer_than,
                    numbers,
                    is_wide,
                } => self.rows(&reader, *newer_than, numbers, *is_wide),
                What::Search(query) => found(&reader, query),
                What::Detail(wish) => self.detail(&reader, wish, wanted),
                What::Fetch(fetch) => deed::run(&reader, self.keys.as_ref(), fetch)
                    .map(|brought| Loaded::Brought(Box::new(brought))),
                What::Page(wish, tab, reading) => {
                    self.whole(&reader, (wish, *tab), *reading, wanted)
                }
                What::Save(save) => {
                    save::save(&reader, save).map(|saved| Loaded::Saved(save.clone(), saved))
                }
            };
            self.readers().push(reader);
            loaded
        });
        if wanted.is_over() {
            return Loaded::Unwanted;
        }
        read.unwrap_or_else(|error| Loaded::Failed {
            what: what.clone(),
            cause: error.to_string(),
        })
    }

    fn missing(&self, reader: &Reader) -> Result<Loaded, HistoryError> {
        let gaps = reader.missing(&self.select)?;
        Ok(Loaded::Older(reader.dropped()?, gaps))
    }

    /// As many rows as any screen shows, so that the first frame waits for no more.
    fn newest(&self, reader: &Reader) -> Result<Loaded, HistoryError> {
        let select = Select {
            limit: Some(FIRST),
            ..self.select(false)
        };
        let rows = reader.list(&select)?;
        let is_all = rows.len() < FIRST;
        Ok(Loaded::Newest(rows, is_all))
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

    fn detail(
        &self,
        reader: &Reader,
        wish: &Wish,
        wanted: &Wanted,
    ) -> Result<Loaded, HistoryError> {
        let Some(request) = reader.request(wish.number)? else {
            return Ok(Loaded::NoDetail);
        };
        let attempts = reader.attempts(wish.number)?;
        let capture = &request.capture;
        let is_plain = page::encoding(&capture.headers) == Encoding::Plain;
        let most = if is_plain && !wish.is_whole {
            page::SHOWN
        } else {
            page::WHOLE
        };
        let keys = self.keys.keys();
        let making = Making {
            wish,
            shelf: &self.shelf,
            wanted,
            known: &keys.known,
        };
        let read = || beginning(reader, wish.number, &capture.body, most, wanted);
        let mut detail = making.detail(&request, &attempts, read)?;
        if wish.judges {
            detail = detail.judged(self.signature(reader, &request)?);
        }
        Ok(Loaded::Detail(Box::new(detail)))
    }

    /// The page of a request's signature, judged by the secrets as they are and the clock of when it came.
    fn signature(&self, reader: &Reader, request: &Request) -> Result<Vec<Line>, HistoryError> {
        let evidence = Evidence::new(reader, request)?;
        let provider = request.summary.webhook.as_deref();
        let provider = provider.map(|webhook| webhook.provider.as_str());
        let keys = self.keys.keys();
        let examined = keys
            .doctor()
            .examine(&evidence.request(), provider, evidence.at.0);
        Ok(page::signature(request, &examined, &evidence.public))
    }

    /// A tab as text: bodies whole, the others as they are shown.
    fn whole(
        &self,
        reader: &Reader,
        (wish, tab): (&Wish, Tab),
        reading: Reading,
        wanted: &Wanted,
    ) -> Result<Loaded, HistoryError> {
        let Some(request) = reader.request(wish.number)? else {
            return Ok(Loaded::NoDetail);
        };
        let attempts = reader.attempts(wish.number)?;
        let most = if tab == Tab::Body { PAGED } else { page::SHOWN };
        let body = beginning(reader, wish.number, &request.capture.body, most, wanted)?;
        let text = match tab {
            Tab::Sig => {
                let detail = Detail::default();
                page::text_of(&detail.judged(self.signature(reader, &request)?), tab)
            }
            _ => page::whole(
                &request,
                &attempts,
                &body,
                (wish, tab),
                &self.keys.keys().known,
                wanted,
            ),
        };
        Ok(Loaded::Page(text.into(), reading))
    }
}

/// Rows that are read before the first frame.
const FIRST: usize = 256;

fn found(reader: &Reader, query: &Query) -> Result<Loaded, HistoryError> {
    let hits = Search::among(reader, &query.filter, &query.numbers, &query.marked)?;
    Ok(Loaded::Found {
        query: query.clone(),
        hits,
    })
}

/// Most bytes of a body that are read for a pager. A relay takes 25 MiB unless it is told otherwise.
const PAGED: usize = 32 * 1024 * 1024;

/// Bytes of a body that are read at once.
const PIECE: usize = 1024 * 1024;

/// The first bytes of a body.
fn beginning(
    reader: &Reader,
    number: Number,
    body: &Body,
    most: usize,
    wanted: &Wanted,
) -> Result<Bytes, HistoryError> {
    let len = match body {
        Body::Absent => return Ok(Bytes::new()),
        Body::Whole(bytes) => return Ok(bytes.clone()),
        Body::Pieces(len) => usize::try_from(*len).unwrap_or(usize::MAX),
    };
    let most = most.min(len);
    if most <= PIECE {
        return reader.body(number, 0, most);
    }
    let mut all = BytesMut::with_capacity(most);
    while all.len() < most && !wanted.is_over() {
        let room = PIECE.min(most - all.len());
        let piece = reader.body(number, all.len() as u64, room)?;
        if piece.is_empty() {
            // Retention let it go meanwhile.
            break;
        }
        all.extend_from_slice(&piece);
    }
    Ok(all.freeze())
}
