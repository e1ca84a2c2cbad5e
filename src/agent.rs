//! Keep connected (retry, resume) and be connected (serve one link).
