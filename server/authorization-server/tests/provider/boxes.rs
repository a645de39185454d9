//! The boxes behind the Authorization Server: the real Cache and User Database on files, a Queue that remembers, and ways to
//! take each away.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use cache::Cache;
use protocol::Scope;
use queue::{DeadLetter, Envelope, Event, Handler, Queue};
use tokio_util::sync::CancellationToken;
use user_database::{Account, Accounts};
use uuid::Uuid;

/// A Queue that keeps what it is given, each event once, as the audit log does.
#[derive(Default)]
pub(crate) struct RememberingQueue {
    envelopes: Mutex<Vec<Envelope>>,
    pub(crate) broken: AtomicBool,
}

impl RememberingQueue {
    pub(crate) fn kinds(&self) -> Vec<&'static str> {
        self.events().iter().map(Event::kind).collect()
    }

    pub(crate) fn events(&self) -> Vec<Event> {
        self.envelopes().into_iter().map(|envelope| envelope.event).collect()
    }

    pub(crate) fn envelopes(&self) -> Vec<Envelope> {
        self.envelopes.lock().unwrap().clone()
    }
}

#[async_trait]
impl Queue for RememberingQueue {
    async fn push(&self, envelope: &Envelope) -> Result<(), queue::Unavailable> {
        if self.broken.load(Ordering::SeqCst) {
            return Err(queue::Unavailable("taken away".into()));
        }
        let mut envelopes = self.envelopes.lock().unwrap();
        if !envelopes.iter().any(|known| known.id == envelope.id) {
            envelopes.push(envelope.clone());
        }
        Ok(())
    }

    async fn depth(&self) -> Result<u64, queue::Unavailable> {
        Ok(self.envelopes.lock().unwrap().len() as u64)
    }

    async fn dead_letters(&self, _: u32) -> Result<Vec<DeadLetter>, queue::Unavailable> {
        Ok(Vec::new())
    }

    async fn retry_dead_letters(&self) -> Result<u64, queue::Unavailable> {
        Ok(0)
    }

    async fn work(&self, _: Arc<dyn Handler>, stop: CancellationToken) -> Result<(), queue::Unavailable> {
        stop.cancelled().await;
        Ok(())
    }
}

/// A Cache that can be taken away.
pub(crate) struct FragileCache {
    pub(crate) inner: Arc<dyn Cache>,
    pub(crate) broken: AtomicBool,
}

impl FragileCache {
    fn ask(&self) -> Result<&dyn Cache, cache::Unavailable> {
        if self.broken.load(Ordering::SeqCst) {
            return Err(cache::Unavailable("taken away: secret-host-name".into()));
        }
        Ok(&*self.inner)
    }
}

#[async_trait]
impl Cache for FragileCache {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, cache::Unavailable> {
        self.ask()?.get(key).await
    }

    async fn put(&self, key: &str, value: &[u8], lifetime: Duration) -> Result<(), cache::Unavailable> {
        self.ask()?.put(key, value, lifetime).await
    }

    async fn add(&self, key: &str, value: &[u8], lifetime: Duration) -> Result<bool, cache::Unavailable> {
        self.ask()?.add(key, value, lifetime).await
    }

    async fn replace(&self, key: &str, expected: &[u8], value: &[u8], lifetime: Duration) -> Result<bool, cache::Unavailable> {
        self.ask()?.replace(key, expected, value, lifetime).await
    }

    async fn take(&self, key: &str) -> Result<Option<Vec<u8>>, cache::Unavailable> {
        self.ask()?.take(key).await
    }

    async fn remove(&self, key: &str) -> Result<(), cache::Unavailable> {
        self.ask()?.remove(key).await
    }

    async fn prune(&self) -> Result<u64, cache::Unavailable> {
        self.ask()?.prune().await
    }
}

/// Accounts that can all be disabled at once, or not be found out about.
pub(crate) struct FragileAccounts {
    pub(crate) inner: Arc<dyn Accounts>,
    pub(crate) disabled: AtomicBool,
    pub(crate) broken: AtomicBool,
}

impl FragileAccounts {
    fn judge(&self, account: Option<Account>) -> Option<Account> {
        let disabled = self.disabled.load(Ordering::SeqCst);
        account.map(|account| Account { disabled, ..account })
    }
}

#[async_trait]
impl Accounts for FragileAccounts {
    async fn by_login(&self, login: &str) -> Result<Option<Account>, user_database::Unavailable> {
        Ok(self.judge(self.inner.by_login(login).await?))
    }

    async fn by_subject(&self, subject: Uuid) -> Result<Option<Account>, user_database::Unavailable> {
        if self.broken.load(Ordering::SeqCst) {
            return Err(user_database::Unavailable("taken away".into()));
        }
        Ok(self.judge(self.inner.by_subject(subject).await?))
    }

    async fn by_subject_with_consent(
        &self,
        subject: Uuid,
        client_id: &str,
    ) -> Result<Option<(Account, Scope)>, user_database::Unavailable> {
        let found = self.inner.by_subject_with_consent(subject, client_id).await?;
        Ok(found.and_then(|(account, allowed)| Some((self.judge(Some(account))?, allowed))))
    }

    async fn add(&self, account: &Account) -> Result<bool, user_database::Unavailable> {
        self.inner.add(account).await
    }
}
