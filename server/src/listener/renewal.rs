//! Certificates are replaced while we run: by what is in their files, looked at now and then, and on SIGHUP at once.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::certificate::Certificate;

/// How often the files are looked at.
const EVERY: Duration = Duration::from_secs(10);

/// Keeps `certificates` as their files are, until `stop`. What cannot be used is told once, and the one in use stays.
///
/// # Errors
/// None; it ends with `stop` only.
pub async fn renew(certificates: Vec<Arc<Certificate>>, stop: CancellationToken) -> Result<(), String> {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut hangup = Hangup::new();
    loop {
        let asked = tokio::select! {
            _ = ticks.tick() => false,
            () = hangup.next() => true,
            () = stop.cancelled() => return Ok(()),
        };
        for certificate in &certificates {
            let certificate = Arc::clone(certificate);
            // Files may lie on a network that has gone away.
            let looked = tokio::task::spawn_blocking(move || certificate.refresh(asked)).await;
            if let Err(error) = looked {
                tracing::error!(%error, "a certificate could not be looked at");
            }
        }
    }
}

/// SIGHUP, where there is such a thing. One who sits at a terminal keeps its meaning: the terminal is gone, and so are we.
struct Hangup {
    #[cfg(unix)]
    signal: Option<tokio::signal::unix::Signal>,
}

impl Hangup {
    fn new() -> Self {
        #[cfg(unix)]
        {
            use std::io::IsTerminal as _;
            use tokio::signal::unix::{SignalKind, signal};
            let signal = if std::io::stdin().is_terminal() { None } else { signal(SignalKind::hangup()).ok() };
            Self { signal }
        }
        #[cfg(not(unix))]
        Self {}
    }

    async fn next(&mut self) {
        #[cfg(unix)]
        if let Some(signal) = &mut self.signal
            && signal.recv().await.is_some()
        {
            return;
        }
        std::future::pending::<()>().await;
    }
}
