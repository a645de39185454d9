//! How an open page learns that its session is over (B18): a small script, on the pages of a signed-in user and on no others.
//!
//! It follows `/session/events` in one tab of the browser, which tells the others; see `app/scripts/session.js`.

use leptos::nonce::use_nonce;
use leptos::prelude::*;

use super::script::Script;
use crate::components::viewer;
use crate::model::CurrentUser;

/// The script itself.
pub(super) static SCRIPT: Script = Script::of("session", include_str!("../../scripts/session.js"));

/// How the script knows whom a page is for; `/api/current-user` gives it the two parts.
fn owner(user: &CurrentUser) -> String {
    format!("{} {}", user.issuer, user.subject)
}

/// Brings the script along where somebody is signed in.
#[component]
pub(crate) fn FollowSession() -> impl IntoView {
    let user = viewer().user().map(owner)?;
    let path = SCRIPT.brought()?;
    Some(view! { <script type="module" src=path nonce=use_nonce() data-user=user></script> })
}
