//! Settings in four layers, each value with where it came from.
