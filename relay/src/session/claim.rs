//! HELLO → a hold on the endpoint, its cursor and the WELCOME; or the ERROR that says why not.
//!
//! A fresh HELLO raises the epoch by compare-and-set; one that resumes keeps it, and is refused once a newer one exists: two
//! laptops never take turns.

use tokio::time::timeout;

use crate::{
    accounts::Login,
    capture::{Epoch, Seq, SessionId, UnixMillis},
    protocol::{ErrorCode, From, Hello, Welcome, WireError},
    registry::{Claimant, Held},
    store::{Cursor, EndpointRecord, StoreError, Tail},
};

use super::{Rooms, fatal, refusal, taken_over};

/// What a HELLO won.
#[derive(Debug)]
pub(super) struct Claim {
    pub(super) session: SessionId,
    pub(super) epoch: Epoch,
    pub(super) held: Held,
    pub(super) cursor: Cursor,
    pub(super) tail: Tail,
    pub(super) welcome: Welcome,
}

/// Claims what the HELLO asks for.
pub(super) async fn claim(hello: Hello, login: &Login, rooms: &Rooms) -> Result<Claim, WireError> {
    let resumed = hello.resume.clone();
    let record = loop {
        match record(&hello, login, rooms).await {
            Ok(record) => break record,
            // Somebody else claimed at the same moment: look again.
            Err(Refusal::Conflict) => {}
            Err(Refusal::Said(error)) => return Err(error),
        }
    };
    let session = resumed.map_or_else(SessionId::new, |resume| resume.session);
    let held = rooms
        .registry
        .hold(&hello.endpoint, record.epoch)
        .ok_or_else(|| taken_over(&rooms.registry.holder(&hello.endpoint)))?;
    held.call(Claimant {
        session: session.clone(),
        account: login.account.clone(),
        name: hello.name.clone(),
    });
    // The tail comes before the cursor is compared with the store, so that no commit falls between the two.
    let tail = rooms
        .store
        .tail(&hello.endpoint)
        .await
        .map_err(|error| unreadable(&error))?;
    let mut cursor = rooms
        .store
        .cursor(&hello.endpoint)
        .await
        .map_err(|error| unreadable(&error))?;
    if hello.resume.is_none() {
        cursor = moved(&hello, cursor, record.epoch, rooms)
            .await
            .map_err(|error| unreadable(&error))?;
    }
    let welcome = welcome(&hello, &session, &record, &cursor, login, rooms)
        .await
        .map_err(|error| unreadable(&error))?;
    Ok(Claim {
        session,
        epoch: record.epoch,
        held,
        cursor,
        tail,
        welcome,
    })
}

/// Why a claim was not made.
enum Refusal {
    /// The record changed meanwhile.
    Conflict,
    /// The listener is told this.
    Said(WireError),
}

impl std::convert::From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict => Self::Conflict,
            error => Self::Said(unreadable(&error)),
        }
    }
}

/// Makes or raises the endpoint's record.
async fn record(hello: &Hello, login: &Login, rooms: &Rooms) -> Result<EndpointRecord, Refusal> {
    let found = rooms.store.endpoint(&hello.endpoint).await?;
    let deadline = std::time::Duration::from_millis(hello.deadline_ms);
    let Some(found) = found else {
        let record = EndpointRecord {
            name: hello.endpoint.clone(),
            account: login.account.clone(),
            epoch: Epoch(1),
            answer: hello.answer.clone(),
            deadline,
            created_at: UnixMillis::now(),
        };
        rooms.store.put_endpoint(record.clone(), None).await?;
        return Ok(record);
    };
    if found.account != login.account {
        let text = format!("the endpoint {} belongs to another account", hello.endpoint);
        return Err(Refusal::Said(fatal(ErrorCode::Forbidden, text)));
    }
    let epoch = match &hello.resume {
        Some(resume) if resume.epoch < found.epoch => {
            let holder = rooms.registry.holder(&hello.endpoint);
            return Err(Refusal::Said(taken_over(&holder)));
        }
        Some(_) => found.epoch,
        None => Epoch(found.epoch.0.saturating_add(1)),
    };
    let newcomer = hello.resume.is_none().then(|| hello.name.clone());
    // An older link that cannot even be told in this time is dead; its epoch keeps it from doing harm.
    let _ = timeout(
        rooms.config.limits.establish / 2,
        rooms.registry.evict(&hello.endpoint, newcomer),
    )
    .await;
    let record = EndpointRecord {
        epoch,
        answer: hello.answer.clone(),
        deadline,
        ..found.clone()
    };
    if record != found {
        rooms
            .store
            .put_endpoint(record.clone(), Some(found.epoch))
            .await?;
    }
    Ok(record)
}

/// The cursor as `--from` wants it; kept at once, since a listener says that only once.
async fn moved(
    hello: &Hello,
    cursor: Cursor,
    epoch: Epoch,
    rooms: &Rooms,
) -> Result<Cursor, StoreError> {
    let endpoint = &hello.endpoint;
    let before = |seq: Seq| Cursor {
        offered: Seq(seq.0.saturating_sub(1)),
        open: Vec::new(),
    };
    let (head, _) = rooms.store.waiting(endpoint, cursor.offered).await?;
    let moved = match hello.from {
        From::Cursor => return Ok(cursor),
        From::Now => before(head.next()),
        From::Start => Cursor::default(),
        From::Seq(seq) => before(seq.min(head.next())),
        From::At(moment) => {
            let first = rooms.store.seq_at(endpoint, moment).await?;
            before(first.unwrap_or(head.next()))
        }
    };
    rooms
        .store
        .put_cursor(endpoint, epoch, moved.clone())
        .await?;
    Ok(moved)
}

async fn welcome(
    hello: &Hello,
    session: &SessionId,
    record: &EndpointRecord,
    cursor: &Cursor,
    login: &Login,
    rooms: &Rooms,
) -> Result<Welcome, StoreError> {
    let (head, after) = rooms.store.waiting(&hello.endpoint, cursor.offered).await?;
    let open = rooms
        .store
        .read_these(
            &hello.endpoint,
            cursor.open.first().copied().into_iter().collect(),
        )
        .await?;
    let oldest = match open.into_iter().next() {
        Some(stored) => Some(stored),
        None => rooms
            .store
            .read(&hello.endpoint, cursor.offered, 1)
            .await?
            .captures
            .into_iter()
            .next(),
    };
    Ok(Welcome {
        url: format!("{}/{}", rooms.public_url, hello.endpoint),
        session: session.clone(),
        epoch: record.epoch,
        offered: cursor.offered,
        head,
        waiting: after.saturating_add(cursor.open.len() as u64),
        waiting_since: oldest.map(|stored| stored.capture.received_at),
        max_body: rooms.config.limits.body,
        heartbeat_ms: u64::try_from(rooms.config.limits.heartbeat.as_millis()).unwrap_or(u64::MAX),
        token: login.minted.clone(),
    })
}

fn unreadable(error: &StoreError) -> WireError {
    WireError {
        retry_after_ms: Some(5_000),
        ..refusal(ErrorCode::Store, error.to_string())
    }
}
