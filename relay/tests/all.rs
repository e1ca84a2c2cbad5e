//! Every integration test of the relay, in one binary: each room's tests are a module.

mod server;
//! Tests of the relay from outside, one binary of all of them.

mod store;
//! The relay's tests from outside, as one binary.

mod wire;
mod edge;
