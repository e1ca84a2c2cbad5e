//! Who may claim endpoints, and how much: logins by token, limits of failures and of each endpoint's rate.
//!
//! In: a token from an upgrade's `Authorization`, an endpoint that a request wants. Out: the account, or how long to wait.
//! Must not know: ingress, session.
//!
//! ```text
//! access     no token            a valid token       any other token     an offered token, and no other
//! Tokens     Missing             its account         Invalid, counted    Missing
//! Open       a new account       its account         Invalid, counted    its account, new at first sight
//! Embedded   Missing             `local`             Invalid, counted    Missing
//! ```

use std::{fmt, net::IpAddr, sync::Arc, time::Duration};

use aws_lc_rs::rand;
use data_encoding::BASE32_DNSSEC;

use crate::{
    capture::{AccountId, EndpointName, UnixMillis},
    config::Access,
    store::{Store, StoreError, TokenRecord},
    token::{self, Token, TokenError},
};

mod rates;
#[cfg(test)]
mod tests;

use rates::{Rate, Throttle};

/// Name of the one account of an embedded relay.
pub const LOCAL: &str = "local";

/// Longest name of an account, in characters: room for a mail address's local part or a host name.
const MAX_NAME: usize = 63;

/// Failed logins: ten at once from one address, then one in six seconds; of all addresses five hundred at once, then fifty
/// a second. Nobody guesses 256 bits: this bounds the work that guessing makes.
const FAILURES: [Rate; 2] = [Rate::new(10, 6_000), Rate::new(500, 20)];

/// New accounts on an open relay: thirty at once from one address, then one a minute; of all five hundred, then five a
/// second. Each is a durable write and a row for ever.
const NEW_ACCOUNTS: [Rate; 2] = [Rate::new(30, 60_000), Rate::new(500, 200)];

/// Who logged in.
#[derive(Clone)]
pub struct Login {
    /// The account.
    pub account: AccountId,
    /// Digest of its token, by which a later revocation is noticed.
    pub digest: [u8; 32],
    /// The token to keep, on an open relay, for a listener that came with none: made just now, or the one that it offered.
    pub minted: Option<String>,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login")
            .field("account", &self.account)
            .field("is_new", &self.minted.is_some())
            .finish_non_exhaustive()
    }
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
    /// Too many failures (or new accounts) from this address, or in all; the next try makes sense after this long.
    #[error("too many logins failed")]
    TooMany(Duration),
    /// A token could not be made.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The store could not be asked.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a token was not made.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CreateError {
    /// Not a name for an account.
    #[error("an account's name is 1 to 63 letters, digits and any of - _ . @")]
    Name,
    /// The system gave no random bytes.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The store did not keep it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes a token for an account, which begins with its first token and may have several. It is valid when `Ok`, also for
/// a relay that runs on this store in another process, and cannot be shown a second time.
///
/// # Errors
/// [`CreateError`].
pub async fn create_token(store: &Store, name: &str) -> Result<Token, CreateError> {
    let fits = (1..=MAX_NAME).contains(&name.len())
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_.@".contains(&b));
    if !fits {
        return Err(CreateError::Name);
    }
    let token = Token::random()?;
    keep(store, &token, AccountId(name.to_owned())).await?;
    Ok(token)
}

async fn keep(store: &Store, token: &Token, account: AccountId) -> Result<(), StoreError> {
    store
        .add_token(TokenRecord {
            digest: token.digest(),
            account,
            created_at: UnixMillis::now(),
            revoked_at: None,
        })
        .await
}

/// Logins and rates. Cloned freely.
#[derive(Clone)]
pub struct Accounts {
    rooms: Arc<Rooms>,
}

struct Rooms {
    store: Store,
    access: Access,
    requests: Option<rates::Keyed<EndpointName>>,
    failures: Throttle,
    new_accounts: Throttle,
}

impl fmt::Debug for Accounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accounts")
            .field("access", &self.rooms.access)
            .finish_non_exhaustive()
    }
}

impl Accounts {
    /// For a relay with this access; `rate` is requests per second and endpoint, burst ten seconds of that, 0 for no limit.
    /// On an embedded relay there is none.
    pub fn new(store: Store, access: Access, rate: u32) -> Self {
        let is_single = matches!(access, Access::Embedded { .. });
        let rooms = Rooms {
            store,
            access,
            requests: rates::requests(if is_single { 0 } else { rate }),
            failures: Throttle::new(FAILURES),
            new_accounts: Throttle::new(NEW_ACCOUNTS),
        };
        Self {
            rooms: Arc::new(rooms),
        }
    }

    /// The account behind a token; on an open relay, without one, a new account.
    ///
    /// # Errors
    /// [`LoginError`].
    pub async fn login(&self, token: Option<&str>, peer: IpAddr) -> Result<Login, LoginError> {
        let Some(text) = token else {
            return match self.rooms.access {
                Access::Open => self.new_account(&Token::random()?, peer).await,
                Access::Tokens | Access::Embedded { .. } => Err(LoginError::Missing),
            };
        };
        if let Some(wait) = self.rooms.failures.blocked(peer) {
            return Err(LoginError::TooMany(wait));
        }
        if let Some(login) = self.recognise(text).await? {
            return Ok(login);
        }
        // The next try from there is the one to be told.
        self.rooms.failures.count(peer).ok();
        Err(LoginError::Invalid)
    }

    /// The account behind a token that a listener made for itself, for want of one: on an open relay, a new one when it is seen for
    /// the first time. Whoever offers it again, since the answer was lost, is the same account.
    ///
    /// # Errors
    /// [`LoginError`].
    pub async fn adopt(&self, offer: &str, peer: IpAddr) -> Result<Login, LoginError> {
        if self.rooms.access != Access::Open {
            return Err(LoginError::Missing);
        }
        if let Some(wait) = self.rooms.failures.blocked(peer) {
            return Err(LoginError::TooMany(wait));
        }
        let refused = || {
            self.rooms.failures.count(peer).ok();
            Err(LoginError::Invalid)
        };
        let Ok(token) = offer.parse::<Token>() else {
            return refused();
        };
        match self.rooms.store.token(token.digest()).await? {
            None => self.new_account(&token, peer).await,
            Some(record) if record.revoked_at.is_some() => refused(),
            Some(record) => Ok(Login {
                account: record.account,
                digest: record.digest,
                minted: Some(token.reveal().to_owned()),
            }),
        }
    }

    async fn recognise(&self, text: &str) -> Result<Option<Login>, StoreError> {
        if let Access::Embedded { token } = &self.rooms.access {
            let digest = token::sha256(text);
            return Ok(
                token::is_same(&digest, &token::sha256(token)).then(|| Login {
                    account: AccountId(LOCAL.to_owned()),
                    digest,
                    minted: None,
                }),
            );
        }
        let Ok(token) = text.parse::<Token>() else {
            return Ok(None);
        };
        let found = self.rooms.store.token(token.digest()).await?;
        Ok(found
            .filter(|record| record.revoked_at.is_none())
            .map(|record| Login {
                account: record.account,
                digest: record.digest,
                minted: None,
            }))
    }

    async fn new_account(&self, token: &Token, peer: IpAddr) -> Result<Login, LoginError> {
        self.rooms
            .new_accounts
            .count(peer)
            .map_err(LoginError::TooMany)?;
        let mut name = [0; 10];
        rand::fill(&mut name).map_err(|_| TokenError::NoRandomness)?;
        let account = AccountId(format!("open-{}", BASE32_DNSSEC.encode(&name)));
        keep(&self.rooms.store, token, account.clone()).await?;
        Ok(Login {
            account,
            digest: token.digest(),
            minted: Some(token.reveal().to_owned()),
        })
    }

    /// Whether the token is still not revoked; sessions ask at each heartbeat.
    ///
    /// # Errors
    /// The store's.
    pub async fn is_valid(&self, login: &Login) -> Result<bool, StoreError> {
        if self.is_single() {
            return Ok(true);
        }
        let found = self.rooms.store.token(login.digest).await?;
        Ok(found.is_some_and(|record| record.revoked_at.is_none()))
    }

    /// Takes one request off the endpoint's rate.
    ///
    /// # Errors
    /// How long until the next one fits.
    pub fn admit(&self, endpoint: &EndpointName) -> Result<(), Duration> {
        match &self.rooms.requests {
            Some(requests) => rates::take(requests, endpoint),
            None => Ok(()),
        }
    }

    /// Whether the relay serves one account alone, so that no neighbour's pages need protection.
    pub fn is_single(&self) -> bool {
        matches!(self.rooms.access, Access::Embedded { .. })
    }

    /// Forgets endpoints and addresses that are far below their limits. Whoever runs the relay calls it now and then: it is
    /// what bounds the memory.
    pub fn forget_idle(&self) {
        if let Some(requests) = &self.rooms.requests {
            requests.retain_recent();
            requests.shrink_to_fit();
        }
        self.rooms.failures.forget_idle();
        self.rooms.new_accounts.forget_idle();
    }
}

/// The address that limits are counted by: a household's IPv6 /64 is one sender, or its 2^64 addresses would be no limit.
pub(crate) fn counted(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) if !ip.is_loopback() => {
            IpAddr::from((u128::from(ip) & !u128::from(u64::MAX)).to_be_bytes())
        }
        ip => ip,
    }
}
