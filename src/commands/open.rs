//! `hooktool open`: the inspector on what is stored, without a relay. What other processes write shows up as it comes.

use std::sync::Arc;

use tokio::{sync::mpsc, task::spawn_blocking};
use tokio_util::sync::CancellationToken;

use super::{keyring::FileKeys, stop, stored::Stored, wishes::Wishes};
use crate::{
    cli::value::Color,
    config::{Settings, panes},
    event::{Board, Intent},
    exit::{Failure, Report},
    forward::Forwarder,
    history::{History, Retention},
    output::Surroundings,
    target::Routes,
    tui::{self, View},
};

/// Shows the inspector until the person ends it.
pub(super) async fn run() -> Result<(), Failure> {
    let here = Surroundings::here();
    if !here.can_draw {
        let report = Report::new("there is no terminal for the inspector");
        return Err(Failure::Usage(
            report.hint("`hooktool list` prints what is stored"),
        ));
    }
    let Stored { select, layers, .. } = Stored::open()?;
    let settings = Settings::resolve(&layers)?;
    let forwarder = Forwarder::new(settings.forward.clone()).map_err(|cause| {
        Failure::Other(Report::new("requests cannot be forwarded").because(cause))
    })?;
    let path = settings.folders.history();
    let opening = spawn_blocking(move || History::open(&path, Retention::default()));
    let history = opening.await.map_err(|_| panicked())??;
    let (board, ended) = (Board::new(), CancellationToken::new());
    let keys = Arc::new(FileKeys::read(&layers)?.telling(&board));
    let (intents, asked) = mpsc::channel(View::INTENTS);
    let view = View {
        history: history.clone(),
        select,
        feed: board.feed(),
        intents,
        target: String::new(),
        relay: String::new(),
        routes: 0,
        is_local_relay: false,
        theme: settings.theme,
        is_ascii: settings.ascii,
        panes: panes::read(&settings.folders),
        is_animated: settings.animation,
        is_colored: match settings.color {
            Color::Auto => here.can_color,
            Color::Always => true,
            Color::Never => false,
        },
        is_listening: false,
        zone: settings.zone,
        keys: settings.keys.clone(),
        keyring: keys.clone(),
        stop: ended.clone(),
    };
    let wishes = Wishes::new(
        history,
        forwarder,
        board,
        Routes::default(),
        keys,
        settings.folders.clone(),
    );
    tokio::select! {
        ended = Box::pin(tui::run(view)) => Ok(ended.map(drop)?),
        () = perform(asked, wishes) => unreachable!("wishes are granted until the end"),
        () = stop::on_signal(ended) => Ok(()),
    }
}

/// Does what the person asks of the screen.
async fn perform(mut asked: mpsc::Receiver<Intent>, mut wishes: Wishes) {
    loop {
        let wish = wishes.next(&mut asked).await;
        wishes.grant(wish).await;
    }
}

fn panicked() -> Failure {
    Failure::Other(Report::new("the history could not be opened").because("its thread panicked"))
}
