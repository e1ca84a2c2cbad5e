//! The fields, one table: their names, what they take, an example of each. Parser, completion and help all read it.

use crate::text;

/// What a field looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Method,
    Path,
    Host,
    Query,
    From,
    Provider,
    Event,
    Sig,
    Status,
    Sender,
    Took,
    Size,
    Body,
    Resp,
    Header,
    RespHeader,
    Is,
    Has,
    Since,
    Before,
    Tries,
    Endpoint,
    Target,
    Id,
    Note,
}

impl Kind {
    /// Whether it is known only after a forward, so that `--only` cannot ask for it.
    pub(super) fn follows_a_forward(self) -> bool {
        matches!(
            self,
            Self::Status
                | Self::Sender
                | Self::Took
                | Self::Resp
                | Self::RespHeader
                | Self::Tries
                | Self::Target
                | Self::Note
        )
    }
}

/// One field, for help and completion.
#[derive(Debug)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// A shorter name; empty if there is none.
    pub short: &'static str,
    /// What it looks at and what it takes, in a few words.
    pub about: &'static str,
    /// A term that uses it.
    pub example: &'static str,
    pub(super) kind: Kind,
    /// Words that it takes; empty if it takes others.
    pub(super) words: &'static [&'static str],
}

const fn field(
    kind: Kind,
    names: (&'static str, &'static str),
    about: &'static str,
    example: &'static str,
    words: &'static [&'static str],
) -> Field {
    Field {
        name: names.0,
        short: names.1,
        about,
        example,
        kind,
        words,
    }
}

const METHODS: &[&str] = &["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
const STATUSES: &[&str] = &["2xx", "3xx", "4xx", "5xx", "pending", "err", "held"];
const VERDICTS: &[&str] = &["ok", "bad", "old", "token", "unknown", "none"];
const CLASSES: &[&str] = &["2xx", "3xx", "4xx", "5xx"];

/// The words of `is:`.
pub(super) const STATES: &[&str] = &[
    "ok",
    "failed",
    "pending",
    "held",
    "late",
    "waited",
    "challenge",
    "replayed",
    "edited",
    "bookmarked",
    "marked",
    "binary",
];

/// The words of `has:`.
pub(super) const PARTS: &[&str] = &["body", "note", "error", "response"];

/// Every field, in the order of the help.
pub const FIELDS: &[Field] = &[
    field(
        Kind::Method,
        ("method", "m"),
        "the method, whole",
        "method:POST,PUT",
        METHODS,
    ),
    field(
        Kind::Path,
        ("path", "p"),
        "the path without its query",
        "path:/stripe",
        &[],
    ),
    field(
        Kind::Host,
        ("host", ""),
        "part of the Host header",
        "host:relay.example",
        &[],
    ),
    field(
        Kind::Query,
        ("query", ""),
        "part of the query",
        "query:token",
        &[],
    ),
    field(
        Kind::From,
        ("from", ""),
        "part of the sender's address",
        "from:54.187",
        &[],
    ),
    field(
        Kind::Provider,
        ("provider", "src"),
        "the webhook's sender, by its id",
        "provider:stripe",
        &[],
    ),
    field(
        Kind::Event,
        ("event", "ev"),
        "its event, or event.action; * for any",
        "event:invoice.*",
        &[],
    ),
    field(
        Kind::Sig,
        ("sig", ""),
        "what its signature was worth",
        "-sig:ok",
        VERDICTS,
    ),
    field(
        Kind::Status,
        ("status", "st"),
        "what the app answered last",
        "status:4xx,5xx",
        STATUSES,
    ),
    field(
        Kind::Sender,
        ("sender", ""),
        "the status that the sender got",
        "sender:202",
        CLASSES,
    ),
    field(
        Kind::Took,
        ("took", "lat"),
        "time to the app's answer",
        "took>1s",
        &[],
    ),
    field(
        Kind::Size,
        ("size", ""),
        "the body's length",
        "size>10k",
        &[],
    ),
    field(
        Kind::Body,
        ("body", "b"),
        "part of the body; ~ for a regex",
        "body~\"ref(und|used)\"",
        &[],
    ),
    field(
        Kind::Resp,
        ("resp", ""),
        "part of the app's answer",
        "resp:timeout",
        &[],
    ),
    field(
        Kind::Header,
        ("header", "h"),
        "a header: NAME, NAME=VALUE, NAME~REGEX",
        "header:x-github-event=push",
        &[],
    ),
    field(
        Kind::RespHeader,
        ("respheader", ""),
        "a header of the app's answer",
        "respheader:location",
        &[],
    ),
    field(Kind::Is, ("is", ""), "a state", "is:late", STATES),
    field(
        Kind::Has,
        ("has", ""),
        "body, note, error, response, or a JSON field",
        "has:.data.object.discount",
        PARTS,
    ),
    field(
        Kind::Since,
        ("since", ""),
        "came after: an age, a time, a date",
        "since:5m",
        &[],
    ),
    field(
        Kind::Before,
        ("before", ""),
        "came before: an age, a time, a date",
        "before:14:30",
        &[],
    ),
    field(
        Kind::Tries,
        ("tries", ""),
        "how often it was forwarded",
        "tries>1",
        &[],
    ),
    field(
        Kind::Endpoint,
        ("endpoint", ""),
        "part of the endpoint's name",
        "endpoint:tidy",
        &[],
    ),
    field(
        Kind::Target,
        ("target", ""),
        "part of the URL it was forwarded to",
        "target::4000",
        &[],
    ),
    field(
        Kind::Id,
        ("id", ""),
        "the number, or part of the id",
        "id:1199",
        &[],
    ),
    field(
        Kind::Note,
        ("note", ""),
        "part of the note beside it",
        "note:\"flaky test\"",
        &[],
    ),
];

/// The field of this name, short or long, whatever its case.
pub(super) fn named(name: &str) -> Option<&'static Field> {
    FIELDS.iter().find(|field| {
        field.name.eq_ignore_ascii_case(name)
            || (!field.short.is_empty() && field.short.eq_ignore_ascii_case(name))
    })
}

/// The field that was probably meant: one that the name begins, or at most two letters away and less than the whole name.
pub(super) fn nearest(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    let began = FIELDS
        .iter()
        .find(|field| name.len() > 1 && field.name.starts_with(&name));
    if let Some(field) = began {
        return Some(field.name);
    }
    let names = FIELDS.iter().map(|field| field.name);
    text::nearest(&name, names).filter(|near| text::distance(&name, near) < name.len().min(3))
}
