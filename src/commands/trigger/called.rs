//! What the public URL answered to a sample: a line, or a record.

use std::{
    io::{self, Write as _},
    time::Duration,
};

use hooktool_relay::{answer::AnswerBody, capture::UnixMillis};
use http_body_util::{BodyExt as _, Limited};
use serde::Serialize;
use tokio::time::timeout;

use crate::{
    exit::Failure,
    forward::Tried,
    text::{self, Mode, Zone},
    webhook::Sample,
};

/// How much of a refusal is read, in bytes, and for how long: a sentence of the relay's stands there.
const REASON: usize = 4 * 1024;
const WITHIN: Duration = Duration::from_secs(2);

/// One call, and what it came to.
#[derive(Serialize)]
pub(super) struct Called {
    v: u8,
    r#type: &'static str,
    provider: &'static str,
    event: &'static str,
    pub(super) url: String,
    signed: bool,
    pub(super) status: Option<u16>,
    ms: u64,
    /// Why there is no answer, or what one above 399 says.
    pub(super) error: Option<String>,
    #[serde(skip)]
    at: UnixMillis,
    #[serde(skip)]
    took: Duration,
}

impl Called {
    pub(super) async fn new(sample: &'static Sample, signed: bool, tried: Tried) -> Self {
        let (status, error) = match tried.result {
            Ok(answered) => {
                let status = answered.head.status.as_u16();
                let reason = match status {
                    400.. => reason(answered.body).await,
                    _ => None,
                };
                (Some(status), reason)
            }
            Err(failure) => (None, Some(failure.text)),
        };
        Self {
            v: 1,
            r#type: "trigger",
            provider: sample.provider,
            event: &sample.name,
            url: tried.url,
            signed,
            status,
            ms: u64::try_from(tried.took.as_millis()).unwrap_or(u64::MAX),
            error,
            at: tried.started_at,
            took: tried.took,
        }
    }

    pub(super) fn print(&self, is_json: bool, zone: Zone) -> Result<(), Failure> {
        let mut out = io::stdout().lock();
        if is_json {
            out.write_all(&text::json(self)?)?;
            return Ok(writeln!(out)?);
        }
        let when = text::date_clock(self.at, zone);
        let how = if self.signed { "signed" } else { "unsigned" };
        let url = text::safe(self.url.as_bytes(), Mode::Cell);
        let why = self.error.as_deref().unwrap_or_default();
        let why = text::safe(why.as_bytes(), Mode::Cell);
        let result = match self.status {
            Some(status) => format!("{status}  {}  {why}", text::duration(self.took)),
            None => format!("ERR  {why}"),
        };
        let (provider, event) = (self.provider, self.event);
        let result = result.trim_end();
        writeln!(
            out,
            "{when}  {provider} {event}  {how}  POST {url}  --> {result}"
        )?;
        Ok(())
    }
}

/// The first line of an answer that is text.
async fn reason(body: AnswerBody) -> Option<String> {
    let read = timeout(WITHIN, Limited::new(body, REASON).collect()).await;
    let bytes = read.ok()?.ok()?.to_bytes();
    let line = bytes.split(|byte| *byte == b'\n').next()?;
    let line = str::from_utf8(line).ok()?.trim();
    (!line.is_empty()).then(|| line.to_owned())
}
