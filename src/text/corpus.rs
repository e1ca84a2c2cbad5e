//! What strangers send to move, hide, forge or crash a terminal: every place that shows bytes is tested with it.

/// What has moved, hidden, forged or crashed terminals before.
pub(crate) const CORPUS: &[&[u8]] = &[
    b"\x1b[2J\x1b[31mEVIL\x1b[0m",
    b"\x1b]0;title\x07\x1b]52;c;ZXZpbA==\x07\x1b]8;;http://evil.example\x1b\\link",
    b"\x9b31m\x90\x9d\xc2\x9b31m",
    b"a\rb\nc\td\x00\x7f\x08\x08\x08",
    "\u{202e}gnp.exe\u{2066}\u{2069}\u{200b}\u{feff}\u{ad}".as_bytes(),
    "\u{e0041}\u{2028}\u{2029}\u{e000}\u{fffe}".as_bytes(),
    "e\u{301}\u{302}\u{303}\u{304}\u{305}\u{306}\u{307}".as_bytes(),
    "\u{301}\u{20e3}👩\u{200d}👩\u{200d}👧\u{fe0f}🇩🇪🏽日本語".as_bytes(),
    b"{\"a\":\"\\u001b[31m\x1b[31m\",\"b\":[[[[{\"x\":",
    b"\xff\xfe\x00\x01\xf0\x9f\x98",
    b"a=%1b%5b31m&b=\x1b[31m",
];
