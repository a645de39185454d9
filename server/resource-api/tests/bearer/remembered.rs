//! A memory of used proofs, in the process, that can be taken away.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use protocol::{Clock, ManualClock};
use resource_api::proofs::{Unavailable, UsedProofs};

pub(crate) struct Remembered {
    clock: Arc<ManualClock>,
    used: Mutex<HashMap<String, Timestamp>>,
    pub(crate) broken: AtomicBool,
}

impl Remembered {
    pub(crate) fn new(clock: Arc<ManualClock>) -> Self {
        Self { clock, used: Mutex::default(), broken: AtomicBool::default() }
    }

    pub(crate) fn count(&self) -> usize {
        self.used.lock().unwrap().len()
    }
}

#[async_trait]
impl UsedProofs for Remembered {
    async fn note(&self, name: &str, lifetime: Duration) -> Result<bool, Unavailable> {
        if self.broken.load(Ordering::SeqCst) {
            return Err(Unavailable("taken away: secret-host-name".into()));
        }
        let (now, mut used) = (self.clock.now(), self.used.lock().unwrap());
        used.retain(|_, until| *until > now);
        Ok(used.insert(name.to_owned(), now + lifetime).is_none())
    }
}
