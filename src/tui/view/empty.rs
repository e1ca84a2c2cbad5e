//! What is shown before the first request: the URL, and how to try it.

use super::{Canvas, row};
use crate::{
    event::Reach,
    text::{Mode, Safe, safe},
    tui::{
        layout::Area,
        page::{Line, Role},
        state::State,
    },
};

/// Draws as many lines as there is room for.
pub(super) fn draw(state: &State, canvas: &mut Canvas<'_>, area: Area) {
    if !state.sync.is_loaded {
        return;
    }
    for (y, line) in (0..area.height).zip(lines(state)) {
        let mut x = 0;
        for (role, text) in line {
            x = canvas.write(row(area, y), x, 0, &text, role);
        }
    }
}

fn own(text: &'static str) -> Line {
    vec![(Role::Text, Safe::own(text))]
}

/// What it says, line by line.
pub(super) fn lines(state: &State) -> Vec<Line> {
    let mut lines = vec![Line::new()];
    if !state.route.is_listening {
        lines.push(own("   No request is stored yet. To receive some:"));
        lines.push(Line::new());
        lines.push(own("     hooktool listen 3000"));
        return lines;
    }
    match &state.url {
        Some(url) => lines.extend(invitation(state, &safe(url.as_bytes(), Mode::Cell))),
        None => lines.push(own(
            "   Your public URL appears here as soon as the relay is reached.",
        )),
    }
    lines.push(Line::new());
    lines.extend(obstacle(state));
    lines
}

fn invitation(state: &State, url: &Safe<'_>) -> Vec<Line> {
    let heading = if state.route.is_local_relay {
        "   This URL works on this machine only (no relay is set):"
    } else if !state.list.rows.is_empty() {
        "   Your public URL (this folder gets the same one tomorrow):"
    } else {
        "   Your public URL (y copies it; this folder gets the same one tomorrow):"
    };
    let shown = Safe::format(format_args!("     {url}"));
    let curl = format_args!("     curl {url}/test -d '{{\"hello\":\"world\"}}'");
    let mut lines = vec![
        own(heading),
        Line::new(),
        vec![(Role::Strong, shown)],
        Line::new(),
        own("   Try it from another terminal:"),
        Line::new(),
        vec![(Role::Text, Safe::format(curl))],
        Line::new(),
    ];
    if state.route.is_local_relay {
        lines.push(own(
            "   For a public one:   hooktool login RELAY_URL   or   listen --relay URL",
        ));
    } else {
        lines.push(own(
            "   Paste the URL, with your app's path behind it, into the provider:",
        ));
        let name = url.as_str().rsplit('/').next().unwrap_or_default();
        for (steps, path) in [
            ("Stripe   Developers > Webhooks > Add endpoint", "stripe"),
            ("GitHub   Settings > Webhooks > Add webhook", "github"),
        ] {
            let line = format_args!("     {steps:46}     …/{name}/{path}");
            lines.push(vec![(Role::Text, Safe::format(line))]);
        }
    }
    lines
}

/// What would keep a first request from reaching the app.
fn obstacle(state: &State) -> Vec<Line> {
    let target = state.route.target.as_str();
    let target = target.split_once("://").map_or(target, |(_, place)| place);
    let target = safe(target.as_bytes(), Mode::Cell);
    match &state.reach {
        Reach::Down { cause, .. } => {
            let cause = safe(cause.as_bytes(), Mode::Cell);
            let first = format_args!("   [!] Nothing listens on {target} ({cause}). Senders get a");
            vec![
                vec![(Role::Bad, Safe::format(first))],
                own("       502 until it does; every request is stored all the same, and r sends"),
                own("       it again."),
            ]
        }
        _ if target.is_empty() => {
            vec![own(
                "   Nothing is forwarded: there is no target. Senders get 200.",
            )]
        }
        _ => Vec::new(),
    }
}
