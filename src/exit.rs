//! Exit codes; error → sentence, cause, hint.
