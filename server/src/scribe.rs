//! Writes the messages that hold a link, on the worker's behalf.

use std::sync::Arc;

use authorization_server::links::writer::{Desk, Writer};
use queue::notification::Notification;
use queue::{Envelope, HandlerError};
use tokio::sync::OnceCell;
use user_database::SqlDatabase;

use crate::house::{Nature, provider_settings};
use crate::worker::waits_for;
use crate::{Configuration, Failure, keys};

/// The provider's writer, set up when somebody asks for a link for the first time: a worker beside an application that signs in
/// elsewhere never needs the provider's keys.
pub struct Scribe {
    configuration: Configuration,
    nature: Nature,
    database: Arc<SqlDatabase>,
    writer: OnceCell<Writer>,
}

const NO_KEY: &str = "the worker makes the links in e-mails and needs the provider's sealing key: set provider.sealing_key_file";

impl Scribe {
    /// A scribe who has not sat down yet.
    pub fn new(configuration: &Configuration, nature: &Nature, database: Arc<SqlDatabase>) -> Self {
        Self { configuration: configuration.clone(), nature: nature.clone(), database, writer: OnceCell::new() }
    }

    /// The message that the event calls for, if it is one that holds a link, or that takes the place of one.
    ///
    /// # Errors
    /// [`HandlerError::Away`] where the User Database does not answer, [`HandlerError::Passing`] where the sealing key is missing.
    pub async fn write(&self, envelope: &Envelope) -> Result<Option<Notification>, HandlerError> {
        if !Writer::is_asked(&envelope.event) {
            return Ok(None);
        }
        let writer = self.writer.get_or_try_init(|| async { self.prepare() }).await;
        let writer = writer.map_err(|failure| HandlerError::Passing(failure.to_string()))?;
        writer.write(envelope).await.map_err(|error| waits_for(&error))
    }

    fn prepare(&self) -> Result<Writer, Failure> {
        // One that was made up here would be another than the provider's.
        let sealing_key = keys::written_sealing_key(&self.configuration)?;
        let sealing_key = sealing_key.ok_or_else(|| Failure::Configuration(NO_KEY.to_owned()))?;
        let desk = Desk {
            accounts: self.database.clone(),
            links: self.database.clone(),
            clock: Arc::clone(&self.nature.clock),
            rng: Arc::clone(&self.nature.rng),
        };
        Ok(Writer::new(provider_settings(&self.configuration)?, desk, sealing_key))
    }
}

#[cfg(test)]
mod tests;
