//! Tokens (hashed), endpoint ownership, limits per account.
