//! The app behind the listener, as cheap as can be: any POST is answered with `ok`, any GET with 10 MiB.
//!
//! In: HTTP/1.1 on a port of the system's choice, which is the first line on stdout. Out: answers. It ends with its stdin, so
//! that it never outlives the benchmark.

use std::{
    io::{Read, Write},
    net::Ipv4Addr,
    sync::Arc,
};

use anyhow::{Context, Result};
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
    task::{JoinSet, spawn_blocking},
};

use crate::load::{self, Head};

/// What a POST gets.
const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
/// The same, and the end of the connection.
const OK_CLOSE: &[u8] = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok";

/// Serves until stdin ends.
pub(crate) fn run() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        writeln!(std::io::stdout(), "{}", listener.local_addr()?.port())?;
        let parent = spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()));
        tokio::select! {
            ended = accept(listener) => ended,
            _ = parent => Ok(()),
        }
    })
}

async fn accept(listener: TcpListener) -> Result<()> {
    let large: Arc<[u8]> = large().into();
    let mut connections = JoinSet::new();
    loop {
        let (socket, _) = listener.accept().await?;
        socket.set_nodelay(true)?;
        connections.spawn(serve(socket, Arc::clone(&large)));
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(mut socket: TcpStream, large: Arc<[u8]>) -> Result<()> {
    let mut buffer = Vec::with_capacity(load::BUFFER);
    loop {
        let Some(head) = Head::read(&mut socket, &mut buffer).await? else {
            return Ok(());
        };
        if head.is_get {
            socket.write_all(&large).await?;
            continue;
        }
        head.skip_body(&mut socket, &mut buffer).await?;
        if head.closes {
            return socket.write_all(OK_CLOSE).await.context("an answer");
        }
        socket.write_all(OK).await?;
    }
}

fn large() -> Vec<u8> {
    let mut answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n",
        crate::LARGE
    );
    answer.extend(std::iter::repeat_n('x', crate::LARGE));
    answer.into_bytes()
}
