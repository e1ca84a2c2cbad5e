//! The two signals that end a command: the first asks, the second insists.

use tokio_util::sync::CancellationToken;

use crate::{exit, tui};

/// Waits for ^C or SIGTERM, cancels the token, then ends the process with 130 at the second one.
///
/// # Cancel safety
/// Safe.
pub(super) async fn on_signal(stop: CancellationToken) {
    asked().await;
    stop.cancel();
    asked().await;
    exit::interrupted();
}

/// The next SIGTERM or ^C, but one that a pager or an editor has the terminal for. Pending for ever where the system delivers no signals.
async fn asked() {
    let interrupted = async {
        loop {
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await;
            }
            if !tui::is_lent() {
                break;
            }
        }
    };
    tokio::select! {
        () = interrupted => {}
        () = terminated() => {}
    }
}

#[cfg(unix)]
async fn terminated() {
    use tokio::signal::unix::{SignalKind, signal};

    if let Ok(mut terminated) = signal(SignalKind::terminate()) {
        terminated.recv().await;
    } else {
        std::future::pending::<()>().await;
    }
}

#[cfg(not(unix))]
async fn terminated() {
    std::future::pending::<()>().await;
}
