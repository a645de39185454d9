//! What the worker writes to people, and how they answer it.

use std::sync::Arc;

use authorization_server::links::writer::{Desk, Writer};
use protocol::OsRng;
use queue::notification::Notification;
use user_database::SqlDatabase;

use crate::answer::Answer;
use crate::browser::Browser;
use crate::house::{House, sealing_secret, settings};

pub(crate) const ADA: &str = "ada@example.org";
pub(crate) const NEW: &str = "a whole new passphrase";

/// The worker's writer, and the letters that it has written.
pub(crate) struct Mailbox {
    writer: Writer,
    read: usize,
}

/// The worker's writer over `users`.
pub(crate) fn writer(house: &House, users: &Arc<SqlDatabase>) -> Writer {
    let desk = Desk {
        accounts: Arc::clone(users) as _,
        links: Arc::clone(users) as _,
        clock: Arc::clone(&house.clock) as _,
        rng: Arc::new(OsRng),
    };
    Writer::new(settings(&[]), desk, sealing_secret())
}

impl Mailbox {
    pub(crate) fn of(house: &House) -> Self {
        Self { writer: writer(house, &house.users), read: 0 }
    }

    /// The letters that the events since the last time call for.
    pub(crate) async fn letters(&mut self, house: &House) -> Vec<Notification> {
        let envelopes = house.queue.envelopes();
        let mut letters = Vec::new();
        for envelope in &envelopes[self.read..] {
            letters.extend(self.writer.write(envelope).await.unwrap());
        }
        self.read = envelopes.len();
        letters
    }

    /// The link in the one letter that came since the last time.
    pub(crate) async fn link(&mut self, house: &House) -> String {
        let letters = self.letters(house).await;
        assert_eq!(letters.len(), 1, "{letters:?}");
        link_in(&letters[0])
    }
}

/// The link in a letter, on a line of its own.
pub(crate) fn link_in(letter: &Notification) -> String {
    letter.body.lines().find(|line| line.contains("/confirm?token=")).unwrap_or_else(|| panic!("no link: {letter:?}")).to_owned()
}

/// The token in a link.
pub(crate) fn token_in(link: &str) -> &str {
    link.split_once("token=").unwrap().1
}

/// Sends an address from a page that asks for one.
pub(crate) async fn send_address(browser: &mut Browser, page: &Answer, email: &str) -> Answer {
    let (csrf, sign_in) = (page.field("csrf"), page.field("sign_in"));
    let fields = [("csrf", csrf.as_str()), ("sign_in", &sign_in), ("email", email), ("action", "continue")];
    browser.post(&page.field("action"), &fields).await
}

/// Asks at `path` for a link to be sent to `email`.
pub(crate) async fn ask(browser: &mut Browser, path: &str, email: &str) -> Answer {
    let page = browser.get(path).await;
    assert!(page.page().starts_with("ask "), "{page:?}");
    let answer = send_address(browser, &page, email).await;
    browser.follow(answer).await
}

/// A browser that has asked for an account for `email`, and the link that came.
pub(crate) async fn asked_for_account(house: &House, email: &str) -> (Browser, String) {
    asked(house, "/sign-up", email).await
}

/// A browser that has asked for a new password for `email`, and the link that came.
pub(crate) async fn asked_for_password(house: &House, email: &str) -> (Browser, String) {
    asked(house, "/reset-password", email).await
}

async fn asked(house: &House, path: &str, email: &str) -> (Browser, String) {
    let mut mailbox = Mailbox { read: house.queue.envelopes().len(), ..Mailbox::of(house) };
    let mut browser = house.browser();
    let sent = ask(&mut browser, path, email).await;
    assert!(sent.page().starts_with("sent "), "{sent:?}");
    (browser, mailbox.link(house).await)
}

/// Sends the form by which an account is opened, without going where it leads.
pub(crate) async fn send_account(browser: &mut Browser, page: &Answer, username: &str, password: &str) -> Answer {
    let csrf = page.field("csrf");
    let fields = [("csrf", csrf.as_str()), ("name", "Ada Lovelace"), ("username", username), ("new-password", password)];
    browser.post(&page.field("action"), &fields).await
}

/// Sends the form by which a password is chosen, without going where it leads.
pub(crate) async fn send_password(browser: &mut Browser, page: &Answer, password: &str) -> Answer {
    let csrf = page.field("csrf");
    browser.post(&page.field("action"), &[("csrf", csrf.as_str()), ("new-password", password)]).await
}
