//! What is held or parked, in words, with what forwards it: said when a listener comes up and when it ends.
//!
//! In: the counts, where requests would go. Out: sentences. Must not know: the screen, which shows the counts itself.

use crate::{event::Hold, text::count};

/// When the person is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    /// The listener is live.
    Start,
    /// It ends.
    End,
}

/// A sentence for the held ones and one for the parked ones, as far as there are any.
pub(super) fn words(hold: &Hold, target: Option<&str>, when: When) -> Vec<String> {
    let mut sentences = Vec::new();
    if hold.held > 0 {
        let (held, them) = requests(hold.held, "is held", "are held");
        let to = target.map_or_else(|| "TARGET".to_owned(), ToOwned::to_owned);
        sentences.push(format!(
            "{held}: `hooktool replay --where is:held --to {to}` forwards {them}"
        ));
    }
    if hold.parked > 0 {
        let (parked, them) = requests(hold.parked, "waits for the app", "wait for the app");
        sentences.push(match when {
            When::Start => format!("{parked}, to be forwarded when its port opens"),
            When::End => {
                format!("{parked}: the next `hooktool listen` forwards {them} when its port opens")
            }
        });
    }
    sentences
}

fn requests(number: u64, one: &str, many: &str) -> (String, &'static str) {
    match number {
        1 => (format!("1 request {one}"), "it"),
        _ => (format!("{} requests {many}", count(number)), "them"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_its_sentence() {
        let hold = |held, parked| Hold {
            on: true,
            held,
            parked,
        };
        assert_eq!(words(&hold(0, 0), None, When::End), [""; 0]);
        assert_eq!(
            words(&hold(1, 1_200), Some("http://localhost:3000"), When::End),
            [
                "1 request is held: `hooktool replay --where is:held --to http://localhost:3000` forwards it",
                "1,200 requests wait for the app: the next `hooktool listen` forwards them when its port opens",
            ]
        );
        assert_eq!(
            words(&hold(2, 1), None, When::Start),
            [
                "2 requests are held: `hooktool replay --where is:held --to TARGET` forwards them",
                "1 request waits for the app, to be forwarded when its port opens",
            ]
        );
    }
}
