//! The page that says that a link cannot be used.

use leptos::prelude::*;

use super::SpentLinkPage;
use crate::provider::ProviderSite;
use crate::provider::document::document;

/// Renders the page. It says the same whether the link was used, was replaced, has expired, or never was.
pub fn spent_link(site: &ProviderSite, page: &SpentLinkPage) -> String {
    let SpentLinkPage { sign_up, password_reset, account } = page.clone();
    let another = |id: &'static str, path: String, words: &'static str| {
        view! { <a class="button" id=id href=path>{words}</a> }
    };
    document(site, "This link cannot be used", move || {
        view! {
            <h1>"This link cannot be used"</h1>
            <p class="lede">
                "It was used already, a newer one has replaced it, or it has expired. A link is good once, in the browser in which it was opened."
            </p>
            <p class="ways">
                <a class="button primary" id="account" href=account>"Sign in"</a>
                {password_reset.map(|path| another("reset-password", path, "Choose a new password"))}
                {sign_up.map(|path| another("sign-up", path, "Create an account"))}
            </p>
        }
    })
}
