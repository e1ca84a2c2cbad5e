//! Prometheus text, health and readiness.
