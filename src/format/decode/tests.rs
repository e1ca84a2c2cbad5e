//! Every coding, whole, broken and swollen. Bodies of br and zstd were made by Node's zlib and by the zstd tool.

use std::io::Write as _;

use data_encoding::HEXLOWER;
use flate2::{
    Compression,
    write::{DeflateEncoder, GzEncoder, ZlibEncoder},
};
use proptest::prelude::*;

use super::*;

fn decode(coding: Coding, bytes: &[u8]) -> Decoded {
    super::decode(coding, bytes, &Wanted::always())
}

const TEXT: &[u8] = b"{\"a\":\"hello hello hello\"}";
const BR: &str = "0f0c807b2261223a2268656c6c6f2068656c6c6f2068656c6c6f227d03";
const ZSTD: &str = "28b52ffd0068a50000707b2261223a2268656c6c6f20227d0100314a12";

/// 64 MiB of zeros.
const BR_BOMB: &str = "cfffff7ff82700e2b14020f7fe9ffffffff04f00c4610180eefd3fffffffe19f0088c32200ddfbfffcffffc73f0110870500baf7ff";

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("in memory");
    encoder.finish().expect("in memory")
}

fn hex(text: &str) -> Vec<u8> {
    HEXLOWER.decode(text.as_bytes()).expect("hex")
}

/// A zstd frame of blocks that each repeat a zero 128 KiB times (RFC 8878 §3.1.1.2): 4 bytes a block.
fn zstd_bomb(window: u8, blocks: usize) -> Vec<u8> {
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, window];
    for block in 1..=blocks {
        let last = u32::from(block == blocks);
        let head = last | (1 << 1) | ((128 * 1024) << 3);
        frame.extend_from_slice(&head.to_le_bytes()[..3]);
        frame.push(0);
    }
    frame
}

#[test]
fn each_coding_gives_what_went_in() {
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::best());
    zlib.write_all(TEXT).expect("in memory");
    let mut raw = DeflateEncoder::new(Vec::new(), Compression::best());
    raw.write_all(TEXT).expect("in memory");
    let skipped = [
        &[0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3][..],
        &hex(ZSTD),
    ]
    .concat();
    let table = [
        (Coding::Gzip, gzip(TEXT)),
        (Coding::Gzip, [gzip(&TEXT[..9]), gzip(&TEXT[9..])].concat()),
        (Coding::Deflate, zlib.finish().expect("in memory")),
        (Coding::Deflate, raw.finish().expect("in memory")),
        (Coding::Brotli, hex(BR)),
        (Coding::Zstd, hex(ZSTD)),
        (Coding::Zstd, skipped),
    ];
    for (coding, bytes) in table {
        let decoded = decode(coding, &bytes);
        assert_eq!(decoded.bytes, TEXT, "{coding:?}");
        assert!(decoded.is_whole(), "{decoded:?}");
        assert_eq!(decoded.from, bytes.len() as u64);
    }
}

#[test]
fn the_lines_say_which_coding_it_is() {
    let table: [(&[&[u8]], Encoding); 7] = [
        (&[], Encoding::Plain),
        (&[b"identity"], Encoding::Plain),
        (&[b" X-GZip "], Encoding::One(Coding::Gzip)),
        (&[b"identity, br"], Encoding::One(Coding::Brotli)),
        (&[b"compress"], Encoding::Other(b"compress".to_vec())),
        (&[b"gzip, br"], Encoding::Other(b"gzip, br".to_vec())),
        (&[b"zstd", b"gzip"], Encoding::Other(b"zstd, gzip".to_vec())),
    ];
    for (values, wanted) in table {
        assert_eq!(encoding(values.iter().copied()), wanted);
    }
}

#[test]
fn what_is_cut_keeps_what_came_and_says_so() {
    let text = "one line and another\n".repeat(20_000);
    let whole = gzip(text.as_bytes());
    let cut = decode(Coding::Gzip, &whole[..whole.len() / 2]);
    assert_eq!(cut.stopped, Some(Stopped::Broken));
    assert!(!cut.bytes.is_empty() && text.as_bytes().starts_with(&cut.bytes));
    for coding in [Coding::Gzip, Coding::Brotli, Coding::Zstd] {
        for bytes in [&b""[..], b"plain text", b"\xff\xff"] {
            let decoded = decode(coding, bytes);
            assert_eq!(
                decoded.stopped,
                Some(Stopped::Broken),
                "{coding:?} {bytes:?}"
            );
        }
    }
    let bytes = hex(BR);
    assert_eq!(
        decode(Coding::Brotli, &bytes[..bytes.len() - 4]).stopped,
        Some(Stopped::Broken)
    );
}

#[test]
fn a_long_body_is_shown_in_part_and_counted_whole() {
    let mut noise = 1_u32;
    let mut byte = || {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (noise >> 28) as u8
    };
    let bytes: Vec<u8> = (0..3 * 1024 * 1024).map(|_| byte()).collect();
    let decoded = decode(Coding::Gzip, &gzip(&bytes));
    assert_eq!(
        (decoded.len, decoded.stopped.as_ref()),
        (bytes.len() as u64, None)
    );
    assert_eq!(decoded.bytes, bytes[..SHOWN]);
    assert!(!decoded.is_whole());
    let endless: Vec<u8> = (0..17 * 1024 * 1024).map(|_| byte()).collect();
    let decoded = decode(Coding::Gzip, &gzip(&endless));
    assert_eq!(decoded.stopped, Some(Stopped::TooLarge));
    assert!(decoded.len <= ALL + PIECE as u64);
}

#[test]
fn a_bomb_is_stopped_and_its_layers_are_left_alone() {
    let zeros = gzip(&vec![0; 32 * 1024 * 1024]);
    let nested = gzip(&zeros);
    for (coding, bytes) in [
        (Coding::Gzip, zeros.clone()),
        (Coding::Brotli, hex(BR_BOMB)),
        (Coding::Zstd, zstd_bomb(0x50, 1000)),
        // A window of 128 MiB.
        (Coding::Zstd, zstd_bomb(0x88, 1000)),
    ] {
        let decoded = decode(coding, &bytes);
        let most = HARMLESS.max(bytes.len() as u64 * RATIO) + 128 * 1024;
        assert!(decoded.len <= most.min(ALL + 128 * 1024), "{coding:?}");
        assert!(decoded.stopped.is_some(), "{coding:?}");
    }
    let decoded = decode(Coding::Gzip, &nested);
    assert_eq!(decoded.bytes, zeros);
    assert!(decoded.is_whole());
}

#[test]
fn the_line_above_names_both_sizes() {
    let bytes = gzip(TEXT);
    let line = format!("gzip {} B → 25 B", bytes.len());
    assert_eq!(decode(Coding::Gzip, &bytes).heading().as_str(), line);
    let bomb = decode(Coding::Brotli, &hex(BR_BOMB));
    assert!(
        bomb.heading()
            .as_str()
            .ends_with(", stopped: more than 200 times its size")
    );
}

proptest! {
    #[test]
    fn no_bytes_panic_or_swell(bytes in prop::collection::vec(any::<u8>(), 0..256), at in 0_usize..25, flip: u8) {
        let mut near = vec![hex(BR), hex(ZSTD), gzip(TEXT)];
        for bytes in &mut near {
            let at = at % bytes.len();
            bytes[at] ^= flip;
        }
        near.push(bytes);
        for coding in [Coding::Gzip, Coding::Deflate, Coding::Brotli, Coding::Zstd] {
            for bytes in &near {
                let decoded = decode(coding, bytes);
                prop_assert!(decoded.bytes.len() <= SHOWN);
            }
        }
    }
}
