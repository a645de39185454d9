//! The form by which a user who has forgotten their password chooses another.
//!
//! All sessions and grants that there were are over, and the clients hear of it, as when the password is changed on the account page.

use std::sync::Arc;

use protocol::secret::Password;
use protocol::wire::Parameters;
use queue::Event;
use user_database::{Account, Link};

use super::held::Held;
use super::opened::{Done, From};
use super::{CONFIRM, token};
use crate::credentials::CROWDED;
use crate::outage::Outage;
use crate::pages::{LinkFault, NewPasswordPage, Notice};
use crate::password::{self, Choice};
use crate::session::{self, Whence};
use crate::state::AuthorizationServer;

/// The account of the link, if it may sign in.
async fn account(server: &AuthorizationServer, link: &Link) -> Result<Option<Account>, Outage> {
    Ok(server.boxes.accounts.by_subject(link.subject).await?.filter(|account| !account.disabled))
}

pub(super) async fn submit(server: &AuthorizationServer, from: From<'_>, link: &Link, form: &Parameters) -> Result<Done, Outage> {
    let new = Password::new(form.get("new-password").unwrap_or_default());
    if password::check(&new).is_err() {
        return Ok(Done::Again(LinkFault::Password));
    }
    let Some(owner) = account(server, link).await? else { return Ok(Done::Spent) };
    let about = vec![owner.username.clone(), owner.email.clone(), owner.name.clone()];
    let hash = match server.passwords.choose(new, about, Arc::clone(&server.boxes.rng)).await {
        Ok(Choice::Hash(hash)) => hash,
        Ok(Choice::Guessable) => return Ok(Done::Again(LinkFault::GuessablePassword)),
        Ok(Choice::Unhashable) => return Err(Outage::Internal("a password cannot be hashed")),
        Err(_) => return Ok(Done::Again(LinkFault::TooMany { seconds: CROWDED })),
    };
    let Whence { user_agent, address } = Whence::of(from.headers, from.address);
    let (subject, email, name) = (owner.subject.to_string(), owner.email.clone(), owner.name.clone());
    let event = Event::PasswordReset { subject, email, name, user_agent, address };
    server.tell_once(token::event(&link.digest), event).await?;
    let before = session::of_account(server, &owner).await?;
    // All clients are told before: should an answer of the database be lost, the sessions are over already.
    for entry in &before {
        session::announce(server, entry).await?;
    }
    if !server.boxes.links.reset_password(&link.digest, &hash, server.now()).await? {
        return Ok(Done::Spent);
    }
    for entry in &before {
        session::strike(server, entry).await?;
    }
    Ok(account(server, link).await?.map_or(Done::Spent, |owner| Done::SignedIn(Box::new(owner), Notice::PasswordReset)))
}

/// The page; none where the account may not sign in (any more).
pub(super) async fn page(server: &AuthorizationServer, held: &Held, fault: Option<LinkFault>) -> Result<Option<String>, Outage> {
    let Some(owner) = account(server, &held.link).await? else { return Ok(None) };
    Ok(Some(server.boxes.pages.new_password(&NewPasswordPage {
        action: server.path(&format!("{CONFIRM}/{}", held.flow)),
        csrf: held.csrf(),
        email: held.link.address.clone(),
        username: owner.username,
        fault,
    })))
}
