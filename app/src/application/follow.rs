//! How an open page learns that its session is over (B18): a small script, on the pages of a signed-in user and on no others.
//!
//! It is a file of its own by a name that holds a hash of it, so that browsers keep it for ever. It follows `/session/events` in one
//! tab of the browser, which tells the others; see `app/scripts/session.js`.

use std::sync::LazyLock;

use axum::response::IntoResponse;
use http::HeaderName;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use leptos::config::LeptosOptions;
use leptos::nonce::use_nonce;
use leptos::prelude::*;
use protocol::seal::digest;

use super::Conduct;
use crate::components::viewer;
use crate::model::CurrentUser;

const SCRIPT: &str = include_str!("../../scripts/session.js");

static NAME: LazyLock<String> = LazyLock::new(|| {
    let hash = digest("script", SCRIPT.as_bytes());
    format!("session.{}.js", hash.chars().take(16).collect::<String>())
});

/// Where the script is.
pub(super) fn path(options: &LeptosOptions) -> String {
    format!("/{}/{}", options.site_pkg_dir, *NAME)
}

/// The script itself; its name changes with it.
pub(super) async fn get() -> impl IntoResponse {
    served(SCRIPT)
}

/// A script whose name changes with it: kept for ever.
pub(super) fn served(script: &'static str) -> impl IntoResponse {
    let headers = [
        (CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    (headers, script)
}

/// How the script knows whom a page is for; `/api/current-user` gives it the two parts.
fn owner(user: &CurrentUser) -> String {
    format!("{} {}", user.issuer, user.subject)
}

/// Brings the script along where somebody is signed in.
#[component]
pub(crate) fn FollowSession() -> impl IntoView {
    let user = viewer().user().map(owner)?;
    let path = path(&use_context::<LeptosOptions>()?);
    use_context::<Conduct>()?.runs_script();
    Some(view! { <script type="module" src=path nonce=use_nonce() data-user=user></script> })
}
