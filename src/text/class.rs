//! What a character may do to a screen: a [`Class`] from its general category and width.
//!
//! In: one character. Out: its class. Denies by category, never by a list of what is allowed: such lists keep needing repairs.
//! Source: Unicode Standard Annex #44 §5.7 (categories), Annex #11 (width), `DerivedCoreProperties` (Default_Ignorable_Code_Point).

use unicode_general_category::{GeneralCategory, get_general_category};
use unicode_width::UnicodeWidthChar;

/// What a character may do to a screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// It takes the cells that it says.
    Plain,
    /// An emoji, a symbol, or one whose width depends on the terminal.
    Symbol,
    /// It stands on the character before it: a mark, or a letter of no width.
    Mark,
    /// C0 and DEL.
    Control,
    /// C1.
    HighControl,
    /// It is invisible, reorders, separates lines, or means nothing here.
    Hidden,
}

/// The class of a character.
pub(super) fn class(c: char) -> Class {
    use GeneralCategory as Cat;
    if matches!(c, ' '..='~') {
        return Class::Plain;
    }
    match get_general_category(c) {
        Cat::Control if c < '\u{80}' => Class::Control,
        Cat::Control => Class::HighControl,
        Cat::Format
        | Cat::LineSeparator
        | Cat::ParagraphSeparator
        | Cat::Surrogate
        | Cat::PrivateUse
        | Cat::Unassigned => Class::Hidden,
        _ if is_ignorable(c) => Class::Hidden,
        Cat::NonspacingMark | Cat::SpacingMark | Cat::EnclosingMark => Class::Mark,
        _ if c.width() == Some(0) => Class::Mark,
        Cat::OtherSymbol | Cat::ModifierSymbol if c != DOTTED_CIRCLE => Class::Symbol,
        _ if c.width() != c.width_cjk() => Class::Symbol,
        _ => Class::Plain,
    }
}

/// What a mark without a base is put on (Unicode Standard §2.11).
pub(super) const DOTTED_CIRCLE: char = '\u{25cc}';

/// Asks for the emoji look of the character before it.
pub(super) const EMOJI_LOOK: char = '\u{fe0f}';

/// Joins two emoji into one.
pub(super) const JOINER: char = '\u{200d}';

/// Whether emoji may be built on it: a pictograph, a skin tone, or one of the few older signs with an emoji look.
pub(super) fn is_pictograph(c: char) -> bool {
    matches!(
        c,
        '\u{203c}' | '\u{2049}' | '\u{2194}' | '\u{3030}' | '\u{1f3fb}'..='\u{1f3ff}'
    ) || (c != DOTTED_CIRCLE && get_general_category(c) == GeneralCategory::OtherSymbol)
}

/// Ignorable by default although letter or mark by category: joiners, fillers and variation selectors.
fn is_ignorable(c: char) -> bool {
    matches!(c,
        '\u{034f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}' | '\u{e0100}'..='\u{e01ef}')
}
