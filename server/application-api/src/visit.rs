//! A request, as far as this box looks at it.

use http::HeaderMap;
use http::header::{COOKIE, USER_AGENT};
use protocol::ClientAddress;
use protocol::secret::Ticket;
use tower_cookies::Cookie;

use crate::cookies::SESSION;

/// The header that a call of our own pages carries, with whatever value: forms and simple requests of other sites cannot have it (B4).
pub const CSRF_HEADER: &str = "x-csrf";

/// The headers and the raw query of a request, and where it comes from.
#[derive(Debug, Clone, Copy)]
pub struct Visit<'a> {
    /// All request headers.
    pub headers: &'a HeaderMap,
    /// The query, without `?`.
    pub query: &'a str,
    /// Where the browser is, where that is known.
    pub address: Option<ClientAddress>,
}

impl<'a> Visit<'a> {
    /// The cookies of the request, as (name, value).
    pub fn cookies(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.headers
            .get_all(COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|text| text.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
    }

    /// The ticket of the session cookie.
    pub(crate) fn ticket(&self) -> Option<Ticket> {
        self.cookies().find(|(name, _)| *name == SESSION).map(|(_, value)| Ticket::new(value))
    }

    /// The browser by its own words, cut to 200 characters.
    pub fn user_agent(&self) -> Option<String> {
        let text = self.headers.get(USER_AGENT)?.to_str().ok()?;
        Some(text.chars().take(200).collect())
    }
}

/// A cookie as a `Set-Cookie` value.
pub fn set_cookie(cookie: &Cookie<'_>) -> String {
    cookie.encoded().to_string()
}
