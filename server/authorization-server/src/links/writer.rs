//! What is written to the mailbox that a visitor named; nobody but its owner sees the difference (attack 45).
//!
//! Whoever takes the event off the Queue hands it to the [`Writer`]. The token of the link is made there and then, so that none lies
//! in the Queue; and the link begins with the configured issuer, since no request is at hand that could say otherwise (attack 46).

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use protocol::{Clock, Rng};
use queue::letter::{self, Asked, MailedLink};
use queue::notification::Notification;
use queue::{Envelope, Event};
use secrecy::SecretString;
use user_database::{Accounts, Link, LinkPurpose, Links, Unavailable};
use uuid::Uuid;

use super::{CONFIRM, token};
use crate::pages::Ask;
use crate::settings::Settings;

/// Who asked so long ago does not wait for an answer any more.
const LATEST: SignedDuration = SignedDuration::from_hours(24);

/// What the writer needs. It runs beside the Authorization Server or in a process of its own.
#[expect(missing_docs, reason = "each field is the port that its type names")]
pub struct Desk {
    pub accounts: Arc<dyn Accounts>,
    pub links: Arc<dyn Links>,
    pub clock: Arc<dyn Clock>,
    pub rng: Arc<dyn Rng>,
}

/// Writes the messages of sign-up and password reset.
pub struct Writer {
    settings: Settings,
    secret: SecretString,
    desk: Desk,
}

impl Writer {
    /// Settings and `sealing_secret` are those of the Authorization Server.
    pub fn new(settings: Settings, desk: Desk, sealing_secret: SecretString) -> Self {
        Self { settings, secret: sealing_secret, desk }
    }

    /// Whether an event may call for a message of this writer's.
    pub fn is_asked(event: &Event) -> bool {
        matches!(event, Event::SignUpAsked { .. } | Event::PasswordResetAsked { .. })
    }

    /// The message that the event calls for, if any. Written again, it is the same.
    ///
    /// # Errors
    /// [`Unavailable`] where the User Database does not answer.
    pub async fn write(&self, envelope: &Envelope) -> Result<Option<Notification>, Unavailable> {
        let (ask, email, sign_in, user_agent, address) = match &envelope.event {
            Event::SignUpAsked { email, sign_in, user_agent, address } => (Ask::SignUp, email, sign_in, user_agent, address),
            Event::PasswordResetAsked { email, sign_in, user_agent, address } => {
                (Ask::PasswordReset, email, sign_in, user_agent, address)
            }
            _ => return Ok(None),
        };
        // Whether it is wanted at all was judged where it was asked for, and is again where the link is opened.
        if self.desk.clock.now().duration_since(envelope.at) > LATEST {
            return Ok(None);
        }
        let asked = Asked { envelope, user_agent: user_agent.as_deref(), address: address.as_deref() };
        let known = self.desk.accounts.by_login(email).await?;
        match (ask, known) {
            (Ask::SignUp, None) => {
                let url = self.link(envelope, LinkPurpose::SignUp, email, self.subject(), sign_in.clone()).await?;
                Ok(url.map(|url| letter::confirm_sign_up(email, self.good_for(&url), asked)))
            }
            // To the address of the account, whatever was typed.
            (_, Some(account)) if account.disabled => Ok(None),
            (Ask::SignUp, Some(account)) => {
                let login = format!("{}/account", self.settings.issuer_identifier());
                Ok(Some(letter::account_exists(&account.email, &account.name, &login, asked)))
            }
            (Ask::PasswordReset, Some(account)) if envelope.at >= account.sessions_since => {
                let (purpose, subject) = (LinkPurpose::PasswordReset, account.subject);
                let url = self.link(envelope, purpose, &account.email, subject, sign_in.clone()).await?;
                Ok(url.map(|url| letter::reset_password(&account.email, &account.name, self.good_for(&url), asked)))
            }
            // Nobody's; or the password was changed since.
            (Ask::PasswordReset, _) => Ok(None),
        }
    }

    /// The URL of the link that the event asked for; none where a later one has replaced it.
    async fn link(
        &self,
        envelope: &Envelope,
        purpose: LinkPurpose,
        address: &str,
        subject: Uuid,
        sign_in: Option<String>,
    ) -> Result<Option<String>, Unavailable> {
        let token = token::of(&self.secret, envelope.id);
        let lifetime = self.settings.lifetimes.link;
        let link = Link {
            purpose,
            digest: token::digest_of(&token),
            address: address.to_owned(),
            subject,
            sign_in,
            asked_at: envelope.at,
            expires_at: self.desk.clock.now().saturating_add(lifetime).unwrap_or(Timestamp::MAX),
            used_at: None,
        };
        let issued = self.desk.links.issue(&link).await?;
        Ok(issued.then(|| format!("{}{CONFIRM}?token={}", self.settings.issuer_identifier(), token.expose())))
    }

    fn good_for<'a>(&self, url: &'a str) -> MailedLink<'a> {
        MailedLink { url, lifetime: self.settings.lifetimes.link }
    }

    fn subject(&self) -> Uuid {
        let mut bytes = [0; 16];
        self.desk.rng.fill(&mut bytes);
        uuid::Builder::from_random_bytes(bytes).into_uuid()
    }
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer").field("issuer", &self.settings.issuer).finish_non_exhaustive()
    }
}
