//! The door: accept, seat, hand over. Nothing else waits here.
//!
//! In: a bound socket. Out: connections with their seats. Must not know: TLS, HTTP, who serves them.

use std::{io, net::SocketAddr, time::Duration};

use tokio::{
    net::{TcpListener, TcpStream},
    time::{Instant, sleep_until},
};

use super::seats::{Seat, Seats};
use crate::metrics::Metrics;

/// Pause after the first failed accept; each further one doubles it.
const PAUSE: Duration = Duration::from_millis(5);

/// Longest pause. No file was free, say: a second is soon enough to look again, and costs nothing.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// The listening socket.
#[derive(Debug)]
pub(super) struct Door {
    listener: TcpListener,
    seats: Seats,
    metrics: Metrics,
    pause: Duration,
    resume: Option<Instant>,
}

impl Door {
    pub(super) fn new(listener: TcpListener, seats: Seats, metrics: Metrics) -> Self {
        Self {
            listener,
            seats,
            metrics,
            pause: PAUSE,
            resume: None,
        }
    }

    /// The next connection that has a seat. Those without are closed and counted; errors pause, and are logged.
    ///
    /// # Cancel safety
    /// Safe.
    pub(super) async fn next(&mut self) -> (TcpStream, SocketAddr, Seat) {
        loop {
            if let Some(resume) = self.resume {
                sleep_until(resume).await;
                self.resume = None;
            }
            match self.listener.accept().await {
                Ok((stream, peer)) => {
                    self.pause = PAUSE;
                    // On a dual-stack socket an IPv4 sender comes as ::ffff:a.b.c.d.
                    let peer = SocketAddr::new(peer.ip().to_canonical(), peer.port());
                    match self.seats.take(peer.ip()) {
                        Ok(seat) => return (stream, peer, seat),
                        Err(reason) => self.metrics.connection_refused(reason),
                    }
                }
                Err(error) if is_of_one(&error) => {}
                Err(error) => {
                    tracing::warn!(%error, pause = ?self.pause, "accept");
                    self.resume = Some(Instant::now() + self.pause);
                    self.pause = (self.pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }
}

/// Whether an error of accept concerns only the connection that was about to come (accept(2), "Error handling").
fn is_of_one(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionReset
    )
}
