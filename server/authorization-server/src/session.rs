//! The provider's own session: who is signed in here, in this browser.
//!
//! The cookie is a ticket; the record lies in the Cache, found and opened by the ticket only. The User Database keeps a book of
//! who is signed in where, by which a user ends a session from another device. It ends after some hours without use, at an
//! absolute age, or by signing out.

use std::collections::BTreeSet;

use http::HeaderMap;
use http::header::USER_AGENT;
use jiff::{SignedDuration, Timestamp};
use protocol::secret::Ticket;
use protocol::{ClientAddress, Scope};
use queue::Event;
use serde::{Deserialize, Serialize};
use tower_cookies::cookie::SameSite;
use tower_cookies::{Cookie, Cookies};
use tracing::Instrument as _;
use user_database::{Account, Session as Entry};
use uuid::Uuid;

use crate::clients::Client;
use crate::exchange;
use crate::outage::Outage;
use crate::sealed::Shelf;
use crate::state::AuthorizationServer;

const COOKIE: &str = "__Host-provider";
const SESSIONS: Shelf<Session> = Shelf::new("signed-in");

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
    /// When it was last kept from going idle.
    #[serde(default)]
    used_at: Option<Timestamp>,
}

impl Session {
    /// Whether a use at `now` is worth a write: not where one was noted within the last sixtieth of the `idle` time, by which the
    /// session may then end early.
    fn wants_noting(&self, now: Timestamp, idle: SignedDuration) -> bool {
        self.used_at.is_none_or(|at| now.duration_since(at) >= idle / 60)
    }

    /// Whether it is still one of `account`, which may sign in and has not ended its sessions since this one began.
    fn is_of(&self, account: &Account) -> bool {
        !account.disabled && self.auth_time >= account.sessions_since
    }
}

/// A session of this browser with the account behind it.
pub(crate) struct Present {
    pub(crate) session: Session,
    pub(crate) account: Account,
    pub(crate) ticket: Ticket,
}

/// Where somebody signs in, to be shown to them later.
#[derive(Clone)]
pub(crate) struct Whence {
    pub(crate) user_agent: Option<String>,
    pub(crate) address: Option<String>,
}

/// The longest description that a browser may give of itself, in characters.
const LONGEST_USER_AGENT: usize = 200;

impl Whence {
    /// What a request tells of it.
    pub(crate) fn of(headers: &HeaderMap, address: Option<ClientAddress>) -> Self {
        let told = headers.get(USER_AGENT).and_then(|value| value.to_str().ok());
        let user_agent = told.map(|told| told.chars().take(LONGEST_USER_AGENT).collect());
        Self { user_agent, address: address.map(|address| address.to_string()) }
    }
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
    let Some((session, ticket)) = open(server, cookies).await? else { return Ok(None) };
    let account = server.boxes.accounts.by_subject(session.subject);
    let account = account.instrument(exchange::records("the account of the session, read")).await?;
    let account = account.filter(|account| session.is_of(account));
    Ok(account.map(|account| Present { session, account, ticket }))
}

/// The same for somebody who comes from `client`, with what they allowed it so far.
pub(crate) async fn present_to(
    server: &AuthorizationServer,
    cookies: &Cookies,
    client: &Client,
) -> Result<Option<(Present, Scope)>, Outage> {
    let Some((session, ticket)) = open(server, cookies).await? else { return Ok(None) };
    let found = server.boxes.accounts.by_subject_with_consent(session.subject, &client.client_id);
    let found = found.instrument(exchange::records("the account of the session and what it allowed, read")).await?;
    let found = found.filter(|(account, _)| session.is_of(account));
    Ok(found.map(|(account, allowed)| (Present { session, account, ticket }, allowed)))
}

/// The record that the ticket of this browser opens, kept from going idle, and the ticket.
async fn open(server: &AuthorizationServer, cookies: &Cookies) -> Result<Option<(Session, Ticket)>, Outage> {
    let Some(ticket) = ticket(cookies) else { return Ok(None) };
    let Some(held) = SESSIONS.get(server, ticket.expose()).await? else { return Ok(None) };
    let now = server.now();
    let left = held.value.expires_at.duration_since(now);
    if !left.is_positive() {
        return Ok(None);
    }
    let idle = server.settings.lifetimes.session_idle;
    if held.value.wants_noting(now, idle) {
        let used = Session { used_at: Some(now), ..held.value.clone() };
        // Where another request has written meanwhile, it has noted the use as well.
        SESSIONS.replace(server, ticket.expose(), &held, &used, left.min(idle)).await?;
    }
    Ok(Some((held.value, ticket)))
}

/// Begins a session for who has just signed in. The ticket is always a fresh one, and what the browser had before is void, so
/// that nobody can plant a session; the same user signing in again keeps the `sid` that clients know, and of another user's session
/// its clients hear that it is over.
pub(crate) async fn begin(
    server: &AuthorizationServer,
    cookies: &Cookies,
    account: Account,
    whence: Whence,
) -> Result<Present, Outage> {
    let lifetimes = &server.settings.lifetimes;
    let (mut sid, mut renewed) = (server.opaque(), None);
    if let Some(before) = ticket(cookies)
        && let Some(held) = SESSIONS.get(server, before.expose()).await?
    {
        if held.value.subject == account.subject && held.value.auth_time >= account.sessions_since {
            (sid, renewed) = (held.value.sid, Some(before));
        } else {
            finish(server, &held.value.sid).await?;
            SESSIONS.take(server, before.expose()).await?;
        }
    }
    let now = server.now();
    let expires_at = now.saturating_add(lifetimes.session).unwrap_or(Timestamp::MAX);
    let session = Session { subject: account.subject, auth_time: now, sid, expires_at, used_at: Some(now) };
    let ticket = Ticket::issue(&*server.boxes.rng);
    let lifetime: SignedDuration = lifetimes.session_idle.min(lifetimes.session);
    // The browser has the new session before the old one is gone, so that an outage between them forgets none of its clients.
    SESSIONS.put(server, ticket.expose(), &session, lifetime).await?;
    let Whence { user_agent, address } = whence;
    let entry = Entry {
        sid: session.sid.clone(),
        subject: session.subject,
        record: SESSIONS.key(ticket.expose()),
        began_at: now,
        ends_at: expires_at,
        user_agent,
        address,
        clients: BTreeSet::new(),
    };
    // Second, so that whoever strikes the entry out finds the record. Where this fails, nobody has the ticket.
    server.boxes.sessions.enter(&entry).await?;
    cookies.add(cookie(COOKIE.to_owned(), ticket.expose().to_owned()));
    if let Some(before) = renewed {
        SESSIONS.take(server, before.expose()).await?;
    }
    Ok(Present { session, account, ticket })
}

/// Notes that `client` is given a code in this session, so that it hears of its end; false where the session has ended meanwhile.
pub(crate) async fn join(server: &AuthorizationServer, present: &Present, client: &Client) -> Result<bool, Outage> {
    if client.backchannel_logout_uri.is_none() {
        return Ok(true);
    }
    Ok(server.boxes.sessions.join(&present.session.sid, &client.client_id).await?)
}

/// Ends the session of this browser, lets its clients know, and lets the browser forget it.
pub(crate) async fn end(server: &AuthorizationServer, cookies: &Cookies, present: &Present) -> Result<(), Outage> {
    finish(server, &present.session.sid).await?;
    SESSIONS.take(server, present.ticket.expose()).await?;
    cookies.remove(cookie(COOKIE.to_owned(), String::new()));
    Ok(())
}

/// The sessions of an account, the newest first: those that its browsers can still open.
pub(crate) async fn of_account(server: &AuthorizationServer, account: &Account) -> Result<Vec<Entry>, Outage> {
    let mut open = Vec::new();
    for entry in server.boxes.sessions.of_subject(account.subject, server.now()).await? {
        // An idle one is gone from the Cache before it is from the book.
        if entry.began_at >= account.sessions_since && server.boxes.cache.get(&entry.record).await?.is_some() {
            open.push(entry);
        }
    }
    Ok(open)
}

/// Ends a session by its `sid`, wherever its browser is, and lets its clients know.
pub(crate) async fn finish(server: &AuthorizationServer, sid: &str) -> Result<(), Outage> {
    let Some(entry) = server.boxes.sessions.get(sid).await? else { return Ok(()) };
    announce(server, &entry).await?;
    strike(server, &entry).await
}

/// Says that a session is about to end, before it does: where the Queue does not answer, it is still there to be ended again.
pub(crate) async fn announce(server: &AuthorizationServer, entry: &Entry) -> Result<(), Outage> {
    let (subject, user_agent) = (entry.subject.to_string(), entry.user_agent.clone());
    server.tell(Event::DeviceSignedOut { subject, user_agent }).await?;
    tell_clients(server, entry, &entry.clients).await
}

/// Ends a session that was announced to be over.
pub(crate) async fn strike(server: &AuthorizationServer, entry: &Entry) -> Result<(), Outage> {
    server.boxes.cache.remove(&entry.record).await?;
    if let Some(last) = server.boxes.sessions.strike(&entry.sid).await? {
        // What came of a sign-in in the meantime.
        server.boxes.cache.remove(&last.record).await?;
        tell_clients(server, &last, &last.clients.difference(&entry.clients).cloned().collect()).await?;
    }
    Ok(())
}

async fn tell_clients(server: &AuthorizationServer, entry: &Entry, clients: &BTreeSet<String>) -> Result<(), Outage> {
    for client_id in clients {
        let (subject, client_id, sid) = (entry.subject.to_string(), client_id.clone(), entry.sid.clone());
        server.tell(Event::SessionEnded { subject, client_id, sid }).await?;
    }
    Ok(())
}
