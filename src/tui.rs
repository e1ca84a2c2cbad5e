//! Terminal guard and select loop of the inspector.
