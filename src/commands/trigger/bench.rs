//! Samples that a person at a screen sends: made with what this folder keeps, one at a time.
//!
//! In: which, which way. Out: what came of it. Secrets and definitions are those of the moment: one may have been added since the
//! screen opened.

use super::{caller, failed, place, sample};
use crate::{
    commands::replay::refused,
    config::Settings,
    event,
    exit::Failure,
    forward::Tried,
    history::{Attempt, Number},
    replay::{self, Edits, With},
    text,
    trigger::Trigger,
};

/// What samples are made with.
#[derive(Debug)]
pub(in crate::commands) struct Bench {
    settings: Settings,
}

/// What came of one.
pub(in crate::commands) struct Shot {
    /// Its number, if it was recorded here.
    number: Option<Number>,
    status: Option<u16>,
    took: std::time::Duration,
    error: Option<String>,
    /// Why it was not signed.
    unsigned: Option<String>,
}

impl Bench {
    /// With these settings.
    pub(in crate::commands) fn new(settings: Settings) -> Self {
        Self { settings }
    }

    /// Makes and sends one.
    pub(in crate::commands) async fn send(
        &self,
        with: &With<'_>,
        order: event::Trigger,
    ) -> Result<Shot, Failure> {
        let keys = with.keys.keys();
        let trigger = Trigger {
            known: keys.known.clone(),
            secrets: keys.secrets.clone().into(),
            sample: sample(order.provider, Some(order.event))?,
            path: order.path,
            url: None,
            set: Vec::new(),
            headers: Vec::new(),
        };
        let Some(target) = order.to else {
            let (base, (_, endpoint)) = place::public(&self.settings, with.history).await?;
            let ready = trigger.ready(&base).map_err(failed)?;
            let caller = caller(&self.settings)?;
            let tried = trigger.call(&caller, endpoint, &base, &ready).await;
            return Ok(Shot::called(&tried, ready.signed.err()));
        };
        let place = place::to_record(&self.settings, with.history).await?;
        let ready = trigger.ready(&target).map_err(failed)?;
        let recording = trigger.record(with.history, place, &target, &ready);
        let number = recording.await.map_err(failed)?;
        let sent = replay::run(with, number, Some(target), &Edits::default()).await;
        let attempt = sent.map_err(|error| refused(&error))?;
        Ok(Shot::recorded(number, &attempt, ready.signed.err()))
    }
}

impl Shot {
    fn called(tried: &Tried, unsigned: Option<String>) -> Self {
        let (status, error) = match &tried.result {
            Ok(answered) => (Some(answered.head.status.as_u16()), None),
            Err(failure) => (None, Some(failure.text.clone())),
        };
        Self {
            number: None,
            status,
            took: tried.took,
            error,
            unsigned,
        }
    }

    fn recorded(number: Number, attempt: &Attempt, unsigned: Option<String>) -> Self {
        Self {
            number: Some(number),
            status: attempt.app_status(),
            took: attempt.took.unwrap_or_default(),
            error: attempt.error.clone(),
            unsigned,
        }
    }

    /// Whether it was not answered well.
    pub(in crate::commands) fn is_problem(&self) -> bool {
        self.error.is_some() || self.status.is_none_or(|status| status >= 400)
    }

    /// It in words.
    pub(in crate::commands) fn told(&self) -> String {
        let number = self.number.map(|number| format!("#{number}, "));
        let number = number.unwrap_or_default();
        let result = match (&self.error, self.status) {
            (None, Some(status)) => format!("{status} after {}", text::duration(self.took)),
            (error, _) => error.clone().unwrap_or_else(|| "no answer".to_owned()),
        };
        let unsigned = self.unsigned.as_ref();
        let unsigned = unsigned.map_or_else(String::new, |why| format!("; not signed: {why}"));
        format!("{number}{result}{unsigned}")
    }
}
