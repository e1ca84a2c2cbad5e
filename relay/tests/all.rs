//! Every integration test of the relay, in one binary: each room's tests are a module.

mod edge;
mod server;
mod store;
mod wire;
