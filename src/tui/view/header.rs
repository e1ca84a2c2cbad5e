//! The two lines on top: the link, where requests come in and go to, follow or pause; and counts.

use hooktool_relay::capture::UnixMillis;

use super::{Canvas, counts};
use crate::{
    event::{Link, Live, Reach},
    text::{Mode, Safe, Zone, clock, count, duration, safe},
    tui::{
        layout::{Area, Layout, Shape},
        page::{Line, Role},
        state::{Follow, State},
    },
};

/// From this width on the target is shown whole.
const WIDE: u16 = 110;

/// Draws both lines.
pub(super) fn draw(state: &State, canvas: &mut Canvas<'_>, layout: &Layout) {
    let area = layout.header;
    let follow = follow(state);
    let room = Area {
        width: area.width.saturating_sub(follow.width() as u16 + 2),
        ..area
    };
    let mut x = 1;
    for (role, text) in link(state, layout) {
        x = canvas.write(room, x, 0, &text, role);
    }
    let edge = Area {
        width: area.width.saturating_sub(1),
        ..area
    };
    let is_paused = state.list.follow != Follow::On;
    let role = if is_paused { Role::Warn } else { Role::Dim };
    canvas.write_right(edge, 0, &follow, role);
    counts::draw(state, canvas, layout);
}

fn follow(state: &State) -> Safe<'static> {
    match state.list.follow {
        Follow::On => Safe::own("FOLLOW"),
        Follow::Scrolled | Follow::Paused => {
            Safe::format(format_args!("PAUSED +{}", count(state.list.missed)))
        }
    }
}

fn link(state: &State, layout: &Layout) -> Line {
    let is_narrow = layout.shape == Shape::Narrow;
    let mut line = Line::new();
    if !is_narrow {
        line.push((Role::Strong, Safe::own("hooktool ")));
    }
    if !state.route.is_listening {
        line.extend(history(state, is_narrow));
        return line;
    }
    match &state.link {
        Link::Connecting { attempt } => {
            let relay = match state.route.is_local_relay {
                true => Safe::own("this machine"),
                false => safe(state.route.relay.as_bytes(), Mode::Cell),
            };
            line.push((
                Role::Warn,
                Safe::format(format_args!("○ connecting…  {relay}  try {attempt}")),
            ));
        }
        Link::Live(live) => line.extend(connected(state, live, layout, is_narrow)),
        Link::Reconnecting { attempt, cause, .. } => {
            let cause = safe(cause.as_bytes(), Mode::Cell);
            let when = next_try(state);
            let when = Safe::format(format_args!("◌ RECONNECTING {when} (try {attempt})"));
            line.push((Role::Bad, when));
            line.push((Role::Text, Safe::format(format_args!("  {cause}"))));
        }
        Link::TakenOver { by } => {
            let at = hour(state.link_since.wall);
            let by = safe(by.as_bytes(), Mode::Cell);
            line.push((Role::Bad, Safe::format(format_args!("◍ TAKEN OVER {at}"))));
            let who = match by.as_str() {
                "" => Safe::own(" by another session · c takes it back"),
                by => Safe::format(format_args!(" by session {by} · c takes it back")),
            };
            line.push((Role::Text, who));
        }
        Link::Refused { cause } => {
            let cause = safe(cause.as_bytes(), Mode::Cell);
            line.push((Role::Bad, Safe::own("◍ OFFLINE")));
            line.push((
                Role::Text,
                Safe::format(format_args!("  {cause} · history works")),
            ));
        }
    }
    line
}

/// When the next try is: how soon, counted down, or at which time where nothing moves by itself.
fn next_try(state: &State) -> Safe<'static> {
    let left = state.until_next_try().unwrap_or_default();
    if state.is_animated {
        let left = left.as_millis().div_ceil(1000);
        return Safe::format(format_args!("in {left}s"));
    }
    let left = i64::try_from(left.as_millis()).unwrap_or(i64::MAX);
    let at = UnixMillis(state.now.wall.0.saturating_add(left));
    Safe::format(format_args!("at {}", clock(at, state.zone)))
}

fn history(state: &State, is_narrow: bool) -> Line {
    let mut line = vec![(Role::Strong, Safe::own("□ HISTORY"))];
    if !is_narrow {
        let requests = match state.sync.is_loaded {
            true => Safe::format(format_args!("{} · ", counts::requests(state))),
            false => Safe::default(),
        };
        let text = format_args!("  {requests}not listening");
        line.push((Role::Text, Safe::format(text)));
    }
    line
}

fn connected(state: &State, live: &Live, layout: &Layout, is_narrow: bool) -> Line {
    let is_whole = layout.header.width >= WIDE;
    let mut line = vec![(Role::Text, Safe::own("● live"))];
    if live.waiting > live.caught_up {
        line.push((Role::Warn, waiting(live, is_narrow)));
        line.extend(destination(state, is_whole, true));
    } else if is_narrow {
        line.extend(destination(state, is_whole, true));
    } else {
        line.extend(place(state, live, layout));
    }
    line
}

/// The URL and where it leads to. What does not fit goes in this order: that the target is up, which it mostly is; that the
/// relay is on this machine; the front of the URL.
fn place(state: &State, live: &Live, layout: &Layout) -> Line {
    let is_whole = layout.header.width >= WIDE;
    let beside = "  hooktool ● live   ".chars().count() + follow(state).width();
    let room = usize::from(layout.header.width).saturating_sub(beside);
    let url = safe(live.url.as_bytes(), Mode::Cell);
    let machine = match state.route.is_local_relay {
        true => " this machine",
        false => "",
    };
    let mut line = Line::new();
    for (machine, says_up) in [(machine, true), (machine, false), ("", true), ("", false)] {
        let end = destination(state, is_whole, says_up);
        let taken: usize = end.iter().map(|(_, text)| text.width()).sum();
        let left = room.saturating_sub(machine.len() + taken);
        let shown = beginning_cut(&url, left);
        line = vec![
            (Role::Strong, Safe::format(format_args!("  {shown}"))),
            (Role::Dim, Safe::own(machine)),
        ];
        line.extend(end);
        if url.width() <= left {
            break;
        }
    }
    line
}

fn waiting(live: &Live, is_narrow: bool) -> Safe<'static> {
    let (waiting, done) = (count(live.waiting), count(live.caught_up));
    match live.waiting_since.map(hour) {
        _ if is_narrow => Safe::format(format_args!(" {waiting} waiting")),
        Some(since) => Safe::format(format_args!(
            "  {waiting} waiting since {since}, {done} done"
        )),
        None => Safe::format(format_args!("  {waiting} waiting, {done} done")),
    }
}

/// ` → :3000 up`, or what is there instead of it. That it is down is always said.
fn destination(state: &State, is_whole: bool, says_up: bool) -> Line {
    let target = target(&state.route.target, is_whole);
    if state.hold.on {
        let held = count(state.hold.held);
        return vec![
            (Role::Text, Safe::own(" → ")),
            (Role::Bad, Safe::format(format_args!("HELD {held}"))),
            (Role::Text, Safe::own(" · H resumes")),
        ];
    }
    if target.is_empty() {
        return vec![(Role::Text, Safe::own(" → captured only"))];
    }
    let others = match state.route.routes {
        0 => String::new(),
        routes => format!(" +{routes}"),
    };
    let shown = format_args!(" → {target}{others}");
    let mut line = vec![(Role::Text, Safe::format(shown))];
    match &state.reach {
        Reach::Unknown => {}
        Reach::Up { .. } if !says_up => {}
        Reach::Up { took } if is_whole => {
            line.push((
                Role::Text,
                Safe::format(format_args!(" up {}", duration(*took))),
            ));
        }
        Reach::Up { .. } => line.push((Role::Text, Safe::own(" up"))),
        Reach::Down { since, .. } => {
            line.push((
                Role::Bad,
                Safe::format(format_args!(" DOWN {}", hour(*since))),
            ));
        }
    }
    line
}

/// The target whole, or as short as it can be told apart.
pub(super) fn target(target: &str, is_whole: bool) -> Safe<'static> {
    let host = target.split_once("://").map_or(target, |(_, host)| host);
    let port = host
        .strip_prefix("localhost")
        .or(host.strip_prefix("127.0.0.1"));
    let shown = match port {
        _ if is_whole => target,
        Some(port) if port.starts_with(':') => port,
        _ => host,
    };
    safe(shown.as_bytes(), Mode::Cell).into_owned()
}

/// A URL's last cells, `…` before them: the scheme goes first, and the end tells more than the beginning.
fn beginning_cut<'a>(url: &'a Safe<'a>, cells: usize) -> Safe<'a> {
    let width = url.width();
    if width <= cells {
        return url.clone();
    }
    let scheme = url.as_str().find("://").map_or(0, |at| at + "://".len());
    let end = url.skip(scheme.max(width - cells.saturating_sub(1)));
    Safe::format(format_args!("…{end}"))
}

/// Hour and minute.
fn hour(at: UnixMillis) -> Safe<'static> {
    let clock = clock(at, Zone::Local);
    safe(
        clock.as_str().get(..5).unwrap_or_default().as_bytes(),
        Mode::Cell,
    )
    .into_owned()
}
