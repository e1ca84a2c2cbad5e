//! The relay's tests from outside, as one binary.

mod wire;
