//! Sign-up and password reset, by links that are sent by e-mail.
//!
//! `/sign-up` and `/reset-password` ask for an address ([`ask`]) and answer alike whatever the address is: nobody looks whether there
//! is an account. They push an event, and the worker decides what is written to whom ([`writer`]). The token of a link is made when
//! its message is written, and is in the message and nowhere else: the User Database knows it by its digest ([`token`]).
//!
//! Opening a link changes nothing, since scanners of mail do so ([`opened`]): it leads to a form at an address without the token,
//! by which an account is opened ([`new_account`]) or a password is chosen ([`new_password`]).

use std::sync::Arc;

use axum::routing::get;
use axum::{Extension, Router};

use crate::pages::Ask;
use crate::settings::Settings;
use crate::state::AuthorizationServer;

mod ask;
mod held;
mod new_account;
mod new_password;
mod opened;
mod token;
pub mod writer;

/// Below the issuer: where the link in a message leads.
const CONFIRM: &str = "/confirm";

/// The pages that the settings ask for.
pub(crate) fn routes(settings: &Settings) -> Router<Arc<AuthorizationServer>> {
    let wanted: Vec<Ask> = [Ask::SignUp, Ask::PasswordReset].into_iter().filter(|ask| is_on(settings, *ask)).collect();
    if wanted.is_empty() {
        return Router::new();
    }
    let links = Router::new().route(CONFIRM, get(opened::enter)).route("/confirm/{link}", get(opened::get).post(opened::post));
    wanted.into_iter().fold(links, |routes, asked| {
        let path = path(asked);
        let pages = Router::new().route(path, get(ask::get).post(ask::post)).route(&format!("{path}/sent"), get(ask::sent));
        routes.merge(pages.layer(Extension(asked)))
    })
}

fn is_on(settings: &Settings, ask: Ask) -> bool {
    match ask {
        Ask::SignUp => settings.sign_up,
        Ask::PasswordReset => settings.password_reset,
    }
}

fn path(ask: Ask) -> &'static str {
    match ask {
        Ask::SignUp => "/sign-up",
        Ask::PasswordReset => "/reset-password",
    }
}

/// The path of the page that asks for it, as our own pages link to it; none where the settings do not want it. `sign_in` is the
/// sign-in that is under way.
pub(crate) fn path_to(server: &AuthorizationServer, ask: Ask, sign_in: Option<&str>) -> Option<String> {
    is_on(&server.settings, ask).then(|| server.path(&with_sign_in(path(ask), sign_in)))
}

fn with_sign_in(path: &str, sign_in: Option<&str>) -> String {
    sign_in.map_or_else(|| path.to_owned(), |id| format!("{path}?sign_in={id}"))
}
