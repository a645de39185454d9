//! What was just done, told once on the page that follows. It travels in a cookie and not in the address, so that no link can
//! make the page say something.

use http::HeaderValue;
use http::header::{COOKIE, SET_COOKIE};
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;

use crate::functions::exchange::visit;

const COOKIE_NAME: &str = "__Host-told";

/// What was just done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// A browser was signed out.
    DeviceSignedOut,
    /// All other browsers were signed out.
    OthersSignedOut,
    /// There was nothing to sign out any more.
    NothingLeft,
}

impl Notice {
    const ALL: [Self; 3] = [Self::DeviceSignedOut, Self::OthersSignedOut, Self::NothingLeft];

    fn word(self) -> &'static str {
        match self {
            Self::DeviceSignedOut => "device",
            Self::OthersSignedOut => "others",
            Self::NothingLeft => "nothing",
        }
    }

    /// The sentence on the page.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::DeviceSignedOut => "That browser is signed out.",
            Self::OthersSignedOut => "You are signed out everywhere else.",
            Self::NothingLeft => "It was signed out already.",
        }
    }

    /// The `Set-Cookie` value that leaves the notice for the next page, for a minute.
    pub fn cookie(self) -> HeaderValue {
        let text = format!("{COOKIE_NAME}={}; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=60", self.word());
        HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(GONE))
    }

    fn left_in(cookies: &str) -> Option<Self> {
        let word = cookies.split(';').find_map(|pair| pair.trim().strip_prefix(COOKIE_NAME)?.strip_prefix('='))?;
        Self::ALL.into_iter().find(|notice| notice.word() == word)
    }

    /// The notice that was left for this page, which is gone afterwards.
    pub(crate) fn take() -> Option<Self> {
        let visit = visit()?;
        let notice = visit.headers.get_all(COOKIE).iter().find_map(|value| Self::left_in(value.to_str().ok()?))?;
        use_context::<ResponseOptions>()?.append_header(SET_COOKIE, HeaderValue::from_static(GONE));
        Some(notice)
    }
}

const GONE: &str = "__Host-told=; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=0";

#[cfg(test)]
mod tests {
    use super::*;

    /// B2: the shape of every cookie.
    #[test]
    fn a_notice_is_a_host_bound_cookie_that_is_read_again() {
        for notice in Notice::ALL {
            let cookie = notice.cookie().to_str().unwrap().to_owned();
            let (pair, attributes) = cookie.split_once(';').unwrap();
            assert_eq!(attributes, " HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=60");
            assert_eq!(Notice::left_in(&format!("a=b; {pair}; c=d")), Some(notice));
        }
        assert!(GONE.starts_with(&format!("{COOKIE_NAME}=;")));
    }

    #[test]
    fn what_is_no_notice_of_ours_says_nothing() {
        for cookies in ["", "__Host-told", "__Host-told=", "__Host-told=<b>", "__Host-told2=device", "x__Host-told=device"] {
            assert_eq!(Notice::left_in(cookies), None, "{cookies}");
        }
    }
}
