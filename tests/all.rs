//! hooktool from outside: one test binary, a module a subject.

mod tui;
