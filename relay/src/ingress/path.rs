//! Cuts the endpoint's name from a path: `/<endpoint>`, `/<endpoint>/rest`, `/<endpoint>?query`.
//!
//! In: path and query as sent. Out: the name, and the rest byte for byte. Nothing is decoded, merged or normalised: `/../`,
//! `//` and `%2F` behind the name are the app's to judge, and in front of it they make it another name.

use bytes::Bytes;

use crate::capture::EndpointName;

/// The endpoint, and path and query behind its name: empty, or beginning with `/` or `?`. None if it is no endpoint's name.
pub(super) fn cut(path: &[u8]) -> Option<(EndpointName, Bytes)> {
    let path = path.strip_prefix(b"/")?;
    let end = path.iter().position(|&b| b == b'/' || b == b'?');
    let (name, rest) = path.split_at(end.unwrap_or(path.len()));
    let name = std::str::from_utf8(name).ok()?.parse().ok()?;
    Some((name, Bytes::copy_from_slice(rest)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_stays_as_sent() {
        for (path, found) in [
            ("/tidy-otter", Some(("tidy-otter", ""))),
            ("/a/", Some(("a", "/"))),
            ("/a?", Some(("a", "?"))),
            ("/a??b", Some(("a", "??b"))),
            ("/a?x=/b", Some(("a", "?x=/b"))),
            (
                "/a/../b/./c//d/%2e%2e/%2F%zz|{}^\\",
                Some(("a", "/../b/./c//d/%2e%2e/%2F%zz|{}^\\")),
            ),
            ("/a//b", Some(("a", "//b"))),
            ("/a/ü", Some(("a", "/ü"))),
            ("/", None),
            ("//a", None),
            ("/A", None),
            ("/-a", None),
            ("/%61", None),
            ("/..", None),
            ("/_hooktool/x", None),
            ("/?a", None),
            ("*", None),
            ("", None),
        ] {
            let cut = cut(path.as_bytes());
            let cut = cut.as_ref().map(|(name, rest)| (name.as_str(), &rest[..]));
            assert_eq!(
                cut,
                found.map(|(name, rest)| (name, rest.as_bytes())),
                "{path}"
            );
        }
    }
}
