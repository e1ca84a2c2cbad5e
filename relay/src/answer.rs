//! Bytes of an answer on their way from the app to its sender, through rooms that know nothing of each other.
//!
//! In: whatever makes the bytes (a link, the app's connection, a store). Out: one type that ingress, session, link and the
//! listener's forward all speak. Must not know: any other room.

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;

/// Bytes of an answer (or of an upgraded connection) as they come; an error means that it broke off, and must never look
/// like an end.
pub type AnswerBody = UnsyncBoxBody<Bytes, Cut>;

/// A body that ended before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the answer broke off")]
pub struct Cut;
