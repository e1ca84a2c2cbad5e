//! The tables of `history.db`, as numbered migrations that are never edited.
//!
//! ```text
//! requests ─▶ captures, but those that were deleted      what readers see
//! captures ─ number ─▶ contents ─ body ─▶ pieces      a request: what a list shows; its head and body; a large body
//!    │  └─ place ─▶ places                            relay and endpoint
//!    └─ last ─▶ attempts ─ previous ─▶ attempts ─▶ …  its tries, newest first
//!                  └─ body ─▶ pieces                  an answer that streamed
//! missing                                             what the relay let go, between captures
//! totals                                              one row: what was given out, what is kept, what was let go
//! drafts                                              bodies whose head has not come yet
//! folders                                             the endpoint of each project folder
//! ```
//!
//! Rows of `captures` are small and without a blob that grows, so a list reads few pages and an attempt rewrites few bytes.
//! Attempts are a chain from their capture instead of an index. Bytes of a body are the rows `body << 20 | index` of `pieces`.

/// `PRAGMA application_id` of a history: "hook".
pub(super) const APPLICATION: i32 = 0x686f_6f6b;

/// Page size in bytes, for a new file. Measured with captures of 2 KiB and their attempts: as fast as 4 KiB pages and a third
/// smaller on disk (three captures a page instead of one); at 16 KiB a commit that stands alone writes more.
pub(super) const PAGE: u32 = 8192;

/// Bits of a row of `pieces` that count within its body. 2^20 pieces of 64 KiB are 64 GiB, and of a streamed answer at most
/// 2^20 bytes are kept, each at worst a piece.
const INDEX_BITS: u32 = 20;

/// Row of a body's piece.
pub(super) fn piece(body: i64, index: i64) -> i64 {
    (body << INDEX_BITS) | index
}

/// First and last row that a body's pieces may have.
pub(super) fn pieces(body: i64) -> (i64, i64) {
    (piece(body, 0), piece(body, (1 << INDEX_BITS) - 1))
}

/// The format that this program writes: how many migrations there are.
pub(super) const FORMAT: u32 = MIGRATIONS.len() as u32;

/// Each brings a file from the format of its place in the list to the next one.
pub(super) const MIGRATIONS: [&str; 5] = [FIRST, STREAMING, NOTES, WEBHOOKS, MISSING];

/// Requests that the relay let go before they were delivered: so many, before the capture with this number.
const MISSING: &str = "
CREATE TABLE missing (
    place  INTEGER NOT NULL,
    before INTEGER NOT NULL,
    count  INTEGER NOT NULL
) STRICT;
";

/// What a request was as a webhook when it came; NULL in all of them: no known sender, or it came before this format. The view is
/// made anew, so that it has these columns in every reader.
const WEBHOOKS: &str = "
ALTER TABLE captures ADD COLUMN provider TEXT;
ALTER TABLE captures ADD COLUMN event TEXT;
ALTER TABLE captures ADD COLUMN action TEXT;
ALTER TABLE captures ADD COLUMN delivery_id TEXT;
ALTER TABLE captures ADD COLUMN attempt TEXT;      -- the sender's own, as it counts
ALTER TABLE captures ADD COLUMN verdict TEXT;      -- of its signature: ok, bad, old, token, unknown, none
DROP VIEW requests;
CREATE VIEW requests AS SELECT * FROM captures WHERE removed IS NULL;
";

/// Notes, and requests that a person deleted: they stay until nobody can want them back. Whoever reads reads the view.
const NOTES: &str = "
ALTER TABLE captures ADD COLUMN note TEXT;        -- a person's words; NULL: none
ALTER TABLE captures ADD COLUMN removed INTEGER;  -- the deletion it went with; NULL: it is there
CREATE INDEX removed ON captures (removed) WHERE removed IS NOT NULL;
CREATE VIEW requests AS SELECT * FROM captures WHERE removed IS NULL;
";

/// Times are Unix milliseconds, durations microseconds; paths, ids and bodies bytes; words those of the JSON output.
const FIRST: &str = "
CREATE TABLE totals (
    one           INTEGER PRIMARY KEY CHECK (one = 1),
    last_number   INTEGER NOT NULL,
    last_position INTEGER NOT NULL,
    last_body     INTEGER NOT NULL,
    requests      INTEGER NOT NULL,  -- kept and not bookmarked
    bytes         INTEGER NOT NULL,  -- theirs
    dropped       INTEGER NOT NULL,
    dropped_at    INTEGER NOT NULL,
    dropped_by    TEXT NOT NULL      -- count, bytes
) STRICT;
INSERT INTO totals VALUES (1, 0, 0, 0, 0, 0, 0, 0, 'count');

CREATE TABLE places (
    place    INTEGER PRIMARY KEY,
    relay    TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    UNIQUE (relay, endpoint)
) STRICT;

CREATE TABLE captures (
    number      INTEGER PRIMARY KEY,
    id          BLOB NOT NULL UNIQUE,
    place       INTEGER NOT NULL,
    seq         INTEGER,
    kind        TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    method      TEXT NOT NULL,
    path        BLOB NOT NULL,
    size        INTEGER,             -- of the body; NULL: none was declared
    peer        TEXT NOT NULL,
    bytes       INTEGER NOT NULL,    -- kept of it and of its attempts
    bookmarked  INTEGER NOT NULL DEFAULT 0,
    tries       INTEGER NOT NULL DEFAULT 0,
    last        INTEGER,             -- its latest attempt, and that one in short
    outcome     TEXT,
    cause       TEXT,
    status      INTEGER,
    took        INTEGER,
    late        INTEGER
) STRICT;
CREATE INDEX pending ON captures (outcome) WHERE outcome IN ('held', 'parked');

CREATE TABLE contents (
    number INTEGER PRIMARY KEY,
    head   TEXT NOT NULL,            -- JSON: version, headers, trailers
    body   INTEGER,                  -- in pieces
    bytes  BLOB                      -- or here
) STRICT;

CREATE TABLE attempts (
    position   INTEGER PRIMARY KEY,
    number     INTEGER NOT NULL,
    previous   INTEGER,
    try_number INTEGER,
    cause      TEXT NOT NULL,
    target     TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    outcome    TEXT NOT NULL,
    error      TEXT,
    connect    INTEGER,
    took       INTEGER,
    changes    TEXT,                 -- JSON; NULL: none
    sent       TEXT,                 -- JSON
    late       INTEGER NOT NULL,
    status     INTEGER,              -- of the answer; NULL: there was none
    len        INTEGER,
    ended      INTEGER,
    headers    TEXT,                 -- JSON
    body       INTEGER,              -- in pieces
    bytes      BLOB                  -- or here
) STRICT;

CREATE TABLE pieces (
    piece INTEGER PRIMARY KEY,
    bytes BLOB NOT NULL
) STRICT;

CREATE TABLE drafts (
    body     INTEGER PRIMARY KEY,
    begun_at INTEGER NOT NULL
) STRICT;

CREATE TABLE folders (
    folder   BLOB NOT NULL,
    relay    TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    port     INTEGER,
    PRIMARY KEY (folder, relay)
) STRICT, WITHOUT ROWID;
";

/// Who writes an answer that streams, so that one whose process was killed is told from one that goes on; and what an upgrade
/// carried.
const STREAMING: &str = "
ALTER TABLE attempts ADD COLUMN writer INTEGER;  -- of an answer that streams: the process, see writers.rs
ALTER TABLE attempts ADD COLUMN up INTEGER;      -- of an upgrade that is over: bytes to the app
ALTER TABLE attempts ADD COLUMN lasted INTEGER;  -- and how long it took
CREATE INDEX streaming ON attempts (position) WHERE ended = 0 AND error IS NULL;
";
