//! The page for a path that leads nowhere.

use leptos::prelude::*;

use crate::components::Page;
use crate::functions::exchange::set_status;

/// HTTP 404, and the way home.
#[component]
pub fn NotFoundPage() -> impl IntoView {
    set_status(404);
    view! {
        <Page title="Page not found">
            <h1>"There is no such page"</h1>
            <p class="lede">"The address may be mistyped, or the page may have moved."</p>
            <p class="ways"><a class="button primary" href="/">"Home"</a> <a href="/flow">"See the OAuth 2 flow"</a></p>
        </Page>
    }
}
