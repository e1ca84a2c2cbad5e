//! The bytes of the small records: an endpoint's state, a claim, a cursor. Each ends with its CRC32C.
//!
//! In: values. Out: bytes, and the values again; none for bytes that are not what was written. Must not know: SQL.
//!
//! ```text
//! state   last · floor · bytes · newest        u64 each, little endian      sum over number, name, these
//! cursor  offered · open…                      u64 each, little endian      sum over number, these
//! claim   JSON                                                              sum over number, this
//! ```

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Cursor, EndpointRecord, TokenRecord};
use crate::capture::{AccountId, AnswerPolicy, EndpointName, Epoch, Seq, UnixMillis};

/// How an endpoint stands. Retention takes the oldest only, so what is kept is every seq above `floor` up to `last`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) struct State {
    /// Newest seq given out, ever.
    pub(super) last: u64,
    /// Highest seq dropped: also how many were.
    pub(super) floor: u64,
    /// Bytes kept.
    pub(super) bytes: u64,
    /// Latest `received_at`, in milliseconds.
    pub(super) newest: u64,
}

impl State {
    /// Captures kept.
    pub(super) fn kept(self) -> u64 {
        self.last.saturating_sub(self.floor)
    }

    /// Captures kept after a seq.
    pub(super) fn after(self, seq: u64) -> u64 {
        self.last.saturating_sub(seq.max(self.floor))
    }

    pub(super) fn seal(self, number: i64, name: &str) -> Vec<u8> {
        let numbers = [self.last, self.floor, self.bytes, self.newest];
        seal(place_sum(number, name), words(numbers))
    }

    pub(super) fn unseal(number: i64, name: &str, bytes: &[u8]) -> Option<Self> {
        let bytes = unseal(place_sum(number, name), bytes)?;
        let mut numbers = numbers(bytes)?;
        Some(Self {
            last: numbers.next()?,
            floor: numbers.next()?,
            bytes: numbers.next()?,
            newest: numbers.next()?,
        })
    }
}

impl Cursor {
    pub(super) fn seal(&self, number: i64) -> Vec<u8> {
        let open = self.open.iter().map(|seq| seq.0);
        seal(
            number_sum(number),
            words([self.offered.0].into_iter().chain(open)),
        )
    }

    pub(super) fn unseal(number: i64, bytes: &[u8]) -> Option<Self> {
        let mut numbers = numbers(unseal(number_sum(number), bytes)?)?;
        Some(Self {
            offered: Seq(numbers.next()?),
            open: numbers.map(Seq).collect(),
        })
    }
}

/// A claim as it is kept; unknown fields are ignored.
#[derive(Serialize, Deserialize)]
struct Claim {
    account: AccountId,
    epoch: Epoch,
    answer: AnswerPolicy,
    deadline_ms: u64,
    created_at: UnixMillis,
}

impl EndpointRecord {
    pub(super) fn seal(&self, number: i64) -> serde_json::Result<Vec<u8>> {
        let claim = Claim {
            account: self.account.clone(),
            epoch: self.epoch,
            answer: self.answer.clone(),
            deadline_ms: u64::try_from(self.deadline.as_millis()).unwrap_or(u64::MAX),
            created_at: self.created_at,
        };
        Ok(seal(number_sum(number), serde_json::to_vec(&claim)?))
    }

    pub(super) fn unseal(number: i64, name: &EndpointName, bytes: &[u8]) -> Option<Self> {
        let bytes = unseal(number_sum(number), bytes)?;
        let claim: Claim = serde_json::from_slice(bytes).ok()?;
        Some(Self {
            name: name.clone(),
            account: claim.account,
            epoch: claim.epoch,
            answer: claim.answer,
            deadline: Duration::from_millis(claim.deadline_ms),
            created_at: claim.created_at,
        })
    }
}

impl TokenRecord {
    /// Checksum of its row.
    pub(super) fn sum(&self) -> i64 {
        let mut sum = crc32c::crc32c(&self.digest);
        sum = crc32c::crc32c_append(sum, self.account.0.as_bytes());
        sum = crc32c::crc32c_append(sum, &self.created_at.0.to_le_bytes());
        if let Some(at) = self.revoked_at {
            sum = crc32c::crc32c_append(sum, &at.0.to_le_bytes());
        }
        i64::from(sum)
    }
}

fn number_sum(number: i64) -> u32 {
    crc32c::crc32c(&number.to_le_bytes())
}

fn place_sum(number: i64, name: &str) -> u32 {
    crc32c::crc32c_append(number_sum(number), name.as_bytes())
}

fn seal(start: u32, mut bytes: Vec<u8>) -> Vec<u8> {
    let sum = crc32c::crc32c_append(start, &bytes);
    bytes.extend_from_slice(&sum.to_le_bytes());
    bytes
}

fn unseal(start: u32, bytes: &[u8]) -> Option<&[u8]> {
    let (bytes, sum) = bytes.split_last_chunk::<4>()?;
    (crc32c::crc32c_append(start, bytes) == u32::from_le_bytes(*sum)).then_some(bytes)
}

fn words(numbers: impl IntoIterator<Item = u64>) -> Vec<u8> {
    numbers.into_iter().flat_map(u64::to_le_bytes).collect()
}

fn numbers(bytes: &[u8]) -> Option<impl Iterator<Item = u64>> {
    let (words, rest) = bytes.as_chunks::<8>();
    rest.is_empty()
        .then(|| words.iter().map(|word| u64::from_le_bytes(*word)))
}
