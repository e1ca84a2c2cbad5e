//! The probe: a listener's own GET at its public URL, which proves that the URL leads to this relay, and to this very link.
//!
//! ```text
//! GET /_hooktool/probe/<endpoint>        200 {"session":"ses_…","epoch":3}    this session's link is held here
//! Authorization: Bearer …                404                                  anything else
//! Hooktool-Session: ses_…
//! Hooktool-Epoch: 3
//! ```

use serde::{Deserialize, Serialize};

use crate::capture::{Epoch, SessionId};

/// What the path of a probe begins with; the endpoint's name follows.
pub const PATH: &str = "/_hooktool/probe/";

/// Line with the session that is asked for.
pub const SESSION: &str = "hooktool-session";

/// Line with its epoch.
pub const EPOCH: &str = "hooktool-epoch";

/// What the relay says when it holds the link: what was asked for, so that no answer of another time or place passes for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holds {
    /// The session.
    pub session: SessionId,
    /// Its epoch.
    pub epoch: Epoch,
}
