//! The page for a path that leads nowhere, and for one that does not take the browser's method.

use leptos::prelude::*;

use crate::components::Page;
use crate::functions::exchange::set_status;

/// In the context where the path is known and the method is not: the page says so, with HTTP 405.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WrongMethod;

/// HTTP 404, or 405 for a [`WrongMethod`], and the way home.
#[component]
pub fn NotFoundPage() -> impl IntoView {
    let (status, title, heading, sentence) = match use_context::<WrongMethod>() {
        None => (404, "Page not found", "There is no such page", "The address may be mistyped, or the page may have moved."),
        Some(WrongMethod) => (
            405,
            "Nothing to open here",
            "This address cannot be opened like that",
            "It belongs to a button of this site. Nothing was done; go on from the home page.",
        ),
    };
    set_status(status);
    view! {
        <Page title>
            <h1>{heading}</h1>
            <p class="lede">{sentence}</p>
            <p class="ways"><a class="button primary" href="/">"Home"</a> <a href="/flow">"See the OAuth 2 flow"</a></p>
        </Page>
    }
}
