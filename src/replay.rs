//! One stored capture → forward → recorded.
