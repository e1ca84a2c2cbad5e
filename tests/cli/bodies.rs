//! Bodies as `show` has them: compressed ones decoded, XML and multipart laid out, bombs stopped in little memory.

use std::{io::Write as _, process::Command};

use flate2::{Compression, write::GzEncoder};

use super::{
    Home,
    export::{Stored, home},
};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).expect("in memory");
    encoder.finish().expect("in memory")
}

/// 4 bytes a block of 128 KiB: 3 GiB of zeros in 96 KiB.
fn zstd_bomb(window: u8) -> Vec<u8> {
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, window];
    for _ in 0..15_000 {
        frame.extend_from_slice(&[0x02, 0x00, 0x10, 0x00]);
    }
    frame
}

fn sent(kind: &'static str, encoding: &'static str, body: Vec<u8>) -> Stored {
    let mut stored = Stored::post(body);
    stored.headers = vec![("Content-Type", kind.into())];
    if !encoding.is_empty() {
        stored.headers.push(("Content-Encoding", encoding.into()));
    }
    stored
}

/// What `show` has of a request behind its head.
fn shown(home: &Home, number: usize) -> String {
    let ran = home.run(&["show", &number.to_string()]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    let mut blocks = ran.stdout.splitn(3, "\n\n");
    blocks.nth(2).expect("a body").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_are_decoded_and_laid_out() {
    let text = b"{\"a\":\"hello hello hello\"}";
    let packed = gzip(text);
    let size = packed.len();
    let multipart = b"--x\r\nContent-Disposition: form-data; name=\"f\"; filename=\"../../etc/passwd\"\r\n\r\n\0\x1b\r\n--x--\r\n";
    let home = home(vec![
        sent("application/json", "gzip", packed.clone()),
        sent("application/json", "gzip, br", b"{}".to_vec()),
        sent("application/json", "br", b"{}".to_vec()),
        sent("text/xml", "", b"<a><b>1</b></a>".to_vec()),
        sent("multipart/form-data; boundary=x", "", multipart.to_vec()),
        sent(
            "application/x-ndjson",
            "",
            b"{\"a\":1}\n{\"a\":2}\n".to_vec(),
        ),
    ])
    .await;
    assert_eq!(
        shown(&home, 1),
        format!("(gzip {size} B → 25 B)\n{{\n  \"a\": \"hello hello hello\"\n}}\n")
    );
    let exact = home.run(&["show", "1", "--json"]);
    assert!(
        exact.stdout.contains("\"encoding\":\"base64\""),
        "{exact:?}"
    );
    assert_eq!(shown(&home, 2), "(gzip, br: shown as received)\n{}\n");
    assert_eq!(
        shown(&home, 3),
        "(br 2 B → 0 B, stopped: broken, or cut off, from here)\n{}\n"
    );
    assert_eq!(shown(&home, 4), "<a>\n  <b>1</b>\n</a>\n");
    assert_eq!(
        shown(&home, 5),
        "part 1 · 2 B\n  Content-Disposition: form-data; name=\"f\"; filename=\"../../etc/passwd\"\n\n  (binary)\n"
    );
    assert_eq!(shown(&home, 6), "{\n  \"a\": 1\n}\n{\n  \"a\": 2\n}\n");
}

/// Whether `show` of a request ends well with so much address space, in KiB.
fn fits(home: &Home, number: usize, limit: u64) -> bool {
    let script = format!(
        "ulimit -v {limit} && exec '{}' show {number}",
        env!("CARGO_BIN_EXE_hooktool")
    );
    let ran = Command::new("sh")
        .args(["-c", &script])
        .env("HOME", home.path(""))
        .current_dir(home.path("project"))
        .output()
        .expect("sh runs");
    ran.status.success()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bomb_costs_less_than_32_mib_and_is_told() {
    if !cfg!(target_os = "linux") {
        eprintln!(
            "SKIPPED a_bomb_costs_less_than_32_mib_and_is_told: memory is limited by Linux's ulimit"
        );
        return;
    }
    let zeros = gzip(&vec![0; 64 * 1024 * 1024]);
    let nested = gzip(&zeros);
    // Node's zlib: 64 MiB of zeros.
    let br = "cfffff7ff82700e2b14020f7fe9ffffffff04f00c4610180eefd3fffffffe19f0088c32200ddfbfffcffffc73f0110870500baf7ff";
    let br = data_encoding::HEXLOWER.decode(br.as_bytes()).expect("hex");
    let home = home(vec![
        sent("text/plain", "", b"small".to_vec()),
        sent("text/plain", "gzip", zeros),
        sent("text/plain", "gzip", nested),
        sent("text/plain", "br", br),
        sent("text/plain", "zstd", zstd_bomb(0x68)),
        sent("text/plain", "zstd", zstd_bomb(0xa0)),
        // A "large window" br stream of 2^30.
        sent("text/plain", "br", vec![0x11, 0x5e, 0xff, 0xff, 0xff, 0xff]),
    ])
    .await;
    let mut enough = 1024 * 1024;
    let mut little = 0;
    while enough - little > 512 {
        let middle = (enough + little) / 2;
        match fits(&home, 1, middle) {
            true => enough = middle,
            false => little = middle,
        }
    }
    assert!(little > 0);
    for number in 2..=7 {
        assert!(
            fits(&home, number, enough + 32 * 1024),
            "#{number} beside {enough} KiB"
        );
        let text = shown(&home, number);
        let is_nested = number == 3;
        assert_eq!(text.contains(", stopped: "), !is_nested, "{}", text.len());
    }
}
