//! What each field makes of its operator and its value.
//!
//! In: a field, an operator, items. Out: a [`Test`], or what the field expects, at the item that is wrong.

use super::{
    Clock, FilterError,
    decimal::Decimal,
    field::{Field, Kind},
    json::{Asked, Path},
    parse::fault,
    pattern::{Pattern, Shape},
    state::State,
    term::{Part, Test, Waiting},
    value::{self, Op, Spans, Unit},
    words::{Item, ends_word},
};
use crate::text;

const STATUS: &str = "expected 5xx, 500, 500..599, >=500, pending, err or held";
const SENT: &str = "expected 5xx, 500, 500..599 or >=500";
const TOOK: &str = "expected a time such as 250ms, 1.5s or 1s..5s";
const SIZE: &str = "expected a size such as 512, 10k or 1M..5M";
const COUNT: &str = "expected a number, 2..5 or >1";
const WHEN: &str = "expected an age, a time or a date: 5m, 14:30, 2025-10-12";
const NUMBER: &str = "expected a number";

/// How a value is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    pub(super) op: Op,
    pub(super) clock: Clock,
}

/// A header's name, and where its value begins.
#[derive(Debug)]
pub(super) struct Header {
    name: Option<(String, usize)>,
    /// What stands between name and value.
    pub(super) op: Op,
    /// Where the value begins; without one, the names.
    pub(super) value_at: usize,
}

/// Whether the field is a header, whose value has a name in it.
pub(super) fn is_header(kind: Kind) -> bool {
    matches!(kind, Kind::Header | Kind::RespHeader)
}

impl Header {
    /// Looks for `NAME=`, `NAME~` or `NAME:` at the beginning of a value.
    pub(super) fn begin(text: &str, from: usize, op: Op) -> Result<Self, FilterError> {
        if op.compares() {
            return Err(fault(
                from,
                "expected header:NAME, header:NAME=VALUE or header:NAME~REGEX",
            ));
        }
        let rest = text.get(from..).unwrap_or_default();
        let end = rest.find(|c| ends_word(c) || matches!(c, '=' | '~' | ':' | ',' | '"'));
        let name = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
        let behind = rest.get(name.len()..).unwrap_or_default();
        let names_value = op != Op::Regex && !name.is_empty();
        Ok(match Op::begin(behind).filter(|_| names_value) {
            Some((op, len)) => Self {
                name: Some((name.to_owned(), from)),
                op,
                value_at: from.saturating_add(name.len()).saturating_add(len),
            },
            None => Self {
                name: None,
                op,
                value_at: from,
            },
        })
    }
}

impl Reading {
    /// The test of a field.
    pub(super) fn field(self, field: &Field, items: &[Item]) -> Result<Test, FilterError> {
        let kind = field.kind;
        match kind {
            Kind::Method
            | Kind::Path
            | Kind::Host
            | Kind::Query
            | Kind::From
            | Kind::Provider
            | Kind::Event
            | Kind::Endpoint
            | Kind::Note
            | Kind::Target
            | Kind::Body
            | Kind::Resp
            | Kind::Header
            | Kind::RespHeader => self
                .text(kind, items)
                .map(|pattern| Test::Text(kind, pattern)),
            Kind::Id => self.id(items),
            Kind::Status => self.status(items),
            Kind::Sender => self.number(kind, items, value::status, SENT),
            Kind::Took => self.number(kind, items, value::took, TOOK),
            Kind::Size => self.number(kind, items, value::size, SIZE),
            Kind::Tries => self.number(kind, items, value::count, COUNT),
            Kind::Is => {
                let named = |item: &Item| State::named(&item.text).ok_or_else(|| word(field, item));
                self.named(field, items)?;
                Ok(Test::Is(items.iter().map(named).collect::<Result<_, _>>()?))
            }
            Kind::Sig => {
                self.named(field, items)?;
                let is_word = |item: &&Item| field.words.contains(&item.text.as_str());
                match items.iter().find(|item| !is_word(item)) {
                    Some(odd) => Err(word(field, odd)),
                    None => self.text(kind, items).map(|words| Test::Text(kind, words)),
                }
            }
            Kind::Has => {
                self.named(field, items)?;
                Ok(Test::Has(
                    items
                        .iter()
                        .map(|item| part(field, item))
                        .collect::<Result<_, _>>()?,
                ))
            }
            Kind::Since => self.when(field, items).map(Test::Since),
            Kind::Before => self.when(field, items).map(Test::Before),
        }
    }

    /// The test of a header.
    pub(super) fn header(
        self,
        kind: Kind,
        header: Header,
        items: &[Item],
    ) -> Result<Test, FilterError> {
        let names = |items: &[Item]| {
            let shape = |item: &Item| {
                if item.is_quoted {
                    Shape::Exact
                } else {
                    Shape::Glob
                }
            };
            // Names of headers have no case (RFC 9110 §5.1).
            let lower: Vec<_> = items
                .iter()
                .map(|item| (shape(item), item.text.to_ascii_lowercase()))
                .collect();
            Pattern::words(lower.iter().map(|(shape, name)| (*shape, name.as_str())))
        };
        let at = items.first().map_or(header.value_at, |item| item.at);
        let Some((name, name_at)) = header.name else {
            if self.op == Op::Regex {
                return self
                    .text(kind, items)
                    .map(|line| Test::HeaderLine(kind, line));
            }
            let names = names(items).map_err(|why| fault(at, why))?;
            return Ok(Test::Header(kind, names, None));
        };
        let name = Item {
            text: name,
            at: name_at,
            is_quoted: false,
        };
        let names = names(&[name]).map_err(|why| fault(name_at, why))?;
        let value = Self {
            op: header.op,
            ..self
        };
        let value = value.text(kind, items)?;
        Ok(Test::Header(kind, names, Some(value)))
    }

    fn text(self, kind: Kind, items: &[Item]) -> Result<Pattern, FilterError> {
        let at = items.first().map_or(0, |item| item.at);
        let built = match self.op {
            Op::Regex => Pattern::regex(items.first().map_or("", |item| item.text.as_str())),
            Op::Exact => {
                Pattern::words(items.iter().map(|item| (Shape::Exact, item.text.as_str())))
            }
            Op::Like => Pattern::words(
                items
                    .iter()
                    .map(|item| (shape(kind, item), item.text.as_str())),
            ),
            _ => Err("a text is compared by : = or ~".to_owned()),
        };
        built.map_err(|why| fault(at, why))
    }

    /// Digits alone are a number: `id:1199` is what people type.
    fn id(self, items: &[Item]) -> Result<Test, FilterError> {
        let number = |item: &Item| -> Option<u64> {
            let digits = item.text.strip_prefix('#').unwrap_or(&item.text);
            digits.parse().ok().filter(|_| self.op != Op::Regex)
        };
        let numbers = items.iter().filter_map(number).collect();
        let parts = items.iter().filter(|item| number(item).is_none());
        let parts: Vec<Item> = parts.cloned().collect();
        let pattern = match parts.is_empty() {
            true => None,
            false => Some(self.text(Kind::Id, &parts)?),
        };
        Ok(Test::Id(numbers, pattern))
    }

    fn status(self, items: &[Item]) -> Result<Test, FilterError> {
        let mut spans = Vec::new();
        let mut waiting = Vec::new();
        for item in items {
            match item.text.as_str() {
                "pending" if !self.op.compares() => waiting.push(Waiting::Pending),
                "err" if !self.op.compares() => waiting.push(Waiting::Failed),
                "held" if !self.op.compares() => waiting.push(Waiting::Held),
                _ => spans.extend(
                    self.spans(std::slice::from_ref(item), value::status, STATUS)?
                        .0,
                ),
            }
        }
        Ok(Test::Status(Spans(spans), waiting))
    }

    fn number(
        self,
        kind: Kind,
        items: &[Item],
        unit: Unit,
        expected: &str,
    ) -> Result<Test, FilterError> {
        self.spans(items, unit, expected)
            .map(|spans| Test::Number(kind, spans))
    }

    fn spans(self, items: &[Item], unit: Unit, expected: &str) -> Result<Spans, FilterError> {
        let one = |item: &Item| {
            let span = value::span(self.op, &item.text, unit).filter(|_| self.op != Op::Regex);
            span.ok_or_else(|| fault(item.at, expected))
        };
        items.iter().map(one).collect::<Result<_, _>>().map(Spans)
    }

    /// A field of words or moments takes `:` and `=`.
    fn named(self, field: &Field, items: &[Item]) -> Result<(), FilterError> {
        if matches!(self.op, Op::Like | Op::Exact) {
            return Ok(());
        }
        let at = items.first().map_or(0, |item| item.at);
        Err(fault(
            at,
            format!("expected {}:, as in {}", field.name, field.example),
        ))
    }

    fn when(self, field: &Field, items: &[Item]) -> Result<value::When, FilterError> {
        self.named(field, items)?;
        match items {
            [one] => value::when(&one.text, self.clock).ok_or_else(|| fault(one.at, WHEN)),
            [_, second, ..] => Err(fault(second.at, "expected one moment, no list")),
            [] => Err(fault(0, WHEN)),
        }
    }

    /// The test of a JSON field.
    pub(super) fn json(self, path: Path, items: &[Item]) -> Result<Test, FilterError> {
        let number = |item: &Item| Decimal::parse(&item.text).ok_or_else(|| fault(item.at, NUMBER));
        if self.op.compares() {
            let [item] = items else {
                let at = items.get(1).map_or(0, |item| item.at);
                return Err(fault(at, "expected one number, no list"));
            };
            let limit = number(item)?;
            let span = |low, high| Asked::Within(vec![(low, high)]);
            return Ok(Test::Json(
                path,
                match self.op {
                    Op::Above => Asked::Above(limit),
                    Op::Below => Asked::Below(limit),
                    Op::AtLeast => span(Some(limit), None),
                    _ => span(None, Some(limit)),
                },
            ));
        }
        if let Some(spans) = items.iter().map(decimals).collect::<Option<Vec<_>>>()
            && self.op != Op::Regex
        {
            return Ok(Test::Json(path, Asked::Within(spans)));
        }
        let pattern = self.text(Kind::Body, items)?;
        let numbers = match self.op {
            Op::Regex => Vec::new(),
            _ => items
                .iter()
                .filter_map(|item| Decimal::parse(&item.text))
                .collect(),
        };
        Ok(Test::Json(path, Asked::Like(pattern, numbers)))
    }
}

/// The span of `1..5`, `1..` or `..5`; none if the item is something else.
fn decimals(item: &Item) -> Option<(Option<Decimal>, Option<Decimal>)> {
    let (low, high) = item.text.split_once("..").filter(|_| !item.is_quoted)?;
    let end = |text: &str| match text {
        "" => Some(None),
        text => Decimal::parse(text).map(Some),
    };
    let (low, high) = (end(low)?, end(high)?);
    (low.is_some() || high.is_some()).then_some((low, high))
}

/// How a text is looked for behind `:`, as the field's nature is.
fn shape(kind: Kind, item: &Item) -> Shape {
    let has_star = item.text.contains('*') && !item.is_quoted;
    match kind {
        Kind::Method | Kind::Provider | Kind::Event if has_star => Shape::Glob,
        Kind::Method | Kind::Provider | Kind::Event | Kind::Sig => Shape::Exact,
        Kind::Path if has_star => Shape::Glob,
        Kind::Path if item.text.starts_with('/') => Shape::Prefix,
        Kind::Endpoint | Kind::Target | Kind::Id | Kind::Note if has_star => Shape::Within,
        _ => Shape::Contains,
    }
}

fn part(field: &Field, item: &Item) -> Result<Part, FilterError> {
    match item.text.as_str() {
        "body" => Ok(Part::Body),
        "note" => Ok(Part::Note),
        "error" => Ok(Part::Error),
        "response" => Ok(Part::Response),
        path if path.starts_with('.') => {
            let path = Path::parse(path);
            path.map(Part::Json)
                .ok_or_else(|| fault(item.at, "expected a path such as .data.items[0].id"))
        }
        _ => Err(word(field, item)),
    }
}

/// A word that the field does not take.
fn word(field: &Field, item: &Item) -> FilterError {
    let near = text::nearest(&item.text, field.words.iter().copied());
    let is_near = |near: &&str| text::distance(&item.text, near) <= 2;
    let more = if field.kind == Kind::Has {
        " or .path"
    } else {
        ""
    };
    FilterError {
        at: item.at,
        what: format!("expected one of {}{more}", field.words.join(", ")),
        hint: near
            .filter(is_near)
            .map(|near| format!("the nearest is `{near}`")),
    }
}
