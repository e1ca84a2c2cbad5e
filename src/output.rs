//! Choose tui, lines or json.
