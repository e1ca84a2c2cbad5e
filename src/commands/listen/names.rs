//! Made-up endpoint names: two words, and on a relay that strangers reach too much to guess behind them. And what this machine
//! is called.

use data_encoding::BASE32_NOPAD;
use hooktool_relay::capture::EndpointName;

const QUALITIES: [&str; 64] = [
    "able", "agile", "amber", "ample", "azure", "bold", "brave", "brisk", "calm", "clear",
    "clever", "cozy", "crisp", "deft", "eager", "early", "easy", "fair", "fancy", "fine", "fleet",
    "fresh", "gentle", "glad", "golden", "grand", "happy", "honest", "jolly", "keen", "kind",
    "lively", "loyal", "lucky", "mellow", "merry", "mild", "modest", "neat", "nimble", "noble",
    "plucky", "polite", "proud", "quick", "quiet", "rapid", "ready", "royal", "rustic", "sharp",
    "silent", "silver", "smart", "snug", "solid", "spry", "steady", "sunny", "swift", "tidy",
    "vivid", "warm", "witty",
];

const ANIMALS: [&str; 64] = [
    "ant", "badger", "bat", "bear", "beaver", "bee", "bison", "camel", "carp", "cat", "cobra",
    "crab", "crane", "crow", "deer", "dingo", "dove", "duck", "eagle", "egret", "elk", "falcon",
    "ferret", "finch", "fox", "frog", "gecko", "goat", "goose", "hare", "hawk", "heron", "horse",
    "ibis", "jay", "koala", "lark", "lemur", "llama", "lynx", "mole", "moose", "moth", "mouse",
    "newt", "otter", "owl", "panda", "pike", "puffin", "quail", "rabbit", "raven", "robin",
    "salmon", "seal", "shrew", "sloth", "stork", "swan", "tapir", "tern", "toad", "wren",
];

/// Bytes behind the words of a public name: 60 bits, 12 characters of base32.
const TAIL: usize = 8;
/// How many of the tail's characters are used.
const TAIL_CHARS: usize = 12;

/// A name such as `tidy-otter`, for a relay on this machine; with 12 random characters more for one that strangers reach.
///
/// # Errors
/// When the system gives no random numbers.
pub(in crate::commands) fn make_up(
    is_public: bool,
) -> Result<EndpointName, aws_lc_rs::error::Unspecified> {
    let mut random = [0; 2 + TAIL];
    aws_lc_rs::rand::fill(&mut random)?;
    let [quality, animal, tail @ ..] = random;
    let mut name = format!("{}-{}", word(&QUALITIES, quality), word(&ANIMALS, animal));
    if is_public {
        let tail = BASE32_NOPAD.encode(&tail).to_ascii_lowercase();
        name.push('-');
        name.extend(tail.chars().take(TAIL_CHARS));
    }
    name.parse().map_err(|_| aws_lc_rs::error::Unspecified)
}

/// What to call this machine in messages.
pub(super) fn host_name() -> String {
    let read = std::fs::read_to_string("/proc/sys/kernel/hostname")
        .or_else(|_| std::fs::read_to_string("/etc/hostname"));
    let name = read
        .ok()
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty());
    name.or_else(|| {
        std::env::var("HOSTNAME")
            .or_else(|_| std::env::var("COMPUTERNAME"))
            .ok()
    })
    .unwrap_or_else(|| "another machine".to_owned())
}

fn word(words: &[&'static str; 64], random: u8) -> &'static str {
    words[usize::from(random) % words.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_name_has_sixty_random_bits() {
        let (local, public) = (make_up(false).unwrap(), make_up(true).unwrap());
        assert_eq!(local.as_str().split('-').count(), 2);
        assert_eq!(
            public.as_str().rsplit('-').next().map(str::len),
            Some(TAIL_CHARS)
        );
        assert_ne!(public, make_up(true).unwrap());
    }

    #[test]
    fn every_pair_of_words_is_a_name() {
        for quality in QUALITIES {
            for animal in ANIMALS {
                assert!(
                    format!("{quality}-{animal}")
                        .parse::<EndpointName>()
                        .is_ok()
                );
            }
        }
    }
}
