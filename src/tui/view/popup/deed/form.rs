//! The form before requests are sent again, and the words that are asked for.

use super::super::{Canvas, draw_box, row};
use crate::{
    event::{Replays, Sign},
    text::{Safe, age, count},
    tui::{
        act::deed::{form, set},
        deed::{Line, SendForm, Way},
        field::Field,
        layout::Area,
        page::Role,
        state::State,
    },
};

/// Cells before what a line offers.
const LABEL: u16 = 12;

/// Draws the form.
pub(super) fn draw(state: &State, canvas: &mut Canvas<'_>, screen: Area, form: &SendForm) {
    let lines = form.lines();
    let name = set::name(form.set, &form.numbers);
    let title = Safe::format(format_args!("Replay {name}"));
    // Border, keys, and what is said below the lines.
    let room = usize::from(screen.height).saturating_sub(7).max(1);
    let at = lines.iter().position(|line| *line == form.line);
    let first = (at.unwrap_or(0) + 1).saturating_sub(room);
    let lines: Vec<Line> = lines.into_iter().skip(first).take(room).collect();
    let blank = vec![Safe::default(); lines.len() + 3];
    let area = draw_box(state, canvas, screen, &title, &blank);
    for (y, line) in (1..).zip(&lines) {
        let place = row(area, y);
        let (label, value) = entry(form, *line, &name);
        let has_focus = *line == form.line;
        let role = if has_focus { Role::Strong } else { Role::Text };
        let sign = if has_focus { ">" } else { " " };
        canvas.write(place, 0, 0, &Safe::own(sign), Role::Strong);
        canvas.write(place, 1, 0, &Safe::own(label), role);
        match typed(form, *line) {
            Some(field) if has_focus => canvas.field(place, LABEL, "", field),
            Some(field) => {
                let (before, after) = field.shown();
                let text = Safe::format(format_args!("{before}{after}"));
                canvas.write(place, LABEL, 0, &text, Role::Text);
            }
            None => {
                canvas.write(place, LABEL, 0, &value, role);
            }
        }
    }
    let last = lines.len() as u16 + 2;
    canvas.write(row(area, last), 1, 0, &sends(state, form), Role::Text);
    let what = match (form.line, &form.draft) {
        (Line::Header(_), _) => Safe::own("Name: value sets a line, -Name removes it; ^n: its own"),
        (_, Some(draft)) => {
            let changed = headers(form).map(|names| format!("; headers: {names}"));
            let changed = changed.unwrap_or_default();
            Safe::format(format_args!("{}{changed}", draft.said))
        }
        (_, None) => match headers(form) {
            Some(names) => {
                Safe::format(format_args!("Headers changed: {names}, Hooktool-Replay-Of"))
            }
            None if form.signs.len() > 1 && form.signing() != Sign::Keep => {
                Safe::own("As captured, but for its signature; Hooktool-Replay-Of is added.")
            }
            None => Safe::own("As captured; Hooktool-Replay-Of is added."),
        },
    };
    canvas.write(row(area, last + 1), 1, 0, &what, Role::Dim);
}

/// The names of the header lines that the form changes.
fn headers(form: &SendForm) -> Option<String> {
    let names: Vec<String> = form.changed().iter().map(Safe::to_string).collect();
    (!names.is_empty()).then(|| names.join(", "))
}

fn typed(form: &SendForm, line: Line) -> Option<&Field> {
    match line {
        Line::Other => Some(&form.other),
        Line::Times => Some(&form.times),
        Line::Gap => Some(&form.gap),
        Line::Parallel => Some(&form.parallel),
        Line::Header(at) => form.headers.get(at),
        Line::Which | Line::Target | Line::Body | Line::Signature | Line::Cancel => None,
    }
}

fn entry(form: &SendForm, line: Line, name: &Safe<'_>) -> (&'static str, Safe<'static>) {
    match line {
        Line::Which => (
            "Which",
            Safe::format(format_args!("{name}  (Space: others)")),
        ),
        Line::Target => ("Target", target(form)),
        Line::Other => ("  other", Safe::default()),
        Line::Body => (
            "Body",
            match &form.draft {
                Some(_) => Safe::own("(•) as edited    ( ) edit again (Space)"),
                None => Safe::own("(•) as captured  ( ) edit in your editor (Space)"),
            },
        ),
        Line::Signature => (
            "Signature",
            Safe::format(format_args!("{}  (Space: others)", signing(form))),
        ),
        Line::Times => ("Times", Safe::default()),
        Line::Gap => ("Gap, ms", Safe::default()),
        Line::Parallel => ("Parallel", Safe::default()),
        Line::Header(0) => ("Headers", Safe::default()),
        Line::Header(_) => ("", Safe::default()),
        Line::Cancel => ("[ Cancel ]", Safe::default()),
    }
}

/// What becomes of the signature.
fn signing(form: &SendForm) -> Safe<'static> {
    let sealed = form.past.as_ref().and_then(|past| past.sealed.as_ref());
    let scheme = sealed.map(|sealed| Safe::format(format_args!(" [{}]", sealed.scheme)));
    let scheme = scheme.unwrap_or_else(|| Safe::own(", where a secret is set"));
    match form.signing() {
        Sign::IfGood => Safe::format(format_args!("sign now{scheme}")),
        Sign::Anew { .. } => Safe::own("sign now, though it came BAD"),
        Sign::Keep => {
            let over = sealed.and_then(|sealed| sealed.age.filter(|age| age.is_over));
            let over = over.map(|over| age(over.seconds.unsigned_abs()));
            match over {
                Some(old) => Safe::format(format_args!("keep original, {old} old: may fail")),
                None => Safe::own("keep original"),
            }
        }
        Sign::Wrong => Safe::own("wrong in one character"),
        Sign::Old => Safe::own("right, but too old"),
    }
}

/// Every way, the chosen one marked.
fn target(form: &SendForm) -> Safe<'static> {
    let ways = (0..).zip(&form.ways).map(|(at, way): (usize, _)| {
        let sign = if at == form.way { "(•)" } else { "( )" };
        match way {
            Way::LastTry => match &form.past {
                Some(past) => format!("{sign} {}", form::places(past)),
                None => format!("{sign} the last try's"),
            },
            Way::At(target) => format!("{sign} {}", target.authority()),
            Way::Other => format!("{sign} other"),
        }
    });
    let ways: Vec<String> = ways.collect();
    Safe::format(format_args!("{}", ways.join("  ")))
}

/// What `s` would do, or why it does nothing.
fn sends(state: &State, form: &SendForm) -> Safe<'static> {
    match form.replays(state.route.target.parse().ok().as_ref()) {
        Err(why) => why,
        Ok((replays, is_far)) => {
            let many = count(replays.count());
            let word = if replays.count() == 1 {
                "request"
            } else {
                "requests"
            };
            let whither = if is_far {
                " off this machine"
            } else {
                " on this machine"
            };
            Safe::format(format_args!("s sends {many} {word}{whither}."))
        }
    }
}

/// Draws the box that asks for words.
pub(super) fn confirm(
    state: &State,
    canvas: &mut Canvas<'_>,
    screen: Area,
    (replays, to, field): (&Replays, &Safe<'_>, &Field),
    (is_far, is_wrong): (bool, bool),
) {
    let (many, words) = (count(replays.count()), form::words(replays));
    let parallel = replays.parallel;
    let word = if replays.count() == 1 {
        "request"
    } else {
        "requests"
    };
    let lines = [
        Safe::format(format_args!("To {to}.")),
        Safe::own(if is_far {
            "That is not surely your machine."
        } else {
            "That is your machine."
        }),
        Safe::format(format_args!("{many} {word}, {parallel} at a time.")),
        Safe::format(format_args!("Type  {words}  to go on, or Esc to cancel.")),
        Safe::default(),
        Safe::format(format_args!(
            "{}",
            if is_wrong {
                "Those are other words: nothing was sent."
            } else {
                ""
            }
        )),
    ];
    let title = Safe::format(format_args!("Send {many} {word}?"));
    let area = draw_box(state, canvas, screen, &title, &lines);
    canvas.field(row(area, 5), 1, "> ", field);
}
