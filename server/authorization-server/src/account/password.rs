//! The form that gives the account another password: whoever knows the old one, and nobody who only found a browser open.
//!
//! All sessions and grants that there were are over, and the clients hear of it; this browser begins a session anew.

use std::sync::Arc;

use protocol::secret::Password;
use queue::Event;

use super::{Done, Sent};
use crate::credentials::{self, Attempt, CROWDED};
use crate::outage::Outage;
use crate::pages::{AccountFault, LoginFault, Notice};
use crate::password::{self, Choice};
use crate::session::{self, Whence};
use crate::slow_down::device;

pub(super) fn submit(sent: Sent<'_>) -> Done<'_> {
    Box::pin(change(sent))
}

async fn change(sent: Sent<'_>) -> Result<Result<Option<Notice>, AccountFault>, Outage> {
    let Sent { server, cookies, headers, address, present, form } = sent;
    let account = &present.account;
    let [current, new] = ["current-password", "new-password"].map(|name| Password::new(form.get(name).unwrap_or_default()));
    if password::check(&new).is_err() {
        return Ok(Err(AccountFault::NewPassword));
    }
    let name = account.username.as_str();
    let attempt = Attempt { name, account: Some(account.clone()), cookies, address, client_id: None };
    match credentials::prove(server, attempt, current).await? {
        Err(LoginFault::Credentials) => return Ok(Err(AccountFault::CurrentPassword)),
        Err(LoginFault::TooMany { seconds }) => return Ok(Err(AccountFault::TooMany { seconds })),
        Ok(_) => {}
    }
    let about = vec![account.username.clone(), account.email.clone(), account.name.clone()];
    let hash = match server.passwords.choose(new, about, Arc::clone(&server.boxes.rng)).await {
        Ok(Choice::Hash(hash)) => hash,
        Ok(Choice::Guessable) => return Ok(Err(AccountFault::GuessablePassword)),
        Ok(Choice::Unhashable) => return Err(Outage::Internal("a password cannot be hashed")),
        Err(_) => return Ok(Err(AccountFault::TooMany { seconds: CROWDED })),
    };
    let whence = Whence::of(headers, address);
    server
        .tell(Event::PasswordChanged {
            subject: account.subject.to_string(),
            email: account.email.clone(),
            name: account.name.clone(),
            user_agent: whence.user_agent.clone(),
            address: whence.address.clone(),
        })
        .await?;
    let before = session::of_account(server, account).await?;
    // All clients are told before: should an answer of the database be lost, the sessions are over already.
    for entry in &before {
        session::announce(server, entry).await?;
    }
    server.boxes.account_keeper.set_password(account.subject, &hash, server.now()).await?;
    for entry in &before {
        session::strike(server, entry).await?;
    }
    if let Some(account) = server.boxes.accounts.by_subject(account.subject).await? {
        session::begin(server, cookies, account, whence).await?;
        device::remember(server, cookies, present.account.subject);
    }
    Ok(Ok(Some(Notice::PasswordChanged)))
}
