//! How messages travel: into a folder in development, by SMTP in production.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use lettre::message::header::{ContentType, Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};
use tokio::io::AsyncWriteExt as _;

use crate::notification::{Notification, compose};
use crate::{Envelope, Handler, HandlerError};

/// How long the mail server may take for each step.
const PATIENCE: Duration = Duration::from_secs(15);

/// The longest address, in bytes (RFC 5321 §4.5.3.1.3, without the brackets).
const LONGEST_ADDRESS: usize = 254;

/// Who writes, as far as the folder is concerned.
const OUTBOX_FROM: &str = "Cloakroom <cloakroom@localhost>";

/// Sends the messages that events call for. As a [`Handler`] it leaves all other events alone.
#[derive(Clone)]
pub struct Mailer(Way);

#[derive(Clone)]
enum Way {
    Outbox(PathBuf),
    Smtp { transport: AsyncSmtpTransport<Tokio1Executor>, from: Box<Mailbox> },
}

/// Why a message was not sent.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// An address is none.
    #[error("the address {0:?} cannot be written to: {1}")]
    Address(String, lettre::address::AddressError),
    /// The message cannot be put together.
    #[error("the message cannot be composed: {0}")]
    Compose(#[from] lettre::error::Error),
    /// The folder does not take it.
    #[error("the outbox does not take the message: {0}")]
    Outbox(#[from] std::io::Error),
    /// The mail server does not take it, or the URL names none.
    #[error("the mail server does not take the message: {0}")]
    Smtp(#[from] lettre::transport::smtp::Error),
}

impl Mailer {
    /// Writes each message as `<envelope id>.eml` into `directory`, which is made with the first: for development.
    pub fn outbox(directory: impl Into<PathBuf>) -> Self {
        Self(Way::Outbox(directory.into()))
    }

    /// Sends each message through the mail server at `url`, as `from` (`name@host`, or `Name <name@host>`).
    ///
    /// `smtps://user:password@host` speaks TLS from the first byte, `smtp://host?tls=required` by STARTTLS; `smtp://host`
    /// without TLS is for a server on the same machine.
    ///
    /// # Errors
    /// [`MailError::Smtp`] where the URL names no mail server, [`MailError::Address`] where `from` is no address.
    pub fn smtp(url: &str, from: &str) -> Result<Self, MailError> {
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url)?.timeout(Some(PATIENCE)).build();
        Ok(Self(Way::Smtp { transport, from: Box::new(mailbox(from)?) }))
    }

    /// Sends the message that the event calls for, if any. Sent twice, both bear the same Message-ID, and the outbox holds one.
    ///
    /// # Errors
    /// [`MailError`] where the message was not sent.
    pub async fn notify(&self, envelope: &Envelope) -> Result<(), MailError> {
        match compose(envelope) {
            Some(notification) => self.send(envelope, notification).await,
            None => Ok(()),
        }
    }

    /// Sends the message that was written because of the event, in the way of [`notify`](Self::notify).
    ///
    /// # Errors
    /// [`MailError`] where the message was not sent.
    pub async fn send(&self, envelope: &Envelope, notification: Notification) -> Result<(), MailError> {
        let Notification { to, subject, body } = notification;
        let to = match to.parse() {
            Ok(address) => Mailbox::new(None, address),
            Err(error) => return Err(MailError::Address(to, error)),
        };
        let from = match &self.0 {
            Way::Outbox(_) => mailbox(OUTBOX_FROM)?,
            Way::Smtp { from, .. } => Mailbox::clone(from),
        };
        let message = Message::builder()
            .message_id(Some(format!("<{}@{}>", envelope.id, from.email.domain())))
            .from(from)
            .to(to)
            .subject(subject)
            .date(SystemTime::from(envelope.at))
            .header(AutoSubmitted)
            .header(ContentType::TEXT_PLAIN)
            .body(body)?;
        match &self.0 {
            Way::Outbox(directory) => write_once(directory.clone(), envelope, &message.formatted()).await?,
            Way::Smtp { transport, .. } => drop(transport.send(message).await?),
        }
        Ok(())
    }
}

#[async_trait]
impl Handler for Mailer {
    async fn handle(&self, envelope: &Envelope) -> Result<(), HandlerError> {
        self.notify(envelope).await.map_err(|error| HandlerError::Passing(error.to_string()))
    }
}

/// RFC 3834 §5: nobody wrote this by hand, so no machine need answer it.
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

/// Whether a message can be sent to `address`: it has a name, a host, and nothing else.
pub fn is_address(address: &str) -> bool {
    address.len() <= LONGEST_ADDRESS && !address.contains(char::is_control) && address.parse::<Address>().is_ok()
}

fn mailbox(text: &str) -> Result<Mailbox, MailError> {
    text.parse().map_err(|error| MailError::Address(text.to_owned(), error))
}

/// Writes the whole file aside and then gives it its name, so that a reader sees all of it or nothing.
async fn write_once(directory: PathBuf, envelope: &Envelope, bytes: &[u8]) -> std::io::Result<()> {
    static WRITTEN: AtomicU64 = AtomicU64::new(0);
    tokio::fs::create_dir_all(&directory).await?;
    let number = WRITTEN.fetch_add(1, Ordering::Relaxed);
    let aside = directory.join(format!(".{}.{}.{number}.part", envelope.id, std::process::id()));
    let mut options = tokio::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    options.mode(0o600);
    let mut file = options.open(&aside).await?;
    file.write_all(bytes).await?;
    file.sync_all().await?;
    tokio::fs::rename(aside, directory.join(format!("{}.eml", envelope.id))).await
}
