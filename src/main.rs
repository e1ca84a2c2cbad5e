//! The binary: parse, run, print an error once, end with its code.

use std::process::ExitCode;

fn main() -> ExitCode {
    hooktool::exit::finish(hooktool::commands::run(std::env::args_os()))
}
