//! All clients, by identifier: those of the configuration first, then those of the User Database.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use protocol::Clock;
use user_database::StoredClient;

use super::{Client, ClientMetadata, MalformedClient, SecretDigest, Voucher};
use crate::outage::Outage;

/// How long what the User Database said of a client is believed: so long may a client that was removed or changed go on, on
/// each replica.
const BELIEVED: SignedDuration = SignedDuration::from_secs(2);
/// How many answers are kept, those about identifiers that nobody has among them.
const MOST: usize = 1024;

#[derive(Clone)]
struct Answer {
    client: Option<Arc<Client>>,
    asked: Timestamp,
}

/// All clients.
pub(crate) struct Clients {
    configured: HashMap<String, Arc<Client>>,
    stored: Arc<dyn user_database::Clients>,
    clock: Arc<dyn Clock>,
    answers: Mutex<HashMap<String, Answer>>,
}

impl Clients {
    pub(crate) fn new(configured: &[Client], stored: Arc<dyn user_database::Clients>, clock: Arc<dyn Clock>) -> Self {
        let configured = configured.iter().map(|client| (client.client_id.clone(), Arc::new(client.clone().settled())));
        Self { configured: configured.collect(), stored, clock, answers: Mutex::default() }
    }

    /// The client of `client_id`.
    pub(crate) async fn find(&self, client_id: &str) -> Result<Option<Arc<Client>>, Outage> {
        if let Some(client) = self.configured.get(client_id) {
            return Ok(Some(Arc::clone(client)));
        }
        // No client has a longer name; nothing is looked up or remembered for it.
        if client_id.len() > Client::LONGEST_IDENTIFIER {
            return Ok(None);
        }
        let now = self.clock.now();
        if let Some(answer) = self.believed(client_id, now) {
            return Ok(answer.client);
        }
        let client = self.stored.find(client_id).await?.and_then(|stored| match restore(&stored) {
            Ok(client) => Some(Arc::new(client)),
            Err(error) => {
                tracing::error!(client_id, %error, "a stored client makes no sense, and is taken for none");
                None
            }
        });
        self.remember(client_id, Answer { client: client.clone(), asked: now });
        Ok(client)
    }

    /// Forgets what was said of a client that this replica has just changed.
    pub(crate) fn forget(&self, client_id: &str) {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).remove(client_id);
    }

    fn believed(&self, client_id: &str, now: Timestamp) -> Option<Answer> {
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.get(client_id).filter(|answer| answer.is_believed(now)).cloned()
    }

    fn remember(&self, client_id: &str, answer: Answer) {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        if answers.len() >= MOST && !answers.contains_key(client_id) {
            let now = answer.asked;
            answers.retain(|_, answer| answer.is_believed(now));
            if answers.len() >= MOST {
                // A flood of names: whoever is asked for next is looked up anew.
                answers.clear();
            }
        }
        answers.insert(client_id.to_owned(), answer);
    }
}

impl Answer {
    fn is_believed(&self, now: Timestamp) -> bool {
        let age = now.duration_since(self.asked);
        !age.is_negative() && age < BELIEVED
    }
}

/// The client as it was stored.
///
/// # Errors
/// [`MalformedClient`] where what is stored makes no sense: another version wrote it, or somebody by hand.
pub fn restore(stored: &StoredClient) -> Result<Client, MalformedClient> {
    let metadata: ClientMetadata = serde_json::from_value(stored.metadata.clone()).map_err(|_| MalformedClient::Document)?;
    let voucher = if stored.by_operator { Voucher::Operator } else { Voucher::Nobody };
    let secret = stored.secret_digest.as_deref().map(SecretDigest::stored);
    let client = metadata.into_client(&stored.client_id, secret, voucher)?.settled();
    client.check()?;
    Ok(client)
}

/// The client as it is to be stored.
///
/// # Errors
/// [`MalformedClient`] where it makes no sense.
pub fn store(client: &Client, registration_digest: Option<String>, now: Timestamp) -> Result<StoredClient, MalformedClient> {
    client.check()?;
    let secret = client.authentication.secret().map(|secret| secret.digest().ok_or(MalformedClient::NoSecret)).transpose()?;
    Ok(StoredClient {
        client_id: client.client_id.clone(),
        metadata: serde_json::to_value(ClientMetadata::of(client)).map_err(|_| MalformedClient::Document)?,
        secret_digest: secret.map(|digest| digest.as_str().to_owned()),
        registration_digest,
        by_operator: client.voucher == Voucher::Operator,
        created_at: now,
    })
}
