//! A sample, ready to be sent: made new, fields set as a person wishes, signed by the first secret that can.
//!
//! In: a [`Sample`], an [`Order`]. Out: a [`Ready`] request, or why a field cannot be set. Pure. Must not know: where it is sent.
//!
//! ```text
//! made ─▶ fields set ─▶ header lines set ─▶ signed ─▶ header lines set once more: a person's own signature stays
//! ```

use bytes::Bytes;
use hooktool_relay::capture::Headers;
use http::{HeaderName, HeaderValue};

use super::{
    Doctor, Known, Sample, Secret, Signed, Signing,
    doctor::Request,
    request::Head,
    sample::Made,
    setting::{self, SetError},
};

/// What a sample is made with.
#[derive(Clone, Copy, Debug)]
pub struct Order<'a> {
    /// The senders.
    pub known: &'a Known,
    /// The secrets that are set, of any sender.
    pub secrets: &'a [Secret],
    /// Path and query behind the URL's base.
    pub path: &'a str,
    /// The URL that the sender calls; some sign it.
    pub url: &'a str,
    /// Fields of the body and their values.
    pub set: &'a [(String, String)],
    /// Header lines that take the place of others of their names.
    pub headers: &'a [(HeaderName, HeaderValue)],
    /// When it is sent, in Unix milliseconds.
    pub now: i64,
    /// What its ids are made of.
    pub random: [u8; 32],
}

/// A request that can be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ready {
    /// Its header lines.
    pub headers: Headers,
    /// Its body.
    pub body: Bytes,
    /// Path and query.
    pub path: Bytes,
    /// What it is signed by, in words; or why it is not.
    pub signed: Result<String, String>,
}

impl Sample {
    /// Makes it, and signs it if there is a secret.
    ///
    /// # Errors
    /// A field that is not there.
    pub fn ready(&self, order: &Order<'_>) -> Result<Ready, SetError> {
        let mut made = self.make(order.now, order.random);
        for (path, value) in order.set {
            setting::set(&mut made, path, value)?;
        }
        for line in order.headers {
            replace(&mut made.headers, line);
        }
        let mut ready = match self.sign(&made, order) {
            Ok((signed, label)) => Ready {
                headers: signed.headers,
                body: signed.body.into(),
                path: signed.path.into(),
                signed: Ok(label),
            },
            Err(why) => {
                let made = made.unsigned();
                Ready {
                    headers: made.headers,
                    body: made.body.into(),
                    path: Bytes::copy_from_slice(order.path.as_bytes()),
                    signed: Err(why),
                }
            }
        };
        for line in order.headers {
            replace(&mut ready.headers, line);
        }
        Ok(ready)
    }

    /// Signs it by the first secret that can, and says which.
    fn sign(&self, made: &Made, order: &Order<'_>) -> Result<(Signed, String), String> {
        let doctor = Doctor {
            known: order.known,
            secrets: order.secrets,
        };
        let provider = order.known.provider(self.provider);
        let provider = provider.ok_or_else(|| format!("no definition of {}", self.provider))?;
        let url = [order.url.to_owned()];
        let request = Request {
            head: Head {
                method: "POST",
                path: order.path.as_bytes(),
                headers: &made.headers,
            },
            body: &made.body,
            public: &url,
            local: &[],
        };
        let mut why = format!(
            "no secret is set: `hooktool secret add {}` takes it",
            self.provider
        );
        for secret in doctor.own(provider) {
            let signing = Signing {
                known: order.known,
                provider: self.provider,
                secret,
                url: Some(order.url),
                now: order.now,
            };
            match signing.sign(&request) {
                Ok(signed) => return Ok((signed, secret.label.clone())),
                Err(refusal) => why = refusal.to_string(),
            }
        }
        Err(why)
    }
}

fn replace(headers: &mut Headers, (name, value): &(HeaderName, HeaderValue)) {
    let is_it = |line: &[u8]| line.eq_ignore_ascii_case(name.as_str().as_bytes());
    headers.0.retain(|(found, _)| !is_it(found));
    headers.push(
        name.as_str().to_owned(),
        Bytes::copy_from_slice(value.as_bytes()),
    );
}
