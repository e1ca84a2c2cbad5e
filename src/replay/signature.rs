//! What becomes of a request's signature when it is sent again: kept, made anew, or made wrong on purpose. Pure.
//!
//! In: the request as it came, the copy that is sent, the senders and secrets, the URL that the app is called by, a moment. Out: the
//! copy signed, what differs in it, and a [`Word`] for the person; or why it is not sent. Must not know: the history, sending.
//!
//! ```text
//! sender known? ─no─▶ kept        came bad? ─yes─▶ kept, or refused: it would hide the fault
//!      │ yes                          │ no, or asked for
//!      └─▶ a secret? ─no─▶ kept, or refused    ─▶ the one that matched, else the first ─▶ signed ─▶ spoilt?
//! ```

use bytes::Bytes;
use hooktool_relay::capture::{Body, Capture, Edit};

use crate::{
    event::{SIGNED, Sign},
    webhook::{Age, Head, Keys, Refusal, Request, Secret, Signed, Signing, Verdict, Written},
};

/// A request that is sent again, and how it came.
pub(super) struct Case<'a> {
    pub(super) keys: &'a Keys,
    /// As it came, and all of its body.
    pub(super) original: (&'a Capture, &'a [u8]),
    /// The URLs that its sender may have called.
    pub(super) public: &'a [String],
    /// The copy, and all of its body.
    pub(super) copy: (&'a Capture, &'a Bytes),
    /// The URL that the app will take for its own.
    pub(super) url: Option<&'a str>,
    /// Now, in Unix milliseconds.
    pub(super) now: i64,
}

/// A copy with its signature settled.
pub(super) struct Settled {
    /// The copy, if it was signed, and its body.
    pub(super) signed: Option<(Capture, Bytes)>,
    /// What differs in it.
    pub(super) changes: Vec<Edit>,
    /// What the person should know before it is sent.
    pub(super) word: Option<Word>,
}

/// What became of a signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// The sender's name.
    pub sender: String,
    /// The signature's age when it is sent; none: it has no time.
    pub age: Option<Age>,
    /// Whether the body is not the one that came.
    pub is_edited: bool,
    /// What became of it.
    pub became: Became,
}

/// What became of a signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Became {
    /// Made anew; for this URL, if the sender signs it.
    Anew(Option<String>),
    /// Wrong in one character, of one made anew or of the one that came.
    Wrong {
        /// Whether it was made anew before.
        is_anew: bool,
    },
    /// Made anew for a moment so many seconds ago.
    Old(i64),
    /// Kept as it was wished.
    Kept,
    /// Kept because it could not be made anew, or should not.
    NotSigned(Unsigned),
}

/// Why a request is not signed anew.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsigned {
    /// Its sender is not known, or it has no signature.
    #[error("it is not signed by a sender that is known")]
    NoSender,
    /// The signature was bad when it came.
    #[error("it came with a bad signature, and a new one would hide that")]
    CameBad,
    /// No secret of this provider is set.
    #[error("no secret of `{0}` is set")]
    NoSecret(String),
    /// It cannot be signed.
    #[error(transparent)]
    Refused(Refusal),
}

impl Case<'_> {
    /// Settles the signature as it is wished.
    ///
    /// # Errors
    /// [`Unsigned`], if what was asked for cannot be done.
    pub(super) fn settle(&self, sign: Sign) -> Result<Settled, Unsigned> {
        let kept = |word| Settled {
            signed: None,
            changes: Vec::new(),
            word,
        };
        let Some(known) = self
            .keys
            .known
            .look(Head::of(self.original.0), self.original.1)
        else {
            return match sign {
                Sign::Keep | Sign::IfGood => Ok(kept(None)),
                Sign::Anew { .. } | Sign::Wrong | Sign::Old => Err(Unsigned::NoSender),
            };
        };
        let provider = known.provider.as_str();
        let age = self.age(provider);
        let is_edited = self.copy.1.as_ref() != self.original.1;
        // It will be refused, as far as anyone can tell.
        let is_stale = is_edited || age.is_some_and(|age| age.is_over);
        let word = |became| Word {
            sender: self.name(provider),
            age,
            is_edited,
            became,
        };
        match sign {
            Sign::Keep => {
                let is_signed = self.verdict(provider, self.original).verdict != Verdict::None;
                Ok(kept((is_signed && is_stale).then(|| word(Became::Kept))))
            }
            Sign::IfGood => match self.signed(provider, sign) {
                Ok((signed, url)) => Ok(self.settled(signed, "anew", word(Became::Anew(url)))),
                Err(Unsigned::NoSender) => Ok(kept(None)),
                Err(why) => {
                    let is_news = is_stale || why == Unsigned::CameBad;
                    Ok(kept(is_news.then(|| word(Became::NotSigned(why)))))
                }
            },
            Sign::Anew { .. } => {
                let (signed, url) = self.signed(provider, sign)?;
                Ok(self.settled(signed, "anew", word(Became::Anew(url))))
            }
            Sign::Old => {
                let past = self.past(provider)?;
                let (signed, _) = self.signed(provider, sign)?;
                let seconds = past / 1_000;
                let how = format!("anew, {seconds} s ago");
                Ok(self.settled(signed, &how, word(Became::Old(seconds))))
            }
            Sign::Wrong => self.wrong(provider, word),
        }
    }

    /// Wrong in one character: of a signature made anew, so that nothing else about it is, or of the one that came.
    fn wrong(
        &self,
        provider: &str,
        word: impl FnOnce(Became) -> Word,
    ) -> Result<Settled, Unsigned> {
        let anew = self.signed(provider, Sign::Wrong).ok();
        let is_anew = anew.is_some();
        let (capture, body) = self.copy;
        let (headers, body, path) = match &anew {
            Some((signed, _)) => (&signed.headers, &signed.body[..], &signed.path[..]),
            None => (&capture.headers, &body[..], &capture.path[..]),
        };
        let request = Request {
            head: Head {
                method: capture.method.as_str(),
                path,
                headers,
            },
            body,
            public: &[],
            local: &[],
        };
        let spoilt = self.keys.known.spoiled(provider, &request);
        let mut spoilt = spoilt.map_err(Unsigned::Refused)?;
        if let Some((signed, _)) = anew {
            let before = signed.written.into_iter();
            let is_spoilt = |one: &Written| spoilt.written.iter().any(|it| it.place == one.place);
            let first: Vec<Written> = before.filter(|one| !is_spoilt(one)).collect();
            spoilt.written.splice(0..0, first);
        }
        Ok(self.settled(spoilt, "wrong on purpose", word(Became::Wrong { is_anew })))
    }

    /// The copy, signed; and for which URL, if the sender signs that.
    fn signed(&self, provider: &str, sign: Sign) -> Result<(Signed, Option<String>), Unsigned> {
        let verdict = self.verdict(provider, self.original).verdict;
        let is_meant = matches!(
            sign,
            Sign::Anew { even_bad: true } | Sign::Wrong | Sign::Old
        );
        match verdict {
            Verdict::None => return Err(Unsigned::NoSender),
            Verdict::Bad if !is_meant => return Err(Unsigned::CameBad),
            _ => {}
        }
        let secret = self.secret(provider)?;
        let mut signing = self.signing(provider, &secret);
        if sign == Sign::Old {
            let past = signing.past(&self.request()).map_err(Unsigned::Refused)?;
            signing.now = self.now - past;
        }
        let signed = signing.sign(&self.request()).map_err(Unsigned::Refused)?;
        let known = self.keys.known.provider(provider);
        let signs_url = known.is_some_and(|known| known.is_url_signed);
        let url = self.url.filter(|_| signs_url).map(str::to_owned);
        Ok((signed, url))
    }

    /// How long ago it would be too old, in milliseconds.
    fn past(&self, provider: &str) -> Result<i64, Unsigned> {
        let secret = self.secret(provider)?;
        let signing = self.signing(provider, &secret);
        signing.past(&self.request()).map_err(Unsigned::Refused)
    }

    fn signing<'s>(&'s self, provider: &'s str, secret: &'s Secret) -> Signing<'s> {
        Signing {
            known: &self.keys.known,
            provider,
            secret,
            url: self.url,
            now: self.now,
        }
    }

    /// The secret that the request was signed by, else the first of its sender.
    fn secret(&self, provider: &str) -> Result<Secret, Unsigned> {
        let doctor = self.keys.doctor();
        let (capture, body) = self.original;
        let request = self.judged(capture, body);
        let first = || doctor.secrets_of(provider).into_iter().next().cloned();
        let matching = doctor.matching(&request, provider);
        matching
            .or_else(first)
            .ok_or_else(|| Unsigned::NoSecret(provider.to_owned()))
    }

    fn verdict(
        &self,
        provider: &str,
        (capture, body): (&Capture, &[u8]),
    ) -> crate::webhook::Diagnosis {
        let request = self.judged(capture, body);
        let at = capture.received_at.0;
        self.keys.doctor().verdict(&request, Some(provider), at)
    }

    fn age(&self, provider: &str) -> Option<Age> {
        let doctor = self.keys.doctor();
        doctor.age(&self.request(), Some(provider), self.now)
    }

    fn judged<'s>(&'s self, capture: &'s Capture, body: &'s [u8]) -> Request<'s> {
        Request {
            head: Head::of(capture),
            body,
            public: self.public,
            local: &[],
        }
    }

    /// The copy as it would be sent.
    fn request(&self) -> Request<'_> {
        self.judged(self.copy.0, self.copy.1)
    }

    fn name(&self, provider: &str) -> String {
        let known = self.keys.known.provider(provider);
        known.map_or_else(|| provider.to_owned(), |known| known.name.clone())
    }

    fn settled(&self, signed: Signed, how: &str, word: Word) -> Settled {
        let (copy, old) = self.copy;
        let body = Bytes::from(signed.body);
        let mut names = Vec::new();
        let mut changes = Vec::new();
        for Written { place, from, to } in signed.written {
            let what = place.strip_prefix("header:").unwrap_or(&place).to_owned();
            if !names.contains(&what) {
                names.push(what.clone());
            }
            match from {
                _ if place.starts_with("query:") => {}
                Some(from) if from == to => {}
                Some(from) => changes.push(Edit::Changed { what, from, to }),
                None => changes.push(Edit::Added {
                    name: what,
                    value: to,
                }),
            }
        }
        if copy.path != signed.path {
            changes.push(Edit::Changed {
                what: "path".to_owned(),
                from: copy.path.clone(),
                to: signed.path.clone().into(),
            });
        }
        if body != *old {
            let length = |body: &Bytes| Bytes::from(format!("{} bytes", body.len()));
            changes.push(Edit::Changed {
                what: "body".to_owned(),
                from: length(old),
                to: length(&body),
            });
        }
        // First of all, that it was: what follows is what it needed.
        let mark = Edit::Changed {
            what: SIGNED.to_owned(),
            from: Bytes::from_static(b"as it came"),
            to: format!("{how} ({})", names.join(", ")).into(),
        };
        changes.insert(0, mark);
        let mut capture = copy.clone();
        capture.headers = signed.headers;
        capture.path = signed.path.into();
        if body != *old {
            capture.body = inline(&body);
        }
        Settled {
            signed: Some((capture, body)),
            changes,
            word: Some(word),
        }
    }
}

/// A body as a capture has it.
pub(super) fn inline(bytes: &Bytes) -> Body {
    match bytes.len() > Body::INLINE {
        true => Body::Pieces(bytes.len() as u64),
        false => Body::Whole(bytes.clone()),
    }
}
