//! Senders, as cheap as can be: one thread, raw HTTP/1.1, every answer read whole and its status checked.
//!
//! In: where to send, and the bytes of one request. Out: a [`Sample`]. Must not know: who answers.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
    time::{sleep, sleep_until, timeout},
};

/// Bytes read at once.
pub(crate) const BUFFER: usize = 64 * 1024;
/// Longest that one answer may take; then the benchmark fails instead of hanging.
const PATIENCE: Duration = Duration::from_secs(30);
/// Connections of the calm load.
const CALM_CONNECTIONS: u32 = 16;

/// Where requests go.
#[derive(Clone, Debug)]
pub(crate) struct Goal {
    /// Whose port.
    pub(crate) addr: SocketAddr,
    /// Which path.
    pub(crate) path: &'static str,
}

impl Goal {
    /// A POST of so many bytes, with the header lines that a provider sends.
    pub(crate) fn post(&self, len: usize, keep: bool) -> Vec<u8> {
        let connection = if keep { "" } else { "Connection: close\r\n" };
        let mut request = format!(
            "POST {} HTTP/1.1\r\nHost: {}\r\n{connection}User-Agent: Provider/1.0 (+https://provider.example)\r\n\
             Accept: */*\r\nContent-Type: application/json; charset=utf-8\r\nCache-Control: no-cache\r\n\
             Provider-Signature: t=1700000000,v1=5257a869e7ecebeda32affa62cdca3fa51cad7e77a0e56ff536d0ce8e108d8bd\r\n\
             Content-Length: {len}\r\n\r\n",
            self.path, self.addr
        );
        request.extend(std::iter::repeat_n('x', len));
        request.into_bytes()
    }

    /// A GET.
    pub(crate) fn get(&self) -> Vec<u8> {
        format!("GET {} HTTP/1.1\r\nHost: {}\r\n\r\n", self.path, self.addr).into_bytes()
    }

    async fn connect(&self) -> Result<TcpStream> {
        let socket = TcpStream::connect(self.addr).await?;
        socket.set_nodelay(true)?;
        Ok(socket)
    }
}

/// What a load met.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sample {
    took: Duration,
    /// What each request took, in order of length.
    latencies: Vec<Duration>,
}

impl Sample {
    /// How many requests were answered.
    pub(crate) fn count(&self) -> u64 {
        self.latencies.len() as u64
    }

    /// Requests a second.
    pub(crate) fn rate(&self) -> f64 {
        self.latencies.len() as f64 / self.took.as_secs_f64()
    }

    /// What that share of all requests took at most.
    pub(crate) fn quantile(&self, share: f64) -> Duration {
        let place = (self.latencies.len() as f64 * share) as usize;
        let place = place.min(self.latencies.len().saturating_sub(1));
        self.latencies.get(place).copied().unwrap_or_default()
    }

    /// Bytes a second, if each request carried so many.
    pub(crate) fn bytes_per_second(&self, each: usize) -> f64 {
        self.rate() * each as f64
    }

    async fn of(senders: JoinSet<Result<Vec<Duration>>>, began: Instant) -> Result<Self> {
        let mut latencies = Vec::new();
        for sender in senders.join_all().await {
            latencies.extend(sender?);
        }
        let took = began.elapsed();
        latencies.sort_unstable();
        Ok(Self { took, latencies })
    }
}

/// Sends for so long over connections that are kept, a request behind the other on each.
pub(crate) async fn kept(
    goal: &Goal,
    request: &[u8],
    connections: usize,
    time: Duration,
) -> Result<Sample> {
    let mut senders = JoinSet::new();
    let began = Instant::now();
    for _ in 0..connections {
        let (goal, request) = (goal.clone(), request.to_vec());
        senders.spawn(async move {
            let mut socket = goal.connect().await?;
            let (mut buffer, mut latencies) = (Vec::with_capacity(BUFFER), Vec::new());
            while began.elapsed() < time {
                latencies.push(exchange(&mut socket, &request, &mut buffer).await?);
            }
            Ok(latencies)
        });
    }
    Sample::of(senders, began).await
}

/// Sends for so long, each request over a connection of its own.
pub(crate) async fn fresh(
    goal: &Goal,
    request: &[u8],
    connections: usize,
    time: Duration,
) -> Result<Sample> {
    let mut senders = JoinSet::new();
    let began = Instant::now();
    for _ in 0..connections {
        let (goal, request) = (goal.clone(), request.to_vec());
        senders.spawn(async move {
            let (mut buffer, mut latencies) = (Vec::with_capacity(BUFFER), Vec::new());
            while began.elapsed() < time {
                let start = Instant::now();
                let mut socket = goal.connect().await?;
                exchange(&mut socket, &request, &mut buffer).await?;
                // The server closes first, so that the sender's ports are free at once.
                let rest = timeout(PATIENCE, socket.read_buf(&mut buffer)).await??;
                ensure!(rest == 0, "bytes behind an answer");
                latencies.push(start.elapsed());
            }
            Ok(latencies)
        });
    }
    Sample::of(senders, began).await
}

/// Sends so many a second, evenly, over a few connections that are kept.
pub(crate) async fn paced(
    goal: &Goal,
    request: &[u8],
    rate: u32,
    time: Duration,
) -> Result<Sample> {
    let mut senders = JoinSet::new();
    let began = Instant::now();
    let step = Duration::from_secs(1) / rate;
    for place in 0..CALM_CONNECTIONS {
        let (goal, request) = (goal.clone(), request.to_vec());
        senders.spawn(async move {
            let mut socket = goal.connect().await?;
            let (mut buffer, mut latencies) = (Vec::with_capacity(BUFFER), Vec::new());
            let mut due = began + step * place;
            while due < began + time {
                sleep_until(due.into()).await;
                latencies.push(exchange(&mut socket, &request, &mut buffer).await?);
                due += step * CALM_CONNECTIONS;
            }
            Ok(latencies)
        });
    }
    Sample::of(senders, began).await
}

/// Sends so often over one connection.
pub(crate) async fn sequence(goal: &Goal, request: &[u8], count: usize) -> Result<Sample> {
    let mut socket = goal.connect().await?;
    let (mut buffer, mut latencies) = (Vec::with_capacity(BUFFER), Vec::new());
    // The first one finds cold caches on either way.
    exchange(&mut socket, request, &mut buffer).await?;
    let began = Instant::now();
    for _ in 0..count {
        latencies.push(exchange(&mut socket, request, &mut buffer).await?);
    }
    latencies.sort_unstable();
    let took = began.elapsed();
    Ok(Sample { took, latencies })
}

/// Sends until a 200 comes: then everything behind the goal is up.
pub(crate) async fn until_answered(goal: &Goal) -> Result<()> {
    let request = goal.post(16, true);
    let deadline = Instant::now() + PATIENCE;
    loop {
        let mut socket = goal.connect().await?;
        match exchange(&mut socket, &request, &mut Vec::new()).await {
            Ok(_) => return Ok(()),
            Err(error) if Instant::now() > deadline => return Err(error),
            Err(_) => sleep(Duration::from_millis(50)).await,
        }
    }
}

async fn exchange(
    socket: &mut TcpStream,
    request: &[u8],
    buffer: &mut Vec<u8>,
) -> Result<Duration> {
    let start = Instant::now();
    let exchanged = async {
        socket.write_all(request).await?;
        let head = Head::read(socket, buffer).await?.context("no answer")?;
        head.skip_body(socket, buffer).await?;
        ensure!(head.is_ok, "an answer that is not 200");
        Ok(())
    };
    timeout(PATIENCE, exchanged).await??;
    Ok(start.elapsed())
}

/// What matters of a head.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Head {
    /// Of an answer: 200.
    is_ok: bool,
    /// Of a request: GET.
    pub(crate) is_get: bool,
    /// Whether it says `Connection: close`.
    pub(crate) closes: bool,
    body: usize,
}

impl Head {
    /// Reads a head; what came behind it stays in the buffer. None at the end of the connection.
    pub(crate) async fn read(socket: &mut TcpStream, buffer: &mut Vec<u8>) -> Result<Option<Self>> {
        loop {
            if let Some(end) = buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                let head = Self::of(&buffer[..end])?;
                buffer.drain(..end + 4);
                return Ok(Some(head));
            }
            buffer.reserve(BUFFER);
            if socket.read_buf(buffer).await? == 0 {
                ensure!(buffer.is_empty(), "a head that is cut off");
                return Ok(None);
            }
        }
    }

    fn of(head: &[u8]) -> Result<Self> {
        let mut found = Self {
            is_ok: head.starts_with(b"HTTP/1.1 200"),
            is_get: head.starts_with(b"GET "),
            closes: false,
            body: 0,
        };
        for line in head.split(|&byte| byte == b'\n').skip(1) {
            let Some(colon) = line.iter().position(|&byte| byte == b':') else {
                continue;
            };
            let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
            if name.eq_ignore_ascii_case(b"content-length") {
                found.body = std::str::from_utf8(value)?.parse()?;
            } else if name.eq_ignore_ascii_case(b"connection") {
                found.closes = value == b"close";
            } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
                bail!("a body without a length");
            }
        }
        Ok(found)
    }

    /// Reads the body away.
    pub(crate) async fn skip_body(
        self,
        socket: &mut TcpStream,
        buffer: &mut Vec<u8>,
    ) -> Result<()> {
        let mut left = self.body;
        loop {
            let here = left.min(buffer.len());
            buffer.drain(..here);
            left -= here;
            if left == 0 {
                return Ok(());
            }
            buffer.reserve(BUFFER);
            ensure!(socket.read_buf(buffer).await? > 0, "a body that is cut off");
        }
    }
}
