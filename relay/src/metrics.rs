//! Prometheus text: counters that rooms bump as they go, and values that are read when somebody looks.
//!
//! In: what happened, by constant words. Out: the text that `/_hooktool/metrics` serves. Must not know: any other room.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use prometheus_client::{
    encoding::text::encode,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};

/// One label and its value; both are constant words, so the number of series is bounded.
type Label = [(&'static str, &'static str); 1];

/// The relay's counters. Cloned freely.
#[derive(Clone)]
pub struct Metrics {
    counters: Arc<Counters>,
}

struct Counters {
    registry: Registry,
    captured: Counter,
    bytes: Counter,
    refused: Family<Label, Counter>,
    answered: Family<Label, Counter>,
    connections_refused: Family<Label, Counter>,
    panics: Counter,
    links: Gauge,
    held: Gauge,
    waiting: Gauge,
    stored: [Gauge<u64, AtomicU64>; 4],
    full: Gauge,
}

/// What is read when somebody looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Now {
    /// Endpoints that a listener holds.
    pub held: usize,
    /// Senders that wait for an answer.
    pub waiting: usize,
    /// Captures in the store.
    pub captures: u64,
    /// Bytes in the store.
    pub bytes: u64,
    /// Endpoints known to the store.
    pub endpoints: u64,
    /// Captures that retention dropped.
    pub dropped: u64,
    /// Whether the disk is so full that requests are refused.
    pub is_full: bool,
}

/// A live link: the gauge goes down when it is dropped.
#[derive(Debug)]
pub struct LiveLink(Gauge);

impl Drop for LiveLink {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Metrics {
    /// A request was refused or failed before it was stored; `reason` is a short constant word.
    pub fn refused(&self, reason: &'static str) {
        self.counters
            .refused
            .get_or_create(&[("reason", reason)])
            .inc();
    }

    /// A capture of so many body bytes was stored.
    pub fn captured(&self, bytes: u64) {
        self.counters.captured.inc();
        self.counters.bytes.inc_by(bytes);
    }

    /// A sender was answered with this status.
    pub fn answered(&self, status: u16) {
        let class = match status {
            100..=199 => "1xx",
            200..=299 => "2xx",
            300..=399 => "3xx",
            400..=499 => "4xx",
            500..=599 => "5xx",
            _ => "other",
        };
        self.counters
            .answered
            .get_or_create(&[("class", class)])
            .inc();
    }

    /// A connection was closed before anything was read; `reason` is a short constant word.
    pub fn connection_refused(&self, reason: &'static str) {
        self.counters
            .connections_refused
            .get_or_create(&[("reason", reason)])
            .inc();
    }

    /// A task of the relay panicked: a bug.
    pub fn panicked(&self) {
        self.counters.panics.inc();
    }

    /// A listener's link is up, until what this returns is dropped.
    pub fn link(&self) -> LiveLink {
        self.counters.links.inc();
        LiveLink(self.counters.links.clone())
    }

    /// Everything in the OpenMetrics text format, which Prometheus reads.
    pub fn text(&self, now: Now) -> String {
        let counters = &self.counters;
        let wide = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        counters.held.set(wide(now.held));
        counters.waiting.set(wide(now.waiting));
        let stored = [now.captures, now.bytes, now.endpoints, now.dropped];
        for (gauge, value) in counters.stored.iter().zip(stored) {
            gauge.inner().store(value, Ordering::Relaxed);
        }
        counters.full.set(now.is_full.into());
        let mut text = String::new();
        // Writing to a String does not fail, and half a page would still be worth serving.
        encode(&mut text, &counters.registry).ok();
        text
    }
}

impl Default for Metrics {
    fn default() -> Self {
        let mut counters = Counters {
            registry: Registry::with_prefix("hooktool_relay"),
            captured: Counter::default(),
            bytes: Counter::default(),
            refused: Family::default(),
            answered: Family::default(),
            connections_refused: Family::default(),
            panics: Counter::default(),
            links: Gauge::default(),
            held: Gauge::default(),
            waiting: Gauge::default(),
            stored: Default::default(),
            full: Gauge::default(),
        };
        counters.register();
        Self {
            counters: Arc::new(counters),
        }
    }
}

impl Counters {
    fn register(&mut self) {
        let to = &mut self.registry;
        to.register("captured", "Requests stored", self.captured.clone());
        to.register(
            "captured_bytes",
            "Bytes of stored bodies",
            self.bytes.clone(),
        );
        to.register(
            "ingress_refused",
            "Requests not stored",
            self.refused.clone(),
        );
        to.register("answered", "Senders answered", self.answered.clone());
        to.register(
            "connections_refused",
            "Connections closed unread",
            self.connections_refused.clone(),
        );
        to.register("panics", "Tasks that panicked", self.panics.clone());
        to.register("links", "Listeners connected", self.links.clone());
        to.register(
            "endpoints_held",
            "Endpoints with a listener",
            self.held.clone(),
        );
        to.register("senders_waiting", "Senders waiting", self.waiting.clone());
        let [captures, bytes, endpoints, dropped] = &self.stored;
        to.register("stored_captures", "Requests in the store", captures.clone());
        to.register("stored_bytes", "Bytes in the store", bytes.clone());
        to.register("stored_endpoints", "Endpoints known", endpoints.clone());
        to.register("stored_dropped", "Dropped by retention", dropped.clone());
        to.register("store_full", "1 while the disk is full", self.full.clone());
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happened_is_in_the_text() {
        let metrics = Metrics::default();
        metrics.captured(3);
        metrics.captured(4);
        metrics.refused("parse");
        metrics.answered(204);
        metrics.answered(999);
        metrics.connection_refused("address");
        metrics.panicked();
        let up = metrics.link();
        let down = metrics.link();
        drop(down);
        let text = metrics.text(Now {
            held: 2,
            waiting: 5,
            captures: 6,
            bytes: 7,
            endpoints: 8,
            dropped: 9,
            is_full: true,
        });
        for line in [
            "hooktool_relay_captured_total 2",
            "hooktool_relay_captured_bytes_total 7",
            r#"hooktool_relay_ingress_refused_total{reason="parse"} 1"#,
            r#"hooktool_relay_answered_total{class="2xx"} 1"#,
            r#"hooktool_relay_answered_total{class="other"} 1"#,
            r#"hooktool_relay_connections_refused_total{reason="address"} 1"#,
            "hooktool_relay_panics_total 1",
            "hooktool_relay_links 1",
            "hooktool_relay_endpoints_held 2",
            "hooktool_relay_senders_waiting 5",
            "hooktool_relay_stored_captures 6",
            "hooktool_relay_stored_bytes 7",
            "hooktool_relay_stored_endpoints 8",
            "hooktool_relay_stored_dropped 9",
            "hooktool_relay_store_full 1",
        ] {
            assert!(text.lines().any(|l| l == line), "no {line:?} in:\n{text}");
        }
        drop(up);
        assert!(
            metrics
                .text(Now::default())
                .contains("hooktool_relay_links 0")
        );
    }
}
