//! What is done with each event: a line in the audit log, then the e-mail or the logout token that it calls for.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use app::model::OutboxMessage;
use async_trait::async_trait;
use queue::{Envelope, Event, Handler, HandlerError, Mailer, Queue};
use secrecy::ExposeSecret as _;
use tokio_util::sync::CancellationToken;
use user_database::{AuditRecord, AuditTrail, SqlDatabase};

use crate::herald::Herald;
use crate::scribe::Scribe;
use crate::{Configuration, Failure};

/// How often the log says that there are dead letters.
const REMIND_EVERY: Duration = Duration::from_hours(1);

/// Files events. The audit log and the e-mail are idempotent by the event's identity, so that an event handled twice is filed once;
/// a client that is told of a session's end twice has ended it before.
pub struct Clerk {
    trail: Arc<dyn AuditTrail>,
    mailer: Mailer,
    herald: Arc<dyn Herald>,
    scribe: Scribe,
}

impl Clerk {
    /// A clerk who sends by SMTP where the configuration says so, else into the outbox folder; `herald` tells clients, `scribe` writes what holds a link.
    ///
    /// # Errors
    /// [`Failure::Configuration`] where the mail server or the sender cannot be.
    pub fn new(
        database: Arc<SqlDatabase>,
        configuration: &Configuration,
        herald: Arc<dyn Herald>,
        scribe: Scribe,
    ) -> Result<Self, Failure> {
        Ok(Self { trail: database, mailer: mailer(configuration)?, herald, scribe })
    }
}

/// What sends e-mail; nothing is sent or written yet.
///
/// # Errors
/// [`Failure::Configuration`] where the mail server or the sender cannot be.
pub fn mailer(configuration: &Configuration) -> Result<Mailer, Failure> {
    match &configuration.mail.url {
        None => Ok(Mailer::outbox(configuration.outbox())),
        Some(url) => Mailer::smtp(url.expose_secret(), &configuration.mail.from)
            .map_err(|error| Failure::Configuration(format!("mail: {error}"))),
    }
}

#[async_trait]
impl Handler for Clerk {
    async fn handle(&self, envelope: &Envelope) -> Result<(), HandlerError> {
        let failed = |error: &dyn std::fmt::Display| HandlerError::Passing(error.to_string());
        let record = AuditRecord {
            id: envelope.id,
            at: envelope.at,
            kind: envelope.event.kind().to_owned(),
            subject: envelope.event.subject().map(str::to_owned),
            details: serde_json::to_value(&envelope.event).map_err(|error| failed(&error))?,
        };
        self.trail.record(&record).await.map_err(|error| waits_for(&error))?;
        if let Event::SessionEnded { subject, client_id, sid } = &envelope.event {
            self.herald.tell(client_id, subject, sid).await?;
        }
        let sent = match self.scribe.write(envelope).await? {
            Some(letter) => self.mailer.send(envelope, letter).await,
            None => self.mailer.notify(envelope).await,
        };
        sent.map_err(|error| failed(&error))
    }
}

/// The User Database is away: the event waits for it, unless it is the event that the database will not have.
pub fn waits_for(error: &user_database::Unavailable) -> HandlerError {
    if error.is_refusal() { HandlerError::Passing(error.to_string()) } else { HandlerError::Away(error.to_string()) }
}

/// Says in the log that there are dead letters, at the start and every hour, until `stop`.
///
/// # Errors
/// None; a Queue that is away is asked another time.
pub async fn remind(queue: Arc<dyn Queue>, stop: CancellationToken) -> Result<(), String> {
    let mut ticks = tokio::time::interval(REMIND_EVERY);
    while tokio::select! { _ = ticks.tick() => true, () = stop.cancelled() => false } {
        if let Ok(letters) = queue.dead_letters(1).await
            && let Some(oldest) = letters.first()
        {
            tracing::error!(
                oldest = %oldest.envelope.at, kind = oldest.envelope.event.kind(), reason = oldest.reason,
                "there are dead letters: `cloakroom queue dead-letters` lists them, `cloakroom queue retry` puts them back"
            );
        }
    }
    Ok(())
}

/// The e-mails in the outbox folder, newest first.
///
/// # Errors
/// What the file system says.
pub async fn outbox(directory: &Path) -> std::io::Result<Vec<OutboxMessage>> {
    let messages = queue::outbox::list(directory).await?;
    let shown = messages.into_iter().map(|message| OutboxMessage {
        file: format!("{}.eml", message.id),
        at: message.at.to_string(),
        to: message.to,
        subject: message.subject,
        body: message.body,
    });
    Ok(shown.collect())
}
