//! The table of what is shown for what, and the properties that hold for any bytes.

use std::time::Duration;

use hooktool_relay::capture::UnixMillis;
use proptest::prelude::*;
use unicode_general_category::{GeneralCategory as Cat, get_general_category};

use super::*;

fn cell(bytes: &[u8]) -> String {
    safe(bytes, Mode::Cell).to_string()
}

fn body(bytes: &[u8]) -> String {
    safe(bytes, Mode::Body).to_string()
}

#[test]
fn clean_text_is_borrowed() {
    for text in ["", "plain", "naïve 日本 Ωmega ไม่", "a\u{301}"] {
        let shown = safe(text.as_bytes(), Mode::Cell);
        assert!(matches!(shown.text, Cow::Borrowed(_)), "{text}");
        assert_eq!(shown.as_str(), text);
    }
    assert!(matches!(safe(b"a\nb", Mode::Body).text, Cow::Borrowed(_)));
}

#[test]
fn each_kind_has_its_sign() {
    let table: &[(&[u8], &str, &str)] = &[
        (b"\x1b[31mEVIL", "^[[31mEVIL", "^[[31mEVIL"),
        (b"\x07\x00\x7f", "^G^@^?", "^G^@^?"),
        ("\u{9b}1m".as_bytes(), "<9b>1m", "<9b>1m"),
        (b"a\r\nb\rc", "a^M^Jb^Mc", "a\nb^Mc"),
        (b"a\tb\t\tc", "a b  c", "a   b       c"),
        ("ab\u{202e}cd".as_bytes(), "ab<202e>cd", "ab<202e>cd"),
        (
            "\u{200b}\u{ad}\u{feff}".as_bytes(),
            "<200b><00ad><feff>",
            "<200b><00ad><feff>",
        ),
        (
            "\u{e0041}\u{2028}\u{e000}".as_bytes(),
            "<e0041><2028><e000>",
            "<e0041><2028><e000>",
        ),
        (
            "e\u{301}\u{302}\u{303}\u{304}x".as_bytes(),
            "e\u{301}\u{302}<0303><0304>x",
            "e\u{301}\u{302}<0303><0304>x",
        ),
        (
            "\u{301}x".as_bytes(),
            "\u{25cc}\u{301}x",
            "\u{25cc}\u{301}x",
        ),
        (b"ok\xff\xc3", "ok\\xff\\xc3", "ok\\xff\\xc3"),
        ("日本 é я".as_bytes(), "日本 é я", "日本 é я"),
        ("→ 🙂".as_bytes(), "\\u{2192} \\u{1f642}", "→ 🙂"),
        ("❤\u{fe0f}".as_bytes(), "\\u{2764}<fe0f>", "❤\u{fe0f}"),
        ("a\u{fe0f}".as_bytes(), "a<fe0f>", "a<fe0f>"),
        (
            "👩\u{200d}💻".as_bytes(),
            "\\u{1f469}<200d>\\u{1f4bb}",
            "👩\u{200d}💻",
        ),
        ("👩\u{200d}x".as_bytes(), "\\u{1f469}<200d>x", "👩<200d>x"),
        (
            "\u{3164}\u{115f}".as_bytes(),
            "<3164><115f>",
            "<3164><115f>",
        ),
    ];
    for (bytes, in_cell, in_body) in table {
        assert_eq!(cell(bytes), *in_cell, "cell {bytes:?}");
        assert_eq!(body(bytes), *in_body, "body {bytes:?}");
    }
}

#[test]
fn a_typed_caret_differs_from_a_made_one() {
    let shown = safe(b"^[ \x1b[", Mode::Body);
    let pieces: Vec<_> = shown.pieces().collect();
    assert_eq!(pieces, [(false, "^[ "), (true, "^["), (false, "[")]);
    assert_eq!(shown.escaped(), 1);
}

#[test]
fn a_cut_fits_and_says_so() {
    let text = safe("日本語 text".as_bytes(), Mode::Cell);
    assert_eq!(text.width(), 11);
    for (cells, cut) in [
        (0, ""),
        (1, "…"),
        (2, "…"),
        (3, "日…"),
        (6, "日本…"),
        (11, "日本語 text"),
        (99, "日本語 text"),
    ] {
        assert_eq!(text.cut(cells).as_str(), cut, "{cells}");
    }
    let escaped = safe(b"ab\x1bcd", Mode::Cell);
    assert_eq!(
        escaped.cut(4).pieces().collect::<Vec<_>>(),
        [(false, "ab"), (true, "^"), (false, "…")]
    );
    assert_eq!(escaped.skip(2).as_str(), "^[cd");
}

#[test]
fn lines_keep_their_own_escapes() {
    let text = safe(b"one\n\x1btwo\n", Mode::Body);
    let lines: Vec<(String, usize)> = text.lines().map(|l| (l.to_string(), l.escaped())).collect();
    assert_eq!(
        lines,
        [("one".into(), 0), ("^[two".into(), 1), (String::new(), 0)]
    );
}

#[test]
fn our_own_sentences_cannot_smuggle() {
    let text = Safe::format(format_args!("● live → {}", "a\x1b]0;x\n\u{202e}"));
    assert_eq!(text.as_str(), "● live → a^[]0;x^J<202e>");
}

#[test]
fn numbers_are_written_for_people() {
    let sizes = [
        (0, "0 B"),
        (812, "812 B"),
        (1023, "1023 B"),
        (2152, "2.1 KB"),
        (14_889_779, "14.2 MB"),
        (u64::MAX, "16384.0 PB"),
    ];
    for (bytes, shown) in sizes {
        assert_eq!(size(bytes).as_str(), shown);
    }
    let durations = [
        (0, "<1ms"),
        (12, "12ms"),
        (999, "999ms"),
        (1200, "1.20s"),
        (6100, "6.10s"),
        (59_999, "59.99s"),
        (125_000, "2m 5s"),
        (8_040_000, "2h 14m"),
        (273_600_000, "3d 4h"),
    ];
    for (millis, shown) in durations {
        assert_eq!(duration(Duration::from_millis(millis)).as_str(), shown);
    }
    for (number, shown) in [
        (0, "0"),
        (999, "999"),
        (1204, "1,204"),
        (1_000_000, "1,000,000"),
    ] {
        assert_eq!(count(number).as_str(), shown);
    }
    let at = UnixMillis(1_760_265_101_002);
    assert_eq!(clock(at, Zone::Utc).as_str(), "10:31:41");
    assert_eq!(date_clock(at, Zone::Utc).as_str(), "2025-10-12 10:31:41Z");
    assert_eq!(clock(UnixMillis(i64::MAX), Zone::Utc).as_str(), "00:00:00");
}

/// Bytes of every kind: any, any characters, and many from the blocks that matter.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let nasty = prop::sample::select(vec![
        '\u{1b}',
        '\u{9b}',
        '\u{202e}',
        '\u{2067}',
        '\u{200d}',
        '\u{fe0f}',
        '\u{301}',
        '\u{20e3}',
        '\u{1161}',
        '\u{e0041}',
        '\u{2028}',
        '🙂',
        '👩',
        '🏽',
        '🇩',
        '❤',
        '\t',
        '\r',
        '\n',
        '日',
        '\u{d4e}',
        '\u{25cc}',
        'a',
        '…',
    ]);
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..80),
        prop::collection::vec(any::<char>(), 0..40)
            .prop_map(|chars| chars.into_iter().collect::<String>().into_bytes()),
        prop::collection::vec(nasty, 0..60)
            .prop_map(|chars| chars.into_iter().collect::<String>().into_bytes()),
    ]
}

fn is_forbidden(c: char, mode: Mode) -> bool {
    let kept = (mode == Mode::Body && matches!(c, '\n' | '\u{200d}')) || c == ' ';
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
    denied && !kept
}

proptest! {
    #[test]
    fn no_bytes_give_a_forbidden_character(bytes in bytes(), is_cell in any::<bool>()) {
        let mode = if is_cell { Mode::Cell } else { Mode::Body };
        let shown = safe(&bytes, mode);
        let bad: Vec<char> = shown.as_str().chars().filter(|&c| is_forbidden(c, mode)).collect();
        prop_assert!(bad.is_empty(), "{:?} in {:?}", bad, shown);
    }

    #[test]
    fn safe_is_idempotent(bytes in bytes(), is_cell in any::<bool>()) {
        let mode = if is_cell { Mode::Cell } else { Mode::Body };
        let once = safe(&bytes, mode).to_string();
        let twice = safe(once.as_bytes(), mode).to_string();
        prop_assert_eq!(once, twice);
    }

    #[test]
    fn a_width_is_the_sum_of_its_clusters_and_a_cut_never_wider(bytes in bytes(), cells in 0_usize..40) {
        let shown = safe(&bytes, Mode::Cell);
        let sum: usize = shown.as_str().graphemes(true).map(UnicodeWidthStr::width).sum();
        prop_assert_eq!(shown.width(), sum);
        prop_assert!(shown.cut(cells).width() <= cells);
        let pieces: String = shown.pieces().map(|(_, piece)| piece).collect();
        prop_assert_eq!(pieces, shown.as_str());
    }
}
