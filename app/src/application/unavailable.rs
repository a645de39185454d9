//! What a page shows that cannot find out who is here.

use leptos::prelude::*;

use crate::components::Page;
use crate::error::PageError;
use crate::functions::exchange::set_status_of;

/// The page with HTTP 503 and the time to wait. No cookie is touched: the session is there when the Cache is back.
#[component]
pub fn Unavailable(
    /// What stands in the way.
    error: PageError,
) -> impl IntoView {
    set_status_of(error);
    view! {
        <Page title="Not available">
            <h1>"Not available right now"</h1>
            <p class="lede">{error.to_string()}</p>
            <p class="ways"><a class="button primary" href="">"Try again"</a> <a href="/flow">"See the OAuth 2 flow"</a></p>
        </Page>
    }
}
