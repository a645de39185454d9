//! The Authorization Server put together: its settings, the boxes behind it, and what it keeps in memory.

use std::sync::Arc;

use cache::Cache;
use jiff::Timestamp;
use protocol::dpop::Nonces;
use protocol::{Clock, Rng};
use queue::{Envelope, Event, Queue};
use secrecy::{ExposeSecret as _, SecretString};
use user_database::{AccountKeeper, Accounts, AuditTrail, Consents, Grants, Links, Sessions, SigningKeys};

use crate::clients::Clients;
use crate::clients::remote_keys::RemoteKeys;
use crate::device::UserCodes;
use crate::keys::{KeyError, KeyStore, Keys};
use crate::outage::Outage;
use crate::outbound::Outbound;
use crate::pages::Pages;
use crate::password::Passwords;
use crate::settings::{InvalidSettings, Settings};
use crate::slow_down::device::Devices;

/// The boxes behind the Authorization Server, and what every box is given: time, chance, and a way out.
#[expect(missing_docs, reason = "each field is the port that its type names")]
pub struct Boxes {
    pub cache: Arc<dyn Cache>,
    pub queue: Arc<dyn Queue>,
    pub accounts: Arc<dyn Accounts>,
    pub account_keeper: Arc<dyn AccountKeeper>,
    pub audit: Arc<dyn AuditTrail>,
    pub consents: Arc<dyn Consents>,
    pub grants: Arc<dyn Grants>,
    pub links: Arc<dyn Links>,
    pub sessions: Arc<dyn Sessions>,
    pub signing_keys: Arc<dyn SigningKeys>,
    pub clients: Arc<dyn user_database::Clients>,
    pub pages: Arc<dyn Pages>,
    pub clock: Arc<dyn Clock>,
    pub rng: Arc<dyn Rng>,
    /// For what clients publish.
    pub outbound: Outbound,
}

/// The state behind the router. Replicas hold the same and share it through the boxes.
pub struct AuthorizationServer {
    pub(crate) settings: Settings,
    pub(crate) boxes: Boxes,
    pub(crate) clients: Clients,
    pub(crate) remote_keys: RemoteKeys,
    pub(crate) keys: Keys,
    pub(crate) passwords: Passwords,
    pub(crate) devices: Devices,
    pub(crate) user_codes: UserCodes,
    pub(crate) nonces: Nonces,
    issuer: String,
    origin: String,
    base: String,
}

/// Why the Authorization Server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    /// A setting cannot stand.
    #[error(transparent)]
    Settings(#[from] InvalidSettings),
    /// The User Database does not answer.
    #[error(transparent)]
    Users(#[from] user_database::Unavailable),
    /// A stored signing key does not open under the secret from the configuration.
    #[error("the signing key {0} does not open: provider.sealing_key is not the key-sealing secret under which it was stored")]
    Sealed(String),
    /// The operating system gave no usable key.
    #[error("no signing key could be made")]
    NoKey,
}

impl From<KeyError> for PrepareError {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Users(error) => Self::Users(error),
            KeyError::Sealed(kid) => Self::Sealed(kid),
            KeyError::NoKey => Self::NoKey,
        }
    }
}

impl AuthorizationServer {
    /// Checks the settings, and loads the signing keys; the very first start of all replicas makes the first ones.
    ///
    /// `sealing_secret` is what signing keys are sealed under in the User Database, and what DPoP nonces are made with, and what user codes are
    /// kept under; it must
    /// stay the same over restarts and on every replica.
    ///
    /// # Errors
    /// [`PrepareError`] says what keeps it from starting.
    pub async fn prepare(settings: Settings, boxes: Boxes, sealing_secret: &SecretString) -> Result<Arc<Self>, PrepareError> {
        settings.check()?;
        let (port, clock, rng) = (Arc::clone(&boxes.signing_keys), Arc::clone(&boxes.clock), Arc::clone(&boxes.rng));
        let store = KeyStore::new(port, clock, rng, &settings, sealing_secret);
        let keys = Keys::prepare(store, Arc::clone(&boxes.clock), settings.keys).await?;
        Ok(Arc::new(Self {
            issuer: settings.issuer_identifier(),
            origin: settings.issuer.origin().ascii_serialization(),
            base: settings.issuer.path().trim_end_matches('/').to_owned(),
            clients: Clients::new(&settings.clients, Arc::clone(&boxes.clients), Arc::clone(&boxes.clock)),
            remote_keys: RemoteKeys::new(boxes.outbound.clone(), Arc::clone(&boxes.clock)),
            passwords: Passwords::new(),
            devices: Devices::new(sealing_secret),
            user_codes: UserCodes::new(sealing_secret),
            nonces: Nonces::derive(sealing_secret.expose_secret().as_bytes()),
            keys,
            settings,
            boxes,
        }))
    }

    /// Looks after the signing keys once: picks up those that other replicas added, adds what is missing or due, and tells the audit log. To be
    /// called at the start and every [`LOOK_EVERY`](crate::keys::LOOK_EVERY) from then on.
    ///
    /// # Errors
    /// [`KeyError`] where the User Database does not answer; the keys known from before serve on.
    pub async fn tend_keys(&self) -> Result<(), KeyError> {
        let tended = self.keys.tend().await;
        self.keys.tell(&*self.boxes.queue).await;
        tended
    }

    /// The issuer as it stands in tokens and metadata: without a slash at the end.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The origin of our pages.
    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    /// The URL of `path`, which begins with a slash.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.issuer)
    }

    /// `path` as our own pages link to it.
    pub(crate) fn path(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// What time it is.
    pub(crate) fn now(&self) -> Timestamp {
        self.boxes.clock.now()
    }

    /// 256 random bits as text.
    pub(crate) fn opaque(&self) -> String {
        protocol::entropy::opaque(&*self.boxes.rng)
    }

    /// A random identity.
    pub(crate) fn uuid(&self) -> uuid::Uuid {
        let mut bytes = [0; 16];
        self.boxes.rng.fill(&mut bytes);
        uuid::Builder::from_random_bytes(bytes).into_uuid()
    }

    /// Hands an event to the Queue.
    pub(crate) async fn tell(&self, event: Event) -> Result<(), Outage> {
        let envelope = Envelope::new(event, &*self.boxes.clock, &*self.boxes.rng);
        Ok(self.boxes.queue.push(&envelope).await?)
    }

    /// The same for an event that is one however often it is told: `id` is its identity.
    pub(crate) async fn tell_once(&self, id: uuid::Uuid, event: Event) -> Result<(), Outage> {
        Ok(self.boxes.queue.push(&Envelope { id, at: self.now(), event }).await?)
    }
}

impl std::fmt::Debug for AuthorizationServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AuthorizationServer").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}
