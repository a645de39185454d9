//! The provider's own session: who is signed in here, in this browser.
//!
//! The cookie is a ticket; the record lies in the Cache, found and opened by the ticket only. It ends after some hours
//! without use, at an absolute age, or by signing out.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use protocol::secret::Ticket;
use queue::Event;
use serde::{Deserialize, Serialize};
use tower_cookies::cookie::SameSite;
use tower_cookies::{Cookie, Cookies};
use tracing::Instrument as _;
use user_database::Account;
use uuid::Uuid;

use crate::clients::Client;
use crate::exchange;
use crate::outage::Outage;
use crate::sealed::Shelf;
use crate::state::AuthorizationServer;

const COOKIE: &str = "__Host-provider";
const SESSIONS: Shelf<Session> = Shelf::new("session");

/// The record of a session.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Session {
    /// Who is signed in.
    pub(crate) subject: Uuid,
    /// When they last proved it.
    pub(crate) auth_time: Timestamp,
    /// What clients know the session by (Back-Channel Logout §2.1).
    pub(crate) sid: String,
    /// The absolute end.
    pub(crate) expires_at: Timestamp,
    /// The clients that had a code in it and want to hear of its end.
    #[serde(default)]
    clients: BTreeSet<String>,
}

/// A session of this browser with the account behind it.
pub(crate) struct Present {
    pub(crate) session: Session,
    pub(crate) account: Account,
    pub(crate) ticket: Ticket,
}

/// A cookie as all of ours are: for this host only, over TLS only, out of scripts' reach.
pub(crate) fn cookie(name: String, value: String) -> Cookie<'static> {
    Cookie::build((name, value)).path("/").secure(true).http_only(true).same_site(SameSite::Lax).build()
}

fn ticket(cookies: &Cookies) -> Option<Ticket> {
    cookies.get(COOKIE).map(|cookie| Ticket::new(cookie.value()))
}

/// The session of this browser, if there is one whose account may still sign in; using it keeps it from going idle.
pub(crate) async fn present(server: &AuthorizationServer, cookies: &Cookies) -> Result<Option<Present>, Outage> {
    let Some(ticket) = ticket(cookies) else { return Ok(None) };
    let Some(held) = SESSIONS.get(server, ticket.expose()).await? else { return Ok(None) };
    let left = held.value.expires_at.duration_since(server.now());
    if !left.is_positive() {
        return Ok(None);
    }
    SESSIONS.prolong(server, ticket.expose(), &held, left.min(server.settings.lifetimes.session_idle)).await?;
    let subject = held.value.subject;
    let account = server
        .boxes
        .accounts
        .by_subject(subject)
        .instrument(exchange::span(protocol::Exchange::AccountAndConsentRecords))
        .await?;
    let began = held.value.auth_time;
    let account = account.filter(|account| !account.disabled && began >= account.sessions_since);
    Ok(account.map(|account| Present { session: held.value, account, ticket }))
}

/// Begins a session for who has just signed in. The ticket is always a fresh one, and what the browser had before is void, so
/// that nobody can plant a session; the same user signing in again keeps the `sid` that clients know, and of another user's session
/// its clients hear that it is over.
pub(crate) async fn begin(server: &AuthorizationServer, cookies: &Cookies, account: Account) -> Result<Present, Outage> {
    let lifetimes = &server.settings.lifetimes;
    let (mut sid, mut clients, mut renewed) = (server.opaque(), BTreeSet::new(), None);
    if let Some(before) = ticket(cookies)
        && let Some(held) = SESSIONS.get(server, before.expose()).await?
    {
        if held.value.subject == account.subject {
            (sid, clients, renewed) = (held.value.sid, held.value.clients, Some(before));
        } else {
            finish(server, &held.value, &before).await?;
        }
    }
    let now = server.now();
    let expires_at = now.saturating_add(lifetimes.session).unwrap_or(Timestamp::MAX);
    let mut session = Session { subject: account.subject, auth_time: now, sid, expires_at, clients };
    let ticket = Ticket::issue(&*server.boxes.rng);
    let lifetime: SignedDuration = lifetimes.session_idle.min(lifetimes.session);
    // The browser has the new session before the old one is gone, so that an outage between them forgets none of its clients.
    SESSIONS.put(server, ticket.expose(), &session, lifetime).await?;
    cookies.add(cookie(COOKIE.to_owned(), ticket.expose().to_owned()));
    if let Some(before) = renewed
        && let Some(last) = SESSIONS.take(server, before.expose()).await?
        && !last.clients.is_subset(&session.clients)
    {
        // One more had a code in another tab meanwhile.
        session.clients.extend(last.clients);
        SESSIONS.put(server, ticket.expose(), &session, lifetime).await?;
    }
    Ok(Present { session, account, ticket })
}

/// Notes that `client` is given a code in this session, so that it hears of its end; false where the session has ended meanwhile.
pub(crate) async fn join(server: &AuthorizationServer, present: &Present, client: &Client) -> Result<bool, Outage> {
    if client.backchannel_logout_uri.is_none() || present.session.clients.contains(&client.client_id) {
        return Ok(true);
    }
    // Whoever loses to another tab reads again what the other wrote.
    while let Some(held) = SESSIONS.get(server, present.ticket.expose()).await? {
        let mut joined = held.value.clone();
        if !joined.clients.insert(client.client_id.clone()) {
            return Ok(true);
        }
        let lifetime = joined.expires_at.duration_since(server.now()).min(server.settings.lifetimes.session_idle);
        if !lifetime.is_positive() {
            return Ok(false);
        }
        if SESSIONS.replace(server, present.ticket.expose(), &held, &joined, lifetime).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Ends a session, lets its clients know, and lets the browser forget it.
pub(crate) async fn end(server: &AuthorizationServer, cookies: &Cookies, present: &Present) -> Result<(), Outage> {
    finish(server, &present.session, &present.ticket).await?;
    cookies.remove(cookie(COOKIE.to_owned(), String::new()));
    Ok(())
}

/// The events are pushed before the session is gone: where the Queue does not answer, it is still there to be ended again.
async fn finish(server: &AuthorizationServer, session: &Session, ticket: &Ticket) -> Result<(), Outage> {
    announce(server, session, &session.clients).await?;
    if let Some(last) = SESSIONS.take(server, ticket.expose()).await? {
        let late = last.clients.difference(&session.clients).cloned().collect();
        announce(server, session, &late).await?;
    }
    Ok(())
}

async fn announce(server: &AuthorizationServer, session: &Session, clients: &BTreeSet<String>) -> Result<(), Outage> {
    for client_id in clients {
        let (subject, client_id, sid) = (session.subject.to_string(), client_id.clone(), session.sid.clone());
        server.tell(Event::SessionEnded { subject, client_id, sid }).await?;
    }
    Ok(())
}
