//! The ports of the three boxes, with a fuse before each.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use cache::Cache;
use jiff::Timestamp;
use protocol::Scope;
use protocol::dpop::Thumbprint;
use protocol::secret::RefreshToken;
use queue::{DeadLetter, Envelope, Handler, Queue};
use tokio_util::sync::CancellationToken;
use user_database::{
    Account, AccountKeeper, Accounts, AuditRecord, AuditTrail, Clients, Connection, Consents, Grant, Grants, Link, Links,
    Opening, Rotation, Session, Sessions, SigningKeys, StoredClient, StoredKey, Unavailable,
};
use uuid::Uuid;

use super::fuse::Fuse;

/// A port behind a fuse.
pub(crate) struct Wired<T: ?Sized> {
    pub(crate) inner: Arc<T>,
    pub(crate) fuse: Arc<Fuse>,
}

fn no_users() -> Unavailable {
    Unavailable("taken away".into())
}

fn no_cache() -> cache::Unavailable {
    cache::Unavailable("taken away".into())
}

fn no_queue() -> queue::Unavailable {
    queue::Unavailable("taken away".into())
}

#[async_trait]
impl Cache for Wired<dyn Cache> {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, cache::Unavailable> {
        self.fuse.pass(self.inner.get(key), no_cache).await
    }

    async fn put(&self, key: &str, value: &[u8], lifetime: Duration) -> Result<(), cache::Unavailable> {
        self.fuse.pass(self.inner.put(key, value, lifetime), no_cache).await
    }

    async fn add(&self, key: &str, value: &[u8], lifetime: Duration) -> Result<bool, cache::Unavailable> {
        self.fuse.pass(self.inner.add(key, value, lifetime), no_cache).await
    }

    async fn replace(&self, key: &str, expected: &[u8], value: &[u8], lifetime: Duration) -> Result<bool, cache::Unavailable> {
        self.fuse.pass(self.inner.replace(key, expected, value, lifetime), no_cache).await
    }

    async fn take(&self, key: &str) -> Result<Option<Vec<u8>>, cache::Unavailable> {
        self.fuse.pass(self.inner.take(key), no_cache).await
    }

    async fn remove(&self, key: &str) -> Result<(), cache::Unavailable> {
        self.fuse.pass(self.inner.remove(key), no_cache).await
    }

    async fn prune(&self) -> Result<u64, cache::Unavailable> {
        self.fuse.pass(self.inner.prune(), no_cache).await
    }
}

#[async_trait]
impl Queue for Wired<dyn Queue> {
    async fn push(&self, envelope: &Envelope) -> Result<(), queue::Unavailable> {
        self.fuse.pass(self.inner.push(envelope), no_queue).await
    }

    async fn depth(&self) -> Result<u64, queue::Unavailable> {
        self.fuse.pass(self.inner.depth(), no_queue).await
    }

    async fn dead_letters(&self, limit: u32) -> Result<Vec<DeadLetter>, queue::Unavailable> {
        self.fuse.pass(self.inner.dead_letters(limit), no_queue).await
    }

    async fn retry_dead_letters(&self) -> Result<u64, queue::Unavailable> {
        self.fuse.pass(self.inner.retry_dead_letters(), no_queue).await
    }

    async fn work(&self, handler: Arc<dyn Handler>, stop: CancellationToken) -> Result<(), queue::Unavailable> {
        self.inner.work(handler, stop).await
    }
}

#[async_trait]
impl Accounts for Wired<dyn Accounts> {
    async fn by_login(&self, login: &str) -> Result<Option<Account>, Unavailable> {
        self.fuse.pass(self.inner.by_login(login), no_users).await
    }

    async fn by_subject(&self, subject: Uuid) -> Result<Option<Account>, Unavailable> {
        self.fuse.pass(self.inner.by_subject(subject), no_users).await
    }

    async fn by_subject_with_consent(&self, subject: Uuid, client_id: &str) -> Result<Option<(Account, Scope)>, Unavailable> {
        self.fuse.pass(self.inner.by_subject_with_consent(subject, client_id), no_users).await
    }

    async fn add(&self, account: &Account) -> Result<bool, Unavailable> {
        self.fuse.pass(self.inner.add(account), no_users).await
    }
}

#[async_trait]
impl Consents for Wired<dyn Consents> {
    async fn allowed(&self, subject: Uuid, client_id: &str) -> Result<Scope, Unavailable> {
        self.fuse.pass(self.inner.allowed(subject, client_id), no_users).await
    }

    async fn allow(&self, subject: Uuid, client_id: &str, scope: &Scope, at: Timestamp) -> Result<(), Unavailable> {
        self.fuse.pass(self.inner.allow(subject, client_id, scope, at), no_users).await
    }

    async fn connections(&self, subject: Uuid, now: Timestamp) -> Result<Vec<Connection>, Unavailable> {
        self.fuse.pass(self.inner.connections(subject, now), no_users).await
    }

    async fn withdraw(&self, subject: Uuid, client_id: &str, now: Timestamp) -> Result<(), Unavailable> {
        self.fuse.pass(self.inner.withdraw(subject, client_id, now), no_users).await
    }
}

#[async_trait]
impl AccountKeeper for Wired<dyn AccountKeeper> {
    async fn list(&self, after: &str, limit: u32) -> Result<Vec<Account>, Unavailable> {
        self.fuse.pass(self.inner.list(after, limit), no_users).await
    }

    async fn set_name(&self, subject: Uuid, name: &str) -> Result<bool, Unavailable> {
        self.fuse.pass(self.inner.set_name(subject, name), no_users).await
    }

    async fn set_password(&self, subject: Uuid, password_hash: &str, now: Timestamp) -> Result<bool, Unavailable> {
        self.fuse.pass(self.inner.set_password(subject, password_hash, now), no_users).await
    }

    async fn set_disabled(&self, subject: Uuid, disabled: bool, now: Timestamp) -> Result<bool, Unavailable> {
        self.fuse.pass(self.inner.set_disabled(subject, disabled, now), no_users).await
    }

    async fn remove(&self, subject: Uuid) -> Result<bool, Unavailable> {
        self.fuse.pass(self.inner.remove(subject), no_users).await
    }
}

#[async_trait]
impl AuditTrail for Wired<dyn AuditTrail> {
    async fn record(&self, record: &AuditRecord) -> Result<bool, Unavailable> {
        self.fuse.pass(self.inner.record(record), no_users).await
    }

    async fn recent(&self, subject: Option<&str>, limit: u32) -> Result<Vec<AuditRecord>, Unavailable> {
        self.fuse.pass(self.inner.recent(subject, limit), no_users).await
    }
}

#[async_trait]
impl Sessions for Wired<dyn Sessions> {
    async fn enter(&self, session: &Session) -> Result<(), Unavailable> {
        self.fuse.pass(self.inner.enter(session), no_users).await
    }

    async fn join(&self, sid: &str, client_id: &str) -> Result<bool, Unavailable> {
        self.fuse.pass(self.inner.join(sid, client_id), no_users).await
    }

    async fn get(&self, sid: &str) -> Result<Option<Session>, Unavailable> {
        self.fuse.pass(self.inner.get(sid), no_users).await
    }

    async fn of_subject(&self, subject: Uuid, now: Timestamp) -> Result<Vec<Session>, Unavailable> {
        self.fuse.pass(self.inner.of_subject(subject, now), no_users).await
    }

    async fn strike(&self, sid: &str) -> Result<Option<Session>, Unavailable> {
        self.fuse.pass(self.inner.strike(sid), no_users).await
    }
}

#[async_trait]
impl Links for Wired<dyn Links> {
    async fn issue(&self, link: &Link) -> Result<bool, Unavailable> {
        self.fuse.pass(self.inner.issue(link), no_users).await
    }

    async fn find(&self, digest: &str, now: Timestamp) -> Result<Option<Link>, Unavailable> {
        self.fuse.pass(self.inner.find(digest, now), no_users).await
    }

    async fn open_account(&self, digest: &str, account: &Account, now: Timestamp) -> Result<Opening, Unavailable> {
        self.fuse.pass(self.inner.open_account(digest, account, now), no_users).await
    }

    async fn reset_password(&self, digest: &str, password_hash: &str, now: Timestamp) -> Result<bool, Unavailable> {
        self.fuse.pass(self.inner.reset_password(digest, password_hash, now), no_users).await
    }
}

#[async_trait]
impl SigningKeys for Wired<dyn SigningKeys> {
    async fn all(&self) -> Result<Vec<StoredKey>, Unavailable> {
        self.fuse.pass(self.inner.all(), no_users).await
    }

    async fn add(&self, key: &StoredKey, predecessors_expire_at: Timestamp) -> Result<bool, Unavailable> {
        self.fuse.pass(self.inner.add(key, predecessors_expire_at), no_users).await
    }
}

#[async_trait]
impl Clients for Wired<dyn Clients> {
    async fn find(&self, client_id: &str) -> Result<Option<StoredClient>, Unavailable> {
        self.fuse.pass(self.inner.find(client_id), no_users).await
    }

    async fn list(&self, after: &str, limit: u32) -> Result<Vec<StoredClient>, Unavailable> {
        self.fuse.pass(self.inner.list(after, limit), no_users).await
    }

    async fn add(&self, client: &StoredClient) -> Result<bool, Unavailable> {
        self.fuse.pass(self.inner.add(client), no_users).await
    }

    async fn replace(&self, client: &StoredClient) -> Result<bool, Unavailable> {
        self.fuse.pass(self.inner.replace(client), no_users).await
    }

    async fn remove(&self, client_id: &str) -> Result<bool, Unavailable> {
        self.fuse.pass(self.inner.remove(client_id), no_users).await
    }
}

/// Grants behind a fuse, which remember those that were added.
pub(crate) struct WiredGrants {
    pub(crate) inner: Arc<dyn Grants>,
    pub(crate) fuse: Arc<Fuse>,
    added: Mutex<Vec<Uuid>>,
}

impl WiredGrants {
    pub(crate) fn new(inner: Arc<dyn Grants>, fuse: Arc<Fuse>) -> Self {
        Self { inner, fuse, added: Mutex::default() }
    }

    pub(crate) fn forget(&self) {
        self.added.lock().unwrap().clear();
    }

    /// The grants that were added since, as far as they live, once nothing is under way.
    pub(crate) async fn live(&self, now: Timestamp) -> Vec<Uuid> {
        // What was begun beside is under way from its first turn on.
        tokio::task::yield_now().await;
        self.fuse.rest().await;
        let added = self.added.lock().unwrap().clone();
        let mut live = Vec::new();
        for id in added {
            if self.inner.live(id, now).await.unwrap().is_some() {
                live.push(id);
            }
        }
        live
    }
}

#[async_trait]
impl Grants for WiredGrants {
    async fn add(&self, grant: &Grant, first: Option<&RefreshToken>) -> Result<bool, Unavailable> {
        self.added.lock().unwrap().push(grant.id);
        self.fuse.pass(self.inner.add(grant, first), no_users).await
    }

    async fn live(&self, id: Uuid, now: Timestamp) -> Result<Option<Grant>, Unavailable> {
        self.fuse.pass(self.inner.live(id, now), no_users).await
    }

    async fn rotate(
        &self,
        presented: &RefreshToken,
        client_id: &str,
        successor: &RefreshToken,
        now: Timestamp,
    ) -> Result<Rotation, Unavailable> {
        self.fuse.pass(self.inner.rotate(presented, client_id, successor, now), no_users).await
    }

    async fn rotate_of(
        &self,
        grant: &Grant,
        presented: &RefreshToken,
        successor: &RefreshToken,
        now: Timestamp,
    ) -> Result<Rotation, Unavailable> {
        self.fuse.pass(self.inner.rotate_of(grant, presented, successor, now), no_users).await
    }

    async fn bind(&self, id: Uuid, key: &Thumbprint) -> Result<bool, Unavailable> {
        self.fuse.pass(self.inner.bind(id, key), no_users).await
    }

    async fn revoke(&self, id: Uuid, now: Timestamp) -> Result<bool, Unavailable> {
        self.fuse.pass(self.inner.revoke(id, now), no_users).await
    }

    async fn of_unused_refresh_token(
        &self,
        token: &RefreshToken,
        client_id: &str,
        now: Timestamp,
    ) -> Result<Option<Grant>, Unavailable> {
        self.fuse.pass(self.inner.of_unused_refresh_token(token, client_id, now), no_users).await
    }

    async fn of_refresh_token(&self, token: &RefreshToken, client_id: &str) -> Result<Option<Grant>, Unavailable> {
        self.fuse.pass(self.inner.of_refresh_token(token, client_id), no_users).await
    }
}
