//! The walk over the bytes: keeps what may be shown, writes the rest so that it can be seen.
//!
//! In: bytes and [`Rules`]. Out: text, and where in it something was put that is not in the bytes.

use std::{fmt::Write as _, iter::Peekable, ops::Range, str::Chars};

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::class::{Class, DOTTED_CIRCLE, EMOJI_LOOK, JOINER, class, is_pictograph};

/// Cells between two tab stops.
const TAB: usize = 4;

/// How many marks a base may carry: Vietnamese and Thai need two; twelve would climb over the lines above.
const MARKS: u8 = 2;

/// How many joiners one emoji may hold: a family of four has three, and one more for a skin-toned kiss.
const JOINERS: u8 = 4;

/// What is kept beyond letters.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    /// Line feeds stay, tabs reach their stop; else both are shown in one line.
    pub(super) keeps_lines: bool,
    /// Emoji, and symbols whose width depends on the terminal, stay.
    pub(super) keeps_symbols: bool,
}

/// Text that may be shown, and the byte ranges in it that stand for something else.
pub(super) fn escape(bytes: &[u8], rules: Rules) -> (String, Vec<Range<usize>>) {
    let mut walk = Walk {
        text: String::with_capacity(bytes.len()),
        escapes: Vec::new(),
        rules,
        base: Base::None,
        marks: 0,
        joiners: 0,
        stop: 0,
    };
    for chunk in bytes.utf8_chunks() {
        let mut chars = chunk.valid().chars().peekable();
        while let Some(c) = chars.next() {
            walk.take(c, &mut chars);
        }
        for byte in chunk.invalid() {
            walk.put(format_args!("\\x{byte:02x}"));
        }
    }
    (walk.text, walk.escapes)
}

/// What a mark, a joiner or an emoji look would stand on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Base {
    /// Nothing: a beginning, or something that was put there.
    None,
    /// A character as it came.
    Character,
    /// A character that emoji are built on.
    Pictograph,
    /// The same with its emoji look asked for.
    Dressed,
}

struct Walk {
    text: String,
    escapes: Vec<Range<usize>>,
    rules: Rules,
    base: Base,
    marks: u8,
    joiners: u8,
    /// Where the text since the last tab stop begins.
    stop: usize,
}

impl Walk {
    fn take(&mut self, c: char, rest: &mut Peekable<Chars<'_>>) {
        match class(c) {
            Class::Control => self.control(c, rest),
            Class::HighControl => self.put(format_args!("<{:02x}>", u32::from(c))),
            Class::Mark => self.mark(c),
            Class::Plain => self.keep(c),
            Class::Symbol if self.rules.keeps_symbols => self.keep(c),
            Class::Symbol => self.put(format_args!("{}", c.escape_unicode())),
            Class::Hidden if self.is_part_of_emoji(c, rest) => self.text.push(c),
            Class::Hidden => self.put(format_args!("<{:04x}>", u32::from(c))),
        }
    }

    fn control(&mut self, c: char, rest: &mut Peekable<Chars<'_>>) {
        match c {
            '\n' if self.rules.keeps_lines => {
                self.text.push('\n');
                self.rest_on(Base::None);
                self.stop = self.text.len();
            }
            '\r' if self.rules.keeps_lines && rest.peek() == Some(&'\n') => {}
            '\t' if self.rules.keeps_lines => self.tab(),
            '\t' => self.keep(' '),
            '\u{7f}' => self.put(format_args!("^?")),
            // A control character's caret letter is the one 0x40 above it.
            _ => self.put(format_args!(
                "^{}",
                char::from_u32(u32::from(c) | 0x40).unwrap_or('?')
            )),
        }
    }

    fn tab(&mut self) {
        let since = self.text.get(self.stop..).unwrap_or_default();
        let column: usize = since.graphemes(true).map(UnicodeWidthStr::width).sum();
        let spaces = TAB.saturating_sub(column.checked_rem(TAB).unwrap_or_default());
        self.text.extend(std::iter::repeat_n(' ', spaces));
        self.rest_on(Base::Character);
        self.stop = self.text.len();
    }

    fn mark(&mut self, c: char) {
        if self.marks >= MARKS {
            let marks = self.marks;
            self.put(format_args!("<{:04x}>", u32::from(c)));
            self.marks = marks;
            return;
        }
        if self.base == Base::None {
            self.text.push(DOTTED_CIRCLE);
            self.base = Base::Character;
        }
        self.text.push(c);
        self.marks = self.marks.saturating_add(1);
    }

    /// Whether `c` is the joiner between two pictographs or the emoji look of one; notes that it was taken.
    fn is_part_of_emoji(&mut self, c: char, rest: &mut Peekable<Chars<'_>>) -> bool {
        if !self.rules.keeps_symbols || self.marks > 0 {
            return false;
        }
        match (c, self.base) {
            (EMOJI_LOOK, Base::Pictograph) => {
                self.base = Base::Dressed;
                true
            }
            (JOINER, Base::Pictograph | Base::Dressed) if self.joiners < JOINERS => {
                let joins = rest.peek().is_some_and(|&next| is_pictograph(next));
                self.joiners = self.joiners.saturating_add(u8::from(joins));
                joins
            }
            _ => false,
        }
    }

    fn keep(&mut self, c: char) {
        let joined = self.text.ends_with(JOINER);
        self.text.push(c);
        let joiners = self.joiners;
        self.rest_on(if is_pictograph(c) {
            Base::Pictograph
        } else {
            Base::Character
        });
        if joined {
            self.joiners = joiners;
        }
    }

    fn put(&mut self, shown: std::fmt::Arguments<'_>) {
        let start = self.text.len();
        // Writing to a String cannot fail.
        let _ = self.text.write_fmt(shown);
        self.escapes.push(start..self.text.len());
        self.rest_on(Base::None);
    }

    fn rest_on(&mut self, base: Base) {
        self.base = base;
        self.marks = 0;
        self.joiners = 0;
    }
}
