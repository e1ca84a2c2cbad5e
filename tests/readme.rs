//! README, CHANGELOG and the example settings say what is true: commands parse, what is shown is printed, tables are complete.
//!
//! In: the files themselves, and the real binary on loopback. What README shows of `https://relay.example`, port 3000 and
//! `tidy-otter` is a relay, an app and an endpoint made here; times, ports and names are read as one.

use std::{ffi::OsString, path::Path};

use clap::CommandFactory as _;
use hooktool::{cli, exit};

use crate::cli::Home;

mod shown;

const README: &str = include_str!("../README.md");
const EXAMPLE: &str = include_str!("../hooktool.example.toml");

/// The text below a heading, up to the next heading of the same level.
fn section(heading: &str) -> &'static str {
    let start = README.find(heading).expect(heading) + heading.len();
    let rest = &README[start..];
    &rest[..rest.find("\n## ").unwrap_or(rest.len())]
}

/// Blocks of code in this language.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    let parts = text.split(&fence).skip(1);
    parts
        .map(|part| part.split("```").next().unwrap_or(part).to_owned())
        .collect()
}

/// The cells of every row of a table with so many columns, without its head.
fn rows(text: &str, columns: usize) -> Vec<Vec<String>> {
    let cells = |line: &str| -> Vec<String> {
        let inner = line.trim_matches('|').split('|');
        inner
            .map(|cell| cell.trim().trim_matches('`').to_owned())
            .collect()
    };
    let lines = text.lines().filter(|line| line.starts_with('|'));
    let rows = lines.map(cells).filter(|row| row.len() == columns);
    rows.filter(|row| row.iter().all(|cell| !cell.is_empty()))
        .collect()
}

/// A line of a shell as the words of a `hooktool` command; none if it is another program's.
fn words(line: &str) -> Option<Vec<String>> {
    let line = line.trim_start_matches("$ ");
    let line = line.split("  #").next()?.split(['|', '>', '<']).next()?;
    let line = line.trim_start_matches("sudo -u hooktool ");
    let line = line.replace("cargo run --release --", "hooktool");
    let line = line.replace("ExecStart=/usr/local/bin/hooktool", "hooktool");
    let words = shlex::split(&line)?;
    (words.first()? == "hooktool").then_some(words)
}

#[test]
fn every_command_parses() {
    let mut seen = 0;
    for language in ["sh", "console", "ini"] {
        for block in blocks(README, language) {
            for line in block.lines() {
                let is_output = language == "console" && !line.starts_with("$ ");
                let Some(words) = words(line).filter(|_| !is_output) else {
                    continue;
                };
                let parsed = cli::parse(words.iter().map(OsString::from));
                assert!(parsed.is_ok(), "{line}: {:?}", parsed.err());
                seen += 1;
            }
        }
    }
    assert!(seen > 40, "only {seen} commands were found");
}

#[test]
fn the_exit_codes_are_those_of_the_program() {
    let codes = [
        exit::OK,
        exit::FAILED,
        exit::USAGE,
        exit::CONFIG,
        exit::RELAY,
        exit::TARGET,
        exit::EXPECTATION,
        exit::NO_REQUEST,
        exit::INTERRUPTED,
    ];
    let table = section("Exit codes:");
    let table: Vec<_> = rows(table, 2).into_iter().skip(2).collect();
    let found: Vec<u8> = table.iter().map(|row| row[0].parse().unwrap()).collect();
    assert_eq!(found, codes);
    let help = cli::Cli::command().render_help().to_string();
    for row in table {
        let meaning = row[1].split(';').next().unwrap().replace("Ctrl-C", "^C");
        assert!(help.contains(&format!("{} {meaning}", row[0])), "{row:?}");
    }
}

#[test]
fn the_protocol_names_every_frame_and_its_fields() {
    let story = section("## The protocol `hooktool.v1`");
    let table = rows(story, 4);
    let codec = include_str!("../relay/src/protocol/codec.rs");
    let kinds = codec.lines().filter_map(|line| {
        let (name, number) = line.trim().strip_suffix(',')?.split_once(" = 0x")?;
        Some((name.to_uppercase(), format!("0x{number}")))
    });
    let kinds: Vec<_> = kinds.collect();
    let named: Vec<_> = table
        .iter()
        .skip(2)
        .map(|row| (row[1].clone(), row[0].clone()))
        .collect();
    assert_eq!(named, kinds);
    let numbered: String = story.split("\n1. ").skip(1).collect();
    for (name, _) in &kinds {
        assert!(
            numbered.contains(name.as_str()),
            "{name} is not in the story"
        );
    }
    let types = include_str!("../relay/src/protocol.rs");
    for (frame, record) in [
        ("HELLO", "Hello"),
        ("WELCOME", "Welcome"),
        ("DONE", "Done"),
        ("RESET", "Reset"),
        ("HEARTBEAT", "Heartbeat"),
        ("GOAWAY", "GoAway"),
        ("ERROR", "WireError"),
    ] {
        let body = types
            .split(&format!("pub struct {record} {{\n"))
            .nth(1)
            .expect(record);
        let body = body.split("\n}").next().unwrap();
        let fields = body
            .lines()
            .filter_map(|line| line.trim().strip_prefix("pub "));
        let fields: Vec<_> = fields.filter_map(|line| line.split(':').next()).collect();
        let row = table.iter().find(|row| row[1] == frame).expect(frame);
        assert_eq!(row[3], format!("JSON: {}", fields.join(", ")), "{frame}");
    }
}

#[test]
fn the_example_settings_load_when_uncommented_and_leave_nothing_out() {
    let home = Home::new();
    let is_setting = |line: &str| line.split(' ').nth(1) == Some("=");
    let uncommented = EXAMPLE.lines().map(|line| match line.strip_prefix("# ") {
        Some(rest) if is_setting(rest) || rest == "[keys]" => rest,
        _ => line,
    });
    let all: Vec<_> = uncommented.collect();
    home.file(".config/hooktool/config.toml", &all.join("\n"));
    let ran = home.run(&["config", "show"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    assert!(!ran.stdout.contains("# default"), "{}", ran.stdout);
    let listen = cli::command();
    let listen = listen.find_subcommand("listen").expect("a verb");
    let no_keys = ["from", "json", "verbose", "quiet", "help"];
    for flag in listen.get_arguments().map(|arg| arg.get_id().as_str()) {
        let key = flag.replace('_', "-");
        let is_there = all
            .iter()
            .any(|line| line.starts_with(&format!("{key} = ")));
        assert!(
            is_there || no_keys.contains(&flag),
            "{key} is not in the example"
        );
    }
}

#[test]
fn the_newest_version_of_the_changelog_is_the_packages() {
    let changelog = include_str!("../CHANGELOG.md");
    let top = changelog.lines().find_map(|line| line.strip_prefix("## "));
    let version = top.and_then(|line| line.split(' ').next());
    let version = version.map(|version| version.trim_matches(['[', ']']));
    assert_eq!(version, Some(env!("CARGO_PKG_VERSION")));
}

#[test]
fn the_screen_has_its_size_and_the_columns_of_the_inspector() {
    let screen = blocks(README, "screen").remove(0);
    assert_eq!(screen.lines().count(), 24);
    assert!(screen.lines().all(|line| line.chars().count() <= 80));
    let snapshot = "src/tui/tests/snapshots/hooktool__tui__tests__screens__list_80x24.snap";
    let snapshot = Path::new(env!("CARGO_MANIFEST_DIR")).join(snapshot);
    let snapshot = std::fs::read_to_string(snapshot).expect("there");
    let columns = screen.lines().nth(2).expect("a line");
    assert!(snapshot.contains(columns), "{columns}");
}

#[test]
fn links_lead_to_files_and_the_words_are_ours() {
    for link in README.split("](").skip(1) {
        let link = link.split(')').next().unwrap();
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(link);
        assert!(link.starts_with('#') || file.exists(), "{link}");
    }
    assert_eq!(README.to_lowercase().matches("tunnel").count(), 1);
}
