//! `/flow` as it happened: the spans of the exchanges, recorded for whoever's browser began them.
//!
//! A [`Recorder`] listens to the spans and hands what it hears to the [`writer`](write) through a channel that never makes anybody
//! wait; the [`Book`] keeps it in the Cache, and shows each viewer their own.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use protocol::Clock;
use protocol::flow::Seen;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

mod book;
mod counts;
mod events;
mod recorder;
mod viewer;

pub use book::Book;
pub use counts::Counts;
pub(crate) use events::router;
pub use recorder::Recorder;
pub(crate) use viewer::Gallery;

/// How many things may wait to be written. A sign-in makes some twenty.
const WAITING: usize = 2048;
/// How many are written at once.
const AT_ONCE: usize = 128;

/// Something to write down.
#[derive(Debug)]
pub(crate) enum Entry {
    /// A flow begins.
    Begun { flow: String, viewer: String, issuer: String, at: jiff::Timestamp },
    /// An exchange of a flow has ended.
    Seen { flow: String, seen: Box<Seen> },
}

impl Entry {
    fn flow(&self) -> &str {
        match self {
            Self::Begun { flow, .. } | Self::Seen { flow, .. } => flow,
        }
    }
}

/// What was recorded and waits to be written.
#[derive(Debug)]
pub struct Recorded {
    entries: mpsc::Receiver<Entry>,
    lost: Arc<AtomicU64>,
}

/// What listens, and what it hears.
pub fn recorder(clock: Arc<dyn Clock>) -> (Recorder, Recorded) {
    let (sender, entries) = mpsc::channel(WAITING);
    let lost = Arc::new(AtomicU64::new(0));
    (Recorder::new(sender, Arc::clone(&lost), clock), Recorded { entries, lost })
}

/// Writes what was recorded into the book, until `stop`, and then what is left. Trouble is logged, and costs what it concerns.
pub async fn write(mut recorded: Recorded, book: Book, stop: CancellationToken) {
    let mut batch = Vec::new();
    loop {
        let came = tokio::select! {
            came = recorded.entries.recv_many(&mut batch, AT_ONCE) => came,
            () = stop.cancelled() => {
                recorded.entries.close();
                recorded.entries.recv_many(&mut batch, AT_ONCE).await
            }
        };
        if came == 0 {
            return;
        }
        let lost = recorded.lost.swap(0, Ordering::Relaxed);
        if lost > 0 {
            tracing::warn!(lost, "exchanges came faster than they could be written down");
        }
        if let Err(error) = book.write(batch.drain(..)).await {
            tracing::warn!(%error, "exchanges could not be written down");
        }
    }
}
