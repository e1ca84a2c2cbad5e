//! `hooktool login`: a relay and its token, kept for `listen`.
//!
//! The token is asked for without echo, or read from stdin; it never stands on a command line, where other users see it.

use std::io::{self, IsTerminal as _, Read as _};

use super::{probe, prompt};
use crate::{
    cli::relay::Login,
    config::{
        Folders,
        secrets::{self, Secret},
    },
    exit::{Failure, Report},
    output::say,
};

/// Longest line taken from stdin, in bytes; a token has 62.
const LONGEST: u64 = 4096;

/// Asks the relay, then the person, and keeps what they say.
pub(super) async fn run(login: Login) -> Result<(), Failure> {
    let relay = login.relay;
    let folders = Folders::of_user()?;
    probe::health(&relay).await?;
    let typed = if io::stdin().is_terminal() {
        let question = format!("token for {relay} (Enter for none)");
        let typed = prompt::hidden(&question)?;
        typed.ok_or_else(|| Failure::Other(Report::new("no token was given")))?
    } else {
        let mut text = String::new();
        io::stdin().lock().take(LONGEST).read_to_string(&mut text)?;
        text
    };
    match typed.trim() {
        "" => say(format_args!("no token: an open relay will give you one")),
        text => {
            let secret = Secret::new(text).ok_or_else(malformed)?;
            probe::token(&relay, &secret).await?;
            secrets::add(&folders, &relay, secret)?;
        }
    }
    secrets::keep_relay(&folders, &relay)?;
    say(format_args!(
        "`hooktool listen 3000` uses {relay} from now on"
    ));
    Ok(())
}

fn malformed() -> Failure {
    let report = Report::new("that is not a token");
    Failure::Usage(report.hint("`hooktool relay token add NAME` on the relay prints one"))
}
