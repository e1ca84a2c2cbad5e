//! A sender that writes what the test says, byte for byte, and reads the answer with as little help as possible.

use std::net::SocketAddr;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// A request to send.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: Vec<u8>,
    pub(crate) path: Vec<u8>,
    pub(crate) headers: Vec<(Vec<u8>, Vec<u8>)>,
    pub(crate) body: Option<Vec<u8>>,
}

impl Request {
    /// A POST with a body.
    pub(crate) fn post(path: &str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            method: b"POST".to_vec(),
            path: path.into(),
            headers: Vec::new(),
            body: Some(body.into()),
        }
    }

    /// A GET.
    pub(crate) fn get(path: &str) -> Self {
        Self {
            method: b"GET".to_vec(),
            path: path.into(),
            headers: Vec::new(),
            body: None,
        }
    }

    /// With a header line more.
    pub(crate) fn header(mut self, name: &str, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The bytes of the head; `Host` and `Content-Length` are added.
    pub(crate) fn head(&self, addr: SocketAddr) -> Vec<u8> {
        let mut head = Vec::new();
        for part in [
            &self.method[..],
            b" ",
            &self.path,
            b" HTTP/1.1\r\nHost: ",
            addr.to_string().as_bytes(),
            b"\r\n",
        ] {
            head.extend_from_slice(part);
        }
        for (name, value) in &self.headers {
            for part in [&name[..], b": ", value, b"\r\n"] {
                head.extend_from_slice(part);
            }
        }
        if let Some(body) = &self.body {
            head.extend_from_slice(format!("Content-Length: {}\r\n", body.len()).as_bytes());
        }
        head.extend_from_slice(b"\r\n");
        head
    }
}

/// An answer as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Response {
    pub(crate) status: u16,
    /// Lower-case names.
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
    /// Whether the body came to the end that its framing says.
    pub(crate) is_whole: bool,
}

impl Response {
    /// The first value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&[u8]> {
        self.headers
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, value)| value.as_slice())
    }

    /// The body as text.
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("text")
    }
}

/// Sends to one address; a new connection each time unless kept.
#[derive(Debug)]
pub(crate) struct Sender {
    addr: SocketAddr,
}

impl Sender {
    pub(crate) fn to(addr: SocketAddr) -> Self {
        Self { addr }
    }

    /// Sends a request on a new connection and reads the whole answer.
    pub(crate) async fn send(&self, request: Request) -> Response {
        let mut stream = TcpStream::connect(self.addr)
            .await
            .expect("the relay listens");
        let mut bytes = request.head(self.addr);
        if let Some(body) = &request.body {
            bytes.extend_from_slice(body);
        }
        stream.write_all(&bytes).await.expect("the relay reads");
        read(&mut stream, request.method == b"HEAD")
            .await
            .expect("an answer")
    }
}

/// Reads one answer; none if the connection ended before its head.
pub(crate) async fn read(stream: &mut TcpStream, is_head: bool) -> Option<Response> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head =
        String::from_utf8(bytes[..end].iter().map(|b| b & 0x7f).collect()).expect("seven bits");
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let headers: Vec<(String, Vec<u8>)> = bytes[..end - 4]
        .split(|b| *b == b'\n')
        .skip(1)
        .filter_map(|line| {
            let at = line.iter().position(|b| *b == b':')?;
            let name = String::from_utf8(line[..at].to_ascii_lowercase()).ok()?;
            Some((name, line[at + 1..].trim_ascii().to_vec()))
        })
        .collect();
    let first = |name: &str| {
        headers
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, value)| value.clone())
    };
    let rest = bytes.split_off(end);
    let has_none = is_head || status == 204 || status == 304 || status == 101;
    let (body, is_whole) = if has_none {
        (rest, true)
    } else if let Some(length) = first("content-length") {
        sized(
            stream,
            rest,
            std::str::from_utf8(&length).ok()?.parse().ok()?,
        )
        .await
    } else if first("transfer-encoding").is_some() {
        chunked(stream, rest).await
    } else {
        let mut body = rest;
        let is_whole = stream.read_to_end(&mut body).await.is_ok();
        (body, is_whole)
    };
    Some(Response {
        status,
        headers,
        body,
        is_whole,
    })
}

async fn sized(stream: &mut TcpStream, mut body: Vec<u8>, length: usize) -> (Vec<u8>, bool) {
    while body.len() < length {
        match stream.read_buf(&mut body).await {
            Ok(0) | Err(_) => return (body, false),
            Ok(_) => {}
        }
    }
    (body, true)
}

async fn chunked(stream: &mut TcpStream, mut raw: Vec<u8>) -> (Vec<u8>, bool) {
    let mut body = Vec::new();
    loop {
        while let Some(at) = raw.windows(2).position(|two| two == b"\r\n") {
            let size = std::str::from_utf8(&raw[..at])
                .ok()
                .and_then(|text| usize::from_str_radix(text, 16).ok());
            let size = size.expect("a chunk size");
            if raw.len() < at + 2 + size + 2 {
                break;
            }
            if size == 0 {
                return (body, true);
            }
            body.extend_from_slice(&raw[at + 2..at + 2 + size]);
            raw.drain(..at + 2 + size + 2);
        }
        match stream.read_buf(&mut raw).await {
            Ok(0) | Err(_) => return (body, false),
            Ok(_) => {}
        }
    }
}
