//! A stored request as a curl command that is safe to paste, and sends the same bytes to the target.
//!
//! In: a request. Out: words quoted for sh, bash and zsh: plain ones in `'…'`, all others in `$'…'` with every byte that is not
//! printable ASCII as `\xNN`. `--data-raw` never reads a file, `--globoff` leaves brackets alone.

use std::fmt::Write as _;

use bytes::Bytes;
use hooktool_relay::{
    capture::{Body, Headers},
    headers,
};

use super::stored::Stored;
use crate::{
    exit::{Failure, Report},
    history::Request,
};

/// Longest body on a command line, in bytes: four a byte in `\xNN`, and Linux ends a word at 128 KiB.
const INLINE: usize = 30 * 1024;

/// What curl adds by itself unless it is told not to.
const CURLS_OWN: [&str; 4] = ["Accept", "Content-Type", "Expect", "User-Agent"];

/// The command.
pub(super) fn command(stored: &Stored, request: &Request) -> Result<String, Failure> {
    let url = url(stored, request)?;
    let body = match &request.capture.body {
        Body::Absent => None,
        Body::Whole(bytes) => Some(bytes),
        Body::Pieces(_) => None,
    };
    let is_inline = body.is_none_or(|bytes| bytes.len() <= INLINE && !bytes.contains(&0));
    let is_piped = !is_inline || matches!(request.capture.body, Body::Pieces(_));
    let mut command = String::new();
    if is_piped {
        // No word of a command line can hold a NUL or 25 MiB.
        let _ = write!(
            command,
            "hooktool show {} --body | ",
            request.summary.number
        );
    }
    command.push_str("curl --globoff --path-as-is");
    match request.capture.method.as_str() {
        "HEAD" => command.push_str(" --head"),
        method => {
            let _ = write!(command, " --request {}", quoted(method.as_bytes()));
        }
    }
    for line in lines(&request.capture.headers) {
        let _ = write!(command, " \\\n  --header {}", quoted(&line));
    }
    if is_piped {
        command.push_str(" \\\n  --data-binary @-");
    } else if let Some(bytes) = body {
        let _ = write!(command, " \\\n  --data-raw {}", quoted(bytes));
    }
    let _ = write!(command, " \\\n  {}", quoted(&url));
    Ok(command)
}

/// Where the last try went; without one, where the settings say.
fn url(stored: &Stored, request: &Request) -> Result<Bytes, Failure> {
    let attempts = stored.reader.attempts(request.summary.number)?;
    let tried = attempts.iter().rev().find(|try_| !try_.target.is_empty());
    if let Some(tried) = tried {
        return Ok(Bytes::copy_from_slice(tried.target.as_bytes()));
    }
    let Some(target) = stored.layers.target()? else {
        let number = request.summary.number;
        let report = Report::new(format!("no target is known for #{number}"))
            .because("it was never forwarded, and the settings name none")
            .hint(format!("`hooktool replay {number} --to 3000` sends it"));
        return Err(Failure::Other(report));
    };
    let mut url = target.to_string().into_bytes();
    url.extend_from_slice(super::show::path(request));
    Ok(url.into())
}

/// Header lines as curl takes them. Those of the connection are curl's own; one without a value ends in `;`.
fn lines(all: &Headers) -> Vec<Vec<u8>> {
    let (headers, _) = headers::strip_hop_by_hop(all);
    let own = |name: &[u8]| {
        name.eq_ignore_ascii_case(b"host") || name.eq_ignore_ascii_case(b"content-length")
    };
    let mut lines: Vec<Vec<u8>> = Vec::new();
    for (name, value) in headers.iter().filter(|(name, _)| !own(name)) {
        let line = match value.is_empty() {
            true => [name, b";"].concat(),
            false => [name, b": ", value].concat(),
        };
        lines.push(line);
    }
    for name in CURLS_OWN {
        if headers.first(name).is_none() {
            lines.push(format!("{name}:").into_bytes());
        }
    }
    lines
}

/// A word for a shell.
fn quoted(bytes: &[u8]) -> String {
    let is_plain = |&byte: &u8| (0x20..0x7f).contains(&byte) && !matches!(byte, b'\'' | b'\\');
    if bytes.iter().all(is_plain) {
        let text: String = bytes.iter().map(|&byte| char::from(byte)).collect();
        return format!("'{text}'");
    }
    let mut word = String::from("$'");
    for &byte in bytes {
        match byte {
            b'\'' => word.push_str("\\'"),
            b'\\' => word.push_str("\\\\"),
            b'\n' => word.push_str("\\n"),
            // A `!` could be taken for a word of the shell's history.
            0x20..0x7f if byte != b'!' => word.push(char::from(byte)),
            _ => {
                let _ = write!(word, "\\x{byte:02x}");
            }
        }
    }
    word.push('\'');
    word
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use proptest::prelude::*;

    use super::*;

    /// What bash makes of a word.
    fn through_bash(word: &str) -> Vec<u8> {
        let script = format!("printf %s {word}");
        let output = Command::new("bash").args(["-c", &script]).output();
        output.expect("bash runs").stdout
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn a_shell_reads_the_same_bytes(bytes in prop::collection::vec(1_u8..=255, 0..64)) {
            let word = quoted(&bytes);
            prop_assert!(word.bytes().all(|byte| (0x20..0x7f).contains(&byte)), "{}", word);
            prop_assert_eq!(through_bash(&word), bytes);
        }
    }

    #[test]
    fn nothing_is_expanded() {
        for text in [
            "$(id)",
            "`id`",
            "!!",
            "$HOME",
            "a'b",
            "\\x41",
            "@/etc/passwd",
            "\u{1b}]0;x\u{7}",
        ] {
            assert_eq!(
                through_bash(&quoted(text.as_bytes())),
                text.as_bytes(),
                "{text}"
            );
        }
    }

    #[test]
    fn curl_adds_nothing_of_its_own() {
        let mut headers = Headers::new();
        headers.push("Host", "relay.example");
        headers.push("Content-Length", "3");
        headers.push("Connection", "X-Hop");
        headers.push("X-Hop", "1");
        headers.push("X-A", "1");
        headers.push("X-A", "");
        headers.push("accept", "a/b");
        let lines: Vec<_> = lines(&headers)
            .into_iter()
            .map(|line| String::from_utf8(line).expect("utf-8"))
            .collect();
        assert_eq!(
            lines,
            [
                "X-A: 1",
                "X-A;",
                "accept: a/b",
                "Content-Type:",
                "Expect:",
                "User-Agent:"
            ]
        );
    }
}
