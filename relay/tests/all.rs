//! Tests of the relay from outside, one binary of all of them.

mod store;
