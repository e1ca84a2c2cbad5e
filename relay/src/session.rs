//! One listener's task on the relay: hello, catch-up, live deliveries, answers, heartbeat.
