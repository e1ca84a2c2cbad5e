//! The form before requests are sent again: which, where to, how often. It only holds what was said; nothing in it sends.

use std::time::Duration;

use super::Set;
use crate::{
    event::{Edits, Replays, Sign},
    exchange::header_line,
    history::Number,
    target::Target,
    text::{Mode, Safe, safe},
    tui::field::Field,
    webhook::Age,
};

/// A line of the form that can have the focus, from top to bottom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::tui) enum Line {
    Which,
    Target,
    /// The target that is typed.
    Other,
    Body,
    /// What becomes of the signature.
    Signature,
    Times,
    Gap,
    Parallel,
    /// A header line that is set or removed, or room for one.
    Header(usize),
    /// Has the focus when the form opens.
    Cancel,
}

/// Where the requests go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::tui) enum Way {
    /// Where the last try of each went.
    LastTry,
    At(Target),
    /// What is typed.
    Other,
}

/// Where the last tries of requests went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::tui) struct Past {
    /// Each place once, with how many went there.
    pub(in crate::tui) places: Vec<(Safe<'static>, usize)>,
    /// How many were never forwarded.
    pub(in crate::tui) never: usize,
    /// Whether one of the places is not surely this machine.
    pub(in crate::tui) is_far: bool,
    /// The header lines of the request, if it is one: its names, with a value where that may be seen.
    pub(in crate::tui) headers: Vec<String>,
    /// How the request is signed, if it is one and signed by a sender that is known.
    pub(in crate::tui) sealed: Option<Sealed>,
}

/// How a request is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::tui) struct Sealed {
    /// Its scheme.
    pub(in crate::tui) scheme: Safe<'static>,
    /// Whether the signature was bad when it came.
    pub(in crate::tui) is_bad: bool,
    /// Whether a secret of the sender is set.
    pub(in crate::tui) has_secret: bool,
    /// How old the signature is now; none if it has no time.
    pub(in crate::tui) age: Option<Age>,
}

impl Sealed {
    /// What can become of the signature, the usual first. One that was bad is never made anew unless it is chosen.
    fn signs(&self) -> Vec<Sign> {
        let mut signs = match (self.has_secret, self.is_bad) {
            (true, false) => vec![Sign::IfGood, Sign::Keep, Sign::Wrong],
            (true, true) => vec![Sign::Keep, Sign::Anew { even_bad: true }, Sign::Wrong],
            (false, _) => vec![Sign::Keep, Sign::Wrong],
        };
        if self.has_secret && self.age.is_some() {
            signs.push(Sign::Old);
        }
        signs
    }
}

/// An edit of a request: what it is sent as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::tui) struct Draft {
    pub(in crate::tui) number: Number,
    pub(in crate::tui) edits: Edits,
    /// What is told of it.
    pub(in crate::tui) said: Safe<'static>,
}

/// All that was said so far.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::tui) struct SendForm {
    pub(in crate::tui) set: Set,
    pub(in crate::tui) numbers: Vec<Number>,
    pub(in crate::tui) ways: Vec<Way>,
    pub(in crate::tui) way: usize,
    pub(in crate::tui) other: Field,
    pub(in crate::tui) times: Field,
    /// Milliseconds.
    pub(in crate::tui) gap: Field,
    pub(in crate::tui) parallel: Field,
    /// Header lines that are set or removed; the last one is empty.
    pub(in crate::tui) headers: Vec<Field>,
    /// Which of the request's own header lines is offered next.
    pub(in crate::tui) offered: usize,
    /// What may become of the signature, and which of that does; one alone is not asked about.
    pub(in crate::tui) signs: Vec<Sign>,
    pub(in crate::tui) sign: usize,
    pub(in crate::tui) line: Line,
    /// Where they went before; none: not read yet.
    pub(in crate::tui) past: Option<Past>,
    pub(in crate::tui) draft: Option<Draft>,
}

/// Longest time between two requests.
const LONGEST: u64 = 3_600_000;

impl SendForm {
    /// A form with nothing said.
    pub(in crate::tui) fn new(set: Set, numbers: Vec<Number>, ways: Vec<Way>) -> Self {
        let typed = |text: &str| {
            let mut field = Field::default();
            field.insert(text);
            field
        };
        Self {
            set,
            numbers,
            ways,
            way: 0,
            other: Field::default(),
            times: typed("1"),
            gap: typed("0"),
            parallel: typed("1"),
            headers: vec![Field::default()],
            offered: 0,
            signs: vec![Sign::IfGood],
            sign: 0,
            line: Line::Cancel,
            past: None,
            draft: None,
        }
    }

    /// The line that is being typed.
    pub(in crate::tui) fn field(&mut self) -> Option<&mut Field> {
        match self.line {
            Line::Other => Some(&mut self.other),
            Line::Times => Some(&mut self.times),
            Line::Gap => Some(&mut self.gap),
            Line::Parallel => Some(&mut self.parallel),
            Line::Header(at) => self.headers.get_mut(at),
            Line::Which | Line::Target | Line::Body | Line::Signature | Line::Cancel => None,
        }
    }

    /// Takes where they went before, and how they are signed.
    pub(in crate::tui) fn learn(&mut self, past: Past) {
        (self.signs, self.sign) = match (&past.sealed, self.numbers.len()) {
            (Some(sealed), _) => (sealed.signs(), 0),
            (None, 0 | 1) => (vec![Sign::IfGood], 0),
            (None, _) => (vec![Sign::IfGood, Sign::Keep, Sign::Wrong, Sign::Old], 0),
        };
        self.past = Some(past);
    }

    /// What becomes of the signature.
    pub(in crate::tui) fn signing(&self) -> Sign {
        self.signs.get(self.sign).copied().unwrap_or_default()
    }

    /// The lines that there are now.
    pub(in crate::tui) fn lines(&self) -> Vec<Line> {
        let all = [
            Line::Which,
            Line::Target,
            Line::Other,
            Line::Body,
            Line::Signature,
            Line::Times,
            Line::Gap,
            Line::Parallel,
        ];
        let headers = (0..self.headers.len()).map(Line::Header);
        let is_there = |line: &Line| match line {
            Line::Which => self.draft.is_none(),
            Line::Signature => self.signs.len() > 1,
            Line::Other => self.ways.get(self.way) == Some(&Way::Other),
            Line::Body => self.numbers.len() == 1,
            _ => true,
        };
        let first = all.into_iter().filter(is_there);
        first.chain(headers).chain([Line::Cancel]).collect()
    }

    /// Sees to it that there is room for one more header line, and no empty one between others.
    pub(in crate::tui) fn make_room(&mut self) {
        let is_here = |at: usize| self.line == Line::Header(at);
        let mut kept = Vec::new();
        let mut line = None;
        for (at, field) in self.headers.iter().enumerate() {
            if !field.text().trim().is_empty() || is_here(at) {
                line = line.or(is_here(at).then_some(kept.len()));
                kept.push(field.clone());
            }
        }
        if kept
            .last()
            .is_none_or(|last| !last.text().trim().is_empty())
        {
            kept.push(Field::default());
        }
        self.headers = kept;
        if let (Line::Header(_), Some(at)) = (self.line, line) {
            self.line = Line::Header(at);
        }
    }

    /// What is changed in what is sent.
    ///
    /// # Errors
    /// What is wrong with a header line, in words.
    fn edits(&self) -> Result<Edits, Safe<'static>> {
        let draft = self.draft.as_ref();
        let mut edits = draft.map(|draft| draft.edits.clone()).unwrap_or_default();
        edits.sign = self.signing();
        for field in &self.headers {
            let line = field.text().trim();
            let wrong = || Safe::own("Header: Name: value sets a line, -Name removes it");
            if line.is_empty() {
                continue;
            }
            match line.strip_prefix('-') {
                Some(name) => edits
                    .removed
                    .push(name.trim().parse().map_err(|_| wrong())?),
                None => edits.set.push(header_line(line).ok_or_else(wrong)?),
            }
        }
        Ok(edits)
    }

    /// The names of the header lines that are set and removed.
    pub(in crate::tui) fn changed(&self) -> Vec<Safe<'static>> {
        let lines = self.headers.iter().map(|field| field.text().trim());
        let names = lines.filter_map(|line| match line.strip_prefix('-') {
            Some(name) => Some(name),
            None => line.split_once(':').map(|(name, _)| name),
        });
        let safe = |name: &str| safe(name.as_bytes(), Mode::Cell).into_owned();
        names.map(safe).collect()
    }

    /// What it asks for, and whether it may leave this machine. `present`: where goes what was never forwarded.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub(in crate::tui) fn replays(
        &self,
        present: Option<&Target>,
    ) -> Result<(Replays, bool), Safe<'static>> {
        let number = |field: &Field, name, most: u64| {
            let told = || Safe::format(format_args!("{name}: a number from 0 to {most}"));
            let number: u64 = field.text().trim().parse().map_err(|_| told())?;
            if number <= most {
                Ok(number)
            } else {
                Err(told())
            }
        };
        let times = number(&self.times, "Times", 10_000)?;
        let gap = number(&self.gap, "Gap", LONGEST)?;
        let parallel = number(&self.parallel, "Parallel", Replays::PARALLEL as u64)?;
        let (to, is_far) = self.goal(present)?;
        let replays = Replays {
            numbers: self.numbers.clone(),
            to,
            times: times as u32,
            gap: Duration::from_millis(gap),
            parallel: parallel.max(1) as usize,
            edits: self.edits()?,
        };
        match replays.count() {
            0 => Err(Safe::own("there is nothing to send")),
            1..=Replays::MOST => Ok((replays, is_far)),
            _ => Err(Safe::format(format_args!(
                "at most {} requests at once",
                Replays::MOST
            ))),
        }
    }

    /// The target, none for the last try's; and whether it may be another machine.
    fn goal(&self, present: Option<&Target>) -> Result<(Option<Target>, bool), Safe<'static>> {
        match self.ways.get(self.way) {
            Some(Way::At(target)) => Ok((Some(target.clone()), !target.is_loopback())),
            Some(Way::Other) => {
                let typed: Result<Target, _> = self.other.text().trim().parse();
                let target = typed.map_err(|error| Safe::format(format_args!("{error}")))?;
                let is_far = !target.is_loopback();
                Ok((Some(target), is_far))
            }
            Some(Way::LastTry) | None => {
                let told = "where they went before is not read yet";
                let past = self.past.as_ref().ok_or(Safe::own(told))?;
                let is_near = present.is_some_and(Target::is_loopback);
                if past.never > 0 && present.is_none() {
                    let text = format_args!("{} never forwarded: choose a target", past.never);
                    return Err(Safe::format(text));
                }
                Ok((None, past.is_far || (past.never > 0 && !is_near)))
            }
        }
    }
}
