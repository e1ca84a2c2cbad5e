//! The house stays as it was drawn: who may import whom, how long a file is, that each says what it is for.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Most lines of a file, its unit tests not counted; above that it is two rooms.
const LONGEST: usize = 400;

/// Rooms of the relay that everybody may import.
const OPEN: [&str; 7] = [
    "answer", "capture", "headers", "config", "tls", "metrics", "token",
];

/// Rooms of the listener that everybody there may import.
const OPEN_HERE: [&str; 3] = ["event", "backoff", "target"];

/// Rooms of the relay, and what each may import beside the open ones.
const RELAY: &[(&str, &[&str])] = &[
    ("answer", &[]),
    ("capture", &[]),
    ("headers", &[]),
    // The relay's config holds the store's retention, a value.
    ("config", &["store"]),
    ("tls", &[]),
    ("metrics", &["store"]),
    ("token", &[]),
    ("protocol", &[]),
    ("link", &["protocol"]),
    ("store", &[]),
    ("registry", &["store"]),
    ("accounts", &["store"]),
    (
        "session",
        &["link", "protocol", "store", "registry", "accounts"],
    ),
    ("ingress", &["store", "registry", "accounts"]),
    // The server makes the websocket of a link, and refuses one in the wire's words.
    (
        "server",
        &[
            "ingress", "session", "registry", "accounts", "store", "protocol", "link",
        ],
    ),
];

/// Rooms of the listener, and what each may import beside the open ones and the relay's nouns.
const LISTENER: &[(&str, &[&str])] = &[
    ("target", &[]),
    ("event", &[]),
    ("backoff", &[]),
    ("forward", &[]),
    ("history", &[]),
    (
        "agent",
        &[
            "link", "protocol", "forward", "history", "filter", "webhook",
        ],
    ),
    ("replay", &["forward", "history", "webhook"]),
    ("trigger", &["forward", "history", "webhook"]),
    ("search", &["history", "filter"]),
    ("filter", &["format", "text"]),
    ("text", &[]),
    ("format", &["text"]),
    ("diff", &["format", "text"]),
    ("export", &["format", "text"]),
    ("webhook", &["format", "text"]),
    ("output", &["history", "format", "text", "webhook"]),
    (
        "exchange",
        &["history", "format", "diff", "export", "text", "webhook"],
    ),
    (
        "tui",
        &[
            "history", "filter", "search", "format", "diff", "export", "exchange", "text",
            "webhook",
        ],
    ),
];

/// Rooms that stand above all others and may import any.
const FRONT: [&str; 4] = ["commands", "cli", "config", "exit"];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = fs::read_dir(folder) else {
        return found;
    };
    for entry in entries {
        let path = entry.expect("a readable folder").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// A file's text without its unit tests at the bottom.
fn body(path: &Path) -> String {
    let text = fs::read_to_string(path).expect("utf-8");
    let end = text.find("mod tests {").unwrap_or(text.len());
    text[..end].to_owned()
}

fn is_test(path: &Path) -> bool {
    path.components().any(|part| {
        let name = part.as_os_str();
        name == "tests" || name == "tests.rs"
    })
}

/// The room a file belongs to: the first folder or file name under `src`.
fn room(src: &Path, path: &Path) -> String {
    let inner = path.strip_prefix(src).expect("under src");
    let first = inner.components().next().expect("a name");
    let name = first.as_os_str().to_str().expect("utf-8");
    name.trim_end_matches(".rs").to_owned()
}

/// Every room that a text names after `start` (`crate::`, say), in braces too.
fn named(text: &str, start: &str) -> Vec<String> {
    let code = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    let code: String = code.collect::<Vec<_>>().join("\n");
    let found = code.match_indices(start);
    found
        .flat_map(|(at, _)| heads(&code[at + start.len()..]))
        .collect()
}

/// The first name of each path in `name…` or `{name…, name…}`.
fn heads(text: &str) -> Vec<String> {
    let word = |text: &str| -> String {
        let text = text.trim_start();
        text.chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect()
    };
    let Some(inner) = text.strip_prefix('{') else {
        return vec![word(text)];
    };
    let mut depth = 0;
    let mut found = vec![word(inner)];
    for (at, c) in inner.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => found.push(word(&inner[at + 1..])),
            _ => {}
        }
    }
    found.retain(|name| !name.is_empty());
    found
}

fn trespasses(src: &Path, table: &[(&str, &[&str])], open: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for path in files(src).iter().filter(|path| !is_test(path)) {
        let room = room(src, path);
        let Some((_, allowed)) = table.iter().find(|(name, _)| *name == room) else {
            if !["lib", "main"].contains(&room.as_str()) && !FRONT.contains(&room.as_str()) {
                found.push(format!("{}: no room of the table", path.display()));
            }
            continue;
        };
        let text = body(path);
        let mut check = |start, rooms: &[(&str, &[&str])], open: &[&str], front: &[&str]| {
            for name in named(&text, start) {
                let name = name.as_str();
                let is_room =
                    rooms.iter().any(|(known, _)| *known == name) || front.contains(&name);
                if is_room && name != room && !open.contains(&name) && !allowed.contains(&name) {
                    found.push(format!("{}: {room} may not import {name}", path.display()));
                }
            }
        };
        check(
            "crate::",
            table,
            open,
            if open == OPEN { &[] } else { &FRONT },
        );
        check("hooktool_relay::", RELAY, &OPEN, &[]);
    }
    found
}

#[test]
fn rooms_import_downwards_only() {
    let mut found = trespasses(&root().join("relay/src"), RELAY, &OPEN);
    found.extend(trespasses(&root().join("src"), LISTENER, &OPEN_HERE));
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn imports_are_found_wherever_they_stand() {
    let text = "use crate::{\n    agent::Agent,\n    history::{History, tui},\n};\nfn f(x: &crate::tui::Tui) {}\n// crate::cli";
    assert_eq!(named(text, "crate::"), ["agent", "history", "tui"]);
    assert_eq!(
        named("x: hooktool_relay::link::Link", "hooktool_relay::"),
        ["link"]
    );
}

#[test]
fn files_are_short_and_say_what_they_are_for() {
    let mut found = Vec::new();
    for folder in ["src", "relay/src", "tests", "relay/tests"] {
        for path in files(&root().join(folder)) {
            let text = fs::read_to_string(&path).expect("utf-8");
            if !text.starts_with("//!") {
                found.push(format!("{}: does not open with //!", path.display()));
            }
            let lines = body(&path).lines().count();
            if lines > LONGEST && !is_test(&path) {
                found.push(format!("{}: {lines} lines", path.display()));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn nothing_is_left_over() {
    // Put together here, so that this file does not find itself.
    let words = [
        "dbg!",
        "TO_DO",
        "FIX_ME",
        "to_do!",
        "unimpl_emented!",
        "#[ign_ore",
    ]
    .map(|word| word.replace('_', ""));
    let mut found = Vec::new();
    for folder in ["src", "relay/src", "tests", "relay/tests", "benches"] {
        for path in files(&root().join(folder)) {
            let text = fs::read_to_string(&path).expect("utf-8");
            for word in words.iter().filter(|word| text.contains(*word)) {
                // A word of its own: `dbg!` is one wherever it stands in code.
                found.push(format!("{}: {word}", path.display()));
            }
        }
    }
    found.retain(|line| !line.contains("tests/house.rs"));
    assert!(found.is_empty(), "{}", found.join("\n"));
}
