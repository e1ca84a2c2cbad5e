//! `hooktool relay token`: who may claim endpoints. Works beside a running relay, in the same file.

use std::{
    io::{self, Write as _},
    path::PathBuf,
};

use hooktool_relay::{
    accounts::{CreateError, create_token},
    capture::AccountId,
    store::{Options, Retention, Store, StoreError},
};

use super::relay::folder;
use crate::{
    cli::relay::{Account, Data, TokenVerb},
    exit::{Failure, Report, writable},
    output::say,
    text::{self, Mode, Zone},
};

/// Adds, lists or revokes.
pub(super) async fn run(verb: TokenVerb) -> Result<(), Failure> {
    match verb {
        TokenVerb::Add(account) => add(account).await,
        TokenVerb::List(data) => list(data).await,
        TokenVerb::Revoke(account) => revoke(account).await,
    }
}

async fn add(account: Account) -> Result<(), Failure> {
    let folder = folder(account.data)?;
    let store = open(folder.clone())?;
    let token = create_token(&store, &account.name)
        .await
        .map_err(|error| match error {
            CreateError::Store(error) => failed(&error),
            error => {
                let report = Report::new(format!("no token can be made for {}", account.name));
                Failure::Other(report.because(error.to_string()))
            }
        })?;
    writeln!(io::stdout().lock(), "{}", token.reveal())?;
    say(format_args!(
        "for the relay in {}; it is shown this once, and {} gives it to `hooktool login`",
        folder.display(),
        account.name
    ));
    Ok(())
}

async fn list(data: Data) -> Result<(), Failure> {
    let store = open(folder(data)?)?;
    let tokens = store.tokens().await.map_err(|error| failed(&error))?;
    let mut out = io::stdout().lock();
    for token in tokens {
        let account = text::safe(token.account.0.as_bytes(), Mode::Cell);
        let made = text::date_clock(token.created_at, Zone::Local);
        let state = token.revoked_at.map_or_else(String::new, |at| {
            format!("  revoked {}", text::date_clock(at, Zone::Local))
        });
        writeln!(out, "{account:24}  made {made}{state}")?;
    }
    Ok(())
}

async fn revoke(account: Account) -> Result<(), Failure> {
    let store = open(folder(account.data)?)?;
    let name = account.name;
    let count = store
        .revoke(&AccountId(name.clone()))
        .await
        .map_err(|error| failed(&error))?;
    if count == 0 {
        let report = Report::new(format!("{name} has no valid token"));
        return Err(Failure::Other(
            report.hint("`hooktool relay token list` shows them all"),
        ));
    }
    say(format_args!(
        "{count} revoked; open links of {name} end within a heartbeat"
    ));
    Ok(())
}

fn open(folder: PathBuf) -> Result<Store, Failure> {
    let options = Options {
        folder: Some(folder),
        retention: Retention::default(),
        max_pages: None,
        reserve: 0,
    };
    Store::open_beside(options).map_err(|error| failed(&error))
}

fn failed(error: &StoreError) -> Failure {
    let report = Report::new("the relay's tokens cannot be used");
    let report = report.because(error.to_string());
    Failure::Other(match error {
        StoreError::ReadOnly(path) => report.hint(writable(path)),
        _ => report,
    })
}
