//! A [`Diff`] as text: for a terminal, coloured or not, and for a pipe.
//!
//! ```text
//! diff #1194 → #1199     5 changes, 3 volatile hidden (--all shows them)
//! body
//! ~ .data.object.amount_paid  1900  →  4200
//! - .data.object.tax          null
//! headers
//! ~ content-length  2011  →  2152
//! ```

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use super::{BodyDiff, Change, Diff, Line, Mark};
use crate::text::{self, Mode, Safe};

/// Widest column of paths, in cells; a longer one moves only its own line.
const COLUMN: usize = 40;

/// Prints a comparison of what `names` call. `all`: volatile changes too, which are else only counted.
///
/// # Errors
/// The pipe's.
pub fn print(
    diff: &Diff,
    names: [&str; 2],
    all: bool,
    color: bool,
    out: &mut impl Write,
) -> io::Result<()> {
    let printer = Printer { all, color };
    writeln!(out, "{}", printer.title(diff, names))?;
    printer.changes("head", &diff.head, out)?;
    match &diff.body {
        BodyDiff::Same => {}
        BodyDiff::SameDecoded => {
            printer.heading("body", out)?;
            writeln!(out, "  the same once decoded, compressed otherwise")?;
        }
        BodyDiff::Json { changes, .. } if changes.is_empty() => {
            printer.heading("body", out)?;
            writeln!(out, "~ the same values, in other order or white space")?;
        }
        BodyDiff::Json { changes, more } => {
            printer.changes("body", changes, out)?;
            if *more > 0 {
                writeln!(out, "  … {more} changes more …")?;
            }
        }
        BodyDiff::Text(lines) => {
            printer.heading("body", out)?;
            for line in lines {
                printer.line(line, out)?;
            }
        }
        BodyDiff::Binary { from, to, first } => {
            printer.heading("body", out)?;
            let (from, to) = (text::size(*from), text::size(*to));
            writeln!(
                out,
                "~ binary, {from}  →  {to}, the first difference at byte {first}"
            )?;
        }
    }
    printer.changes("headers", &diff.headers, out)
}

struct Printer {
    all: bool,
    color: bool,
}

impl Printer {
    fn title(&self, diff: &Diff, [from, to]: [&str; 2]) -> Safe<'static> {
        let (all, volatile) = diff.count();
        let shown = if self.all {
            all
        } else {
            all.saturating_sub(volatile)
        };
        let changes = match shown {
            0 => "the same".to_owned(),
            1 => "1 change".to_owned(),
            _ => format!("{} changes", text::count(shown as u64)),
        };
        let hidden = match volatile {
            0 => String::new(),
            _ if self.all => String::new(),
            _ => format!(", {volatile} volatile hidden (--all shows them)"),
        };
        Safe::format(format_args!("diff {from} → {to}     {changes}{hidden}"))
    }

    fn style(&self, mark: Mark) -> Style {
        let color = match mark {
            Mark::Added => AnsiColor::Green,
            Mark::Removed => AnsiColor::Red,
            Mark::Changed | Mark::Moved => AnsiColor::Yellow,
        };
        match self.color {
            true => color.on_default(),
            false => Style::new(),
        }
    }

    fn heading(&self, name: &'static str, out: &mut impl Write) -> io::Result<()> {
        let style = match self.color {
            true => Style::new().bold(),
            false => Style::new(),
        };
        writeln!(out, "{style}{name}{style:#}")
    }

    fn changes(
        &self,
        heading: &'static str,
        changes: &[Change],
        out: &mut impl Write,
    ) -> io::Result<()> {
        let shown = || {
            changes
                .iter()
                .filter(|change| self.all || !change.is_volatile)
        };
        let what = |change: &Change| text::safe(change.what.as_bytes(), Mode::Cell).into_owned();
        let widths = shown().map(|change| what(change).width());
        let column = widths.filter(|width| *width <= COLUMN).max().unwrap_or(0);
        if shown().next().is_some() {
            self.heading(heading, out)?;
        }
        for change in shown() {
            let style = self.style(change.mark);
            let sign = change.mark.sign();
            let what = what(change);
            let blank = " ".repeat(column.saturating_sub(what.width()));
            write!(out, "{style}{sign}{style:#} {what}{blank}")?;
            let value = |text: &str| text::safe(text.as_bytes(), Mode::Cell).into_owned();
            match (&change.from, &change.to) {
                (Some(from), Some(to)) => {
                    writeln!(out, "  {}  →  {}", value(from), value(to))?;
                }
                (Some(one), None) | (None, Some(one)) => writeln!(out, "  {}", value(one))?,
                (None, None) => writeln!(out)?,
            }
        }
        Ok(())
    }

    fn line(&self, line: &Line, out: &mut impl Write) -> io::Result<()> {
        let cell = |text: &str| text::safe(text.as_bytes(), Mode::Cell).into_owned();
        match line {
            Line::Same(text) => writeln!(out, "  {}", cell(text)),
            Line::Gap(lines) => writeln!(out, "  … {lines} the same …"),
            Line::More(lines) => writeln!(out, "  … {lines} lines more …"),
            Line::Changed(mark, pieces) => {
                let style = self.style(*mark);
                write!(out, "{style}{}{style:#} ", mark.sign())?;
                for (is_changed, piece) in pieces {
                    let style = match *is_changed && self.color {
                        true => style.invert(),
                        false => style,
                    };
                    write!(out, "{style}{}{style:#}", cell(piece))?;
                }
                writeln!(out)
            }
        }
    }
}
