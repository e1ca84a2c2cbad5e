//! Asks the terminal for its background: OSC 11, with a question behind it that every terminal answers.
//!
//! In: the terminal in raw mode, before anybody else reads it. Out: a colour, or nothing after 100 ms at most. The answer to the
//! second question (primary device attributes) says that no answer to the first one comes any more. Source: XTerm Control Sequences.
//!
//! ```text
//! ─▶ ESC ] 11 ; ? BEL   ESC [ c
//! ◀─ ESC ] 11 ; rgb:ffff/ffff/ffff BEL   ESC [ ? 62 c
//! ```

use std::{
    fs::File,
    io::{Read as _, Write as _},
    time::{Duration, Instant},
};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_millis(100);

/// Longest answer that is read, in bytes: both together have some 50.
const LONGEST: usize = 1024;

/// The background: red, green, blue, each from 0 to 1.
pub(super) fn background() -> Option<[f64; 3]> {
    let mut tty = File::options()
        .read(true)
        .write(true)
        .open("/dev/tty")
        .ok()?;
    tty.write_all(b"\x1b]11;?\x07\x1b[c").ok()?;
    let end = Instant::now() + PATIENCE;
    let mut said = Vec::new();
    while !is_over(&said) && said.len() < LONGEST {
        let left = end.checked_duration_since(Instant::now())?;
        let left = Timespec::try_from(left).ok()?;
        if poll(&mut [PollFd::new(&tty, PollFlags::IN)], Some(&left)).ok()? == 0 {
            return None;
        }
        let mut bytes = [0; 64];
        let len = tty.read(&mut bytes).ok()?;
        said.extend_from_slice(bytes.get(..len)?);
    }
    color(&said)
}

/// Whether the answer to the second question is whole.
fn is_over(said: &[u8]) -> bool {
    let at = said.windows(3).position(|part| part == b"\x1b[?");
    at.is_some_and(|at| said.iter().skip(at).any(|&byte| byte == b'c'))
}

/// The colour in an answer: `rgb:` and one to four hex digits each.
fn color(said: &[u8]) -> Option<[f64; 3]> {
    let text: String = said.iter().map(|&byte| char::from(byte)).collect();
    let rest = text.split_once("]11;rgb:")?.1;
    let end = rest.find(['\x07', '\x1b'])?;
    let mut parts = rest.get(..end)?.split('/').map(|part| {
        let most = 16_u32
            .checked_pow(u32::try_from(part.len()).ok()?)?
            .checked_sub(1)?;
        let value = u32::from_str_radix(part, 16).ok()?;
        (1..=4)
            .contains(&part.len())
            .then(|| f64::from(value) / f64::from(most))
    });
    Some([parts.next()??, parts.next()??, parts.next()??])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_in_every_spelling() {
        assert_eq!(
            color(b"\x1b]11;rgb:ffff/0000/ffff\x07\x1b[?62c"),
            Some([1.0, 0.0, 1.0])
        );
        assert_eq!(color(b"\x1b]11;rgb:f/f/0\x1b\\"), Some([1.0, 1.0, 0.0]));
        for other in [
            &b""[..],
            b"\x1b[?62c",
            b"\x1b]11;rgb:ffff/0000\x07",
            b"\x1b]11;rgb:/0/0\x07",
            b"\x1b]11;rgb:0/0/0",
        ] {
            assert_eq!(color(other), None, "{other:?}");
        }
    }

    #[test]
    fn the_second_answer_ends_it() {
        assert!(is_over(b"\x1b[?62;1c"));
        assert!(!is_over(b"\x1b]11;rgb:cccc/cccc/cccc\x07"));
        assert!(!is_over(b"\x1b[?62"));
    }
}
