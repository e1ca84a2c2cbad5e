//! Which stored requests fit a filter, found page by page from the newest on.
//!
//! In: the history, a filter. Out: rows. A row is tested as the list has it; its head, its body and its attempts are read only
//! while the verdict depends on them, some rows at a time, so a search holds no more than a page. Must not know: who asks.
//!
//! ```text
//! rows ─▶ test ─ unknown ─▶ head, small body ─▶ test ─ unknown ─▶ large body, attempts ─▶ test
//!           └─ yes, no                            └─ yes, no
//! ```

use hooktool_relay::{
    capture::{Body, Edit, UnixMillis},
    headers,
};

use crate::{
    event::SIGNED,
    filter::{self, Filter, Last, Said, Subject, Verdict},
    history::{Attempt, Cause, HistoryError, Number, Reader, Request, Select, Summary},
};

/// Rows that are read at once.
const PAGE: usize = 1024;

/// Requests that are read at once, with bodies of up to 64 KiB each.
const HEADS: usize = 64;

/// Most bytes of a body that are searched. A relay takes 25 MiB unless it is told otherwise.
const SEARCHED: usize = 32 * 1024 * 1024;

/// What a filter says of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Which.
    pub number: Number,
    /// Whether it fits.
    pub fits: bool,
    /// Whether it fits by its body, or by a try, rather than by what a list and its headers tell.
    pub is_in_body: bool,
}

/// A search under way.
#[derive(Debug)]
pub struct Search<'a> {
    reader: &'a Reader,
    filter: &'a Filter,
    now: UnixMillis,
    /// What has not been looked at yet; none: nothing is left.
    rest: Option<Select>,
}

impl<'a> Search<'a> {
    /// A search among what `select` chooses; its limit is left to whoever asks. A filter that names endpoints looks at all.
    pub fn new(reader: &'a Reader, filter: &'a Filter, select: &Select) -> Self {
        let mut rest = select.clone();
        rest.limit = Some(PAGE);
        if filter.names_endpoints() {
            rest.endpoints.clear();
        }
        Self {
            reader,
            filter,
            now: UnixMillis::now(),
            rest: Some(rest),
        }
    }

    /// The rows of the next page that fit, newest first, maybe none of it; none when all has been looked at.
    ///
    /// # Errors
    /// The reader's.
    pub fn next_page(&mut self) -> Result<Option<Vec<Summary>>, HistoryError> {
        let Some(select) = self.rest.take() else {
            return Ok(None);
        };
        let rows = self.reader.list(&select)?;
        if let Some(oldest) = rows.first().filter(|_| rows.len() == PAGE) {
            self.rest = Some(Select {
                before: Some(oldest.number),
                ..select
            });
        }
        let mut verdicts: Vec<Verdict> = rows
            .iter()
            .map(|row| self.filter.test(&subject(row), self.now))
            .collect();
        self.settle(&rows, &mut verdicts)?;
        let both = rows.into_iter().zip(verdicts).rev();
        let fitting = both.filter(|(_, verdict)| *verdict == Verdict::Yes);
        Ok(Some(fitting.map(|(row, _)| row).collect()))
    }

    /// Every row that fits, or the newest `limit` of them, ascending.
    ///
    /// # Errors
    /// The reader's.
    pub fn all(mut self, limit: Option<usize>) -> Result<Vec<Summary>, HistoryError> {
        let limit = limit.unwrap_or(usize::MAX);
        let mut found = Vec::new();
        while found.len() < limit
            && let Some(page) = self.next_page()?
        {
            found.extend(page);
        }
        found.truncate(limit);
        found.reverse();
        Ok(found)
    }

    /// Which of some requests fit, in the order asked for, whatever has to be loaded for it; those that are gone are left out.
    /// `marked` are those that a person has marked on a screen. Ask for few: their small bodies are held at once.
    ///
    /// # Errors
    /// The reader's.
    pub fn among(
        reader: &'a Reader,
        filter: &'a Filter,
        numbers: &[Number],
        marked: &[Number],
    ) -> Result<Vec<Hit>, HistoryError> {
        let search = Search {
            rest: None,
            ..Search::new(reader, filter, &Select::default())
        };
        let mut hits = Vec::new();
        for some in numbers.chunks(HEADS) {
            for request in reader.requests(some)? {
                let number = request.summary.number;
                let is_marked = marked.contains(&number);
                let fits = search.test(&request, is_marked)? == Verdict::Yes;
                let bare = Subject {
                    headers: Some(&request.capture.headers),
                    is_marked,
                    ..subject(&request.summary)
                };
                let is_in_body = fits && filter.test(&bare, search.now) == Verdict::Unknown;
                hits.push(Hit {
                    number,
                    fits,
                    is_in_body,
                });
            }
        }
        Ok(hits)
    }

    /// Loads what the unknown verdicts depend on.
    fn settle(&self, rows: &[Summary], verdicts: &mut [Verdict]) -> Result<(), HistoryError> {
        let unknown = |verdicts: &[Verdict]| -> Vec<usize> {
            let all = verdicts.iter().enumerate();
            let open = all.filter(|(_, verdict)| **verdict == Verdict::Unknown);
            open.map(|(index, _)| index).collect()
        };
        for some in unknown(verdicts).chunks(HEADS) {
            let numbers: Vec<Number> = some.iter().map(|&index| rows[index].number).collect();
            for request in self.reader.requests(&numbers)? {
                let number = request.summary.number;
                if let Ok(index) = rows.binary_search_by_key(&number, |row| row.number) {
                    verdicts[index] = self.test(&request, false)?;
                }
            }
        }
        Ok(())
    }

    /// Whether a request fits, whatever has to be loaded for it.
    fn test(&self, request: &Request, is_marked: bool) -> Result<Verdict, HistoryError> {
        let capture = &request.capture;
        let headed = Subject {
            headers: Some(&capture.headers),
            body: filter::inline(&capture.body),
            is_marked,
            ..subject(&request.summary)
        };
        let verdict = self.filter.test(&headed, self.now);
        if verdict != Verdict::Unknown {
            return Ok(verdict);
        }
        let number = request.summary.number;
        let needs = self.filter.needs();
        let large = match capture.body {
            Body::Pieces(_) if needs.body => Some(self.reader.body(number, 0, SEARCHED)?),
            _ => None,
        };
        let attempts = match needs.attempts {
            true => Some(self.reader.attempts(number)?),
            false => None,
        };
        let attempts: Option<Vec<_>> = attempts.as_ref().map(|all| all.iter().map(tried).collect());
        let whole = Subject {
            body: headed.body.or(large.as_deref()),
            attempts: attempts.as_deref(),
            ..headed
        };
        Ok(self.filter.test(&whole, self.now))
    }
}

/// A row as a filter sees it.
pub fn subject(row: &Summary) -> Subject<'_> {
    Subject {
        number: Some(row.number),
        id: row.id,
        endpoint: row.endpoint.as_str(),
        method: &row.method,
        path: &row.path,
        peer: row.peer,
        received_at: row.received_at,
        kind: row.kind,
        size: row.size,
        tries: row.tries,
        last: row.last.as_ref().map(|last| Last {
            outcome: last.outcome,
            status: last.app_status(),
            took: last.took,
            is_late: last.late,
            is_replay: last.cause == Cause::Replay,
            is_challenge: last.is_challenge(),
        }),
        is_bookmarked: row.bookmarked,
        note: row.note.as_deref(),
        said: row.webhook.as_ref().map(|webhook| Said {
            provider: &webhook.provider,
            event: webhook.event.as_deref(),
            action: webhook.action.as_deref(),
            verdict: &webhook.verdict,
        }),
        is_marked: false,
        headers: None,
        body: None,
        attempts: None,
    }
}

fn tried(attempt: &Attempt) -> filter::Attempt<'_> {
    let is_replay = attempt.cause == Cause::Replay;
    filter::Attempt {
        target: &attempt.target,
        is_replay,
        is_edited: is_replay && is_edited(&attempt.changes),
        sent: attempt.sent.as_ref().and_then(|sent| sent.status),
        answer: attempt
            .answer
            .as_ref()
            .map(|answer| (&answer.headers, answer.body.as_ref())),
    }
}

/// Whether a person changed anything but the signature. What a person changed stands before the mark that it was made anew, what
/// that needed behind it.
fn is_edited(changes: &[Edit]) -> bool {
    let mark = changes
        .iter()
        .position(|edit| matches!(edit, Edit::Changed { what, .. } if what == SIGNED));
    let persons = mark.and_then(|mark| changes.get(..mark)).unwrap_or(changes);
    persons.iter().any(is_of_person)
}

/// Whether a change is none of those that every forward makes: the path's, Host, hop-by-hop and forwarding headers, our own.
fn is_of_person(edit: &Edit) -> bool {
    let name = match edit {
        Edit::Changed { what, .. } => what,
        Edit::Added { name, .. } | Edit::Removed { name, .. } => name,
    };
    let name = name.to_ascii_lowercase();
    let is_ours = matches!(
        name.as_str(),
        "path" | "host" | "content-length" | "forwarded"
    ) || name.starts_with("x-forwarded-")
        || name.starts_with("hooktool-")
        || headers::is_hop_by_hop(name.as_bytes(), []);
    !is_ours
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bytes::Bytes;
    use hooktool_relay::capture::{Capture, CaptureId, Headers, Kind, Version};

    use super::*;
    use crate::{
        filter::Clock,
        history::{Arrival, History, Retention},
        text::Zone,
    };

    fn filter(text: &str) -> Filter {
        Filter::parse(text, Clock::here(Zone::Utc)).expect("a filter")
    }

    /// More requests than a page holds, each with its number in a body of 2 KiB.
    async fn history(folder: &std::path::Path, count: u64) -> History {
        let history = History::open(&folder.join("history.db"), Retention::default());
        let history = history.expect("a history");
        let padding = "x".repeat(2048);
        for number in 1..=count {
            let mut headers = Headers::new();
            headers.push("content-type", "application/json");
            let body = format!("{{\"padding\":\"{padding}\",\"number\":{number}}}");
            let capture = Capture {
                id: CaptureId::new(),
                endpoint: "tidy-otter".parse().expect("a name"),
                received_at: UnixMillis::now(),
                peer: "::1".parse().expect("an address"),
                method: http::Method::POST,
                path: Bytes::from(format!("/{}", number % 10)),
                version: Version::Http11,
                scheme: None,
                headers,
                trailers: Headers::new(),
                body: Body::Whole(body.into()),
            };
            let arrival = Arrival {
                webhook: None,
                capture: Arc::new(capture),
                relay: "local".into(),
                seq: None,
                kind: Kind::Live,
            };
            history.record(arrival, None).await.expect("recorded");
        }
        history
    }

    #[tokio::test]
    async fn a_search_goes_through_all_pages_from_the_newest_on() {
        let count = PAGE as u64 * 2 + 30;
        let folder = tempfile::tempdir().expect("a folder");
        let history = history(folder.path(), count).await;
        let reader = history.reader().expect("a reader");
        let found = |text: &str, limit| -> Vec<Number> {
            let filter = filter(text);
            let search = Search::new(&reader, &filter, &Select::default());
            let rows = search.all(limit).expect("rows");
            rows.iter().map(|row| row.number).collect()
        };
        assert_eq!(found("", None).len() as u64, count);
        assert_eq!(found(".number:7", None), [7]);
        assert_eq!(found(".number:7..9 | id:2070", None), [7, 8, 9, 2070]);
        assert_eq!(found("path:/0", Some(2)), [count - 18, count - 8]);
        assert_eq!(found("-padding", None), [0; 0]);
        let deep = filter("is:marked path:/0 .number:10 | /1");
        let hits = Search::among(&reader, &deep, &[21, 10, 20, 9_999], &[10, 20]);
        let hits: Vec<_> = hits
            .expect("hits")
            .into_iter()
            .map(|hit| (hit.number, hit.fits, hit.is_in_body))
            .collect();
        assert_eq!(
            hits,
            [(21, true, false), (10, true, true), (20, false, false)]
        );
        let filter = filter("number");
        let mut search = Search::new(&reader, &filter, &Select::default());
        let page = search.next_page().expect("a page").expect("the first");
        assert_eq!((page.len(), page[0].number), (PAGE, count));
    }
}
