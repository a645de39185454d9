//! The form by which an account is opened: a name, a username, a password. The address is that of the link, and verified by it.

use std::sync::Arc;

use jiff::Timestamp;
use protocol::secret::Password;
use protocol::wire::Parameters;
use queue::Event;
use user_database::{Account, Link, Opening};

use super::held::Held;
use super::opened::{Done, From};
use super::{CONFIRM, token};
use crate::credentials::CROWDED;
use crate::outage::Outage;
use crate::pages::{LinkFault, NewAccountPage, Notice};
use crate::password::{self, Choice};
use crate::session::Whence;
use crate::state::AuthorizationServer;

/// No honest name is longer, in bytes.
const LONGEST_NAME: usize = 254;
/// A username is this long, in characters.
const USERNAME: std::ops::RangeInclusive<usize> = 3..=32;

/// What was typed, as far as it can be an account.
struct Typed {
    name: String,
    username: String,
    password: Password,
}

impl Typed {
    fn read(form: &Parameters) -> Result<Self, LinkFault> {
        let text = |field| form.get(field).unwrap_or_default();
        let (name, username) = (text("name").trim(), text("username").trim().to_lowercase());
        if name.is_empty() || name.len() > LONGEST_NAME || name.contains(char::is_control) {
            return Err(LinkFault::Name);
        }
        if !is_username(&username) {
            return Err(LinkFault::Username);
        }
        let password = Password::new(text("new-password"));
        password::check(&password).map_err(|_| LinkFault::Password)?;
        Ok(Self { name: name.to_owned(), username, password })
    }
}

/// Without `@`, so that nobody can try whether an address has an account by asking for it as a username (attack 45).
fn is_username(username: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'_');
    USERNAME.contains(&username.len()) && username.starts_with(|c: char| c.is_ascii_lowercase()) && username.bytes().all(plain)
}

pub(super) async fn submit(server: &AuthorizationServer, from: From<'_>, link: &Link, form: &Parameters) -> Result<Done, Outage> {
    let Typed { name, username, password } = match Typed::read(form) {
        Ok(typed) => typed,
        Err(fault) => return Ok(Done::Again(fault)),
    };
    let accounts = &server.boxes.accounts;
    if accounts.by_login(&link.address).await?.is_some() {
        return Ok(Done::Spent);
    }
    if accounts.by_login(&username).await?.is_some() {
        return Ok(Done::Again(LinkFault::UsernameTaken));
    }
    let about = vec![username.clone(), link.address.clone(), name.clone()];
    let password_hash = match server.passwords.choose(password, about, Arc::clone(&server.boxes.rng)).await {
        Ok(Choice::Hash(hash)) => hash,
        Ok(Choice::Guessable) => return Ok(Done::Again(LinkFault::GuessablePassword)),
        Ok(Choice::Unhashable) => return Err(Outage::Internal("a password cannot be hashed")),
        Err(_) => return Ok(Done::Again(LinkFault::TooMany { seconds: CROWDED })),
    };
    let now = server.now();
    let account = Account {
        subject: link.subject,
        username,
        password_hash,
        name,
        email: link.address.clone(),
        email_verified: true,
        created_at: now,
        disabled: false,
        sessions_since: Timestamp::UNIX_EPOCH,
    };
    // An audit line too many, where the account then cannot be written, is better than one missing; sent again, it is the same.
    let Whence { user_agent, address } = Whence::of(from.headers, from.address);
    let event = Event::AccountOpened { subject: link.subject.to_string(), user_agent, address };
    server.tell_once(token::event(&link.digest), event).await?;
    Ok(match server.boxes.links.open_account(&link.digest, &account, now).await? {
        Opening::Opened => Done::SignedIn(Box::new(account), Notice::AccountOpened),
        Opening::Spent => Done::Spent,
        // Another account came in between: with this address, or with this username.
        Opening::Taken if accounts.by_login(&link.address).await?.is_some() => Done::Spent,
        Opening::Taken => Done::Again(LinkFault::UsernameTaken),
    })
}

/// The page; none where there is an account with the address by now.
pub(super) async fn page(
    server: &AuthorizationServer,
    held: &Held,
    form: &Parameters,
    fault: Option<LinkFault>,
) -> Result<Option<String>, Outage> {
    if server.boxes.accounts.by_login(&held.link.address).await?.is_some() {
        return Ok(None);
    }
    let typed = |field| form.get(field).unwrap_or_default().chars().take(LONGEST_NAME).collect();
    Ok(Some(server.boxes.pages.new_account(&NewAccountPage {
        action: server.path(&format!("{CONFIRM}/{}", held.flow)),
        csrf: held.csrf(),
        email: held.link.address.clone(),
        name: typed("name"),
        username: typed("username"),
        fault,
    })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_username_is_a_plain_word_and_no_address() {
        for good in ["ada", "ada.lovelace", "a-1_b", &"a".repeat(32)] {
            assert!(is_username(good), "{good}");
        }
        for bad in ["", "ad", "1ada", "ada@example.org", "ada lovelace", "Ada", "ad\u{e4}", "ada\n", &"a".repeat(33)] {
            assert!(!is_username(bad), "{bad}");
        }
    }
}
