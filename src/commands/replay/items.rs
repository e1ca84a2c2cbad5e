//! Which requests are meant: those of the history, by id or filter, and those of files; with what is changed in each.
//!
//! In: the words of the command line. Out: [`Item`]s in their order, none if the person said no. What is wrong with any of them is told
//! before anything is sent.

use std::path::Path;

use bytes::Bytes;

use super::many;
use crate::{
    cli::requests::{BodySource, Replay},
    commands::{
        edit,
        stored::{Stored, last_answer, names_a_request},
    },
    exit::{Failure, Report},
    fixture::{self, Fixture},
    history::{KeptAnswer, Request},
    output::say,
    replay::{Edits, Sign},
    target::{Routes, Target},
};

/// Largest file that is read, in bytes: ten of the largest bodies that a relay takes.
const LARGEST: u64 = 250 * 1024 * 1024;

/// Ends of the names of files, as an export is called.
const ENDS: [&str; 3] = ["json", "jsonl", "ndjson"];

/// A request that is meant.
pub(crate) struct Item {
    pub(super) what: What,
    /// What is changed in it before it is sent.
    pub(super) edits: Edits,
    /// What the app answered last, before anything is sent.
    pub(super) recorded: Option<KeptAnswer>,
}

/// Where it comes from.
pub(crate) enum What {
    /// The history.
    Stored(Box<Request>),
    /// A file.
    Given {
        /// The file and the line.
        place: String,
        fixture: Box<Fixture>,
        /// Where it goes.
        target: Target,
    },
}

impl Item {
    /// A request of the history, as it is.
    pub(crate) fn stored(request: Request) -> Self {
        Self {
            what: What::Stored(Box::new(request)),
            edits: Edits::default(),
            recorded: None,
        }
    }

    pub(super) fn is_stored(&self) -> bool {
        matches!(self.what, What::Stored(_))
    }

    /// What people call it.
    pub(super) fn name(&self) -> String {
        match &self.what {
            What::Stored(request) => format!("#{}", request.summary.number),
            What::Given { place, .. } => place.clone(),
        }
    }

    /// Method and path, as a title.
    pub(super) fn title(&self) -> String {
        let capture = match &self.what {
            What::Stored(request) => request.capture.as_ref(),
            What::Given { fixture, .. } => &fixture.capture,
        };
        let path = match capture.path.as_ref() {
            b"" => b"/",
            path => path,
        };
        format!("{} {}", capture.method, path.escape_ascii())
    }
}

/// What the words mean; none if the person said no.
pub(super) fn chosen(
    args: &Replay,
    stored: &Stored,
    routes: &Routes,
) -> Result<Option<Vec<Item>>, Failure> {
    let edits = Edits {
        set: args.header.clone(),
        body: args.body.as_ref().map(read).transpose()?,
        url: args.sign.sign_url.clone(),
        ..Edits::default()
    };
    let mut items = Vec::new();
    if let Some(filter) = &args.filter {
        let Some(numbers) = many::chosen(args, stored, filter, routes)? else {
            return Ok(None);
        };
        for number in numbers {
            let request = stored.numbered(number, &number.to_string())?;
            items.extend(of_history(args, stored, request, &edits)?);
        }
    }
    for word in &args.ids {
        if is_file(word) {
            items.extend(of_file(args, word, routes, &edits)?);
        } else {
            items.extend(of_history(args, stored, stored.pick(word)?, &edits)?);
        }
    }
    let unrecorded = items.iter().find(|item| item.recorded.is_none());
    match unrecorded.filter(|_| args.expect_same) {
        Some(item) => Err(unanswered(item)),
        None => Ok(Some(items)),
    }
}

fn unanswered(item: &Item) -> Failure {
    let report = Report::new(format!("{} has no recorded answer", item.name()));
    Failure::Usage(match item.what {
        What::Stored(_) => report
            .because("--expect-same compares with what the app answered last, and it never did"),
        What::Given { .. } => report
            .because("--expect-same compares with the answer in the file")
            .hint("`hooktool export --as json` writes it, once the request was answered"),
    })
}

/// A request of the history, once its edit is done; none if there is nothing to send.
fn of_history(
    args: &Replay,
    stored: &Stored,
    request: Request,
    edits: &Edits,
) -> Result<Option<Item>, Failure> {
    let mut edits = edits.clone();
    if args.edit {
        edits.body = edit::body(stored, &request)?;
        if edits.body.is_none() {
            return Ok(None);
        }
    }
    let recorded = last_answer(&stored.reader, request.summary.number)?;
    Ok(Some(Item {
        what: What::Stored(Box::new(request)),
        edits,
        recorded,
    }))
}

/// Whether a word of the command line is a file: it is no id, and looks like a path or is there.
fn is_file(word: &str) -> bool {
    let path = Path::new(word);
    let end = path.extension().and_then(|end| end.to_str());
    let looks_like_one = word.contains(['/', '\\']) || end.is_some_and(|end| ENDS.contains(&end));
    !names_a_request(word) && (looks_like_one || path.is_file())
}

fn of_file(
    args: &Replay,
    file: &str,
    routes: &Routes,
    edits: &Edits,
) -> Result<Vec<Item>, Failure> {
    if args.sign.variants() != [Sign::Keep] {
        let report = Report::new(format!("{file} cannot be signed anew"));
        return Err(Failure::Usage(
            report.because("that takes a stored request, and this one is of a file"),
        ));
    }
    if args.edit {
        let report = Report::new("--edit works on stored requests, not on files");
        return Err(Failure::Usage(
            report.hint(format!("change {file} itself, or give --body @FILE")),
        ));
    }
    let bytes = whole(file)?;
    let fixtures = fixture::read(&bytes).map_err(|error| {
        let column = error.column.map_or_else(String::new, |at| format!(":{at}"));
        let report = Report::new(format!(
            "{file}:{}{column} is no stored request",
            error.line
        ));
        let hint = "`hooktool export last --as json > request.json` writes one";
        Failure::Usage(report.because(error.what).hint(hint))
    })?;
    let masked: usize = fixtures.iter().map(|fixture| fixture.masked).sum();
    if masked > 0 {
        let secrets = if masked == 1 {
            "1 secret is"
        } else {
            "some secrets are"
        };
        say(format_args!(
            "{file}: {secrets} masked in it and sent so, signatures too (export --with-secrets leaves them)"
        ));
    }
    let item = |fixture: Fixture| {
        let place = format!("{file}:{}", fixture.line);
        let target = args.to.clone();
        let target = target.or_else(|| routes.pick(&fixture.capture.path).cloned());
        let target = target.ok_or_else(|| {
            let report = Report::new(format!("{place} goes nowhere"));
            Failure::Usage(report.hint("name a target: --to 3000"))
        })?;
        Ok(Item {
            edits: edits.clone(),
            recorded: fixture.answer.clone(),
            what: What::Given {
                place,
                fixture: Box::new(fixture),
                target,
            },
        })
    };
    fixtures.into_iter().map(item).collect()
}

fn whole(file: &str) -> Result<Vec<u8>, Failure> {
    let unreadable =
        |why: String| Failure::Usage(Report::new(format!("{file} cannot be read")).because(why));
    let told = |error: std::io::Error| unreadable(error.to_string());
    let about = std::fs::metadata(file).map_err(told)?;
    if about.is_dir() {
        return Err(unreadable(format!("it is a folder: give {file}/*.json")));
    }
    if about.len() > LARGEST {
        return Err(unreadable("it is larger than 250 MiB".to_owned()));
    }
    std::fs::read(file).map_err(told)
}

fn read(body: &BodySource) -> Result<Bytes, Failure> {
    match body {
        BodySource::Text(text) => Ok(Bytes::copy_from_slice(text.as_bytes())),
        BodySource::File(path) => std::fs::read(path).map(Bytes::from).map_err(|error| {
            let report = Report::new(format!("{} cannot be read", path.display()));
            Failure::Usage(report.because(error.to_string()))
        }),
    }
}
