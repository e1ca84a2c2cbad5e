//! Rules of the screen, without one.
