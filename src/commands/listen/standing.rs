//! What holds of answers and of what is forwarded, in words; and another `--only` while the listener runs.
//!
//! In: the settings, what a person typed. Out: the board, the valve. Must not know: the screen.

use hooktool_relay::capture::AnswerPolicy;

use crate::{agent::Valve, cli::value, event::Board, filter::Filter};

/// Forwards only what fits, or everything.
pub(super) fn only(answer: &AnswerPolicy, text: Option<&str>, valve: &Valve, board: &Board) {
    match text.map(value::only).transpose() {
        Ok(filter) => {
            let words = words(answer, filter.as_ref());
            valve.only(filter);
            board.standing.send_replace(words);
        }
        Err(why) => board.tell(true, format!("only: {why}")),
    }
}

/// What holds of answers and of what is forwarded, where it is not the default.
pub(super) fn words(answer: &AnswerPolicy, only: Option<&Filter>) -> Vec<String> {
    let answer = match answer {
        AnswerPolicy::App => None,
        AnswerPolicy::Now => Some("answer now".to_owned()),
        AnswerPolicy::Strict => Some("answer strict".to_owned()),
        AnswerPolicy::Respond { status, .. } => Some(format!("answer {status}")),
    };
    let only = only.map(|filter| format!("only {}", filter.text()));
    answer.into_iter().chain(only).collect()
}
