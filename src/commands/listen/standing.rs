//! What was said at the start of answers and of what is forwarded, in words: the screen keeps it in sight.

use hooktool_relay::capture::AnswerPolicy;

use crate::{cli::value::Deadline, config::Settings};

/// What is not the default.
pub(super) fn standing(settings: &Settings) -> Vec<String> {
    let answer = match &settings.answer {
        AnswerPolicy::App => None,
        AnswerPolicy::Now => Some("answer now".to_owned()),
        AnswerPolicy::Strict => Some("answer strict".to_owned()),
        AnswerPolicy::Respond { status, .. } => Some(format!("answer {status}")),
    };
    let is_kept = settings.deadline == Deadline::Provider;
    let deadline = is_kept.then(|| "deadline provider".to_owned());
    let only = settings.only.as_ref();
    let only = only.map(|filter| format!("only {}", filter.text()));
    answer.into_iter().chain(deadline).chain(only).collect()
}
