//! `hooktool listen`: finds its place, stays connected, shows what comes, and does what the person asks.
//!
//! ```text
//!     place ─▶ embedded relay ┐
//!              agent ─────────┼─▶ until ^C, quit, refusal ─▶ leave the relay ─▶ last lines ─▶ relay stops
//!              view ── Intent ┘
//! ```

use std::sync::Arc;

use futures_util::FutureExt;
use tokio::{
    sync::{Notify, mpsc},
    task::spawn_blocking,
};
use tokio_util::sync::CancellationToken;

use crate::{
    agent::{Agent, Ended, Plan, Valve},
    cli::value::Color,
    config::{
        Layers, RelayAt, Settings, panes,
        secrets::{self, Secret},
    },
    event::{Board, Intent, Link},
    exit::{Failure, Report},
    forward::Forwarder,
    history::{History, Retention, Select},
    output::{self, Output, Start, Surroundings},
    tui,
    webhook::Keyring,
};

use super::{keyring::FileKeys, recognise::Recogniser, stop, wishes::Wishes};

mod ending;
mod kept;
pub(super) mod names;
mod place;
mod standing;

use kept::When;
use place::Place;

/// Listens until a person or the relay ends it. `level` is how much lines say: `-v` above zero, `-q` below.
pub(super) async fn run(settings: Settings, layers: Layers, level: i16) -> Result<(), Failure> {
    let here = Surroundings::here();
    let shown = output::choose(settings.output, here).ok_or_else(|| {
        Failure::Usage(
            Report::new("there is no terminal for the inspector")
                .hint("use --output lines or --json"),
        )
    })?;
    let history = open(&settings).await?;
    let place = place::find(&settings, &history).await?;
    let keys = FileKeys::read(&layers)?;
    let listening = Listening::new(settings, place, history, keys, shown, (here, level)).await?;
    Box::pin(listening.run()).await
}

async fn open(settings: &Settings) -> Result<History, Failure> {
    let path = settings.folders.history();
    spawn_blocking(move || History::open(&path, Retention::default()))
        .await
        .map_err(|_| ending::panicked())?
        .map_err(Into::into)
}

/// Everything that listens.
struct Listening {
    settings: Settings,
    place: Place,
    history: History,
    forwarder: Forwarder,
    board: Board,
    shown: Output,
    here: Surroundings,
    level: i16,
    keys: Arc<dyn Keyring>,
    start: Start,
    stop: CancellationToken,
    connect_now: Arc<Notify>,
}

impl Listening {
    async fn new(
        settings: Settings,
        place: Place,
        history: History,
        keys: FileKeys,
        shown: Output,
        (here, level): (Surroundings, i16),
    ) -> Result<Self, Failure> {
        let forwarder = Forwarder::new(settings.forward.clone()).map_err(|cause| {
            Failure::Other(Report::new("requests cannot be forwarded").because(cause))
        })?;
        let reading = history.clone();
        let start = spawn_blocking(move || Start::now(&reading.reader()?))
            .await
            .map_err(|_| ending::panicked())??;
        let board = Board::new();
        board.hold.send_modify(|hold| hold.on = settings.hold);
        board
            .standing
            .send_replace(standing::words(&settings.answer, settings.only.as_ref()));
        Ok(Self {
            settings,
            place,
            history,
            keys: Arc::new(keys.telling(&board)),
            forwarder,
            board,
            shown,
            here,
            level,
            start,
            stop: CancellationToken::new(),
            connect_now: Arc::new(Notify::new()),
        })
    }

    async fn run(mut self) -> Result<(), Failure> {
        let relay_stop = CancellationToken::new();
        let relay = self.place.embedded.take();
        let relay = place::serve(relay, relay_stop.clone(), self.stop.clone());
        let work = async {
            let worked = Box::pin(self.work()).await;
            relay_stop.cancel();
            self.say_kept(When::End);
            worked
        };
        tokio::select! {
            ended = async { tokio::join!(work, relay) } => ended.0.and(ended.1),
            () = stop::on_signal(self.stop.clone()) => Ok(()),
        }
    }

    /// The agent and the view, side by side. The view goes last: it shows what the agent recorded.
    async fn work(&self) -> Result<(), Failure> {
        let view_stop = CancellationToken::new();
        let (intents, asked) = mpsc::channel(tui::View::INTENTS);
        let (minted, tokens) = mpsc::channel(1);
        let mut agent = Agent::new(
            self.plan(),
            self.forwarder.clone(),
            self.history.clone(),
            self.board.clone(),
            self.connect_now.clone(),
            minted,
        );
        let valve = agent.valve();
        let listening = async {
            let ended = self.listen(&mut agent).await;
            view_stop.cancel();
            ended
        };
        let viewing = async {
            let viewed = self.view(intents, view_stop.clone()).await;
            self.stop.cancel();
            viewed
        };
        let both = async { tokio::join!(listening, viewing) };
        tokio::select! {
            (listened, viewed) = both => listened.and(viewed),
            () = self.perform(asked, valve) => unreachable!("intents are performed until the end"),
            () = self.keep_tokens(tokens) => unreachable!("tokens are kept until the end"),
            () = self.announce() => unreachable!("the announcement waits until the end"),
        }
    }

    fn plan(&self) -> Plan {
        let settings = &self.settings;
        Plan {
            relay: self.place.dial.clone(),
            relay_name: self.place.relay_name.as_str().into(),
            endpoint: self.place.endpoint.clone(),
            name: names::host_name(),
            answer: settings.answer.clone(),
            deadline: settings.deadline,
            from: settings.from,
            max_in_flight: settings.max_in_flight,
            routes: settings.routes.clone(),
            only: settings.only.clone(),
            wait_for_target: settings.wait_for_target,
            retry: settings.retry,
            answer_challenges: settings.answer_challenges,
            recognise: Some(Arc::new(Recogniser {
                keys: self.keys.clone(),
                relay: self.place.relay_name.clone(),
            })),
        }
    }

    /// Stays connected. A refusal ends lines and JSON; on the screen a person may claim the endpoint again.
    async fn listen(&self, agent: &mut Agent) -> Result<(), Failure> {
        loop {
            let failure = match agent.run(&self.stop).await {
                Ended::Stopped => return Ok(()),
                Ended::History(error) => return Err(error.into()),
                Ended::TakenOver(by) => {
                    self.board
                        .link
                        .send_replace(Link::TakenOver { by: by.clone() });
                    ending::taken_over(&self.place.endpoint, &by)
                }
                Ended::Untrusted(distrust) => {
                    self.board.link.send_replace(Link::Refused {
                        cause: distrust.cause.clone(),
                    });
                    ending::untrusted(&self.place.dial, distrust)
                }
                Ended::Refused { code, text } => {
                    self.board.link.send_replace(Link::Refused {
                        cause: text.clone(),
                    });
                    ending::refused(&self.place.dial, code, text)
                }
            };
            if self.shown != Output::Tui {
                agent.leave().await;
                return Err(failure);
            }
            // A wish to connect from before this end is no wish to take the endpoint back.
            let _ = self.connect_now.notified().now_or_never();
            tokio::select! {
                () = self.connect_now.notified() => {}
                // The screen said why, and a person has read it.
                () = self.stop.cancelled() => return Ok(()),
            }
        }
    }

    async fn view(
        &self,
        intents: mpsc::Sender<Intent>,
        stop: CancellationToken,
    ) -> Result<(), Failure> {
        let endpoint = (self.place.relay_name.clone(), self.place.endpoint.clone());
        let (history, feed) = (self.history.clone(), self.board.feed());
        let target = self.target();
        match self.shown {
            Output::Lines => {
                let color = self.is_colored();
                let options = output::lines::Options {
                    level: self.level,
                    color,
                    zone: self.settings.zone,
                };
                Ok(
                    output::lines::Lines::run(history, feed, endpoint, self.start, options, stop)
                        .await?,
                )
            }
            Output::Json => Ok(output::json::Json::run(
                history,
                feed,
                endpoint,
                self.start,
                target,
                self.keys.clone(),
                stop,
            )
            .await?),
            Output::Tui => {
                let view = tui::View {
                    history,
                    select: Select {
                        endpoints: vec![endpoint],
                        ..Select::default()
                    },
                    feed,
                    intents,
                    target: target.unwrap_or_default(),
                    relay: self.place.dial.authority(),
                    routes: self.settings.routes.routes.len(),
                    is_local_relay: self.settings.relay == RelayAt::Local,
                    is_colored: self.is_colored(),
                    theme: self.settings.theme,
                    is_ascii: self.settings.ascii,
                    panes: panes::read(&self.settings.folders),
                    is_animated: self.settings.animation,
                    is_listening: true,
                    zone: self.settings.zone,
                    keys: self.settings.keys.clone(),
                    keyring: self.keys.clone(),
                    stop,
                };
                let ended = tui::run(view).await?;
                ending::goodbye(&ended, &self.settings.folders.history());
                Ok(())
            }
        }
    }

    fn is_colored(&self) -> bool {
        match self.settings.color {
            Color::Auto => self.here.can_color,
            Color::Always => true,
            Color::Never => false,
        }
    }

    /// Says what is held or parked; a screen shows it while it is there.
    fn say_kept(&self, when: When) {
        let is_shown = self.shown == Output::Tui && when == When::Start;
        if is_shown || self.level <= -2 {
            return;
        }
        let hold = self.board.hold.borrow().clone();
        for sentence in kept::words(&hold, self.target().as_deref(), when) {
            output::say(format_args!("{sentence}"));
        }
    }

    /// Where requests go by default.
    fn target(&self) -> Option<String> {
        let target = self.settings.routes.default.as_ref();
        target.map(ToString::to_string)
    }

    /// Keeps the URL once the link is live, and says it where there is no screen.
    async fn announce(&self) {
        let mut link = self.board.link.subscribe();
        let _ = link.wait_for(|link| matches!(link, Link::Live(_))).await;
        let url = match &*link.borrow() {
            Link::Live(live) => Some(live.url.clone()),
            _ => None,
        };
        let Some(url) = url else {
            return std::future::pending().await;
        };
        if let Err(error) = self.place.keep(&self.settings, &self.history).await {
            self.board.tell(
                true,
                format!("this URL will not be the same next time: {error}"),
            );
        }
        if self.shown == Output::Lines && self.level > -2 {
            let is_local = self.settings.relay == RelayAt::Local;
            output::banner(&url, self.target().as_deref(), is_local);
        }
        self.say_kept(When::Start);
        std::future::pending::<()>().await;
    }

    /// Keeps the tokens that an open relay makes, so that the endpoint stays this user's.
    async fn keep_tokens(&self, mut tokens: mpsc::Receiver<String>) {
        while let Some(token) = tokens.recv().await {
            let folders = self.settings.folders.clone();
            let relay = self.place.relay_name.clone();
            let Some(secret) = Secret::new(&token) else {
                continue;
            };
            let kept = spawn_blocking(move || secrets::add(&folders, &relay, secret)).await;
            if let Ok(Err(error)) = kept {
                self.board.tell(
                    true,
                    format!("the relay's token is not kept, and the URL with it: {error}"),
                );
            }
        }
        std::future::pending::<()>().await;
    }

    /// Does what the person asks of the screen.
    async fn perform(&self, mut asked: mpsc::Receiver<Intent>, valve: Valve) {
        let mut wishes = Wishes::new(
            self.history.clone(),
            self.forwarder.clone(),
            self.board.clone(),
            self.settings.routes.clone(),
            self.keys.clone(),
            self.settings.folders.clone(),
        );
        loop {
            match wishes.next(&mut asked).await {
                Intent::Hold(on) => valve.hold(on),
                Intent::Release => valve.release(),
                Intent::Only(text) => {
                    standing::only(&self.settings.answer, text.as_deref(), &valve, &self.board);
                }
                Intent::Connect => self.connect_now.notify_one(),
                Intent::Quit => self.stop.cancel(),
                wish => wishes.grant(wish).await,
            }
        }
    }
}
