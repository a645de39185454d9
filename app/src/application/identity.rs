//! `/identity`: what the session knows of its user, for whoever has authenticated lately.

use leptos::prelude::*;

use super::ago;
use crate::components::{Guarded, Page, viewer};

/// Seconds that a sign-in is recent enough for this page.
const LATELY: u32 = 300;

/// Shows it to a user who has authenticated within the last five minutes.
#[component]
pub fn IdentityPage() -> impl IntoView {
    view! { <Guarded max_age=LATELY><Identity/></Guarded> }
}

#[component]
fn Identity() -> impl IntoView {
    let user = viewer().user().cloned()?;
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
            </dl>
            <p class="ways"><a class="button primary" href="/">"Home"</a> <a href="/resource">"Call the Resource API"</a></p>
        </Page>
    })
}
