//! What became of a request's signature when it is sent again, in a sentence; and why it could not be signed.

use crate::{
    exit::{Failure, Report},
    history::Number,
    replay::{Became, Unsigned, Word},
    text::{self, Mode},
    webhook::{Age, Refusal},
};

/// A sentence about a signature, not yet safe to show. `hint`: what signs anew, where it was kept.
pub(super) fn sentence(number: Number, word: &Word, hint: &str) -> String {
    let sender = &word.sender;
    let age = word.age.as_ref();
    let old = age.map_or_else(String::new, |age| format!("{} old", ago(age.seconds)));
    let original = age.map_or_else(String::new, |_| format!(" (original {old})"));
    match &word.became {
        Became::Anew(None) => format!("#{number} re-signed as {sender}{original}"),
        Became::Anew(Some(url)) => format!("#{number} re-signed as {sender} for {url}{original}"),
        Became::Wrong { is_anew: true } => {
            format!("#{number} signed as {sender}, wrong in one character")
        }
        Became::Wrong { is_anew: false } => {
            let old = age
                .filter(|age| age.is_over)
                .map(|_| format!(", and {old}"));
            let old = old.unwrap_or_default();
            format!("#{number} has its own signature, wrong in one character{old}")
        }
        Became::Old(seconds) => {
            let past = ago(*seconds);
            format!("#{number} signed as {sender}, rightly, but {past} ago")
        }
        Became::Kept => {
            let kept = kept(number, word.is_edited, sender, age);
            format!("{kept}{hint}")
        }
        Became::NotSigned(Unsigned::CameBad) => {
            format!("#{number} came with a bad signature, which is kept")
        }
        Became::NotSigned(why) => {
            let kept = kept(number, word.is_edited, sender, age);
            format!("{kept} ({why})")
        }
    }
}

fn kept(number: Number, is_edited: bool, sender: &str, age: Option<&Age>) -> String {
    if is_edited {
        return format!("#{number} keeps its signature, which is not of this body");
    }
    match age {
        Some(age) => {
            let old = ago(age.seconds);
            let tolerance = i64::from(age.tolerance.unwrap_or_default());
            let limit = ago(tolerance);
            format!(
                "#{number} keeps its signature, {old} old: {sender} allows {limit}, so the app may refuse it"
            )
        }
        None => format!("#{number} keeps its signature"),
    }
}

fn ago(seconds: i64) -> String {
    text::age(seconds.unsigned_abs()).to_string()
}

/// Why a request is not sent.
pub(super) fn refused(number: Number, why: &Unsigned) -> Failure {
    let cannot = Report::new(format!("#{number} cannot be signed"));
    let because = text::safe(why.to_string().as_bytes(), Mode::Cell).to_string();
    let cannot = cannot.because(because);
    match why {
        Unsigned::NoSender => {
            Failure::Other(cannot.hint(format!("`hooktool verify {number}` says more")))
        }
        Unsigned::CameBad => {
            let report = Report::new(format!("#{number} is not signed anew"));
            Failure::Other(report.because(why.to_string()).hint(format!(
                "`hooktool verify {number}` says why it is bad; --even-bad signs it all the same"
            )))
        }
        Unsigned::NoSecret(provider) => {
            Failure::Setting(cannot.hint(format!("`hooktool secret add {provider}` takes it")))
        }
        Unsigned::Refused(Refusal::Lacks(_)) => {
            Failure::Setting(cannot.hint("--sign-url names the URL that the app takes for its own"))
        }
        Unsigned::Refused(Refusal::SendersKey(_)) => Failure::Setting(
            cannot.hint("without --resign it is sent with the signature that came"),
        ),
        Unsigned::Refused(_) => Failure::Setting(cannot),
    }
}
