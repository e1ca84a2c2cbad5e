//! Bind, accept, TLS, routing, caps, graceful stop.
