//! The command line: clap derive only.
