//! Telling clients that a session is over (OpenID Connect Back-Channel Logout 1.0).
//!
//! A session that ends gives an event for each client that wants to know; whoever takes the event off the Queue hands it to the
//! [`Messenger`]. The logout token is signed there and then, so that none lies in the Queue, and none is too old when it arrives.

use std::collections::BTreeMap;
use std::sync::Arc;

use http::Method;
use protocol::claims::{Audience, LOGOUT_EVENT, LOGOUT_TOKEN_TYPE, LogoutTokenClaims};
use protocol::{Clock, Rng, entropy};
use secrecy::SecretString;
use user_database::SigningKeys;

use crate::clients::{Client, Clients};
use crate::keys::{KeyStore, Keys};
use crate::outage::Outage;
use crate::outbound::{Forbidden, Outbound};
use crate::settings::Settings;
use crate::state::PrepareError;

/// How long a logout token counts, in seconds: two minutes at the most (Back-Channel Logout §2.4).
const LIFETIME: i64 = 120;

/// What the messenger needs. It runs beside the Authorization Server or in a process of its own.
#[expect(missing_docs, reason = "each field is the port that its type names")]
pub struct Pouch {
    pub signing_keys: Arc<dyn SigningKeys>,
    pub clients: Arc<dyn user_database::Clients>,
    pub clock: Arc<dyn Clock>,
    pub rng: Arc<dyn Rng>,
    /// For the addresses that clients name.
    pub outbound: Outbound,
}

/// Tells clients that a session is over.
pub struct Messenger {
    issuer: String,
    keys: Keys,
    clients: Clients,
    outbound: Outbound,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
}

/// Why a client could not be told.
#[derive(Debug, thiserror::Error)]
pub enum Undelivered {
    /// It read the token and would not have it, or could not sign out (§2.8).
    #[error("the client {0} refused the logout token with status 400")]
    Refused(String),
    /// Its address must not be asked (attack 30).
    #[error("backchannel_logout_uri of the client {0} is not asked: {1}")]
    Forbidden(String, #[source] Forbidden),
    /// It answered something that is neither yes nor no.
    #[error("the client {0} answered with status {1}")]
    Status(String, u16),
    /// It did not answer.
    #[error("the client {0} could not be reached: {1}")]
    Unreachable(String, #[source] reqwest::Error),
    /// A box of ours does not answer.
    #[error("the logout token could not be made: {0}")]
    Unavailable(String),
}

impl Undelivered {
    /// Whether it is useless to try again.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Refused(_) | Self::Forbidden(..))
    }
}

impl From<Outage> for Undelivered {
    fn from(outage: Outage) -> Self {
        Self::Unavailable(outage.to_string())
    }
}

impl Messenger {
    /// Loads the signing keys. Settings and `sealing_secret` are those of the Authorization Server.
    ///
    /// # Errors
    /// [`PrepareError`] says what keeps it from starting.
    pub async fn prepare(settings: &Settings, pouch: Pouch, sealing_secret: &SecretString) -> Result<Self, PrepareError> {
        settings.check()?;
        let Pouch { signing_keys, clients, clock, rng, outbound } = pouch;
        let store = KeyStore::new(signing_keys, Arc::clone(&clock), Arc::clone(&rng), settings, sealing_secret);
        Ok(Self {
            issuer: settings.issuer_identifier(),
            keys: Keys::prepare(store, Arc::clone(&clock), settings.keys).await?,
            clients: Clients::new(&settings.clients, clients, Arc::clone(&clock)),
            outbound,
            clock,
            rng,
        })
    }

    /// Tells `client_id` that the session `sid` of `subject` is over. A client that is gone, or no longer wants to know, is told
    /// nothing.
    ///
    /// # Errors
    /// [`Undelivered`] says why, and whether it is worth another try.
    pub async fn tell(&self, client_id: &str, subject: &str, sid: &str) -> Result<(), Undelivered> {
        let Some(client) = self.clients.find(client_id).await? else { return Ok(()) };
        let Some(uri) = &client.backchannel_logout_uri else { return Ok(()) };
        let name = || client_id.to_owned();
        let request = self.outbound.request(Method::POST, uri, client.voucher);
        let request = request.map_err(|forbidden| Undelivered::Forbidden(name(), forbidden))?;
        let token = self.sign(&client, subject, sid).await?;
        let answer = request.form(&[("logout_token", token)]).send().await;
        let status = answer.map_err(|error| Undelivered::Unreachable(name(), error.without_url()))?.status();
        match status.as_u16() {
            200..=299 => Ok(()),
            400 => Err(Undelivered::Refused(name())),
            other => Err(Undelivered::Status(name(), other)),
        }
    }

    /// A token for this delivery only: a client that notes the `jti` of what it could not handle must be able to take the next.
    async fn sign(&self, client: &Client, subject: &str, sid: &str) -> Result<String, Outage> {
        let algorithm = client.id_token_algorithm();
        self.keys.renew().await?;
        self.keys.ready_for(algorithm).await?;
        let iat = self.clock.now().as_second();
        let claims = LogoutTokenClaims {
            iss: self.issuer.clone(),
            sub: subject.to_owned(),
            aud: Audience::One(client.client_id.clone()),
            iat,
            exp: iat + LIFETIME,
            jti: entropy::opaque(&*self.rng),
            events: BTreeMap::from([(LOGOUT_EVENT.to_owned(), BTreeMap::new())]),
            sid: sid.to_owned(),
        };
        self.keys.sign(algorithm, LOGOUT_TOKEN_TYPE, &claims)
    }
}

impl std::fmt::Debug for Messenger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Messenger").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}
