//! A report in the form of JUnit, which every CI reads: one suite, a case each time a request was sent.
//!
//! In: cases. Out: XML, whole or not there. Texts of strangers go through [`text::safe`], which leaves nothing in them that XML 1.0
//! does not allow.

use std::{
    io::{self, BufWriter, Write},
    path::Path,
    time::Duration,
};

use super::cases::{Case, Wrong};
use crate::{
    commands::draft::Draft,
    exit::{Failure, Report},
    replay::Variant,
    text::{self, Mode},
};

/// Writes the report, in place of what was there.
pub(super) fn write(path: &Path, cases: &[Case]) -> Result<(), Failure> {
    let written = || -> io::Result<()> {
        let mut out = BufWriter::new(Draft::new(path)?);
        suite(cases, &mut out)?;
        out.into_inner()?.keep()
    };
    written().map_err(|error| {
        let report = Report::new(format!("{} cannot be written", path.display()));
        Failure::Other(report.because(error.to_string()))
    })
}

fn suite(cases: &[Case], out: &mut impl Write) -> io::Result<()> {
    let errors = cases.iter().filter(|case| is_error(case)).count();
    let failures = cases.iter().filter(|case| case.wrong.is_some()).count() - errors;
    let took: Duration = cases.iter().filter_map(took).sum();
    writeln!(out, r#"<?xml version="1.0" encoding="UTF-8"?>"#)?;
    let counts = format!(
        r#"tests="{}" failures="{failures}" errors="{errors}" time="{}""#,
        cases.len(),
        seconds(took)
    );
    writeln!(out, "<testsuites {counts}>")?;
    writeln!(
        out,
        r#"  <testsuite name="hooktool replay" {counts} skipped="0">"#
    )?;
    for one in cases {
        case(one, cases, out)?;
    }
    writeln!(out, "  </testsuite>\n</testsuites>")?;
    out.flush()
}

/// Whether nothing was answered: CI tells that from an answer that is wrong.
fn is_error(case: &Case) -> bool {
    matches!(case.wrong, Some(Wrong::Unsent(_) | Wrong::Unanswered(_)))
}

fn took(case: &Case) -> Option<Duration> {
    case.attempt.as_ref()?.took
}

fn seconds(time: Duration) -> String {
    format!("{:.3}", time.as_secs_f64())
}

fn case(case: &Case, all: &[Case], out: &mut impl Write) -> io::Result<()> {
    let mut name = format!("{} {}", case.name, case.title);
    if case.sending.variant != Variant::Plain {
        name.push_str(&format!(" {}", case.sending.variant.name()));
    }
    if all.iter().any(|other| other.sending.round > 1) {
        name.push_str(&format!(" ({})", case.sending.round));
    }
    let time = seconds(took(case).unwrap_or_default());
    let head = format!(
        r#"    <testcase classname="hooktool.replay" name="{}" time="{time}""#,
        escaped(&name, Mode::Cell)
    );
    let Some(wrong) = &case.wrong else {
        return writeln!(out, "{head}/>");
    };
    let element = if is_error(case) { "error" } else { "failure" };
    let kind = match wrong {
        Wrong::Unsent(_) => "unsent",
        Wrong::Unanswered(_) => "unanswered",
        Wrong::Status(_) => "status",
        Wrong::Answer(..) => "answer",
    };
    let message = escaped(wrong.sentence(), Mode::Cell);
    let more = match wrong {
        Wrong::Answer(_, differs) => escaped(differs, Mode::Body),
        Wrong::Unsent(_) | Wrong::Unanswered(_) | Wrong::Status(_) => String::new(),
    };
    writeln!(out, "{head}>")?;
    writeln!(
        out,
        r#"      <{element} message="{message}" type="{kind}">{more}</{element}>"#
    )?;
    writeln!(out, "    </testcase>")
}

fn escaped(text: &str, mode: Mode) -> String {
    let safe = text::safe(text.as_bytes(), mode);
    let mut escaped = String::with_capacity(safe.as_str().len());
    for letter in safe.as_str().chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            letter => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_stranger_is_markup_or_no_xml() {
        let text = "<a href=\"&\">\u{1b}[31m\0\u{fffe}\u{202e}\r\n'é'";
        let cell = escaped(text, Mode::Cell);
        assert!(
            cell.starts_with("&lt;a href=&quot;&amp;&quot;&gt;"),
            "{cell}"
        );
        let body = escaped(text, Mode::Body);
        for text in [cell, body] {
            let allowed = |letter: char| letter == '\n' || (' '..'\u{fffe}').contains(&letter);
            assert!(text.chars().all(allowed), "{text:?}");
            assert!(text.ends_with("'é'"), "{text}");
        }
    }
}
