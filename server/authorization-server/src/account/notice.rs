//! What was just done, told once on the page that follows. It travels in a cookie and not in the address, so that no link can
//! make the page say something.

use tower_cookies::Cookies;

use crate::pages::Notice;
use crate::session;

const COOKIE: &str = "__Host-notice";

const WORDS: [(Notice, &str); 7] = [
    (Notice::NameChanged, "name"),
    (Notice::PasswordChanged, "password"),
    (Notice::DeviceSignedOut, "device"),
    (Notice::OthersSignedOut, "others"),
    (Notice::ApplicationRemoved, "application"),
    (Notice::AccountOpened, "opened"),
    (Notice::PasswordReset, "reset"),
];

/// Leaves the notice for the next page.
pub(crate) fn leave(cookies: &Cookies, notice: Notice) {
    if let Some((_, word)) = WORDS.iter().find(|(known, _)| *known == notice) {
        cookies.add(session::cookie(COOKIE.to_owned(), (*word).to_owned()));
    }
}

/// The notice that was left, which is gone afterwards.
pub(super) fn take(cookies: &Cookies) -> Option<Notice> {
    let cookie = cookies.get(COOKIE)?;
    cookies.remove(session::cookie(COOKIE.to_owned(), String::new()));
    WORDS.iter().find(|(_, word)| *word == cookie.value()).map(|(notice, _)| *notice)
}
