//! The record of an interaction, and the cookie that opens it.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use protocol::binding::Binding;
use protocol::secret::Ticket;
use serde::{Deserialize, Serialize};
use tower_cookies::Cookies;
use uuid::Uuid;

use super::InteractionError;
use super::errand::{Errand, Written};
use crate::outage::Outage;
use crate::pushed::Spendable;
use crate::sealed::{Held, Shelf};
use crate::session;
use crate::state::AuthorizationServer;

const BINDING: Binding = Binding("interaction");
const INTERACTIONS: Shelf<Interaction> = Shelf::new("interaction");

/// The cookie outlives the record, so that a late form is told that it is late and not that its browser is another.
const COOKIE_LIFETIME: SignedDuration = SignedDuration::from_hours(2);
/// How long a completed interaction still knows where it led, for a form that was sent twice.
pub(super) const COMPLETED_LIFETIME: SignedDuration = SignedDuration::from_secs(60);

/// What was done in an interaction already.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Progress {
    /// When the user signed in here.
    pub(super) authenticated_at: Option<Timestamp>,
    /// Who consented here.
    pub(super) consented: Option<Uuid>,
}

/// An interaction is pending, then completed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Interaction {
    Pending(Box<Pending>),
    Completed { location: String },
}

/// A pending interaction.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Pending {
    id: String,
    errand: Written,
    pub(super) pushed: Option<Spendable>,
    pub(super) progress: Progress,
    expires_at: Timestamp,
}

/// A pending interaction of this browser.
pub(super) struct Open {
    pub(super) ticket: Ticket,
    pub(super) pending: Pending,
    pub(super) errand: Arc<Errand>,
    cookie: String,
    held: Held<Interaction>,
}

/// What the cookie of this browser opens.
pub(super) enum Found {
    Open(Box<Open>),
    /// Completed a moment ago; the form was sent twice.
    Completed(String),
}

/// Begins an interaction; gives its identifier.
pub(super) async fn begin(
    server: &AuthorizationServer,
    cookies: &Cookies,
    errand: Written,
    pushed: Option<Spendable>,
) -> Result<String, Outage> {
    let (id, ticket, now) = (server.opaque(), Ticket::issue(&*server.boxes.rng), server.now());
    let lifetime = server.settings.lifetimes.interaction;
    let expires_at = now.saturating_add(lifetime).unwrap_or(Timestamp::MAX);
    let pending = Pending { id: id.clone(), errand, pushed, progress: Progress::default(), expires_at };
    INTERACTIONS.put(server, ticket.expose(), &Interaction::Pending(Box::new(pending)), lifetime).await?;
    let known = cookies.list();
    for surplus in BINDING.surplus(known.iter().map(tower_cookies::Cookie::name)) {
        cookies.remove(session::cookie(surplus, String::new()));
    }
    set_cookie(cookies, BINDING.name(now, &id), &ticket, COOKIE_LIFETIME);
    Ok(id)
}

fn set_cookie(cookies: &Cookies, name: String, ticket: &Ticket, lifetime: SignedDuration) {
    let mut cookie = session::cookie(name, ticket.expose().to_owned());
    cookie.set_max_age(tower_cookies::cookie::time::Duration::seconds(lifetime.as_secs()));
    cookies.add(cookie);
}

/// Opens the interaction `id` with the cookie of this browser.
pub(super) async fn find(server: &AuthorizationServer, cookies: &Cookies, id: &str) -> Result<Found, InteractionError> {
    let known = cookies.list();
    let (cookie, ticket) =
        BINDING.find(id, known.iter().map(tower_cookies::Cookie::name_value)).ok_or(InteractionError::OtherBrowser)?;
    let held = INTERACTIONS.get(server, ticket.expose()).await?.ok_or(InteractionError::Expired)?;
    match &held.value {
        Interaction::Completed { location } => Ok(Found::Completed(location.clone())),
        Interaction::Pending(pending) if pending.id == id => {
            let pending = (**pending).clone();
            let errand = Errand::restore(server, pending.errand.clone()).await?.ok_or(InteractionError::Expired)?;
            Ok(Found::Open(Box::new(Open { ticket, pending, errand, cookie, held })))
        }
        Interaction::Pending(_) => Err(InteractionError::OtherBrowser),
    }
}

impl Open {
    /// The interaction's identifier.
    pub(super) fn id(&self) -> &str {
        &self.pending.id
    }

    /// Notes progress; where another form of this interaction did so in the same moment, on top of that one's. Some
    /// location where the interaction was completed meanwhile.
    pub(super) async fn note(
        &mut self,
        server: &AuthorizationServer,
        change: impl Fn(&mut Progress) + Send + Sync,
    ) -> Result<Option<String>, InteractionError> {
        loop {
            let mut pending = self.pending.clone();
            change(&mut pending.progress);
            let lifetime = pending.expires_at.duration_since(server.now());
            if !lifetime.is_positive() {
                return Err(InteractionError::Expired);
            }
            let next = Interaction::Pending(Box::new(pending.clone()));
            let noted = INTERACTIONS.replace(server, self.ticket.expose(), &self.held, &next, lifetime).await?;
            if let Some(location) = self.reload(server).await? {
                return Ok(Some(location));
            }
            if noted {
                return Ok(None);
            }
        }
    }

    /// Marks the interaction as completed by leading to `location`; the answer is where it really led, which is elsewhere
    /// where another form of this interaction was quicker.
    pub(super) async fn complete(
        &mut self,
        server: &AuthorizationServer,
        cookies: &Cookies,
        location: String,
    ) -> Result<String, InteractionError> {
        let completed = Interaction::Completed { location };
        loop {
            let lifetime = COMPLETED_LIFETIME;
            let done = INTERACTIONS.replace(server, self.ticket.expose(), &self.held, &completed, lifetime).await?;
            if let Some(location) = self.reload(server).await? {
                set_cookie(cookies, self.cookie.clone(), &self.ticket, COMPLETED_LIFETIME);
                return Ok(location);
            }
            if done {
                return Err(InteractionError::Expired);
            }
        }
    }

    /// Reads the record again; some location where it is completed.
    async fn reload(&mut self, server: &AuthorizationServer) -> Result<Option<String>, InteractionError> {
        self.held = INTERACTIONS.get(server, self.ticket.expose()).await?.ok_or(InteractionError::Expired)?;
        match &self.held.value {
            Interaction::Completed { location } => Ok(Some(location.clone())),
            Interaction::Pending(pending) => {
                self.pending = (**pending).clone();
                Ok(None)
            }
        }
    }
}
