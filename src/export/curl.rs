//! A stored request as a curl command that is safe to paste, and sends the same bytes to the target.
//!
//! In: an exchange and its URL. Out: words quoted for bash and zsh: plain ones in `'…'`, all others in `$'…'` with every byte that
//! is not printable ASCII as `\xNN`. `--data-raw` never reads a file, `--globoff` leaves brackets alone.

use std::fmt::Write as _;

use hooktool_relay::capture::{Body, Headers};

use super::Exchange;

/// Longest body on a command line, in bytes: four a byte in `\xNN`, and Linux ends a word at 128 KiB.
const INLINE: usize = 30 * 1024;

/// What curl adds by itself unless it is told not to.
const CURLS_OWN: [&str; 4] = ["Accept", "Content-Type", "Expect", "User-Agent"];

/// The command, with its line end.
pub(super) fn command(exchange: &Exchange, url: &[u8]) -> String {
    let capture = &exchange.capture;
    let body = match &capture.body {
        Body::Whole(bytes) => Some(bytes),
        Body::Absent | Body::Pieces(_) => None,
    };
    let is_inline = body.is_none_or(|bytes| bytes.len() <= INLINE && !bytes.contains(&0));
    let is_piped = !is_inline || matches!(capture.body, Body::Pieces(_));
    let mut command = String::new();
    // Writing to a String cannot fail.
    if is_piped {
        // No word of a command line can hold a NUL or 25 MiB.
        let _ = write!(command, "hooktool show {} --body | ", exchange.number);
    }
    command.push_str("curl --globoff --path-as-is");
    if url.starts_with(b"https:") {
        // HTTP/2 would write every name in lower case.
        command.push_str(" --http1.1");
    }
    match (capture.method.as_str(), &capture.body) {
        ("HEAD", Body::Absent) => command.push_str(" --head"),
        // With a body curl takes no --head, and waits for an answer's body that never comes.
        ("HEAD", _) => command.push_str(" --request 'HEAD' --max-time 5"),
        (method, _) => {
            let _ = write!(command, " --request {}", quoted(method.as_bytes()));
        }
    }
    for line in lines(&capture.headers) {
        let _ = write!(command, " \\\n  --header {}", quoted(&line));
    }
    if is_piped {
        command.push_str(" \\\n  --data-binary @-");
    } else if let Some(bytes) = body {
        let _ = write!(command, " \\\n  --data-raw {}", quoted(bytes));
    }
    let _ = writeln!(command, " \\\n  {}", quoted(url));
    command
}

/// Header lines as curl takes them: one without a value ends in `;`.
fn lines(all: &Headers) -> Vec<Vec<u8>> {
    let headers = super::told(all);
    let mut lines: Vec<Vec<u8>> = Vec::new();
    for (name, value) in headers.iter() {
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
