//! Typed frames over a websocket on any byte stream: credits, liveness, write timeout. Both ends use it.
