//! Every screen at every shape, as text; one as a map of styles. Times of day are masked: they follow the machine's zone.

use ratatui::{Terminal, backend::TestBackend, buffer::Buffer, style::Modifier};

use super::*;
use crate::{
    event::{Hold, Live, Reach},
    history::Webhook,
    tui::{
        look::{Look, Palette},
        view,
    },
};

const SIZES: [(u16, u16); 5] = [(80, 24), (120, 40), (40, 12), (32, 8), (28, 6)];

pub(super) fn draw(state: &State) -> Buffer {
    draw_with(state, Look::default())
}

fn draw_with(state: &State, look: Look) -> Buffer {
    let backend = TestBackend::new(state.size.0, state.size.1);
    let mut terminal = Terminal::new(backend).expect("a screen");
    let drawn = terminal.draw(|frame| view::draw(state, frame, look));
    drawn.expect("a drawn frame").buffer.clone()
}

/// The cells as lines without trailing blanks.
fn text(buffer: &Buffer) -> String {
    let width = usize::from(buffer.area.width).max(1);
    let lines = buffer.content.chunks(width).map(|row| {
        let line: String = row.iter().map(ratatui::buffer::Cell::symbol).collect();
        mask(line.trim_end())
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Every time of day as `hh:mm`, every date as `yyyy-mm-dd`.
fn mask(line: &str) -> String {
    let mut shown: Vec<char> = line.chars().collect();
    for (pattern, mask) in [
        ("dddd-dd-dd", "yyyy-mm-dd"),
        ("dd:dd:dd", "hh:mm:ss"),
        ("dd:dd", "hh:mm"),
    ] {
        let len = pattern.len();
        for start in 0..shown.len().saturating_sub(len - 1) {
            let fits = |(&c, p): (&char, char)| if p == 'd' { c.is_ascii_digit() } else { c == p };
            if shown[start..start + len]
                .iter()
                .zip(pattern.chars())
                .all(fits)
            {
                shown.splice(start..start + len, mask.chars());
            }
        }
    }
    shown.into_iter().collect()
}

fn at_every_size(name: &str, mut state: State) {
    for (width, height) in SIZES {
        update(&mut state, Input::Size(width, height));
        insta::assert_snapshot!(format!("{name}_{width}x{height}"), text(&draw(&state)));
    }
}

fn busy() -> State {
    let mut rows = rows(1195..=1204);
    rows[1].path = "/wp-login.php".into();
    rows[1].method = "GET".into();
    rows[1].last.as_mut().expect("a try").status = Some(404);
    rows[2].kind = Kind::Waited;
    rows[4] = row(1199, Some(500));
    (rows[4].tries, rows[4].bookmarked) = (3, true);
    rows[5].last.as_mut().expect("a try").late = true;
    rows[6] = row(1201, None);
    rows[7].last.as_mut().expect("a try").outcome = Outcome::Held;
    rows[8].path = "/x\u{1b}[31mEVIL\u{202e}/und/ein/langer/pfad/der/nicht/passt".into();
    rows[9].last = None;
    let mut state = screen((80, 24), rows);
    let took = Duration::from_millis(9);
    update(&mut state, Input::Reach(Reach::Up { took }));
    press(&mut state, "kkkkk");
    state
}

#[test]
fn list() {
    at_every_size("list", busy());
}

#[test]
fn wider_screens_have_more_columns() {
    let mut state = busy();
    let webhook = |event: &str, verdict: &str| {
        Some(Box::new(Webhook {
            provider: "stripe".into(),
            event: Some(event.into()),
            action: None,
            delivery_id: None,
            attempt: None,
            verdict: verdict.into(),
        }))
    };
    for (number, event, verdict) in [
        (1195, "invoice.paid", "ok"),
        (1199, "customer.subscription.updated", "bad"),
        (1200, "charge.succeeded", "token"),
    ] {
        let mut row = state.list.row(number).expect("a row").clone();
        row.webhook = webhook(event, verdict);
        arrive(&mut state, row);
    }
    for (width, height) in [(80, 24), (150, 40), (180, 50), (220, 50)] {
        update(&mut state, Input::Size(width, height));
        insta::assert_snapshot!(format!("wide_{width}x{height}"), text(&draw(&state)));
    }
}

#[test]
fn details() {
    let mut state = busy();
    for (key, name) in [
        ("1", "body"),
        ("2", "headers"),
        ("3", "response"),
        ("4", "tries"),
    ] {
        press(&mut state, key);
        for (width, height) in [(80, 24), (120, 40), (40, 12)] {
            update(&mut state, Input::Size(width, height));
            press_all(&mut state, &[code(Code::Enter)]);
            read_detail(&mut state, 3, "http://localhost:3000");
            insta::assert_snapshot!(format!("{name}_{width}x{height}"), text(&draw(&state)));
            press_all(&mut state, &[code(Code::Esc)]);
        }
    }
}

/// A screen as text.
pub(super) fn shown(state: &State) -> String {
    text(&draw(state))
}

#[test]
fn empty() {
    let mut state = screen((80, 24), Vec::new());
    let (since, cause) = (UnixMillis(NOON), "connection refused".to_owned());
    update(&mut state, Input::Reach(Reach::Down { since, cause }));
    at_every_size("empty", state);
    let mut local = screen((80, 24), Vec::new());
    local.route.is_local_relay = true;
    insta::assert_snapshot!("empty_local", text(&draw(&local)));
}

#[test]
fn the_local_url_is_whole_and_lesser_words_make_room_for_it() {
    let url = "http://127.0.0.1:4141/tidy-otter";
    let top = |port: &str, reach: &Reach, keys: &str| {
        let mut state = busy();
        state.route.is_local_relay = true;
        state.route.target = format!("http://localhost:{port}");
        let live = Live {
            url: url.into(),
            waiting: 0,
            waiting_since: None,
            caught_up: 0,
        };
        update(&mut state, Input::Link(Link::Live(live)));
        update(&mut state, Input::Reach(reach.clone()));
        press(&mut state, keys);
        text(&draw(&state)).lines().next().unwrap().to_owned()
    };
    let up = Reach::Up {
        took: Duration::from_millis(9),
    };
    let line = top("3000", &up, "G");
    assert_eq!(
        line,
        " hooktool ● live  http://127.0.0.1:4141/tidy-otter this machine → :3000  FOLLOW"
    );
    let line = top("3000", &up, "");
    assert!(line.contains(&format!("{url} → :3000 up  ")), "{line}");
    let (since, cause) = (UnixMillis(NOON), "connection refused".to_owned());
    let line = top("3000", &Reach::Down { since, cause }, "G");
    assert!(
        line.contains(&format!("{url} → :3000 DOWN hh:mm  ")),
        "{line}"
    );
    let long = top("3000/a/rather/long/path/to/the/hooks", &up, "G");
    assert!(long.contains("  …"), "only then is its front cut: {long}");
    assert!(long.contains("tidy-otter → :3000/a"), "{long}");
}

#[test]
fn reconnecting() {
    let mut state = busy();
    let cause = "relay.example: refused".to_owned();
    let link = Link::Reconnecting {
        after: Duration::from_secs(4),
        attempt: 3,
        cause,
    };
    update(&mut state, Input::Link(link));
    at_every_size("reconnecting", state);
}

#[test]
fn help() {
    let mut state = busy();
    press(&mut state, "?");
    at_every_size("help", state);
}

#[test]
fn boxes() {
    let mut state = busy();
    update(
        &mut state,
        Input::Hold(Hold {
            on: true,
            held: 5,
            parked: 0,
        }),
    );
    for (key, name) in [("r", "box_replay"), ("H", "box_release"), ("q", "box_quit")] {
        press(&mut state, key);
        insta::assert_snapshot!(name, text(&draw(&state)));
        press_all(&mut state, &[code(Code::Esc)]);
    }
}

#[test]
fn headers_of_every_link_state() {
    let live = |waiting| {
        Link::Live(Live {
            url: "https://relay.example/tidy-otter".into(),
            waiting,
            waiting_since: Some(UnixMillis(NOON)),
            caught_up: 12,
        })
    };
    let links = [
        Link::Connecting { attempt: 1 },
        live(0),
        live(37),
        Link::Reconnecting {
            after: Duration::from_secs(4),
            attempt: 3,
            cause: "relay.example: refused".into(),
        },
        Link::TakenOver {
            by: "laptop-2".into(),
        },
        Link::Refused {
            cause: "token refused: hooktool login".into(),
        },
    ];
    let mut shown = String::new();
    for width in [80, 120, 40] {
        let mut state = busy();
        update(&mut state, Input::Size(width, 24));
        for link in links.clone() {
            update(&mut state, Input::Link(link));
            let screen = text(&draw(&state));
            shown.push_str(screen.lines().next().unwrap_or_default());
            shown.push('\n');
        }
        update(&mut state, Input::Link(live(0)));
        update(
            &mut state,
            Input::Hold(Hold {
                on: true,
                held: 5,
                parked: 3,
            }),
        );
        let screen = text(&draw(&state));
        for line in screen.lines().take(2) {
            shown.push_str(line);
            shown.push('\n');
        }
    }
    insta::assert_snapshot!("headers", shown);
}

/// A letter a cell: `#` reversed, `r` red, `y` yellow, `c` cyan, `m` magenta, `B` bold, `d` dim, `.` plain.
fn styles_of(buffer: &Buffer) -> String {
    let letter = |cell: &ratatui::buffer::Cell| match (cell.fg, cell.modifier) {
        (_, m) if m.contains(Modifier::REVERSED) => '#',
        (ratatui::style::Color::Red, _) => 'r',
        (ratatui::style::Color::Yellow, _) => 'y',
        (ratatui::style::Color::Cyan, _) => 'c',
        (ratatui::style::Color::Magenta, _) => 'm',
        (_, m) if m.contains(Modifier::BOLD) => 'B',
        (_, m) if m.contains(Modifier::DIM) => 'd',
        _ => '.',
    };
    let rows = buffer.content.chunks(usize::from(buffer.area.width));
    let rows: Vec<String> = rows.map(|row| row.iter().map(letter).collect()).collect();
    rows.join("\n")
}

#[test]
fn styles() {
    let mut state = busy();
    press_all(&mut state, &[code(Code::Enter)]);
    read_detail(&mut state, 3, "http://localhost:3000");
    for (palette, name) in [
        (Palette::Dark, "styles"),
        (Palette::Light, "styles_light"),
        (Palette::Plain, "styles_no_color"),
    ] {
        let look = Look {
            palette,
            ..Look::default()
        };
        insta::assert_snapshot!(name, styles_of(&draw_with(&state, look)));
    }
}

#[test]
fn ascii_draws_nothing_else() {
    let mut state = busy();
    press_all(&mut state, &[code(Code::Enter)]);
    read_detail(&mut state, 3, "http://localhost:3000");
    let look = Look {
        is_ascii: true,
        ..Look::default()
    };
    let buffer = draw_with(&state, look);
    assert!(buffer.content.iter().all(|cell| cell.symbol().is_ascii()));
    assert_eq!(styles_of(&buffer), styles_of(&draw(&state)));
    insta::assert_snapshot!("ascii", text(&buffer));
}

#[test]
fn without_colours_everything_is_told_by_words_and_weight() {
    let buffer = draw_with(
        &busy(),
        Look {
            palette: Palette::Plain,
            ..Look::default()
        },
    );
    let is_plain = |cell: &ratatui::buffer::Cell| {
        (cell.fg, cell.bg) == (ratatui::style::Color::Reset, ratatui::style::Color::Reset)
    };
    assert!(buffer.content.iter().all(is_plain));
    assert_eq!(text(&buffer), text(&draw(&busy())));
}
