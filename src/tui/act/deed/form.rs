//! Sending again with a say in it: which requests, where to, how often. Cancel has the focus, Enter never sends, and what is many or
//! leaves this machine takes words.
//!
//! ```text
//! r, R ─▶ form ── s ──▶ 1 to 20 to this machine ───────────────────▶ sent
//!                  └──▶ more, or farther ─▶ `send N`, then Enter ──▶ sent
//! ```

use super::{edit, set};
use crate::{
    event::{Intent, Replays, Round, Sign},
    exchange::Part,
    target::Target,
    text::{Mode, Safe, count, safe},
    tui::{
        act::replay,
        deed::{Desk, Draft, Line, Past, SendForm, Set, Way},
        fetch::Fetch,
        field::Field,
        state::{Goal, Mood, Popup, State},
        update::{Effect, What},
    },
};

/// Most that are sent to this machine without words.
const UNASKED: u64 = 20;

/// Opens the form for a set.
pub(in crate::tui) fn open(
    state: &mut State,
    set: Set,
    draft: Option<Draft>,
    effects: &mut Vec<Effect>,
) {
    let numbers = match &draft {
        Some(draft) => vec![draft.number],
        None => set::numbers(state, set),
    };
    let mut ways = vec![Way::LastTry];
    let typed = match &state.goal {
        Goal::At(target) => Some(target.clone()),
        Goal::Unasked | Goal::LastTry => None,
    };
    ways.extend(typed.or_else(|| present(state)).map(Way::At));
    ways.push(Way::Other);
    let mut form = SendForm::new(set, numbers.clone(), ways);
    form.draft = draft;
    let is_known = present(state).is_some() || !is_new(state, &form.numbers);
    form.way = match (&state.goal, is_known) {
        (Goal::At(_), _) => 1,
        (Goal::Unasked | Goal::LastTry, true) => 0,
        // Only what is typed can be where it goes.
        (Goal::Unasked | Goal::LastTry, false) => form.ways.len() - 1,
    };
    state.open(Popup::Desk(Desk::Form(Box::new(form))));
    effects.push(Effect::Load(What::Fetch(Fetch::Past(numbers))));
}

/// Whether none of these was ever forwarded.
fn is_new(state: &State, numbers: &[u64]) -> bool {
    let tried = |number: &u64| state.list.row(*number).is_some_and(|row| row.tries > 0);
    !numbers.iter().any(tried)
}

/// Where requests go now.
fn present(state: &State) -> Option<Target> {
    state.route.target.parse().ok()
}

fn form(state: &mut State) -> Option<&mut SendForm> {
    match state.popup.as_mut().map(|open| &mut open.popup) {
        Some(Popup::Desk(Desk::Form(form))) => Some(form),
        _ => None,
    }
}

/// Takes where requests went before.
pub(super) fn past(state: &mut State, numbers: &[u64], past: Past) {
    let Some(form) = form(state).filter(|form| form.numbers == numbers) else {
        return;
    };
    if let (0, [(place, _)], false) = (past.never, &past.places[..], form.way > 0) {
        // Where all of them went need not be offered twice.
        form.ways
            .retain(|way| !matches!(way, Way::At(target) if target.base_url() == place.as_str()));
    }
    form.learn(past);
}

/// Gives another line the focus.
pub(super) fn step(state: &mut State, by: isize) {
    let Some(form) = form(state) else { return };
    form.make_room();
    let lines = form.lines();
    let at = lines
        .iter()
        .position(|line| *line == form.line)
        .unwrap_or(0);
    let to = (at as isize + by).rem_euclid(lines.len().max(1) as isize) as usize;
    form.line = lines.get(to).copied().unwrap_or(Line::Cancel);
}

/// Takes the next of what the line offers.
pub(super) fn choose(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(form) = form(state) else { return };
    match form.line {
        Line::Signature => form.sign = (form.sign + 1) % form.signs.len().max(1),
        Line::Target => form.way = (form.way + 1) % form.ways.len().max(1),
        Line::Which => {
            let set = form.set;
            let set = set::next(state, set);
            let numbers = set::numbers(state, set);
            if let Some(form) = self::form(state) {
                (form.set, form.numbers, form.past) = (set, numbers.clone(), None);
            }
            effects.push(Effect::Load(What::Fetch(Fetch::Past(numbers))));
        }
        Line::Body => edit::begin(state, Part::Body, effects),
        Line::Other | Line::Times | Line::Gap | Line::Parallel | Line::Header(_) | Line::Cancel => {
        }
    }
}

/// Puts the next of the request's own header lines into the line that is typed.
pub(super) fn offer(state: &mut State) {
    let Some(form) = form(state) else { return };
    let Line::Header(at) = form.line else { return };
    let own = form.past.as_ref().map(|past| &past.headers[..]);
    let own = own.unwrap_or_default();
    let next = own.get(form.offered % own.len().max(1));
    match next.map(|line| Field::of(line)) {
        Some(line) => {
            form.offered += 1;
            if let Some(field) = form.headers.get_mut(at) {
                *field = line;
            }
        }
        None => state.say(
            Mood::Note,
            Safe::own("there is no header line to change: type a name"),
        ),
    }
}

/// Asks for an end of what is being sent.
pub(super) fn stop(state: &mut State, effects: &mut Vec<Effect>) {
    state.say(Mood::Note, Safe::own("stopping …"));
    effects.push(Effect::Ask(Intent::Stop));
}

/// Enter: the next line, or what has the focus if that is Cancel.
pub(super) fn enter(state: &mut State) {
    match form(state).map(|form| form.line) {
        Some(Line::Cancel) => cancel(state),
        Some(_) => step(state, 1),
        None => {}
    }
}

fn cancel(state: &mut State) {
    state.popup = None;
    state.say(Mood::Note, Safe::own("nothing was sent"));
}

/// Sends what may be sent without words, else asks for them.
pub(super) fn send(state: &mut State, effects: &mut Vec<Effect>) {
    let present = present(state);
    let Some(form) = form(state) else { return };
    match form.replays(present.as_ref()) {
        Err(why) => state.say(Mood::Problem, why),
        Ok((replays, is_far)) if is_far || replays.count() > UNASKED => {
            let to = match &replays.to {
                Some(target) => safe(target.base_url().as_bytes(), Mode::Cell).into_owned(),
                None => form.past.as_ref().map(places).unwrap_or_default(),
            };
            state.open(Popup::Desk(Desk::Confirm {
                replays: Box::new(replays),
                to,
                is_far,
                field: Field::default(),
                is_wrong: false,
            }));
        }
        Ok((replays, _)) => go(state, replays, effects),
    }
}

/// Where requests went, in words.
pub(in crate::tui) fn places(past: &Past) -> Safe<'static> {
    let mut words: Vec<String> = past
        .places
        .iter()
        .take(3)
        .map(|(place, many)| match past.places.len() {
            1 => place.to_string(),
            _ => format!("{place} ({many})"),
        })
        .collect();
    if past.places.len() > 3 {
        words.push(format!("{} more", past.places.len() - 3));
    }
    if past.never > 0 {
        words.push(format!("{} never forwarded", past.never));
    }
    Safe::format(format_args!("{}", words.join(", ")))
}

/// The words that confirm.
pub(in crate::tui) fn words(replays: &Replays) -> String {
    format!("send {}", replays.count())
}

/// Takes the words; others do nothing.
pub(super) fn confirm(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(Popup::Desk(Desk::Confirm {
        replays,
        field,
        is_wrong,
        ..
    })) = state.popup.as_mut().map(|open| &mut open.popup)
    else {
        return;
    };
    if field.text().trim() != words(replays) {
        *is_wrong = true;
        return;
    }
    let replays = replays.as_ref().clone();
    go(state, replays, effects);
}

fn go(state: &mut State, replays: Replays, effects: &mut Vec<Effect>) {
    state.popup = None;
    if let Some(target) = &replays.to
        && (!state.route.is_listening || state.route.target.is_empty())
    {
        state.goal = Goal::At(target.clone());
    }
    match replays {
        // One as it came is told by its row, as `r` tells it.
        Replays {
            ref numbers,
            times: 1,
            ref to,
            ref edits,
            ..
        } if numbers.len() == 1 && edits.is_empty() && edits.sign == Sign::IfGood => {
            replay::send_to(state, numbers[0], to.clone(), effects);
        }
        replays => {
            let many = count(replays.count());
            let text = format_args!("sending {many} … (A stops it)");
            state.say(Mood::Note, Safe::format(text));
            state.acting.rounds += 1;
            effects.push(Effect::Ask(Intent::Replays(Box::new(replays))));
        }
    }
}

/// Tells how requests that were sent together ended; those that failed one by one in the log.
pub(in crate::tui) fn round(state: &mut State, round: &Round) {
    state.acting.rounds = state.acting.rounds.saturating_sub(1);
    let told = |text: &str| safe(text.as_bytes(), Mode::Cell).into_owned();
    let sent = round.ok + round.failed;
    let mood = |is_failed| match is_failed {
        true => Mood::Problem,
        false => Mood::Done,
    };
    if let Some(number) = round.edited
        && round.failed == 0
    {
        state.acting.drafts.retain(|draft| draft.number != number);
    }
    if let (1, 0, [(is_failed, text)]) = (sent, round.unsent, &round.told[..]) {
        let kept = if *is_failed && round.edited.is_some() {
            "; e opens your edit again"
        } else {
            ""
        };
        let text = Safe::format(format_args!("{}{kept}", told(text)));
        return state.say(mood(*is_failed), text);
    }
    for (_, text) in round.told.iter().filter(|(is_failed, _)| *is_failed) {
        state.note(Mood::Problem, told(text));
    }
    let (sent, ok, failed) = (count(sent), count(round.ok), count(round.failed));
    let text = match (round.failed, round.unsent) {
        (0, 0) => format!("{sent} replays: all ok"),
        (_, 0) => format!("{sent} replays: {ok} ok, {failed} failed (L lists them)"),
        (_, unsent) => {
            let unsent = count(unsent);
            format!("stopped: {sent} sent ({ok} ok, {failed} failed), {unsent} never sent")
        }
    };
    state.say(mood(round.failed > 0), Safe::format(format_args!("{text}")));
}
