//! Every key there is, a line each.
//!
//! In and out: nothing; it is data. What reads it is [`super`].

use std::borrow::Cow;

use super::{Action, Binding, Code, Key, Place};
use crate::tui::{
    field::{Erase, Step},
    page::Form,
    state::{Order, Tab},
};

const fn on(place: Place, action: Action, keys: &'static [Key], help: &'static str) -> Binding {
    Binding {
        place,
        action,
        keys: Cow::Borrowed(keys),
        help,
    }
}

pub(super) const fn key(code: Code) -> Key {
    Key { code, ctrl: false }
}

pub(super) const fn char(c: char) -> Key {
    key(Code::Char(c))
}

const fn ctrl(c: char) -> Key {
    Key {
        code: Code::Char(c),
        ctrl: true,
    }
}

const DOWN: &[Key] = &[char('j'), key(Code::Down)];
const UP: &[Key] = &[char('k'), key(Code::Up)];
const FIRST: &[Key] = &[char('g'), key(Code::Home)];
const LAST: &[Key] = &[char('G'), key(Code::End)];
const HALF_DOWN: &[Key] = &[ctrl('d')];
const HALF_UP: &[Key] = &[ctrl('u')];
const PAGE_DOWN: &[Key] = &[key(Code::PageDown), ctrl('f')];
const PAGE_UP: &[Key] = &[key(Code::PageUp), ctrl('b')];

/// Every key there is.
#[rustfmt::skip]
pub(in crate::tui) const TABLE: &[Binding] = &[
    on(Place::List, Action::Down, DOWN, "next request"),
    on(Place::List, Action::Up, UP, "previous request"),
    on(Place::List, Action::First, FIRST, "first request"),
    on(Place::List, Action::Last, LAST, "newest, and follow"),
    on(Place::List, Action::HalfDown, HALF_DOWN, "half a page down"),
    on(Place::List, Action::HalfUp, HALF_UP, "half a page up"),
    on(Place::List, Action::PageDown, PAGE_DOWN, "page down"),
    on(Place::List, Action::PageUp, PAGE_UP, "page up"),
    on(Place::List, Action::Open, &[key(Code::Enter), char('l'), key(Code::Right)], "open"),
    on(Place::List, Action::NextProblem, &[char('}')], "next problem"),
    on(Place::List, Action::PreviousProblem, &[char('{')], "previous problem"),
    on(Place::List, Action::Filter, &[char('/')], "filter"),
    on(Place::List, Action::NextMatch, &[char('n')], "next match"),
    on(Place::List, Action::PreviousMatch, &[char('N')], "previous match"),
    on(Place::List, Action::Mark, &[char(' ')], "mark"),
    on(Place::List, Action::MarkDown, &[key(Code::ShiftDown)], "mark down"),
    on(Place::List, Action::MarkUp, &[key(Code::ShiftUp)], "mark up"),
    on(Place::List, Action::Sort, &[char('s')], "sort"),
    on(Place::List, Action::ClearView, &[char('C')], "clear the view, or bring it back"),
    on(Place::List, Action::ScrollDown, &[char('J')], "scroll the detail down"),
    on(Place::List, Action::ScrollUp, &[char('K')], "scroll the detail up"),
    on(Place::Detail, Action::Down, DOWN, "scroll down"),
    on(Place::Detail, Action::Up, UP, "scroll up"),
    on(Place::Detail, Action::First, FIRST, "beginning"),
    on(Place::Detail, Action::Last, LAST, "end"),
    on(Place::Detail, Action::HalfDown, HALF_DOWN, "half a page down"),
    on(Place::Detail, Action::HalfUp, HALF_UP, "half a page up"),
    on(Place::Detail, Action::PageDown, PAGE_DOWN, "page down"),
    on(Place::Detail, Action::PageUp, PAGE_UP, "page up"),
    on(Place::Detail, Action::Right, &[char('l'), key(Code::Right), key(Code::Enter)], "unfold, scroll right"),
    on(Place::Detail, Action::Left, &[char('h'), key(Code::Left)], "fold, go out, scroll left"),
    on(Place::Detail, Action::Toggle, &[char(' ')], "fold or unfold"),
    on(Place::Detail, Action::FoldAll, &[char('-')], "fold all"),
    on(Place::Detail, Action::UnfoldAll, &[char('+')], "unfold all"),
    on(Place::Detail, Action::Search, &[char('/')], "search"),
    on(Place::Detail, Action::NextHit, &[char('n')], "next hit"),
    on(Place::Detail, Action::PreviousHit, &[char('N')], "previous hit"),
    on(Place::Detail, Action::NextRequest, &[char('J')], "next request"),
    on(Place::Detail, Action::PreviousRequest, &[char('K')], "previous request"),
    on(Place::Everywhere, Action::Replay, &[char('r')], "replay"),
    on(Place::Everywhere, Action::CopyUrl, &[char('y')], "copy URL"),
    on(Place::Everywhere, Action::Bookmark, &[char('b')], "bookmark"),
    on(Place::Everywhere, Action::Follow, &[char('f'), char('p')], "follow/pause"),
    on(Place::Everywhere, Action::Hold, &[char('H')], "hold/resume"),
    on(Place::Everywhere, Action::Connect, &[char('c')], "connect now"),
    on(Place::Everywhere, Action::Show(Tab::Body), &[char('1')], "body"),
    on(Place::Everywhere, Action::Show(Tab::Headers), &[char('2')], "headers"),
    on(Place::Everywhere, Action::Show(Tab::Response), &[char('3')], "response"),
    on(Place::Everywhere, Action::Show(Tab::Tries), &[char('4')], "tries"),
    on(Place::Everywhere, Action::Show(Tab::Raw), &[char('6')], "raw"),
    on(Place::Everywhere, Action::NextTab, &[char(']')], "next tab"),
    on(Place::Everywhere, Action::PreviousTab, &[char('[')], "previous tab"),
    on(Place::Everywhere, Action::NextForm, &[char('v')], "view"),
    on(Place::Everywhere, Action::Forms, &[char('V')], "all views"),
    on(Place::Everywhere, Action::NextTry, &[char('.')], "next try"),
    on(Place::Everywhere, Action::PreviousTry, &[char(',')], "previous try"),
    on(Place::Everywhere, Action::Secrets, &[char('*')], "show secrets"),
    on(Place::Everywhere, Action::FilterOff, &[char('\\')], "filter off/on"),
    on(Place::Everywhere, Action::Pane, &[key(Code::Tab), key(Code::BackTab)], "other pane"),
    on(Place::Everywhere, Action::Zoom, &[char('z')], "zoom"),
    on(Place::Everywhere, Action::Page, &[char('o')], "open in a pager"),
    on(Place::Everywhere, Action::Save, &[char('S')], "save body to a file"),
    on(Place::Everywhere, Action::Split, &[char('|')], "detail under or beside"),
    on(Place::Everywhere, Action::Narrower, &[char('<')], "smaller list"),
    on(Place::Everywhere, Action::Wider, &[char('>')], "larger list"),
    on(Place::Everywhere, Action::Suspend, &[ctrl('z')], "suspend"),
    on(Place::Everywhere, Action::Redraw, &[ctrl('l')], "redraw"),
    on(Place::Everywhere, Action::Help, &[char('?'), key(Code::F1)], "all keys"),
    on(Place::Everywhere, Action::Palette, &[char(':'), ctrl('p')], "commands"),
    on(Place::Everywhere, Action::Log, &[char('L')], "log"),
    on(Place::Everywhere, Action::Back, &[key(Code::Esc)], "back"),
    on(Place::Everywhere, Action::Quit, &[char('q')], "back, quit"),
    on(Place::Everywhere, Action::QuitNow, &[char('Q'), ctrl('c')], "quit now"),
    on(Place::Help, Action::Down, DOWN, "down"),
    on(Place::Help, Action::Up, UP, "up"),
    on(Place::Help, Action::PageDown, PAGE_DOWN, "page down"),
    on(Place::Help, Action::PageUp, PAGE_UP, "page up"),
    on(Place::Help, Action::First, FIRST, "beginning"),
    on(Place::Help, Action::Last, LAST, "end"),
    on(Place::Help, Action::Back, &[key(Code::Esc), char('q'), char('?'), key(Code::F1)], "close"),
    on(Place::Help, Action::QuitNow, &[char('Q'), ctrl('c')], "quit now"),
    on(Place::Palette, Action::Accept, &[key(Code::Enter)], "do it"),
    on(Place::Palette, Action::Back, &[key(Code::Esc)], "close"),
    on(Place::Palette, Action::Down, &[key(Code::Down), ctrl('n')], "down"),
    on(Place::Palette, Action::Up, &[key(Code::Up), ctrl('p')], "up"),
    on(Place::Palette, Action::QuitNow, &[ctrl('c')], "quit now"),
    on(Place::Log, Action::Down, DOWN, "down"),
    on(Place::Log, Action::Up, UP, "up"),
    on(Place::Log, Action::PageDown, PAGE_DOWN, "page down"),
    on(Place::Log, Action::PageUp, PAGE_UP, "page up"),
    on(Place::Log, Action::First, FIRST, "beginning"),
    on(Place::Log, Action::Last, LAST, "end"),
    on(Place::Log, Action::Back, &[key(Code::Esc), char('q'), char('L')], "close"),
    on(Place::Log, Action::QuitNow, &[char('Q'), ctrl('c')], "quit now"),
    on(Place::Search, Action::Accept, &[key(Code::Enter)], "keep"),
    on(Place::Search, Action::Back, &[key(Code::Esc)], "cancel"),
    on(Place::Search, Action::QuitNow, &[ctrl('c')], "quit now"),
    on(Place::Filter, Action::Complete, &[key(Code::Tab)], "complete"),
    on(Place::Filter, Action::CompleteBack, &[key(Code::BackTab)], "complete backwards"),
    on(Place::Filter, Action::Older, &[key(Code::Up)], "history"),
    on(Place::Filter, Action::Newer, &[key(Code::Down)], "newer filter"),
    on(Place::Filter, Action::Accept, &[key(Code::Enter)], "keep"),
    on(Place::Filter, Action::Back, &[key(Code::Esc)], "cancel (old filter stays)"),
    on(Place::Filter, Action::Syntax, &[key(Code::F1)], "syntax"),
    on(Place::Filter, Action::QuitNow, &[ctrl('c')], "quit now"),
    on(Place::Syntax, Action::Down, DOWN, "down"),
    on(Place::Syntax, Action::Up, UP, "up"),
    on(Place::Syntax, Action::PageDown, PAGE_DOWN, "page down"),
    on(Place::Syntax, Action::PageUp, PAGE_UP, "page up"),
    on(Place::Syntax, Action::First, FIRST, "beginning"),
    on(Place::Syntax, Action::Last, LAST, "end"),
    on(Place::Syntax, Action::Back, &[key(Code::Esc), char('q'), key(Code::F1)], "close"),
    on(Place::Syntax, Action::QuitNow, &[char('Q'), ctrl('c')], "quit now"),
    on(Place::Url, Action::Back, &[key(Code::Esc), char('q')], "close"),
    on(Place::Url, Action::QuitNow, &[char('Q'), ctrl('c')], "quit now"),
    on(Place::Sort, Action::Order(Order::Arrival), &[char('a')], "arrival, newest last"),
    on(Place::Sort, Action::Order(Order::Status), &[char('t')], "status, failures last"),
    on(Place::Sort, Action::Order(Order::Latency), &[char('l')], "latency, slowest last"),
    on(Place::Sort, Action::Order(Order::Size), &[char('z')], "size, largest last"),
    on(Place::Sort, Action::Order(Order::Event), &[char('e')], "group by event (without a known provider: by path)"),
    on(Place::Sort, Action::Back, &[key(Code::Esc), char('q')], "Cancel"),
    on(Place::Sort, Action::QuitNow, &[ctrl('c')], "Quit now"),
    on(Place::Forms, Action::Form(Form::Tree), &[char('t')], "JSON, foldable"),
    on(Place::Forms, Action::Form(Form::Pretty), &[char('p')], "laid out"),
    on(Place::Forms, Action::Form(Form::Text), &[char('x')], "as received"),
    on(Place::Forms, Action::Form(Form::Hex), &[char('h')], "bytes"),
    on(Place::Forms, Action::Back, &[key(Code::Esc), char('q')], "Cancel"),
    on(Place::Forms, Action::QuitNow, &[ctrl('c')], "Quit now"),
    on(Place::Target, Action::Accept, &[key(Code::Enter)], "Go on"),
    on(Place::Target, Action::Back, &[key(Code::Esc)], "Cancel"),
    on(Place::Target, Action::QuitNow, &[ctrl('c')], "Quit now"),
    on(Place::Save, Action::Accept, &[key(Code::Enter)], "Save"),
    on(Place::Save, Action::Back, &[key(Code::Esc)], "Cancel"),
    on(Place::Save, Action::QuitNow, &[ctrl('c')], "Quit now"),
    on(Place::Replace, Action::Replace, &[char('y')], "Replace it"),
    on(Place::Replace, Action::Back, &[key(Code::Esc), char('n')], "Cancel"),
    on(Place::Replace, Action::QuitNow, &[ctrl('c')], "Quit now"),
    on(Place::Replay, Action::Send, &[char('s')], "Send"),
    on(Place::Replay, Action::Back, &[key(Code::Esc), char('q')], "Cancel"),
    on(Place::Replay, Action::QuitNow, &[ctrl('c')], "Quit now"),
    on(Place::Release, Action::Release, &[char('d')], "Forward them"),
    on(Place::Release, Action::Leave, &[char('s')], "Leave them"),
    on(Place::Release, Action::Back, &[key(Code::Esc), char('q')], "Cancel"),
    on(Place::Release, Action::QuitNow, &[ctrl('c')], "Quit now"),
    on(Place::Quit, Action::Yes, &[char('y')], "Quit"),
    on(Place::Quit, Action::Back, &[key(Code::Esc), char('n')], "Stay"),
    on(Place::Quit, Action::QuitNow, &[ctrl('c')], "Quit now"),
    on(Place::Field, Action::Erase(Erase::Before), &[key(Code::Backspace), ctrl('h')], "erase"),
    on(Place::Field, Action::Erase(Erase::Under), &[key(Code::Delete)], "erase under the cursor"),
    on(Place::Field, Action::Erase(Erase::Word), &[ctrl('w')], "erase a word"),
    on(Place::Field, Action::Erase(Erase::All), &[ctrl('u')], "erase all"),
    on(Place::Field, Action::Cursor(Step::Left), &[key(Code::Left)], "left"),
    on(Place::Field, Action::Cursor(Step::Right), &[key(Code::Right)], "right"),
    on(Place::Field, Action::Cursor(Step::First), &[key(Code::Home), ctrl('a')], "beginning"),
    on(Place::Field, Action::Cursor(Step::Last), &[key(Code::End), ctrl('e')], "end"),
];
