//! `hooktool listen`: not yet here.
