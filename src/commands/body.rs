//! A body for people: decoded, laid out, made safe. A binary one is only told of.

use std::io::{self, Write};

use hooktool_relay::capture::Headers;

use crate::{
    format::{
        self, Wanted,
        decode::{self, Encoding},
    },
    text::{self, Mode},
};

/// Prints a body that came with these header lines.
pub(super) fn print(
    headers: &Headers,
    bytes: &[u8],
    number: u64,
    out: &mut impl Write,
) -> io::Result<()> {
    let decoded = match decode::encoding(headers.all("content-encoding")) {
        Encoding::Plain => return shown(headers, bytes, number, out),
        Encoding::One(coding) => decode::decode(coding, bytes, &Wanted::always()),
        Encoding::Other(names) => {
            let names = text::safe(&names, Mode::Cell);
            writeln!(out, "({names}: shown as received)")?;
            return shown(headers, bytes, number, out);
        }
    };
    writeln!(out, "({})", decoded.heading())?;
    if decoded.bytes.is_empty() {
        return shown(headers, bytes, number, out);
    }
    shown(headers, &decoded.bytes, number, out)?;
    match decoded.is_whole() {
        true => Ok(()),
        false => writeln!(
            out,
            "(its first {})",
            text::size(decoded.bytes.len() as u64)
        ),
    }
}

fn shown(headers: &Headers, bytes: &[u8], number: u64, out: &mut impl Write) -> io::Result<()> {
    let pretty = format::pretty(headers.first("content-type"), bytes, &Wanted::always());
    let shown = match &pretty {
        Some(text) => text::safe(text.as_bytes(), Mode::Body),
        None if format::is_binary(bytes) => {
            let size = text::size(bytes.len() as u64);
            return writeln!(
                out,
                "({size}, binary: `hooktool show {number} --body > FILE`)"
            );
        }
        None => text::safe(bytes, Mode::Body),
    };
    writeln!(out, "{}", shown.as_str().trim_end_matches('\n'))
}
