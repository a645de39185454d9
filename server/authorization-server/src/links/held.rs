//! A link as a browser has it that has opened it: its token in a cookie of its own, as each begun sign-in has one.

use protocol::binding::Binding;
use protocol::seal::handle;
use protocol::secret::{LinkToken, Ticket};
use tower_cookies::cookie::time::Duration;
use tower_cookies::{Cookie, Cookies};
use user_database::{Link, LinkPurpose};

use super::{is_on, token};
use crate::outage::Outage;
use crate::pages::Ask;
use crate::session;
use crate::state::AuthorizationServer;

const BINDING: Binding = Binding("link");

/// A link as this browser has it.
pub(super) struct Held {
    pub(super) link: Link,
    ticket: Ticket,
    pub(super) flow: String,
    cookie: String,
}

impl Held {
    /// Bound to the link, which only the mailbox and this browser have.
    pub(super) fn csrf(&self) -> String {
        handle("csrf:link", &self.ticket)
    }

    /// Has the browser forget it, once it is used.
    pub(super) fn forget(&self, cookies: &Cookies) {
        cookies.remove(session::cookie(self.cookie.clone(), String::new()));
    }
}

/// Has the browser carry the token on to the page of the link, out of scripts' reach.
pub(super) fn keep(server: &AuthorizationServer, cookies: &Cookies, flow: &str, token: &LinkToken) {
    let known = cookies.list();
    let ours = || known.iter().map(Cookie::name_value);
    let name = if let Some((name, _)) = BINDING.find(flow, ours()) {
        name
    } else {
        for surplus in BINDING.surplus(ours().map(|(name, _)| name)) {
            cookies.remove(session::cookie(surplus, String::new()));
        }
        BINDING.name(server.now(), flow)
    };
    let mut cookie = session::cookie(name, token.expose().to_owned());
    cookie.set_max_age(Duration::seconds(server.settings.lifetimes.link.as_secs()));
    cookies.add(cookie);
}

/// The link that this browser has by that name; none where it has none, or the link is of a kind that the settings do not want.
pub(super) async fn find(server: &AuthorizationServer, cookies: &Cookies, flow: &str) -> Result<Option<Held>, Outage> {
    let known = cookies.list();
    let Some((cookie, ticket)) = BINDING.find(flow, known.iter().map(Cookie::name_value)) else { return Ok(None) };
    let Some(token) = token::read(ticket.expose()) else { return Ok(None) };
    let link = server.boxes.links.find(&token::digest_of(&token), server.now()).await?;
    let link = link.filter(|link| is_on(&server.settings, ask(link)));
    Ok(link.map(|link| Held { link, ticket, flow: flow.to_owned(), cookie }))
}

fn ask(link: &Link) -> Ask {
    match link.purpose {
        LinkPurpose::SignUp => Ask::SignUp,
        LinkPurpose::PasswordReset => Ask::PasswordReset,
    }
}
