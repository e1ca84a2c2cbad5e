//! Certificates from files, reloaded when they change.
