//! Answers whole, in pieces and broken off, and keys between them.

use super::*;

/// The events that these bytes come as, read in these pieces; as crossterm makes them.
fn events(pieces: &[&str]) -> Vec<Event> {
    pieces.iter().flat_map(|piece| of_piece(piece)).collect()
}

fn of_piece(piece: &str) -> Vec<Event> {
    let mut events = Vec::new();
    let mut chars = piece.chars().peekable();
    while let Some(c) = chars.next() {
        let key = match c {
            '\x1b' => match chars.next() {
                Some(c) => KeyEvent::new(KeyCode::Char(c), KeyModifiers::ALT),
                None => KeyEvent::from(KeyCode::Esc),
            },
            '\x07' => KeyEvent::new(KeyCode::Char('g'), KeyModifiers::CONTROL),
            c if c.is_uppercase() => KeyEvent::new(KeyCode::Char(c), KeyModifiers::SHIFT),
            c => KeyEvent::from(KeyCode::Char(c)),
        };
        events.push(Event::Key(key));
    }
    events
}

/// What comes of these events, so long after each other; what is due is given back in between.
fn heard(events: Vec<Event>, apart: Duration) -> (Vec<Event>, Option<Option<[f64; 3]>>) {
    let mut now = Instant::now();
    let mut answer = Answer::awaited(now);
    let mut through = Vec::new();
    let mut told = None;
    for event in events {
        now += apart;
        if answer.due().is_some_and(|due| due <= now) {
            through.extend(answer.give_back());
        }
        match answer.hear(event, now) {
            Heard::Events(events) => through.extend(events),
            Heard::Answer(color) => told = Some(color),
        }
    }
    through.extend(answer.give_back());
    (through, told)
}

const WHITE: &str = "\x1b]11;rgb:ffff/FFFF/ffff\x07";
const SOON: Duration = Duration::from_millis(1);

#[test]
fn an_answer_is_read_in_every_spelling() {
    for (text, color) in [
        ("\x1b]11;rgb:ffff/0000/ffff\x07", Some([1.0, 0.0, 1.0])),
        ("\x1b]11;rgb:f/f/0\x1b\\", Some([1.0, 1.0, 0.0])),
        ("\x1b]11;rgb:ffff/0000\x07", None),
        ("\x1b]11;#ffffff\x07", None),
    ] {
        let (through, told) = heard(events(&[text]), SOON);
        assert_eq!((through, told), (Vec::new(), Some(color)), "{text:?}");
    }
}

#[test]
fn an_answer_in_two_pieces_lets_nothing_through() {
    for at in 1..WHITE.len() {
        let (one, other) = WHITE.split_at(at);
        let (through, told) = heard(events(&[one, other]), SOON);
        let white = Some(Some([1.0, 1.0, 1.0]));
        assert_eq!((through, told), (Vec::new(), white), "cut at {at}");
    }
}

#[test]
fn one_that_comes_drop_by_drop_sends_nothing() {
    let single: Vec<String> = WHITE.chars().map(String::from).collect();
    let single: Vec<&str> = single.iter().map(String::as_str).collect();
    let (through, told) = heard(events(&single), KEPT_BACK * 4);
    assert_eq!(told, Some(Some([1.0, 1.0, 1.0])));
    // Its first four characters show nothing of what they are; none of them sends.
    assert_eq!(through, events(&["\x1b", "]", "1", "1"]));
}

#[test]
fn keys_are_keys() {
    for typed in [&["r"][..], &["\x1b", "]", "r"], &["\x1b]1", "j"], &["]11;"]] {
        let keys = events(typed);
        assert_eq!(heard(keys.clone(), SOON), (keys, None), "{typed:?}");
    }
    let resize = Event::Resize(80, 24);
    assert_eq!(heard(vec![resize.clone()], SOON), (vec![resize], None));
}

#[test]
fn a_key_in_the_middle_of_nothing_is_kept_back_for_a_moment_alone() {
    let now = Instant::now();
    let mut answer = Answer::awaited(now);
    let esc = events(&["\x1b"]);
    assert_eq!(answer.hear(esc[0].clone(), now), Heard::Events(Vec::new()));
    assert_eq!(answer.due(), Some(now + KEPT_BACK));
    assert_eq!(answer.give_back(), esc);
    assert_eq!(answer.due(), None);
}

#[test]
fn one_that_never_ends_takes_no_keys_for_long() {
    let now = Instant::now();
    let mut answer = Answer::awaited(now);
    for event in events(&["\x1b]11;rgb:ff"]) {
        answer.hear(event, now);
    }
    let key = events(&["f"]).remove(0);
    let later = now + BROKEN * 2;
    assert_eq!(answer.hear(key.clone(), later), Heard::Events(vec![key]));
    for event in events(&["\x1b]11;rgb:ff"]) {
        answer.hear(event, later);
    }
    let enter = Event::Key(KeyCode::Enter.into());
    assert_eq!(
        answer.hear(enter.clone(), later),
        Heard::Events(vec![enter])
    );
}
