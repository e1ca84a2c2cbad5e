//! Tokens (hashed), limits per account and endpoint.
//!
//! In: a token from an upgrade's `Authorization`. Out: the account it stands for. Must not know: ingress, session.

use std::{net::IpAddr, time::Duration};

use crate::{
    capture::{AccountId, EndpointName},
    config::Access,
    store::{Store, StoreError},
};

/// Who logged in.
#[derive(Clone, Debug)]
pub struct Login {
    /// The account.
    pub account: AccountId,
    /// Digest of its token, by which a later revocation is noticed.
    pub digest: [u8; 32],
    /// The token that was made just now, on an open relay, for a listener that came with none.
    pub minted: Option<String>,
}

/// Why a login failed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum LoginError {
    /// No token came.
    #[error("this relay wants a token")]
    Missing,
    /// Unknown, malformed or revoked.
    #[error("the token is not valid")]
    Invalid,
    /// Too many failures from this address, or in all.
    #[error("too many failed logins")]
    TooMany(Duration),
    /// The store could not be asked.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Logins and rates. Cloned freely.
#[derive(Clone, Debug)]
pub struct Accounts {}

impl Accounts {
    /// For a relay with this access; `rate` is requests per second and endpoint, 0 for no limit.
    pub fn new(_store: Store, _access: Access, _rate: u32) -> Self {
        todo!()
    }

    /// The account behind a token; on an open relay, without one, a new account.
    ///
    /// # Errors
    /// [`LoginError`].
    pub async fn login(&self, _token: Option<&str>, _peer: IpAddr) -> Result<Login, LoginError> {
        todo!()
    }

    /// Whether the token is still not revoked; sessions ask at each heartbeat.
    ///
    /// # Errors
    /// The store's.
    pub async fn is_valid(&self, _login: &Login) -> Result<bool, StoreError> {
        todo!()
    }

    /// Takes one request off the endpoint's rate.
    ///
    /// # Errors
    /// How long until the next one fits.
    pub fn admit(&self, _endpoint: &EndpointName) -> Result<(), Duration> {
        todo!()
    }

    /// Whether the relay serves one account alone, so that no neighbour's pages need protection.
    pub fn is_single(&self) -> bool {
        todo!()
    }
}
