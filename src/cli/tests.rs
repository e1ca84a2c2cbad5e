//! The grammar is consistent, every verb has examples, and those examples parse.

use super::*;

fn every_command(command: &Command) -> Vec<&Command> {
    let below = command.get_subcommands().flat_map(every_command);
    std::iter::once(command).chain(below).collect()
}

#[test]
fn the_grammar_is_consistent() {
    command().debug_assert();
}

#[test]
fn every_verb_has_examples_that_parse() {
    let whole = command();
    for verb in every_command(&whole) {
        let before = verb.get_before_help().map(ToString::to_string);
        let text = before.unwrap_or_else(|| panic!("{} has no examples", verb.get_name()));
        for line in text.replace("\\\n", " ").lines().skip(1) {
            let words = line.split("  ").find(|part| !part.trim().is_empty());
            let typed = match line.trim().split_once("   ") {
                Some((typed, _)) => typed,
                None => line.trim(),
            };
            assert!(words.is_some(), "{line}");
            let typed = typed.split([';', '|', '<', '>']).next().unwrap_or(typed);
            let args = shlex::split(typed).expect("quoted well");
            parse(args.into_iter().map(OsString::from)).expect(typed);
        }
    }
}

#[test]
fn help_fits_in_80_columns() {
    for verb in every_command(&command()) {
        let help = verb.clone().max_term_width(80).render_help().to_string();
        for line in help.lines() {
            assert!(line.chars().count() <= 80, "{}: {line}", verb.get_name());
        }
    }
}
