//! A request laid out page by page; what was laid out before is taken from the shelf.
//!
//! In: a request, its attempts, a way to read its body, asked only if something is to be made of it. Out: a [`Detail`]. Must not know:
//! where bodies are read, who wishes.
//!
//! ```text
//! key ─▶ on the shelf? ─yes─▶ page
//!             └─ no ─▶ body read ─▶ laid out ─▶ still wanted? onto the shelf ─▶ page
//! ```

use std::sync::Arc;

use bytes::Bytes;
use hooktool_relay::capture::Capture;

use super::{
    Detail, Line, Page, Role, SHOWN,
    body::{self, Content},
    headers, line, preview, raw, text, tries,
};
use crate::{
    format::Wanted,
    history::{Attempt, KeptAnswer, Request},
    text::Safe,
    tui::{
        shelf::{Key, Layout, Part, Shelf},
        state::Wish,
    },
    webhook::Known,
};

/// What a request is laid out with.
pub(in crate::tui) struct Making<'a> {
    pub(in crate::tui) wish: &'a Wish,
    /// What was laid out before is taken from there, and what is laid out now goes there.
    pub(in crate::tui) shelf: &'a Shelf,
    /// What is no longer wanted comes out in part, and is nobody's.
    pub(in crate::tui) wanted: &'a Wanted,
    /// The senders, for what they do next.
    pub(in crate::tui) known: &'a Known,
}

impl Making<'_> {
    /// Lays a request out. `body` reads its beginning, [`SHOWN`] bytes, or all of it where it is compressed or
    /// wished whole; it is asked only if something is to be made of it.
    ///
    /// # Errors
    /// Those of `body`.
    pub(in crate::tui) fn detail<E>(
        &self,
        request: &Request,
        attempts: &[Attempt],
        body: impl FnOnce() -> Result<Bytes, E>,
    ) -> Result<Detail, E> {
        let wish = self.wish;
        let (tried, chosen) = tries(attempts, wish);
        let attempt = tried.get(chosen).copied();
        let (body, raw) = self.request(request, body)?;
        let webhook = request.summary.webhook.as_deref();
        let provider = webhook.and_then(|webhook| self.known.provider(&webhook.provider));
        let answered = attempt.or(attempts.last());
        let next = answered.and_then(|attempt| tries::next(request, attempt, provider));
        let answer = |attempt: &Attempt, answer: &KeptAnswer| self.answer(request, attempt, answer);
        Ok(Detail {
            number: request.summary.number,
            wish: wish.clone(),
            body: asking(&request.capture, body),
            response: tries::response(answered, next.as_ref(), wish, answer),
            pages: [
                headers::page(request, attempt, wish.reveals).into(),
                tries::list(request, attempts, attempt, provider).into(),
                vec![line(Role::Dim, Safe::own(" judging…"))].into(),
                raw,
            ],
            outcome: attempt.map(preview::outcome).unwrap_or_default(),
            tries: tried.len(),
            chosen,
            last_url: tried.last().map(|attempt| attempt.target.clone()),
        })
    }

    /// What is made of a request's body: its page, and the raw text.
    fn request<E>(
        &self,
        request: &Request,
        read: impl FnOnce() -> Result<Bytes, E>,
    ) -> Result<(Page, Arc<Vec<Line>>), E> {
        let capture = &request.capture;
        let key = |part| Key {
            id: capture.id,
            part,
        };
        let reveals = self.wish.reveals;
        let keys = (key(Part::Body(self.layout())), key(Part::Raw { reveals }));
        let (page, raw) = match (self.shelf.get(&keys.0), self.shelf.get(&keys.1)) {
            (Some(page), Some(raw)) => (page, raw),
            (page, raw) => {
                let bytes = read()?;
                let page = page.unwrap_or_else(|| {
                    let len = capture.body.len();
                    let content = Content::new(&capture.headers, &bytes, len, self.wanted);
                    self.kept(keys.0, body::page(&content, self.wish))
                });
                let raw = raw.unwrap_or_else(|| {
                    let shown = bytes.get(..SHOWN).unwrap_or(&bytes);
                    let lines = raw::page(capture, shown, reveals).into();
                    self.kept(
                        keys.1,
                        Page {
                            lines,
                            ..Page::default()
                        },
                    )
                });
                (page, raw)
            }
        };
        Ok((page, raw.lines))
    }

    /// All that is kept of an answer's body; what is missing is said above it.
    fn answer(&self, request: &Request, attempt: &Attempt, answer: &KeptAnswer) -> Page {
        let key = attempt
            .try_number
            .filter(|_| answer.ended)
            .map(|number| Key {
                id: request.capture.id,
                part: Part::Answer(number, self.layout()),
            });
        if let Some(page) = key.as_ref().and_then(|key| self.shelf.get(key)) {
            return page;
        }
        let kept = answer.body.len() as u64;
        let content = Content::new(&answer.headers, &answer.body, kept, self.wanted);
        let page = body::page(&content, self.wish);
        match key {
            Some(key) => self.kept(key, page),
            None => page,
        }
    }

    fn layout(&self) -> Layout {
        Layout {
            form: self.wish.form,
            is_whole: self.wish.is_whole,
            hex_row: self.wish.hex_row,
        }
    }

    /// Keeps a page, if it is whole.
    fn kept(&self, key: Key, page: Page) -> Page {
        if !self.wanted.is_over() {
            self.shelf.put(key, &page);
        }
        page
    }
}

/// A page of a body, below the URL that its sender wants a person to visit, if it does.
fn asking(capture: &Capture, mut page: Page) -> Page {
    if let Some(visit) = Known::built_in().visit(capture) {
        let role = if visit.is_allowed {
            Role::Key
        } else {
            Role::Bad
        };
        let advice = format_args!("{} (y s copies it):", visit.advice());
        let url = line(Role::Text, text(visit.url.as_bytes()));
        let advice = line(role, Safe::format(advice));
        page.head = vec![advice, url];
    }
    page
}
