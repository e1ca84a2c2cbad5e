//! Files of definitions → [`Known`]: each file checked on its own, then laid over the ones before it, `extends` and `use` followed.
//!
//! In: the built-in file and the user's and the project's, as text. Out: every provider, or the first fault with its file, line
//! and field. Must not know: where the files are.
//!
//! ```text
//! text ─▶ schema ─▶ compiled ─▶ extends: a lower layer, or another id ─▶ use: another's schemes ─▶ Known
//! ```

use std::{collections::BTreeMap, fmt, ops::Range};

use super::{
    definition::{File, Text},
    known::Known,
    pointer::Pointers,
    provider::{Draft, Provider},
};

/// Largest file of definitions, in bytes; the built-in one has a twentieth of it.
const LARGEST: usize = 1024 * 1024;

/// Most definitions that may stand on one another.
const DEEPEST: usize = 16;

/// A definition that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: `{field}`: {reason}")]
pub struct DefinitionError {
    /// The file, as it was named.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The field.
    pub field: String,
    /// What is wrong with it.
    pub reason: String,
}

/// The same, before the file is known: where in its text.
#[derive(Debug)]
pub(super) struct Fault {
    span: Range<usize>,
    field: &'static str,
    reason: String,
}

impl Fault {
    /// A fault in a field whose value stands at `text`.
    pub(super) fn at(text: &Text, field: &'static str, reason: impl fmt::Display) -> Self {
        Self::within(text.span(), field, reason)
    }

    /// A fault in a field that stands at this range of the text.
    pub(super) fn within(
        span: Range<usize>,
        field: &'static str,
        reason: impl fmt::Display,
    ) -> Self {
        let reason = reason.to_string();
        Self {
            span,
            field,
            reason,
        }
    }
}

/// A file of definitions: its name for errors, and its text.
#[derive(Clone, Copy, Debug)]
pub struct Layer<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its text.
    pub text: &'a str,
}

/// Reads layers, the lowest first.
///
/// # Errors
/// The first fault.
pub(super) fn read(layers: &[Layer<'_>]) -> Result<Known, DefinitionError> {
    let mut pointers = Pointers::default();
    let mut reading = Reading::default();
    for (place, layer) in layers.iter().enumerate() {
        let fault = |fault: Fault| placed(layer, fault);
        for raw in parsed(layer)? {
            let draft = Draft::new(&raw, &mut pointers).map_err(fault)?;
            let same = reading
                .drafts
                .insert((place, draft.id.clone()), (draft, raw.id.clone()));
            if same.is_some() {
                return Err(fault(Fault::at(&raw.id, "id", "it stands here twice")));
            }
        }
    }
    let mut finished = BTreeMap::new();
    let mut order = Vec::new();
    // Upper layers first: between two that fit equally well, the user's own counts.
    for place in (0..layers.len()).rev() {
        for (id, _) in reading.of(place) {
            if !order.contains(&id) {
                let draft = reading.extended(layers, place, &id, 0)?;
                order.push(id.clone());
                finished.insert(id, (place, draft));
            }
        }
    }
    let mut providers = Vec::new();
    for id in &order {
        providers.push(used(layers, &finished, id)?);
    }
    Ok(Known::new(providers, pointers))
}

fn parsed(layer: &Layer<'_>) -> Result<Vec<super::definition::Provider>, DefinitionError> {
    if layer.text.len() > LARGEST {
        let reason = format!("the file is larger than {LARGEST} bytes");
        return Err(placed(layer, Fault::within(0..0, "provider", reason)));
    }
    let file: File = toml::from_str(layer.text).map_err(|error| {
        let span = error.span().unwrap_or_default();
        let field = field_at(layer.text, span.start);
        DefinitionError {
            field,
            ..placed(layer, Fault::within(span, "", error.message()))
        }
    })?;
    Ok(file.provider)
}

fn placed(layer: &Layer<'_>, fault: Fault) -> DefinitionError {
    let before = layer.text.as_bytes().iter().take(fault.span.start);
    DefinitionError {
        file: layer.name.to_owned(),
        line: before
            .filter(|&&byte| byte == b'\n')
            .count()
            .saturating_add(1),
        field: fault.field.to_owned(),
        reason: fault.reason,
    }
}

/// The key on the line where the parser stopped: the last word before it, or at it.
fn field_at(text: &str, at: usize) -> String {
    let start = text
        .get(..at)
        .and_then(|before| before.rfind('\n'))
        .map_or(0, |end| end.saturating_add(1));
    let line = text.get(start..).unwrap_or_default();
    let line = line.lines().next().unwrap_or_default();
    let column = at.saturating_sub(start);
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let here = line.get(column..).unwrap_or_default();
    if here.starts_with(is_word) {
        let word: String = here.chars().take_while(|&c| is_word(c)).collect();
        let rest = here.get(word.len()..).unwrap_or_default();
        if rest.trim_start().starts_with(['=', ']', '.']) {
            return word;
        }
    }
    let before = line.get(..column).unwrap_or(line);
    let before = before.rsplit_once('=').map_or(before, |(key, _)| key);
    let word: String = before
        .trim_end()
        .chars()
        .rev()
        .take_while(|&c| is_word(c))
        .collect();
    match word.is_empty() {
        true => "provider".to_owned(),
        false => word.chars().rev().collect(),
    }
}

/// Every definition by its layer and id, and where its id stands.
#[derive(Default)]
struct Reading {
    drafts: BTreeMap<(usize, String), (Draft, Text)>,
}

impl Reading {
    /// The definitions of a layer in the order of their file.
    fn of(&self, place: usize) -> Vec<(String, usize)> {
        let drafts = self.drafts.iter();
        let mut found: Vec<_> = drafts
            .filter(|((layer, _), _)| *layer == place)
            .map(|((_, id), (_, text))| (id.clone(), text.span().start))
            .collect();
        found.sort_by_key(|(_, at)| *at);
        found
    }

    /// A definition with what it extends below it. Its own id means the one of a lower layer.
    fn extended(
        &self,
        layers: &[Layer<'_>],
        place: usize,
        id: &str,
        depth: usize,
    ) -> Result<Draft, DefinitionError> {
        let Some((draft, _)) = self.drafts.get(&(place, id.to_owned())) else {
            return Ok(Draft::default());
        };
        let Some(base) = &draft.extends else {
            return Ok(draft.clone());
        };
        let wrong = |reason: String| match layers.get(place) {
            Some(layer) => placed(layer, Fault::at(base, "extends", reason)),
            None => DefinitionError {
                file: String::new(),
                line: 0,
                field: "extends".to_owned(),
                reason,
            },
        };
        if depth >= DEEPEST {
            return Err(wrong(format!(
                "`{id}` extends itself in a circle, or through more than {DEEPEST} others"
            )));
        }
        let name = base.get_ref();
        let highest = if name == id { place } else { layers.len() };
        let mut below = (0..highest).rev();
        let found = below.find(|&lower| self.drafts.contains_key(&(lower, name.clone())));
        let Some(lower) = found else {
            return Err(wrong(match name == id {
                true => format!("`{id}` extends itself: no file below this one has it"),
                false => format!("there is no provider `{name}`"),
            }));
        };
        let base = self.extended(layers, lower, name, depth.saturating_add(1))?;
        Ok(draft.clone().over(base))
    }
}

/// A definition with the schemes that it borrows.
fn used(
    layers: &[Layer<'_>],
    finished: &BTreeMap<String, (usize, Draft)>,
    id: &str,
) -> Result<Provider, DefinitionError> {
    let Some((place, draft)) = finished.get(id) else {
        return Ok(Draft::default().finish(Vec::new()));
    };
    let mut schemes = Vec::new();
    for (alternative, from) in draft.alternatives() {
        let Some(borrowed) = alternative else {
            schemes.extend(from);
            continue;
        };
        let lender = finished.get(borrowed.id.get_ref());
        let lent: Vec<_> = lender
            .map(|(_, lender)| lender.own_schemes())
            .unwrap_or_default();
        if lent.is_empty() {
            let reason = format!(
                "`{}` has no scheme of its own to lend",
                borrowed.id.get_ref()
            );
            let fault = Fault::at(&borrowed.id, "use", reason);
            return Err(match layers.get(*place) {
                Some(layer) => placed(layer, fault),
                None => DefinitionError {
                    file: String::new(),
                    line: 0,
                    field: fault.field.to_owned(),
                    reason: fault.reason,
                },
            });
        }
        schemes.extend(
            lent.into_iter()
                .map(|scheme| scheme.when_also(&borrowed.when)),
        );
    }
    Ok(draft.clone().finish(schemes))
}
