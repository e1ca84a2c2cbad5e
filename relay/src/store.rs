//! What the relay keeps: captures, cursors, endpoints, tokens. [`Store`] is a cheap handle; its methods are the seam
//! behind which a second engine may come one day, and each says what it promises.
//!
//! In: captures with their bodies, records to keep. Out: the same, and the newest [`Seq`] of an endpoint as it moves.
//! Must not know: the wire, who listens, who asks.

use std::sync::{Arc, atomic::Ordering};

use bytes::Bytes;
use rusqlite::Connection;

use self::{query::Reading, queue::What, sqlite::Engine};
use crate::capture::{AccountId, Body, Capture, CaptureId, EndpointName, Epoch, Seq, UnixMillis};

mod batch;
mod captures;
mod draft;
mod error;
mod folder;
mod follow;
mod kept;
mod known;
mod ledger;
mod query;
mod queue;
mod reader;
mod record;
mod reserve;
mod retention;
mod row;
mod schema;
mod sqlite;
mod writer;

pub use draft::Draft;
pub use error::StoreError;
pub use kept::{
    Cursor, EndpointRecord, Options, Page, Retention, Stats, Stored, Tail, TokenRecord,
};

/// The relay's store. Cloned freely; the last clone to go stops the writer after its last commit, and waits for it.
#[derive(Clone, Debug)]
pub struct Store {
    engine: Arc<Engine>,
}

impl Store {
    /// Opens or makes the store, takes the folder's lock, repairs modes, sweeps orphan pieces. Blocks.
    ///
    /// # Errors
    /// Every variant but `Uncertain` and `Conflict`.
    pub fn open(options: Options) -> Result<Self, StoreError> {
        let engine = Arc::new(Engine::open(options)?);
        Ok(Self { engine })
    }

    /// Opens the store beside a relay that may hold it: takes no lock, sweeps nothing. What is there can be read, but only
    /// tokens be written; the rest is `Denied`. Blocks.
    ///
    /// # Errors
    /// Those of [`Store::open`] but `Locked`.
    pub fn open_beside(options: Options) -> Result<Self, StoreError> {
        let engine = Arc::new(Engine::open_beside(options)?);
        Ok(Self { engine })
    }

    /// Stores a capture. `Ok` means: on stable storage (fsync done), visible to every later read, in the order of the
    /// seqs given out. Idempotent by id: the same capture again gives its first seq. If the future is dropped once the
    /// writer's queue had room for it (nearly always at its first poll), the capture is stored all the same.
    ///
    /// `draft` holds the bytes of a [`Body::Pieces`].
    ///
    /// # Errors
    /// `Full` and `Busy`: nothing was stored. `Uncertain`, `Fatal`: never acknowledge it. `Denied`: the draft does not hold
    /// the body that the capture announces.
    pub async fn append(
        &self,
        capture: Arc<Capture>,
        draft: Option<Draft>,
    ) -> Result<Seq, StoreError> {
        self.engine.shared.see(capture.received_at.0);
        self.engine.check_capture()?;
        let rest = match (&capture.body, draft) {
            (Body::Pieces(len), Some(draft)) => Some(draft.finish(capture.id, *len)?),
            (Body::Pieces(_), None) => {
                let detail = format!("{} has no body", capture.id);
                return Err(StoreError::denied(&self.engine.shared.path, &detail));
            }
            _ => None,
        };
        self.engine
            .queue()?
            .ask(What::Append { capture, rest })
            .await
            .map(Seq)
    }

    /// Begins a body that is larger than [`Body::INLINE`].
    pub fn draft(&self, id: CaptureId) -> Draft {
        Draft::new(id, Arc::clone(&self.engine))
    }

    /// Captures after `after`, ascending, at most `limit`.
    ///
    /// # Errors
    /// `Damaged`, `Denied`.
    pub async fn read(
        &self,
        endpoint: &EndpointName,
        after: Seq,
        limit: usize,
    ) -> Result<Page, StoreError> {
        let endpoint = endpoint.clone();
        self.ask(move |from| from.page(&endpoint, after, limit))
            .await
    }

    /// These captures of one endpoint, ascending; those that retention dropped are left out.
    ///
    /// # Errors
    /// `Damaged`, `Denied`.
    pub async fn read_these(
        &self,
        endpoint: &EndpointName,
        seqs: Vec<Seq>,
    ) -> Result<Vec<Stored>, StoreError> {
        let endpoint = endpoint.clone();
        self.ask(move |from| from.these(&endpoint, seqs)).await
    }

    /// One capture by its id.
    ///
    /// # Errors
    /// `Damaged`, `Denied`.
    pub async fn get(&self, id: CaptureId) -> Result<Option<Stored>, StoreError> {
        self.ask(move |from| from.by_id(id)).await
    }

    /// Bytes of a body from `offset`, at most `len` (fewer only at its end or at a piece's). `None` if it was dropped.
    ///
    /// # Errors
    /// `Damaged` (a checksum does not fit: never a wrong body), `Denied`.
    pub async fn body(
        &self,
        id: CaptureId,
        offset: u64,
        len: usize,
    ) -> Result<Option<Bytes>, StoreError> {
        self.ask(move |from| from.body(id, offset, len)).await
    }

    /// Follows the commits of an endpoint from now on. One follower an endpoint: a later call replaces the earlier, whose
    /// [`Tail::recent`] ends.
    ///
    /// # Errors
    /// `Damaged`, `Denied`.
    pub async fn tail(&self, endpoint: &EndpointName) -> Result<Tail, StoreError> {
        // Followed before it is read: a commit between the two is seen twice, never missed.
        let mut tail = self.engine.shared.followers.follow(endpoint);
        let (newest, _) = self.waiting(endpoint, Seq(0)).await?;
        self.engine.shared.followers.raise(endpoint, newest);
        tail.newest.mark_unchanged();
        Ok(tail)
    }

    /// Newest seq of an endpoint and how many captures after `after` it keeps.
    ///
    /// # Errors
    /// `Damaged`, `Denied`.
    pub async fn waiting(
        &self,
        endpoint: &EndpointName,
        after: Seq,
    ) -> Result<(Seq, u64), StoreError> {
        let endpoint = endpoint.clone();
        let state = self.ask(move |from| from.state(&endpoint)).await?;
        let state = state.map(|(_, state)| state).unwrap_or_default();
        Ok((Seq(state.last), state.after(after.0)))
    }

    /// The first seq received at or after a moment, if there is one.
    ///
    /// # Errors
    /// `Damaged`, `Denied`.
    pub async fn seq_at(
        &self,
        endpoint: &EndpointName,
        moment: UnixMillis,
    ) -> Result<Option<Seq>, StoreError> {
        let mut after = Some(0);
        while let Some(start) = after {
            let endpoint = endpoint.clone();
            let (found, next) = self
                .ask(move |from| from.seq_at(&endpoint, moment, start))
                .await?;
            if found.is_some() {
                return Ok(found);
            }
            after = next;
        }
        Ok(None)
    }

    /// The record of an endpoint. Answered from memory once known: ingress asks it for every request.
    ///
    /// # Errors
    /// `Damaged`, `Denied`.
    pub async fn endpoint(
        &self,
        name: &EndpointName,
    ) -> Result<Option<EndpointRecord>, StoreError> {
        let changes = match self.engine.shared.known.of(name) {
            Ok(found) => return Ok(found),
            Err(changes) => changes,
        };
        let asked = name.clone();
        let found = self.ask(move |from| from.endpoint(&asked)).await?;
        let known = &self.engine.shared.known;
        known.learn(name, found.clone(), changes);
        Ok(found)
    }

    /// Makes or changes an endpoint if its epoch is still `expected` (none: it must not exist). Durable when `Ok`.
    ///
    /// # Errors
    /// `Conflict`, and those of [`Store::append`].
    pub async fn put_endpoint(
        &self,
        record: EndpointRecord,
        expected: Option<Epoch>,
    ) -> Result<(), StoreError> {
        self.engine.check_own()?;
        self.tell(What::Endpoint { record, expected }).await
    }

    /// The cursor of an endpoint; the default one if none was ever kept.
    ///
    /// # Errors
    /// `Damaged`, `Denied`.
    pub async fn cursor(&self, endpoint: &EndpointName) -> Result<Cursor, StoreError> {
        let endpoint = endpoint.clone();
        self.ask(move |from| from.cursor(&endpoint)).await
    }

    /// Keeps a cursor if the endpoint's epoch is still `epoch`. Joins the next group commit.
    ///
    /// # Errors
    /// `Conflict` (somebody else holds the endpoint), and those of [`Store::append`].
    pub async fn put_cursor(
        &self,
        endpoint: &EndpointName,
        epoch: Epoch,
        cursor: Cursor,
    ) -> Result<(), StoreError> {
        self.engine.check_own()?;
        let endpoint = endpoint.clone();
        let what = What::Cursor {
            endpoint,
            epoch,
            cursor,
        };
        self.tell(what).await
    }

    /// Applies the retention now; what it dropped is counted. Age counts from the latest `received_at` ever seen, or from
    /// the clock if that is behind.
    ///
    /// # Errors
    /// Those of [`Store::append`].
    pub async fn trim(&self) -> Result<u64, StoreError> {
        self.engine.check_own()?;
        let mut dropped = 0;
        loop {
            let gone = self.engine.queue()?.ask(What::Trim).await?;
            dropped += gone;
            if gone == 0 {
                return Ok(dropped);
            }
        }
    }

    /// Adds a token; visible to other processes when `Ok`.
    ///
    /// # Errors
    /// Those of [`Store::append`].
    pub async fn add_token(&self, token: TokenRecord) -> Result<(), StoreError> {
        self.tell(What::Token(token)).await
    }

    /// The token of this digest, revoked or not, also if another process added it a moment ago.
    ///
    /// # Errors
    /// `Damaged`, `Denied`.
    pub async fn token(&self, digest: [u8; 32]) -> Result<Option<TokenRecord>, StoreError> {
        self.ask(move |from| from.token(digest)).await
    }

    /// Every token, oldest first.
    ///
    /// # Errors
    /// `Damaged`, `Denied`.
    pub async fn tokens(&self) -> Result<Vec<TokenRecord>, StoreError> {
        self.ask(|from| from.tokens()).await
    }

    /// Revokes every token of an account; how many were valid before.
    ///
    /// # Errors
    /// Those of [`Store::append`].
    pub async fn revoke(&self, account: &AccountId) -> Result<u64, StoreError> {
        self.engine
            .queue()?
            .ask(What::Revoke(account.clone()))
            .await
    }

    /// What it holds.
    ///
    /// # Errors
    /// `Damaged`, `Denied`.
    pub async fn stats(&self) -> Result<Stats, StoreError> {
        self.ask(|from| from.stats()).await
    }

    /// Whether the disk is so full that appends are refused before they are tried.
    pub fn is_full(&self) -> bool {
        self.engine.shared.is_full.load(Ordering::Acquire)
    }

    /// Notes when a request came that was refused before it was appended: age counts from the latest moment ever seen, and
    /// would stand still on a full disk.
    pub fn see(&self, received_at: UnixMillis) {
        self.engine.shared.see(received_at.0);
    }

    /// Waits until a write or fsync failed for good; pending as long as all is well.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn failed(&self) -> StoreError {
        self.engine.shared.failed().await
    }

    async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(Reading<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let path = self.engine.shared.path.clone();
        let asked = move |connection: &Connection| {
            question(Reading {
                connection,
                path: &path,
            })
        };
        self.engine.readers()?.ask(asked).await
    }

    async fn tell(&self, what: What) -> Result<(), StoreError> {
        self.engine.queue()?.ask(what).await.map(drop)
    }
}
