//! `/identity`: what the session knows of its user, for whoever has authenticated lately; and the same as a file.

use axum::middleware::{from_fn_with_state, map_response};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::header::CONTENT_DISPOSITION;
use leptos::prelude::*;

use super::ago;
use super::headers::write_for_data;
use crate::components::{Guarded, Page, use_session};
use crate::guard::{Needs, require};
use crate::model::CurrentUser;
use crate::ports::Ports;

/// Seconds that a sign-in is recent enough for this page.
const LATELY: u32 = 300;

/// Shows it to a user who has authenticated within the last five minutes.
#[component]
pub fn IdentityPage() -> impl IntoView {
    view! { <Guarded max_age=LATELY><Identity/></Guarded> }
}

#[component]
fn Identity() -> impl IntoView {
    let user = use_session()?;
    Some(view! {
        <Page title="Your identity">
            <h1>"Your identity"</h1>
            <p class="lede">
                "What the sign-in provider says of you, and how you showed it that it is you. This page asks for a sign-in \
                 within the last five minutes; with an older one you are led to sign in again, and back here."
            </p>
            <dl class="card facts">
                <div><dt>"Name"</dt><dd>{user.name}</dd></div>
                <div><dt>"Subject"</dt><dd><code>{user.subject}</code></dd></div>
                <div><dt>"Provider"</dt><dd><code>{user.issuer}</code></dd></div>
                <div>
                    <dt>"Authenticated"</dt>
                    <dd id="authenticated">{user.authenticated_seconds_ago.map_or_else(|| "not told".to_owned(), ago)}</dd>
                </div>
                <div><dt>"Class"</dt><dd>{user.acr.unwrap_or_else(|| "not told".to_owned())}</dd></div>
                <div><dt>"Granted"</dt><dd>{user.scopes.join(" ")}</dd></div>
            </dl>
            <p class="ways">
                <a class="button primary" rel="external" href="/identity.json">"Download as JSON"</a>
                <a href="/">"Home"</a>
            </p>
        </Page>
    })
}

/// `GET /identity.json`, guarded like the page.
pub(super) fn download(ports: &Ports) -> Router {
    let guard = from_fn_with_state((ports.clone(), Needs::session().max_age(LATELY)), require);
    let router = Router::new().route("/identity.json", get(json)).route_layer(guard);
    router.route_layer(map_response(as_data)).with_state(ports.clone())
}

async fn json(user: CurrentUser) -> impl IntoResponse {
    ([(CONTENT_DISPOSITION, "attachment; filename=\"identity.json\"")], Json(user))
}

async fn as_data(mut response: Response) -> Response {
    write_for_data(response.headers_mut());
    response
}
