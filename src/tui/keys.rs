//! The one table of keys: what is pressed → [`Action`], with the words that help and hints are made of.
//!
//! In: a key and the place that has it. Out: the action, or why it is not possible now. Behaviour, the hint line and `?` read
//! this table and nothing else. Must not know: terminals.

mod hints;
mod possible;
mod remap;
mod table;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use super::{
    deed::Deed,
    field::{Erase, Step},
    layout::Pane,
    page::Form,
    state::{Order, Popup, State, Tab},
};

pub use self::remap::{Keymap, Misfit};
use self::table::TABLE;
pub(super) use self::{hints::hinted, possible::possible};

/// A key as people name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Code {
    Char(char),
    Enter,
    Esc,
    Backspace,
    Delete,
    Tab,
    BackTab,
    Up,
    Down,
    Left,
    Right,
    PageUp,
    PageDown,
    Home,
    End,
    ShiftUp,
    ShiftDown,
    F1,
}

/// A key with or without Ctrl. Shift is in the character.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) code: Code,
    pub(super) ctrl: bool,
}

/// Where a key is pressed: the pane that has the focus, or the box that lies over all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Place {
    /// List and detail.
    Everywhere,
    List,
    Detail,
    /// The list of keys.
    Help,
    /// Any line that text is typed into; it takes every character that is no key of its own.
    Field,
    /// The line that says what is searched in the detail.
    Search,
    /// The line that says which requests are shown.
    Filter,
    /// What a filter may say.
    Syntax,
    /// The public URL.
    Url,
    /// What the list is sorted by.
    Sort,
    /// Every action by its name.
    Palette,
    /// What was told.
    Log,
    /// The ways to lay a body out.
    Forms,
    /// The menu of what can be copied.
    Copy,
    /// The box that asks for a target.
    Target,
    /// The menu of what can be written to a file.
    Export,
    /// The line that names the file.
    File,
    /// The question before a file is replaced.
    Overwrite,
    /// The comparison.
    Diff,
    /// The form before requests are sent again, but for its lines of free text.
    Form,
    FormText,
    /// The list of samples.
    Samples,
    /// The box that says how a sample is sent.
    Trigger,
    /// A line of it that sets or removes a header line.
    FormHeader,
    /// The words before too many are sent, or too far.
    Confirm,
    /// The box that asks for a file's name.
    Save,
    /// The box that asks before a file is replaced.
    Replace,
    /// The note beside a request.
    Secret,
    Note,
    /// The box that asks before requests are deleted.
    Delete,
    /// The box that asks before all are.
    Clear,
    /// The box that asks what becomes of held requests.
    Release,
    /// The box that asks before the end.
    Quit,
}

/// What a key does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Action {
    Down,
    Up,
    First,
    Last,
    HalfDown,
    HalfUp,
    PageDown,
    PageUp,
    Open,
    Left,
    Right,
    ScrollDown,
    ScrollUp,
    NextRequest,
    PreviousRequest,
    NextProblem,
    PreviousProblem,
    Show(Tab),
    NextTab,
    PreviousTab,
    Toggle,
    FoldAll,
    UnfoldAll,
    Wrap,
    NextForm,
    Forms,
    Form(Form),
    Search,
    NextHit,
    PreviousHit,
    NextTry,
    PreviousTry,
    Filter,
    FilterOff,
    NextMatch,
    PreviousMatch,
    Complete,
    CompleteBack,
    Older,
    Newer,
    Syntax,
    Sort,
    Order(Order),
    Mark,
    MarkDown,
    MarkUp,
    ClearView,
    Secrets,
    Replay,
    /// Something done with requests.
    Do(Deed),
    Bookmark,
    Follow,
    Hold,
    Connect,
    Pane,
    Zoom,
    Page,
    Save,
    Replace,
    Split,
    Narrower,
    Wider,
    Mouse,
    Suspend,
    Redraw,
    Help,
    Log,
    Palette,
    Back,
    Quit,
    QuitNow,
    Accept,
    Release,
    Leave,
    Yes,
    Erase(Erase),
    Cursor(Step),
    Note,
    Delete,
    DeleteShown,
    ClearHistory,
    Bookmarked,
    Undelete,
}

/// One line of the table.
#[derive(Clone, Debug)]
pub(super) struct Binding {
    pub(super) place: Place,
    pub(super) action: Action,
    /// Every key that does it, the one to show first; none if it is done by its name in the palette alone.
    pub(super) keys: Cow<'static, [Key]>,
    /// What it does, as help says it.
    pub(super) help: &'static str,
}

/// The table in force: a person may have chosen other keys.
pub(super) fn table() -> &'static [Binding] {
    remap::chosen().unwrap_or(TABLE)
}

/// The line of the table for a key in a place, if it has one there.
pub(super) fn binding(place: Place, key: Key) -> Option<&'static Binding> {
    here(place).find(|binding| binding.keys.contains(&key))
}

/// The line of the table for an action in a place, if it has one there.
pub(super) fn of(place: Place, action: Action) -> Option<&'static Binding> {
    here(place).find(|binding| binding.action == action)
}

/// Every line that holds in a place, its own first.
pub(super) fn here(place: Place) -> impl Iterator<Item = &'static Binding> {
    let is_pane = matches!(place, Place::List | Place::Detail);
    let of = move |wanted| table().iter().filter(move |line| line.place == wanted);
    let below = of(Place::Everywhere).filter(move |_| is_pane);
    let typing = of(Place::Field).filter(move |_| is_typing(place));
    of(place).chain(below).chain(typing)
}

/// Whether text is typed in a place.
pub(super) fn is_typing(place: Place) -> bool {
    let is_desk = matches!(
        place,
        Place::File
            | Place::Form
            | Place::FormText
            | Place::FormHeader
            | Place::Samples
            | Place::Confirm
    );
    let is_line = matches!(
        place,
        Place::Target
            | Place::Save
            | Place::Search
            | Place::Filter
            | Place::Palette
            | Place::Note
            | Place::Secret
            | Place::Clear
    );
    is_desk || is_line
}

/// Where the next key goes.
pub(super) fn place(state: &State) -> Place {
    match (state.popup.as_ref().map(|open| &open.popup), state.focus) {
        (Some(Popup::Help { .. }), _) => Place::Help,
        (Some(Popup::Palette { .. }), _) => Place::Palette,
        (Some(Popup::Log { .. }), _) => Place::Log,
        (Some(Popup::Syntax { .. }), _) => Place::Syntax,
        (Some(Popup::Url), _) => Place::Url,
        (Some(Popup::Sort), _) => Place::Sort,
        (Some(Popup::Forms), _) => Place::Forms,
        (Some(Popup::Target { .. }), _) => Place::Target,
        (Some(Popup::Desk(desk)), _) => desk.place(),
        (Some(Popup::Save { .. }), _) => Place::Save,
        (Some(Popup::Replace(_)), _) => Place::Replace,
        (Some(Popup::Note { .. }), _) => Place::Note,
        (Some(Popup::Secret { .. }), _) => Place::Secret,
        (Some(Popup::Delete { .. }), _) => Place::Delete,
        (Some(Popup::Clear { .. }), _) => Place::Clear,
        (Some(Popup::Release), _) => Place::Release,
        (Some(Popup::Quit), _) => Place::Quit,
        (None, _) if state.bar.is_some() => Place::Filter,
        (None, Pane::List) => Place::List,
        (None, Pane::Detail) => {
            let search = state.search.as_ref();
            match search.is_some_and(|search| search.is_typing) {
                true => Place::Search,
                false => Place::Detail,
            }
        }
    }
}

impl Key {
    /// What is printed on it.
    pub(super) fn label(self) -> String {
        let name = match self.code {
            Code::Char(' ') => "Space".to_owned(),
            Code::Char(c) => c.to_string(),
            Code::BackTab => "Shift-Tab".to_owned(),
            Code::ShiftUp => "Shift-Up".to_owned(),
            Code::ShiftDown => "Shift-Down".to_owned(),
            Code::PageUp => "PgUp".to_owned(),
            Code::PageDown => "PgDn".to_owned(),
            code => format!("{code:?}"),
        };
        if self.ctrl {
            format!("Ctrl-{name}")
        } else {
            name
        }
    }
}

impl Binding {
    /// Its keys, with blanks between; `-` if it is done by its name alone.
    pub(super) fn labels(&self) -> String {
        let labels: Vec<String> = self.keys.iter().map(|key| key.label()).collect();
        match labels.is_empty() {
            true => "-".to_owned(),
            false => labels.join(" "),
        }
    }
}
