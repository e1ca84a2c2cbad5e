//! Untrusted bytes → Safe text; sizes, durations.
