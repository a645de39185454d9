//! The frame around every page of the application.

use leptos::prelude::*;
use leptos_meta::Title;
use protocol::LocalPath;

use super::UserMenu;
use crate::ports::Ports;

/// A page: skip link, header, `<main>`, footer; its title is `title · Cloakroom`.
#[component]
pub fn Page(
    /// What the browser's tab says.
    #[prop(into)]
    title: String,
    /// Where signing in from the header leads back to; absent where the page has its own button.
    #[prop(default = None)]
    sign_in: Option<LocalPath>,
    children: Children,
) -> impl IntoView {
    let title = title + " · Cloakroom";
    view! {
        <Title text=title/>
        <a class="skip-link" href="#main">"Skip to the content"</a>
        <header class="site-header">
            <a class="brand" href="/">
                <Ticket/>
                <span>"Cloakroom"</span>
            </a>
            <nav aria-label="Pages">
                <a href="/flow">"Flow"</a>
                <a href="/resource">"Resource API"</a>
            </nav>
            <UserMenu return_to=sign_in/>
        </header>
        <main id="main" tabindex="-1">
            {children()}
        </main>
        <Footer/>
    }
}

#[component]
fn Footer() -> impl IntoView {
    let development = use_context::<Ports>().is_some_and(|ports| ports.development.is_some());
    view! {
        <footer class="site-footer">
            <p>"Cloakroom: OAuth 2 sign-in with the tokens kept on the server."</p>
            {development.then(|| view! {
                <p>"Development mode: " <a href="/outbox">"outbox"</a></p>
            })}
        </footer>
    }
}

/// The mark of the house.
#[component]
pub(crate) fn Ticket() -> impl IntoView {
    view! {
        <svg class="ticket" viewBox="0 0 32 24" width="32" height="24" aria-hidden="true" focusable="false">
            <path class="ticket-paper" d="M3 1h26a2 2 0 0 1 2 2v5a4 4 0 0 0 0 8v5a2 2 0 0 1-2 2H3a2 2 0 0 1-2-2v-5a4 4 0 0 0 0-8V3a2 2 0 0 1 2-2z"/>
            <path class="ticket-hanger" d="M16 9.5V8.4a1.9 1.9 0 1 0-1.9-1.9M16 9.5l7.2 5.2c.9.7.5 2.1-.7 2.1h-13c-1.2 0-1.6-1.4-.7-2.1z"/>
        </svg>
    }
}
