//! HTTP's rules in one place: hop-by-hop, Host, forwarded headers, what may be forwarded or answered.
