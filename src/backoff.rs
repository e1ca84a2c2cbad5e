//! How long to wait before the next connect: full jitter.
