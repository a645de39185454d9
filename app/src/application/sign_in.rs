//! `/sign-in?return_to=`: the page before the sign-in.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use protocol::LocalPath;

use crate::components::{Page, SignInButton, Viewer, viewer};
use crate::model::ProviderChoice;
use crate::ports::Ports;

/// The way back that the page's query asks for; home where it asks for none, or for another origin (B6).
pub(crate) fn return_to() -> LocalPath {
    let asked = use_query_map().read_untracked().get("return_to");
    asked.and_then(|text| LocalPath::parse(&text).ok()).unwrap_or_else(LocalPath::home)
}

/// Offers to sign in, and says where that leads; with several providers, a way in for each. With `ended` in its query it tells why a
/// page that was open is gone.
#[component]
pub fn SignInPage() -> impl IntoView {
    let return_to = return_to();
    let ended = use_query_map().read_untracked().get("ended").is_some() && viewer() == Viewer(Ok(None));
    let back = (return_to != LocalPath::home()).then(|| return_to.to_string());
    let ports = use_context::<Ports>();
    let development = ports.as_ref().is_some_and(|ports| ports.development.is_some());
    let providers = ports.map(|ports| ports.sign_in.providers()).filter(|providers| providers.len() > 1).unwrap_or_default();
    let lede = if providers.is_empty() {
        "You sign in at the sign-in provider, which asks for your password; this site never sees it."
    } else {
        "You sign in at one of these providers, which asks for your password; this site never sees it."
    };
    let heading = if ended { "You were signed out" } else { "Sign in" };
    view! {
        <Page title=heading>
            <h1>{heading}</h1>
            {ended.then(|| view! {
                <p class="lede">
                    "Your session in this browser is over. You signed out in another tab, on another device or at the sign-in \
                     provider, or it was left unused for too long."
                </p>
            })}
            <p class=if ended { "" } else { "lede" }>{lede}</p>
            {back.map(|path| view! { <p>"Afterwards you come back to " <code>{path}</code> "."</p> })}
            <WaysIn providers return_to/>
            {development.then(|| view! {
                <p class="note">
                    "Development mode runs over plain HTTP on localhost. Chromium and Firefox keep the session cookie there; \
                     Safari does not, so a sign-in cannot be completed in it."
                </p>
            })}
        </Page>
    }
}

#[component]
fn WaysIn(providers: Vec<ProviderChoice>, return_to: LocalPath) -> impl IntoView {
    if providers.is_empty() {
        return view! { <p class="ways"><SignInButton return_to/> <a href="/">"Home"</a></p> }.into_any();
    }
    let way = |provider: ProviderChoice| {
        let label = format!("Sign in with {}", provider.title);
        view! { <li><SignInButton return_to=return_to.clone() provider=provider.name label/></li> }
    };
    view! {
        <ul class="providers">{providers.into_iter().map(way).collect_view()}</ul>
        <p class="ways"><a href="/">"Home"</a></p>
    }
    .into_any()
}
