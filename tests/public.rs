//! A public relay as its operator, its users and its senders meet it: the real binary, TLS with an authority of its own, tokens,
//! both versions of HTTP.

mod accounts;
mod edge;
mod fences;
mod offers;
mod people;
mod traffic;
