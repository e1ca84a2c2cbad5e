//! Strangers' bytes in every field of a request, at any size: nothing panics, nothing but our own sequences is written.

use proptest::prelude::*;
use ratatui::{Terminal, backend::CrosstermBackend, layout::Rect, prelude::Backend as _};
use unicode_general_category::{GeneralCategory as Cat, get_general_category};

use super::*;
use crate::{
    event::Notice,
    text::corpus::CORPUS,
    tui::{keys, look::Look, view},
};

pub(super) fn hostile(number: Number, bytes: &[u8]) -> (Summary, Request, Vec<Attempt>) {
    let text: String = bytes.utf8_chunks().map(|chunk| chunk.valid()).collect();
    let bytes = Bytes::copy_from_slice(bytes);
    let mut summary = row(number, Some(500));
    summary.method = text.clone();
    summary.path = bytes.clone();
    let mut request = request(summary.clone(), b"");
    let capture = Arc::make_mut(&mut request.capture);
    capture.path = bytes.clone();
    capture.body = Body::Whole(bytes.clone());
    capture.headers.push(bytes.clone(), bytes.clone());
    capture.trailers.push(bytes.clone(), bytes.clone());
    capture
        .headers
        .0
        .insert(0, (Bytes::from_static(b"content-type"), bytes.clone()));
    let mut tried = attempt(1, &text);
    tried.error = Some(text.clone());
    tried.changes.push(Edit::Changed {
        what: text.clone(),
        from: bytes.clone(),
        to: bytes.clone(),
    });
    tried.changes.push(Edit::Added {
        name: text,
        value: bytes.clone(),
    });
    let answer = tried.answer.as_mut().expect("an answer");
    answer.headers.push(bytes.clone(), bytes.clone());
    answer.len = bytes.len() as u64;
    answer.body = bytes;
    (summary, request, vec![tried])
}

/// A screen whose every text is a stranger's.
pub(super) fn evil(size: (u16, u16), bytes: &[u8]) -> State {
    let (summary, request, attempts) = hostile(7, bytes);
    let text: String = bytes.utf8_chunks().map(|chunk| chunk.valid()).collect();
    let mut state = screen(size, vec![summary]);
    state.route.target = text.clone();
    let live = Live {
        url: text.clone(),
        waiting: 0,
        waiting_since: None,
        caught_up: 0,
    };
    update(&mut state, Input::Link(Link::Live(live)));
    let wish = state.wish().expect("a wish");
    let detail = page::compose(&request, &attempts, bytes, &wish);
    update(&mut state, Input::Loaded(Loaded::Detail(Box::new(detail))));
    update(
        &mut state,
        Input::Notice(Notice {
            is_problem: false,
            text,
            about: None,
        }),
    );
    state
}

/// What a real terminal would be sent for this screen.
pub(super) fn written(state: &State) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut backend = CrosstermBackend::new(&mut bytes);
    let area = Rect::new(0, 0, state.size.0, state.size.1);
    let options = ratatui::TerminalOptions {
        viewport: ratatui::Viewport::Fixed(area),
    };
    backend.flush().expect("a buffer takes all");
    let mut terminal = Terminal::with_options(backend, options).expect("a screen");
    terminal
        .draw(|frame| view::draw(state, frame, Look::default()))
        .expect("a drawn frame");
    drop(terminal);
    bytes
}

/// The text that is left when our own sequences are taken out: cursor position, SGR, erase, cursor on and off.
pub(super) fn without_ours(bytes: &[u8]) -> String {
    let text = str::from_utf8(bytes).expect("we write UTF-8");
    let mut left = String::new();
    let mut rest = text;
    while let Some(start) = rest.find('\u{1b}') {
        left.push_str(&rest[..start]);
        let sequence = &rest[start..];
        let after = sequence.strip_prefix("\u{1b}[").expect("only CSI");
        let end = after
            .find(|c: char| c.is_ascii_alphabetic())
            .expect("an ended sequence");
        let (parameters, last) = (&after[..end], after.as_bytes()[end]);
        assert!(
            matches!(last, b'H' | b'm' | b'J' | b'h' | b'l'),
            "{parameters}{}",
            char::from(last)
        );
        assert!(
            parameters
                .chars()
                .all(|c| c.is_ascii_digit() || matches!(c, ';' | '?'))
        );
        rest = &after[end + 1..];
    }
    left.push_str(rest);
    left
}

pub(super) fn is_forbidden(c: char) -> bool {
    let denied = matches!(
        get_general_category(c),
        Cat::Control
            | Cat::Format
            | Cat::LineSeparator
            | Cat::ParagraphSeparator
            | Cat::Surrogate
            | Cat::PrivateUse
            | Cat::Unassigned
    );
    denied && c != '\u{200d}'
}

/// The only file that may make cells of text.
const CANVAS: &str = "view/canvas.rs";

fn sources(folder: &std::path::Path, found: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() && !path.ends_with("tests") {
            sources(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            let text = std::fs::read_to_string(&path).expect("a source file");
            found.push((path.display().to_string(), text));
        }
    }
}

#[test]
fn text_becomes_cells_in_one_file() {
    let mut found = Vec::new();
    let room = concat!(env!("CARGO_MANIFEST_DIR"), "/src/tui");
    sources(std::path::Path::new(room), &mut found);
    assert!(found.len() > 15);
    let makers = [
        "Span::",
        "Line::from",
        "set_symbol(",
        "set_string",
        "Paragraph",
        "println!(",
        "Text::",
    ];
    for (path, text) in found {
        let code: String = text
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
            .collect();
        let made: Vec<&str> = makers
            .into_iter()
            .filter(|maker| code.contains(maker))
            .collect();
        assert!(
            made.is_empty() || path.ends_with(CANVAS),
            "{path}: {made:?}"
        );
    }
}

#[test]
fn only_our_own_sequences_reach_the_terminal() {
    for bytes in CORPUS {
        for size in [(80, 24), (120, 40), (40, 12), (28, 6)] {
            let mut state = evil(size, bytes);
            for keys in ["1", "2*", "3", "4", "r", "?"] {
                press(&mut state, keys);
                let left = without_ours(&written(&state));
                let bad: Vec<char> = left.chars().filter(|&c| is_forbidden(c)).collect();
                assert!(
                    bad.is_empty(),
                    "{bad:?} of {bytes:?} at {size:?} after {keys}"
                );
            }
        }
    }
}

#[test]
fn what_a_stranger_wrote_is_visible_not_dropped() {
    let state = evil((80, 24), b"/x\x1b[31mEVIL");
    let left = without_ours(&written(&state));
    assert!(left.contains("/x^[[31mEVIL"), "{left}");
}

/// Any key that means something somewhere, and some that are typed.
fn any_key() -> impl Strategy<Value = Key> {
    let live = keys::table()
        .iter()
        .flat_map(|line| line.keys.iter().copied());
    let typed = "aé:<5\"|(~\u{202e}".chars().map(|c| code(Code::Char(c)));
    prop::sample::select(live.chain(typed).collect::<Vec<_>>())
}

#[derive(Clone, Debug)]
enum Step {
    Key(Key),
    Size(u16, u16),
    Arrive(Vec<u8>),
    Detail(Vec<u8>),
    Reload(u64, u64),
    Wait(u64),
}

fn any_step() -> impl Strategy<Value = Step> {
    let bytes = prop_oneof![
        prop::sample::select(CORPUS.to_vec()).prop_map(<[u8]>::to_vec),
        prop::collection::vec(any::<u8>(), 0..60),
    ];
    let again = bytes.clone();
    prop_oneof![
        6 => any_key().prop_map(Step::Key),
        2 => (1_u16..=200, 1_u16..=200).prop_map(|(w, h)| Step::Size(w, h)),
        1 => (1_u16..=40, 1_u16..=20).prop_map(|(w, h)| Step::Size(w, h)),
        2 => bytes.prop_map(Step::Arrive),
        2 => again.prop_map(Step::Detail),
        1 => (0_u64..40, 0_u64..40).prop_map(|(from, count)| Step::Reload(from, count)),
        1 => (0_u64..6000).prop_map(Step::Wait),
    ]
}

fn take(state: &mut State, step: Step) {
    match step {
        Step::Key(key) => drop(press_all(state, &[key])),
        Step::Size(width, height) => drop(update(state, Input::Size(width, height))),
        Step::Arrive(bytes) => {
            let number = state.list.newest().unwrap_or_default() + 1;
            arrive(state, hostile(number, &bytes).0);
        }
        Step::Detail(bytes) => {
            let Some(wish) = state.wish() else { return };
            let (_, request, attempts) = hostile(wish.number, &bytes);
            let detail = page::compose(&request, &attempts, &bytes, &wish);
            update(state, Input::Loaded(Loaded::Detail(Box::new(detail))));
        }
        Step::Reload(from, count) => {
            update(state, Input::Loaded(Loaded::All(rows(from..=from + count))));
        }
        Step::Wait(millis) => drop(wait(state, Duration::from_millis(millis))),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn nothing_panics_and_nothing_is_shown_that_may_not_be(steps in prop::collection::vec(any_step(), 1..24)) {
        let mut state = screen((80, 24), rows(1..=20));
        for step in steps {
            take(&mut state, step);
            let drawn = screens::draw(&state);
            let bad = drawn.content.iter().find(|cell| cell.symbol().chars().any(is_forbidden));
            prop_assert!(bad.is_none(), "{:?}", bad);
            let line = state.selected_line();
            let height = state.layout().list_rows();
            prop_assert!(height == 0 || line < height, "selected row out of view: {} of {}", line, height);
        }
    }
}
