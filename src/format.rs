//! Bytes → something readable; pure.
