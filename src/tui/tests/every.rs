//! Strangers' bytes on every screen there is: each pop-up, tab, view, pane and line that is typed, as a terminal gets it.
//!
//! What there is comes from one list a kind, which the compiler compares with the type: nothing new can be left out.

use super::{
    hostile::{evil, hostile, is_forbidden, without_ours, written},
    *,
};
use crate::{
    event,
    text::{Mode, corpus::CORPUS, safe},
    tui::{
        deed::{Desk, Export, Line, Past, Sealed, SendForm, Set, Shot, View, Way},
        field::{Field, Hidden},
        keys::{Place, place, table},
        layout::Pane,
        load::Save,
        page::Form,
        state::{Popup, Tab, Wish},
    },
    webhook::{self, Age, Examined, Keys, Known, Told, Tried, Verdict},
};

/// Each value of a type by its pattern; a variant without a line here does not compile.
macro_rules! every {
    ($name:ident($text:ident) -> $kind:ty { $($pattern:pat $(if $guard:expr)? => $value:expr,)* }) => {
        fn $name($text: &str) -> Vec<$kind> {
            let all = vec![$($value),*];
            for one in &all {
                match one { $($pattern $(if $guard)? => {})* }
            }
            let wanted: &[fn(&$kind) -> bool] = &[$(|one| matches!(one, $pattern $(if $guard)?)),*];
            assert!(wanted.iter().all(|is| all.iter().any(is)));
            all
        }
    };
}

fn typed(text: &str) -> Field {
    let mut field = Field::default();
    field.insert(text);
    field
}

every!(popups(text) -> Popup {
    Popup::Help { .. } => Popup::Help { scroll: 0 },
    Popup::Palette { .. } => Popup::Palette { field: typed(text), at: 0 },
    Popup::Log { .. } => Popup::Log { scroll: 0 },
    Popup::Syntax { .. } => Popup::Syntax { scroll: 0 },
    Popup::Sort => Popup::Sort,
    Popup::Url => Popup::Url,
    Popup::Forms => Popup::Forms,
    Popup::Target { .. } => Popup::Target {
        number: 7,
        field: typed(text),
        error: Some(safe(text.as_bytes(), Mode::Cell).into_owned()),
    },
    Popup::Save { .. } => Popup::Save { save: save(text), field: typed(text) },
    Popup::Replace(_) => Popup::Replace(save(text)),
    Popup::Desk(_) => Popup::Desk(Desk::Copy),
    Popup::Secret { .. } => Popup::Secret {
        provider: text.to_owned(),
        name: safe(text.as_bytes(), Mode::Cell).into_owned(),
        field: Hidden(typed(text)),
    },
    Popup::Note { .. } => Popup::Note { number: 7, field: typed(text) },
    Popup::Delete { .. } => Popup::Delete { numbers: vec![7], bookmarked: 1 },
    Popup::Clear { .. } => Popup::Clear {
        word: safe(text.as_bytes(), Mode::Cell).into_owned(),
        field: typed(text),
        is_wrong: true,
    },
    Popup::Release => Popup::Release,
    Popup::Quit => Popup::Quit,
});

fn save(text: &str) -> Save {
    Save {
        wish: Wish::default(),
        tab: Tab::Body,
        path: text.to_owned(),
        replaces: false,
    }
}

fn sent(text: &str) -> SendForm {
    let target = "http://localhost:1".parse().expect("a target");
    let mut form = SendForm::new(Set::Marked, vec![7], vec![Way::At(target), Way::Other]);
    form.other = typed(text);
    form.past = Some(Past {
        places: vec![(safe(text.as_bytes(), Mode::Cell).into_owned(), 1)],
        never: 1,
        is_far: true,
        headers: vec![text.to_owned()],
        sealed: None,
    });
    let told = safe(text.as_bytes(), Mode::Cell).into_owned();
    form.learn(Past {
        sealed: Some(Sealed {
            scheme: told,
            is_bad: true,
            has_secret: true,
            age: Some(Age {
                seconds: 7_200,
                tolerance: Some(300),
                is_over: true,
            }),
        }),
        ..form.past.clone().unwrap_or_default()
    });
    form
}

every!(desks(text) -> Desk {
    Desk::Copy => Desk::Copy,
    Desk::Export { .. } => Desk::Export { set: Set::Shown, with_secrets: true },
    Desk::File { .. } => Desk::File {
        export: Export { numbers: vec![7], form: event::Form::Curl, with_secrets: false },
        field: typed(text),
        error: Some(safe(text.as_bytes(), Mode::Cell).into_owned()),
    },
    Desk::Overwrite(..) => Desk::Overwrite(
        Export { numbers: vec![7], form: event::Form::Har, with_secrets: false },
        text.into(),
    ),
    Desk::Diff { .. } => Desk::Diff { scroll: 0, at: 0, all: true, view: View::Split },
    Desk::Form(form) if form.line == Line::Other => Desk::Form(Box::new(SendForm {
        line: Line::Other,
        way: 1,
        ..sent(text)
    })),
    Desk::Form(form) if matches!(form.line, Line::Header(_)) => Desk::Form(Box::new(SendForm {
        line: Line::Header(0),
        headers: vec![typed(text)],
        ..sent(text)
    })),
    Desk::Form(_) => Desk::Form(Box::new(sent(text))),
    Desk::Samples { .. } => Desk::Samples { field: typed(text), at: 3 },
    Desk::Trigger(_) => Desk::Trigger(Shot {
        sample: &webhook::samples()[0],
        path: text.to_owned(),
        ways: vec![None, "http://localhost:1".parse().ok()],
        way: 1,
    }),
    Desk::Confirm { .. } => Desk::Confirm {
        replays: Box::new(sent(text).replays(None).expect("a whole form").0),
        to: safe(text.as_bytes(), Mode::Cell).into_owned(),
        is_far: true,
        field: typed(text),
        is_wrong: true,
    },
});

/// Each pop-up, and each desk as one.
fn all_popups(text: &str) -> Vec<Popup> {
    let desks = desks(text).into_iter().map(Popup::Desk);
    popups(text).into_iter().chain(desks).collect()
}

every!(tabs(_text) -> Tab {
    Tab::Body => Tab::Body,
    Tab::Headers => Tab::Headers,
    Tab::Response => Tab::Response,
    Tab::Tries => Tab::Tries,
    Tab::Sig => Tab::Sig,
    Tab::Raw => Tab::Raw,
});

every!(forms(_text) -> Form {
    Form::Tree => Form::Tree,
    Form::Pretty => Form::Pretty,
    Form::Text => Form::Text,
    Form::Hex => Form::Hex,
});

every!(panes(_text) -> Pane {
    Pane::List => Pane::List,
    Pane::Detail => Pane::Detail,
});

/// A signature of which everything that may be a stranger's is this text.
fn examined(text: &str) -> Examined {
    let many = || vec![text.to_owned(); 10];
    let keys = Keys::default();
    let headers = Headers::new();
    let request = webhook::Request {
        head: webhook::Head {
            method: "POST",
            path: b"/",
            headers: &headers,
        },
        body: b"",
        public: &[],
        local: &[],
    };
    let mut examined = keys.doctor().examine(&request, None, 0);
    let found = &mut examined.diagnosis;
    found.reason = text.to_owned();
    found.cause = Some(text.to_owned());
    found.notes = many();
    found.secret = Some(text.to_owned());
    found.verdict = Verdict::Bad;
    found.seen = Some(webhook::Seen {
        provider: text.to_owned(),
        ..webhook::Seen::default()
    });
    examined.scheme = Some(Told {
        name: text.to_owned(),
        how: text.to_owned(),
        stands: Some(format!("header:{text}")),
        message: Some(text.to_owned()),
        timestamp: Some((text.as_bytes().to_vec(), Some(-1))),
        tolerance: None,
        signs_url: true,
        expected: Some(text.to_owned()),
        received: many(),
        secrets: vec![
            Tried {
                tail: Some(text.to_owned()),
                label: text.to_owned(),
            };
            10
        ],
    });
    examined
}

/// What is on a terminal that got these bytes.
fn on_a_terminal(bytes: &[u8], (width, height): (u16, u16)) -> Vec<String> {
    let cells = |number| std::num::NonZeroU16::new(number).expect("a size above zero");
    let mut parser = vt100::Parser::new(cells(height), cells(width), 0);
    parser.process(bytes);
    let screen = parser.screen();
    let all = (0..height).flat_map(|y| (0..width).map(move |x| (y, x)));
    let cells = all.filter_map(|(y, x)| screen.cell(y, x));
    cells.map(|cell| cell.contents().to_owned()).collect()
}

/// Only our own sequences were sent, and no cell holds what may not be shown.
fn is_clean(state: &State, what: &str) {
    let bytes = written(state);
    let left = without_ours(&bytes);
    let cells = on_a_terminal(&bytes, state.size);
    let shown = cells.iter().flat_map(|cell| cell.chars());
    let bad: Vec<char> = left
        .chars()
        .chain(shown)
        .filter(|&c| is_forbidden(c))
        .collect();
    assert!(bad.is_empty(), "{bad:?} at {:?}: {what}", state.size);
}

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (33, 9)];

#[test]
fn every_pop_up_and_line() {
    for bytes in CORPUS {
        let text: String = bytes.utf8_chunks().map(|chunk| chunk.valid()).collect();
        for size in SIZES {
            let mut state = evil(size, bytes);
            for popup in all_popups(&text) {
                let what = format!("{popup:?}");
                state.open(popup);
                is_clean(&state, &what);
                state.popup = None;
            }
            for opener in ["/", "l/"] {
                press(&mut state, opener);
                update(&mut state, Input::Paste(text.clone()));
                is_clean(&state, opener);
                press_all(&mut state, &[code(Code::Enter)]);
                is_clean(&state, opener);
                press_all(&mut state, &[code(Code::Esc), code(Code::Esc)]);
            }
        }
    }
}

#[test]
fn every_tab_view_and_pane() {
    for bytes in CORPUS {
        for size in SIZES {
            for pane in panes("") {
                let mut state = evil(size, bytes);
                state.focus = pane;
                for tab in tabs("") {
                    state.tab = tab;
                    for form in forms("") {
                        state.form = Some(form);
                        let wish = state.wish().expect("a wish");
                        let (_, request, attempts) = hostile(7, bytes);
                        let mut detail =
                            page::compose(&request, &attempts, bytes, &wish, Known::built_in());
                        if tab == Tab::Sig {
                            let text: String =
                                bytes.utf8_chunks().map(|chunk| chunk.valid()).collect();
                            let lines = page::signature(&request, &examined(&text), &[text]);
                            detail = detail.judged(lines);
                        }
                        update(&mut state, Input::Loaded(Loaded::Detail(Box::new(detail))));
                        is_clean(&state, &format!("{pane:?} {tab:?} {form:?}"));
                    }
                }
            }
        }
    }
}

#[test]
fn every_place_of_the_key_table_can_be_reached() {
    let mut state = evil((80, 24), b"x");
    let mut reached = vec![place(&state)];
    for popup in all_popups("x") {
        state.open(popup);
        reached.push(place(&state));
        state.popup = None;
    }
    for opener in ["/", "l", "l/"] {
        press(&mut state, opener);
        reached.push(place(&state));
        press_all(&mut state, &[code(Code::Esc), code(Code::Esc)]);
    }
    for line in table() {
        let is_shared = matches!(line.place, Place::Everywhere | Place::Field);
        assert!(
            is_shared || reached.contains(&line.place),
            "{:?}",
            line.place
        );
    }
}
