//! What webhooks mean: who sent one, which event it is, whether its signature holds and why not, and how to sign it again.
//!
//! In: a request's head and body, definitions of senders as data, secrets, a clock. Out: [`Seen`], a [`Diagnosis`], a request
//! [`Signed`] again. Pure: no sockets, no clock of its own, nothing is ever fetched. Must not know: the history, screens, where
//! secrets are kept.
//!
//! ```text
//! providers.toml, the user's, the project's ─▶ reading ─▶ Known ─▶ look ─────▶ Seen: provider, event, ids, attempt
//!                                                           └────▶ Doctor ──▶ Diagnosis: ok bad old token unknown none
//!                                                           └────▶ sign ────▶ the same request, signed now
//! ```
//!
//! | part | what it does |
//! |---|---|
//! | `definition`, `reading`, `provider` | the schema; files laid over one another; one sender |
//! | `pointer`, `request`, `source`, `template`, `url`, `elsewhere` | where values stand, and what is made of them |
//! | `known`, `block` | recognition |
//! | `scheme`, `signature`, `key`, `crypto`, `certificate`, `check` | one way of signing, tried with one secret |
//! | `doctor`, `case`, `diagnosis`, `causes`, `rewrite` | the verdict, and what the usual causes would give |
//! | `examined` | all there is to tell of a signature |
//! | `sign`, `work`, `splice`, `spoil` | signing again, and wrongly |
//! | `keyring` | senders and secrets as they are at a moment |
//! | `sample`, `fresh`, `setting`, `ready` | samples, made new, set and signed |
//! | `handshake` | challenges and their answers, URLs to visit |
#![warn(
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation
)]

mod block;
mod case;
mod causes;
mod certificate;
mod check;
mod crypto;
mod definition;
mod diagnosis;
mod doctor;
mod elsewhere;
mod examined;
mod fresh;
mod handshake;
mod key;
mod keyring;
mod known;
mod pointer;
mod provider;
mod reading;
mod ready;
mod request;
mod rewrite;
mod sample;
mod scheme;
mod setting;
mod sign;
mod signature;
mod source;
mod splice;
mod spoil;
mod template;
mod url;
mod words;
mod work;

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a test may panic")]
mod tests;

pub use self::{
    definition::Sender,
    diagnosis::{Diagnosis, Verdict},
    doctor::{Doctor, Request},
    examined::{Age, Examined, Told, Tried},
    handshake::{Challenge, Reply, Visit},
    key::Secret,
    keyring::{Keyring, Keys},
    known::{Known, Seen},
    provider::{Provider, Stands},
    reading::{DefinitionError, Layer},
    ready::{Order, Ready},
    request::{Head, LOOKED_AT},
    sample::{Made, Sample, samples},
    setting::SetError,
    sign::{Refusal, Signed, Signing, Written},
    url::called,
};
