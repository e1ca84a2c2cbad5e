//! commands
pub mod listen;
/// x
pub fn run(_a: impl IntoIterator<Item = std::ffi::OsString>) -> Result<(), crate::exit::Failure> {
    Ok(())
}
