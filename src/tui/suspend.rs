//! Ctrl-z: this process and those beside it stop, as any job of a shell, until `fg`.
//!
//! In: what is said on the normal screen. Out: nothing; it returns when the shell goes on with the job. All of the process stops, the
//! listener and an embedded relay too. Source: POSIX.1-2024, General Terminal Interface §11.1.4 and `SIGTSTP`.

#[cfg(unix)]
pub(super) async fn until_continued(said: &str) {
    use std::{
        io::{self, Write as _},
        time::Duration,
    };

    use rustix::process::{Signal, kill_current_process_group};
    use tokio::signal::unix::{SignalKind, signal};

    /// How long the stop may take to take hold. Where nobody could say `fg` (the group has no shell) the signal does nothing, and the
    /// screen comes back after this time.
    const HOLD: Duration = Duration::from_millis(500);

    // There is nobody to tell if that fails: the terminal is gone then.
    let _ = writeln!(io::stdout(), "hooktool: {said}");
    let Ok(mut continued) = signal(SignalKind::from_raw(Signal::CONT.as_raw())) else {
        return;
    };
    if kill_current_process_group(Signal::TSTP).is_ok() {
        // The signal may stop another thread first: this one must not draw before the stop.
        let _ = tokio::time::timeout(HOLD, continued.recv()).await;
    }
}

/// Where jobs cannot be stopped nothing happens.
#[cfg(not(unix))]
pub(super) async fn until_continued(_: &str) {}
