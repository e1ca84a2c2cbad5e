//! README's pictures, made from the running program: `cargo run --example screens` after `cargo build`.
//!
//! In: the real binary beside this one, on a pseudo-terminal of 80x24, with an app and webhooks made here. Out: `docs/screen.txt`
//! and `docs/screen.svg`. Must not know: anything of the program but its keys and what it shows.

use std::{
    fs::{self, File},
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    num::NonZeroU16,
    os::fd::AsFd as _,
    path::Path,
    process::Command,
    thread::Builder,
    time::{Duration, Instant},
};

use pty_process::{Size, blocking as pty};
use vt100::{Color, Parser};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const WIDTH: u16 = 80;
const HEIGHT: u16 = 24;
/// A cell of the picture, in pixels.
const CELL: (u16, u16) = (9, 18);

/// Sender, event and path of each sample after the first request. The app fails on the third of them, the fourth in all.
const SAMPLES: [(&str, &str, &str); 5] = [
    ("github", "push", "/github"),
    ("stripe", "customer.created", "/stripe"),
    ("stripe", "invoice.payment_failed", "/stripe"),
    ("shopify", "orders/create", "/shopify"),
    ("twilio", "received", "/sms"),
];

fn main() -> Result<()> {
    let home = tempfile::tempdir()?;
    let project = home.path().join("project");
    fs::create_dir_all(project.join(".git"))?;
    let app = TcpListener::bind(("127.0.0.1", 0))?;
    let port = app.local_addr()?.port();
    Builder::new().spawn(move || serve(&app))?;

    let (pty, pts) = pty::open()?;
    pty.resize(Size::new(HEIGHT, WIDTH))?;
    let binary = std::env::current_exe()?;
    let binary = binary.ancestors().nth(2).ok_or("no target folder")?;
    let hooktool = |args: &[&str]| -> Result<()> {
        let mut command = Command::new(binary.join("hooktool"));
        command
            .args(args)
            .env("HOME", home.path())
            .current_dir(&project);
        match command.output()?.status.success() {
            true => Ok(()),
            false => Err(format!("{args:?} failed").into()),
        }
    };
    let secret = home.path().join("secret.txt");
    fs::write(&secret, "whsec_of_the_screens")?;
    let secret = format!("file:{}", secret.display());
    for sender in ["github", "stripe", "shopify"] {
        hooktool(&["secret", "add", sender, &secret])?;
    }
    let mut child = pty::Command::new(binary.join("hooktool"))
        .args(["listen", &port.to_string()])
        .env_clear()
        .env("HOME", home.path())
        .env("TERM", "xterm-256color")
        .env("LANG", "C.UTF-8")
        .current_dir(&project)
        .spawn_borrowed(&pts)?;
    let shown = tell(&pty, hooktool);
    // The program ends in any case.
    let _ = child.kill();
    let _ = child.wait();
    let parser = shown?;
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    fs::create_dir_all(&docs)?;
    fs::write(docs.join("screen.txt"), text(&parser))?;
    fs::write(docs.join("screen.svg"), picture(&parser))?;
    Ok(())
}

/// Tells the story; answers the screen at its end.
fn tell(pty: &pty::Pty, hooktool: impl Fn(&[&str]) -> Result<()>) -> Result<Parser> {
    let mut keyboard = File::from(pty.as_fd().try_clone_to_owned()?);
    let mut screen = File::from(pty.as_fd().try_clone_to_owned()?);
    let cells = |number| NonZeroU16::new(number).ok_or("no size above zero");
    let mut parser = Parser::new(cells(HEIGHT)?, cells(WIDTH)?, 0);
    let mut until = |wanted: &str| -> Result<Parser> {
        let end = Instant::now() + Duration::from_secs(60);
        let mut bytes = [0; 4096];
        while !parser.screen().contents().contains(wanted) {
            if Instant::now() > end {
                return Err(format!("no `{wanted}` on\n{}", parser.screen().contents()).into());
            }
            let len = screen.read(&mut bytes)?;
            parser.process(&bytes[..len]);
        }
        let mut copy = Parser::new(cells(HEIGHT)?, cells(WIDTH)?, 0);
        copy.process(parser.screen().state_formatted().as_bytes());
        Ok(copy)
    };
    until("● live")?;
    let first = until("curl http://127.0.0.1")?.screen().contents();
    let url = first
        .split("http://")
        .nth(1)
        .and_then(|rest| rest.split_whitespace().next());
    let (host, endpoint) = url
        .and_then(|url| url.split_once('/'))
        .ok_or("no URL on the screen")?;
    send(host, endpoint, "/test", r#"{"hello":"world"}"#)?;
    for (sender, event, path) in SAMPLES {
        hooktool(&["trigger", sender, event, "--path", path])?;
    }
    until("6 requests · 1 failed")?;
    // It is seen before it is left, and its body is read before the replay.
    keyboard.write_all(b"kk")?;
    until("#4 POST")?;
    keyboard.write_all(b"r")?;
    until("×2")?;
    until("replay of #4")
}

fn send(host: &str, endpoint: &str, path: &str, body: &str) -> Result<()> {
    let mut stream = TcpStream::connect(host)?;
    write!(
        stream,
        "POST /{endpoint}{path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(())
}

/// An app that answers, until this program ends.
fn serve(app: &TcpListener) {
    for stream in app.incoming().flatten() {
        // Who went away needs no answer.
        let _ = answer(stream);
    }
}

fn answer(stream: TcpStream) -> Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let (mut line, mut length) = (String::from("-"), 0);
    while !line.trim_end().is_empty() {
        line.clear();
        reader.read_line(&mut line)?;
        if let Some(len) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = len.trim().parse()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let fails = body.windows(6).any(|bytes| bytes == b"failed");
    let status = if fails { "500 Oh" } else { "200 OK" };
    let mut stream = stream;
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
    )?;
    Ok(())
}

fn text(parser: &Parser) -> String {
    let rows = parser.screen().rows(0, WIDTH);
    rows.map(|row| format!("{}\n", row.trim_end())).collect()
}

/// A picture of the cells: a rectangle where a cell is reversed, a text where it holds one.
fn picture(parser: &Parser) -> String {
    let (width, height) = (WIDTH * CELL.0, HEIGHT * CELL.1);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" font-family=\"monospace\" font-size=\"15\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#16181d\"/>\n"
    );
    for y in 0..HEIGHT {
        for x in 0..WIDTH {
            if let Some(cell) = parser.screen().cell(y, x) {
                svg.push_str(&drawn(cell, x * CELL.0, y * CELL.1));
            }
        }
    }
    svg.push_str("</svg>\n");
    svg
}

fn drawn(cell: &vt100::Cell, x: u16, y: u16) -> String {
    let mut svg = String::new();
    let (ink, paper) = match cell.inverse() {
        true => ("#16181d", Some(color(cell.fgcolor()))),
        false => (color(cell.fgcolor()), None),
    };
    if let Some(paper) = paper {
        let (w, h) = CELL;
        svg.push_str(&format!(
            "<rect x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" fill=\"{paper}\"/>\n"
        ));
    }
    let sign = cell.contents();
    if sign.trim().is_empty() {
        return svg;
    }
    let sign = sign
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    let weight = if cell.bold() {
        " font-weight=\"bold\""
    } else {
        ""
    };
    let dim = if cell.dim() { " opacity=\"0.6\"" } else { "" };
    let base = y + 14;
    svg.push_str(&format!(
        "<text x=\"{x}\" y=\"{base}\" fill=\"{ink}\"{weight}{dim}>{sign}</text>\n"
    ));
    svg
}

/// The sixteen colours of a terminal, as one palette has them.
fn color(color: Color) -> &'static str {
    match color {
        Color::Idx(1 | 9) => "#f2777a",
        Color::Idx(2 | 10) => "#99cc99",
        Color::Idx(3 | 11) => "#ffcc66",
        Color::Idx(4 | 12) => "#6699cc",
        Color::Idx(5 | 13) => "#cc99cc",
        Color::Idx(6 | 14) => "#66cccc",
        _ => "#d8dee9",
    }
}
