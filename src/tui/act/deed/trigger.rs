//! Samples from the screen: which, by typing, then which way. The key that opens it and Enter never send.
//!
//! ```text
//! t ─▶ typed words choose among all samples ── Enter ─▶ which way (Space) ── s ─▶ sent
//!      a word that begins with / is the path
//! ```

use crate::{
    event::{Intent, Link, Trigger},
    target::Target,
    text::Safe,
    tui::{
        deed::{Desk, Shot},
        field::Field,
        state::{Goal, Mood, Popup, State},
        update::Effect,
    },
    webhook::{Sample, samples},
};

/// Whether one can be sent at all.
///
/// # Errors
/// Why not, in words.
pub(super) fn possible(state: &State) -> Result<(), &'static str> {
    match ways(state).is_empty() {
        true => Err("not listening, and no target of this machine is known (r asks for one)"),
        false => Ok(()),
    }
}

/// Every way that there is: through the public URL while something listens, and straight to a target, if that is this machine.
fn ways(state: &State) -> Vec<Option<Target>> {
    let target = match &state.goal {
        Goal::At(target) => Some(target.clone()),
        Goal::Unasked | Goal::LastTry => state.route.target.parse().ok(),
    };
    let near = target.filter(Target::is_loopback).map(Some);
    let public = state.route.is_listening.then_some(None);
    match state.link {
        Link::Live(_) => public.into_iter().chain(near).collect(),
        // What does not answer now is not the first choice.
        _ => near.into_iter().chain(public).collect(),
    }
}

/// Opens the list.
pub(super) fn open(state: &mut State) {
    state.open(Popup::Desk(Desk::Samples {
        field: Field::default(),
        at: 0,
    }));
}

/// Every sample that fits what is typed: all its words, but that of the path.
pub(in crate::tui) fn found(text: &str) -> Vec<&'static Sample> {
    let text = text.to_lowercase();
    let fits = |sample: &&Sample| {
        let mut words = text.split_whitespace().filter(|word| !is_path(word));
        let name = format!("{} {}", sample.provider, sample.name).to_lowercase();
        words.all(|word| name.contains(word))
    };
    samples().iter().filter(fits).collect()
}

fn is_path(word: &str) -> bool {
    word.starts_with('/')
}

fn desk(state: &mut State) -> Option<&mut Desk> {
    match state.popup.as_mut().map(|open| &mut open.popup) {
        Some(Popup::Desk(desk)) => Some(desk),
        _ => None,
    }
}

/// Chooses another one.
pub(super) fn step(state: &mut State, by: isize) {
    if let Some(Desk::Samples { field, at }) = desk(state) {
        let last = found(field.text()).len().saturating_sub(1);
        *at = (*at).min(last).saturating_add_signed(by).min(last);
    }
}

/// Goes on with the chosen one. Without another path it goes where its provider's newest request came.
pub(super) fn take(state: &mut State) {
    let Some(Desk::Samples { field, at }) = desk(state) else {
        return;
    };
    let all = found(field.text());
    let Some(sample) = all.get(*at).or(all.last()).copied() else {
        state.say(Mood::Problem, Safe::own("no sample fits"));
        return;
    };
    let typed = field.text().split_whitespace().find(|word| is_path(word));
    let path = match typed {
        Some(path) => path.to_owned(),
        None => usual(state, sample.provider).unwrap_or_default(),
    };
    let shot = Shot {
        sample,
        path,
        ways: ways(state),
        way: 0,
    };
    state.open(Popup::Desk(Desk::Trigger(shot)));
}

/// The path that a provider's newest request came to, without its query.
fn usual(state: &State, provider: &str) -> Option<String> {
    let mut rows = state.list.rows.iter().rev();
    let is_its = |row: &&crate::history::Summary| {
        let webhook = row.webhook.as_ref();
        webhook.is_some_and(|webhook| webhook.provider == provider)
    };
    let path = &rows.find(is_its)?.path;
    let bare = path.split(|byte| *byte == b'?').next()?;
    String::from_utf8(bare.to_vec()).ok()
}

/// Takes the next way.
pub(super) fn turn(state: &mut State) {
    if let Some(Desk::Trigger(shot)) = desk(state) {
        shot.way = (shot.way + 1) % shot.ways.len().max(1);
    }
}

/// Sends it.
pub(super) fn send(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(Desk::Trigger(shot)) = desk(state) else {
        return;
    };
    let Some(way) = shot.ways.get(shot.way).cloned() else {
        return;
    };
    let trigger = Trigger {
        provider: shot.sample.provider,
        event: &shot.sample.name,
        path: shot.path.clone(),
        to: way,
    };
    let text = format_args!("sending {} {} …", trigger.provider, trigger.event);
    let text = Safe::format(text);
    state.popup = None;
    state.say(Mood::Note, text);
    effects.push(Effect::Ask(Intent::Trigger(Box::new(trigger))));
}
