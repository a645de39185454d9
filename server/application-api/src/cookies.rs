//! The cookies we set: `__Host-`, Secure, `HttpOnly`, `SameSite=Lax`, `Path=/`, no Domain; the values are opaque.

use std::time::Duration;

use protocol::binding::Binding;
use protocol::secret::Ticket;
use tower_cookies::Cookie;
use tower_cookies::cookie::SameSite;

/// The session cookie's name.
pub const SESSION: &str = "__Host-session";

/// The cookies that bind a begun sign-in to its browser.
pub const SIGN_IN: Binding = Binding("sign-in");

/// A cookie that carries `ticket`; it ends with the browser session, or after `lifetime`.
pub fn carry(name: String, ticket: &Ticket, lifetime: Option<Duration>) -> Cookie<'static> {
    let mut cookie = base(name, ticket.expose().to_owned());
    if let Some(lifetime) = lifetime {
        let seconds = i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX);
        cookie.set_max_age(tower_cookies::cookie::time::Duration::seconds(seconds));
    }
    cookie
}

/// A cookie that removes `name`.
pub fn remove(name: String) -> Cookie<'static> {
    let mut cookie = base(name, String::new());
    cookie.make_removal();
    cookie
}

fn base(name: String, value: String) -> Cookie<'static> {
    Cookie::build((name, value)).path("/").secure(true).http_only(true).same_site(SameSite::Lax).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// B2: the shape of every cookie.
    #[test]
    fn a_cookie_is_host_bound_secure_and_http_only() {
        let cookie = carry(SESSION.into(), &Ticket::new("value"), Some(Duration::from_secs(60))).to_string();
        assert_eq!(cookie, "__Host-session=value; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=60");
        assert!(remove(SESSION.into()).to_string().contains("Max-Age=0"));
    }
}
