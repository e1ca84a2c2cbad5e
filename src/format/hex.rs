//! Bytes as rows of hex digits with their printable characters beside.

use std::fmt::Write as _;

/// Rows of `width` bytes: place, digits with a gap in the middle, and `.` for all but 0x20 to 0x7e.
///
/// ```text
/// 00000000  89 50 4e 47 0d 0a 1a 0a  00 00 00 0d 49 48 44 52  .PNG........IHDR
/// ```
pub fn hex(bytes: &[u8], width: usize) -> String {
    let width = width.max(1);
    let middle = width.div_ceil(2);
    let mut rows = String::with_capacity(bytes.len().saturating_mul(5));
    for (row, chunk) in bytes.chunks(width).enumerate() {
        // Writing to a String cannot fail.
        let _ = write!(rows, "{:08x} ", row.saturating_mul(width));
        for place in 0..width {
            if place == middle {
                rows.push(' ');
            }
            let _ = match chunk.get(place) {
                Some(byte) => write!(rows, " {byte:02x}"),
                None => write!(rows, "   "),
            };
        }
        rows.push_str("  ");
        rows.extend(chunk.iter().map(|&byte| match byte {
            0x20..=0x7e => char::from(byte),
            _ => '.',
        }));
        rows.push('\n');
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_line_up() {
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR!";
        assert_eq!(
            hex(png, 16),
            "00000000  89 50 4e 47 0d 0a 1a 0a  00 00 00 0d 49 48 44 52  .PNG........IHDR\n\
             00000010  21                                                !\n"
        );
        assert_eq!(
            hex(b"abc", 2),
            "00000000  61  62  ab\n00000002  63      c\n"
        );
        assert_eq!(hex(b"", 16), "");
        assert_eq!(hex(b"a", 0), "00000000  61  a\n");
    }
}
