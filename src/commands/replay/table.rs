//! What an app answered to each request in each of its variants, after a lab: a table, or a record.
//!
//! ```text
//! request  variant  sent       answers   time        bodies
//! #1       plain    2 at once  200, 200  3ms to 5ms  differ
//! ```

use std::{
    collections::BTreeMap,
    io::{self, Write},
    time::Duration,
};

use serde::Serialize;

use super::{Case, answers::Likeness, items::Item};
use crate::{
    exit::Failure,
    output::json,
    replay::{Lab, Variant},
    text::{self, Mode},
};

/// Most answers that are told one by one.
const SINGLY: usize = 4;

/// Tells it, if a lab was asked for: a plain replay has said all there is.
pub(super) fn tell(
    is_json: bool,
    lab: &Lab,
    items: &[Item],
    cases: &[Case],
) -> Result<(), Failure> {
    let is_lab = lab.parallel > 1
        || lab.seed.is_some()
        || !lab.gap.is_zero()
        || lab.variants != [Variant::Plain];
    if !is_lab {
        return Ok(());
    }
    let groups = groups(lab, items, cases);
    let mut out = io::stdout().lock();
    if is_json {
        let record = SummaryRecord {
            v: 1,
            r#type: "summary",
            seed: lab.seed,
            parallel: lab.parallel,
            groups: groups.iter().map(Group::record).collect(),
        };
        json::line(&mut out, &record)?;
        return Ok(());
    }
    Ok(print(&groups, lab, &mut out)?)
}

/// All sendings of a request in one way.
struct Group<'a> {
    name: String,
    variant: Variant,
    cases: Vec<&'a Case>,
}

fn groups<'a>(lab: &Lab, items: &[Item], cases: &'a [Case]) -> Vec<Group<'a>> {
    let mut groups = Vec::new();
    for (request, item) in items.iter().enumerate() {
        for &variant in &lab.variants {
            let is_of =
                |case: &&Case| (case.sending.request, case.sending.variant) == (request, variant);
            groups.push(Group {
                name: item.name(),
                variant,
                cases: cases.iter().filter(is_of).collect(),
            });
        }
    }
    groups
}

impl<'a> Group<'a> {
    fn likeness(&self) -> Option<Likeness> {
        Likeness::of(self.cases.iter().filter_map(|case| case.answer()))
    }

    fn times(&self) -> Option<(Duration, Duration)> {
        let times = || {
            self.cases
                .iter()
                .filter_map(|case| case.attempt.as_ref()?.took)
        };
        Some((times().min()?, times().max()?))
    }

    fn sent(&self, lab: &Lab) -> String {
        let count = self.cases.len();
        match lab.parallel.min(count) {
            0 | 1 => count.to_string(),
            parallel if parallel == count => format!("{count} at once"),
            parallel => format!("{count}, {parallel} at once"),
        }
    }

    fn answers(&self) -> String {
        let each = self.cases.iter().map(|case| answer(case));
        if self.cases.len() <= SINGLY {
            return each.collect::<Vec<_>>().join(", ");
        }
        let mut counts = BTreeMap::<String, usize>::new();
        for answer in each {
            *counts.entry(answer).or_default() += 1;
        }
        let counts = counts
            .iter()
            .map(|(answer, count)| format!("{count} × {answer}"));
        counts.collect::<Vec<_>>().join(", ")
    }

    fn record(&self) -> GroupRecord<'_> {
        let attempts = || self.cases.iter().map(|case| case.attempt.as_ref());
        GroupRecord {
            request: &self.name,
            variant: self.variant.name(),
            sent: self.cases.len(),
            statuses: self
                .cases
                .iter()
                .map(|case| Some(case.answer()?.status))
                .collect(),
            ms: attempts().map(|attempt| millis(attempt?.took?)).collect(),
            bodies: self.likeness().map(Likeness::words),
        }
    }
}

fn answer(case: &Case) -> String {
    match case.answer() {
        Some(answer) => answer.status.to_string(),
        None if case.is_cut() => "cut".to_owned(),
        None => "ERR".to_owned(),
    }
}

fn millis(time: Duration) -> Option<u64> {
    u64::try_from(time.as_millis()).ok()
}

fn print(groups: &[Group<'_>], lab: &Lab, out: &mut impl Write) -> io::Result<()> {
    let head = ["request", "variant", "sent", "answers", "time", "bodies"];
    let mut rows = vec![head.map(str::to_owned)];
    rows.extend(groups.iter().map(|group| {
        let time = match group.times() {
            None => "-".to_owned(),
            Some((first, last)) => {
                let (first, last) = (text::duration(first), text::duration(last));
                match first.as_str() == last.as_str() {
                    true => first.to_string(),
                    false => format!("{first} to {last}"),
                }
            }
        };
        let bodies = group.likeness().map_or("-", Likeness::words);
        [
            text::safe(group.name.as_bytes(), Mode::Cell).to_string(),
            group.variant.name().to_owned(),
            group.sent(lab),
            group.answers(),
            time,
            bodies.to_owned(),
        ]
    }));
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or_default()
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    writeln!(out)?;
    for row in &rows {
        let cells = row.iter().zip(&widths);
        let line: Vec<_> = cells
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        writeln!(out, "{}", line.join("  ").trim_end())?;
    }
    Ok(())
}

/// The table for a program.
#[derive(Debug, Serialize)]
struct SummaryRecord<'a> {
    v: u8,
    r#type: &'static str,
    seed: Option<u64>,
    parallel: usize,
    groups: Vec<GroupRecord<'a>>,
}

#[derive(Debug, Serialize)]
struct GroupRecord<'a> {
    request: &'a str,
    variant: &'static str,
    sent: usize,
    statuses: Vec<Option<u16>>,
    ms: Vec<Option<u64>>,
    bodies: Option<&'static str>,
}
