//! The key table in README is the live one.

use crate::tui::keys::{Binding, Place, table};

const README: &str = include_str!("../../../README.md");

/// The keys of a place as rows of a table.
fn rows(place: Place) -> String {
    let row = |line: &Binding| {
        let keys: Vec<String> = line.keys.iter().map(|key| cell(&key.label())).collect();
        let keys = match keys.is_empty() {
            true => "by name, after `:`".to_owned(),
            false => keys.join(" "),
        };
        format!("| {keys} | {} |\n", line.help)
    };
    let here = table().iter().filter(|line| line.place == place);
    here.map(row).collect()
}

/// A key in a cell of a Markdown table, where a bar would end it.
fn cell(label: &str) -> String {
    match label {
        "|" => "`\\|`".to_owned(),
        label => format!("`{label}`"),
    }
}

#[test]
fn the_key_table_is_that_of_the_program() {
    let places = [
        ("In the list", Place::List),
        ("In the detail", Place::Detail),
        ("Everywhere", Place::Everywhere),
    ];
    let wanted: String = places
        .into_iter()
        .map(|(heading, place)| format!("| {heading} | |\n|---|---|\n{}\n", rows(place)))
        .collect();
    let is_there = README.contains(&wanted);
    assert!(is_there, "README.md should have:\n\n{wanted}");
}
