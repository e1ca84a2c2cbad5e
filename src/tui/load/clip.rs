//! Reads what is to be copied: the body as it is laid out, its bytes, a command, header lines, an answer.
//!
//! In: a wish. Out: a [`Clip`] whose text is safe to paste, or why there is none. Secrets are masked unless the screen shows them.

use std::borrow::Cow;

use bytes::Bytes;
use hooktool_relay::capture::{Body, Headers};

use crate::{
    exchange::{exchange, path, whole},
    export::{Exchange, Export, Format},
    format::{
        self, Wanted,
        decode::{self, Encoding},
    },
    history::{HistoryError, KeptAnswer, Reader, Request},
    text::{Mode, Safe, safe},
    tui::{
        deed::Piece,
        fetch::{Brought, Clip, ClipWish},
        page::Form,
    },
    webhook::Known,
};

/// Reads it; blocks.
pub(super) fn clip(reader: &Reader, wish: &ClipWish) -> Result<Brought, HistoryError> {
    let number = wish.number;
    let Some(request) = reader.request(number)? else {
        return Ok(Brought::NoClip(Safe::own("the request is gone")));
    };
    let named = |what: &'static str| Safe::format(format_args!("{what} of #{number}"));
    let none = |why: &'static str| Ok(Brought::NoClip(Safe::own(why)));
    let done = |what, text: &[u8], masked| Ok(Brought::Clip(made(named(what), text, masked)));
    match wish.piece {
        Piece::Shown => match whole(reader, &request)? {
            None => none("there is no body"),
            Some(body) => done(
                "body",
                &laid_out(&request.capture.headers, &body, wish.form),
                0,
            ),
        },
        Piece::Bytes => match whole(reader, &request)? {
            None => none("there is no body"),
            Some(bytes) => Ok(Brought::Clip(Clip {
                what: named("body bytes"),
                bytes,
                note: None,
            })),
        },
        Piece::Response => match answer(reader, wish)? {
            None => none("there is no answer"),
            Some(answer) if answer.body.is_empty() => none("the answer has no body"),
            Some(answer) => done(
                "response",
                &laid_out(&answer.headers, &answer.body, wish.form),
                0,
            ),
        },
        Piece::Curl => {
            let (exchange, masked) = read(reader, &request, wish)?;
            let Ok(mut export) = Export::new(Format::Curl, Vec::new()) else {
                return none("no command can be made of it");
            };
            match export.add(&exchange).and_then(|()| export.finish()) {
                Ok(command) => done("curl command", command.trim_ascii_end(), masked),
                Err(_) => none("no target is known"),
            }
        }
        Piece::Headers => {
            let (exchange, masked) = read(reader, &request, wish)?;
            done("headers", &lines(&exchange.capture.headers), masked)
        }
        Piece::Visit => match Known::built_in().visit(&request.capture) {
            Some(visit) if visit.is_allowed => done("URL to confirm", visit.url.as_bytes(), 0),
            Some(_) => none("its host is not the sender's"),
            None => none("it asks for no URL to be visited"),
        },
        Piece::Raw => {
            let (exchange, masked) = read(reader, &request, wish)?;
            let body = whole(reader, &request)?.unwrap_or_default();
            done("request", &raw(&request, &exchange, &body), masked)
        }
        // The screen knows these.
        Piece::Url | Piece::Id | Piece::Key | Piece::Value | Piece::Path | Piece::Jq => {
            none("there is nothing to read")
        }
    }
}

fn made(what: Safe<'static>, bytes: &[u8], masked: usize) -> Clip {
    crate::tui::act::deed::clip(what, bytes, masked)
}

/// The request for other programs, masked unless its secrets are shown; and how many were.
fn read(
    reader: &Reader,
    request: &Request,
    wish: &ClipWish,
) -> Result<(Exchange, usize), HistoryError> {
    let mut exchange = exchange(reader, request, wish.target.as_ref(), false)?;
    exchange.tries.clear();
    let masked = match wish.reveals {
        true => 0,
        false => exchange.mask(),
    };
    Ok((exchange, masked))
}

fn answer(reader: &Reader, wish: &ClipWish) -> Result<Option<KeptAnswer>, HistoryError> {
    let attempts = reader.attempts(wish.number)?;
    let mut tries: Vec<_> = attempts
        .into_iter()
        .filter(|one| one.outcome.is_try())
        .collect();
    let newest = tries.len().saturating_sub(1);
    let chosen = wish.chosen.unwrap_or(newest).min(newest);
    let found = (chosen < tries.len()).then(|| tries.swap_remove(chosen));
    Ok(found.and_then(|attempt| attempt.answer))
}

/// A body as the screen shows it: decoded, and laid out unless it is shown as text or bytes.
fn laid_out(headers: &Headers, body: &[u8], form: Option<Form>) -> Bytes {
    if form == Some(Form::Hex) {
        return format::hex(body, 16).into();
    }
    let decoded = match decode::encoding(headers.all("content-encoding")) {
        Encoding::One(coding) => {
            let decoded = decode::decode(coding, body, &Wanted::always());
            match decoded.is_whole() {
                true => Cow::from(decoded.bytes),
                false => body.into(),
            }
        }
        _ => body.into(),
    };
    let pretty = match form {
        Some(Form::Text) => None,
        _ => format::pretty(headers.first("content-type"), &decoded, &Wanted::always()),
    };
    match pretty {
        Some(pretty) => pretty.into(),
        None => decoded.into_owned().into(),
    }
}

fn lines(headers: &Headers) -> Vec<u8> {
    let lines = headers
        .iter()
        .map(|(name, value)| [name, b": ", value].concat());
    lines.collect::<Vec<_>>().join(&b'\n')
}

fn raw(request: &Request, exchange: &Exchange, body: &[u8]) -> Vec<u8> {
    let line = [
        request.summary.method.as_bytes(),
        b" ",
        match exchange.capture.path.as_ref() {
            b"" => path(request),
            masked => masked,
        },
        b" HTTP/1.1\n",
    ];
    let head = lines(&exchange.capture.headers);
    let mut raw = [&line.concat()[..], &head, b"\n\n"].concat();
    if !matches!(request.capture.body, Body::Absent) {
        raw.extend_from_slice(safe(body, Mode::Body).as_str().as_bytes());
    }
    raw
}
