//! `/`: what this is, or who is here.

use leptos::prelude::*;
use protocol::LocalPath;
use url::Url;

use super::{Unavailable, ago};
use crate::components::{Page, SignInButton, Viewer, viewer};
use crate::model::CurrentUser;

/// The front page.
#[component]
pub fn HomePage() -> impl IntoView {
    match viewer() {
        Viewer(Ok(None)) => view! { <Welcome/> }.into_any(),
        Viewer(Ok(Some(user))) => view! { <Account user/> }.into_any(),
        Viewer(Err(error)) => view! { <Unavailable error/> }.into_any(),
    }
}

#[component]
fn Welcome() -> impl IntoView {
    view! {
        <Page title="Welcome">
            <div class="hero">
                <div>
                    <h1>"Hand in your tokens, carry a ticket."</h1>
                    <p class="lede">
                        "Cloakroom signs people in with OAuth 2 and keeps every token on the server. \
                         The browser carries one session cookie that means nothing anywhere else."
                    </p>
                    <p class="ways">
                        <SignInButton return_to=LocalPath::home()/>
                        <a href="/flow">"See the OAuth 2 flow"</a>
                    </p>
                </div>
                <LargeTicket/>
            </div>
        </Page>
    }
}

#[component]
fn Account(user: CurrentUser) -> impl IntoView {
    let provider = host_of(&user.issuer);
    view! {
        <Page title="Signed in">
            <h1>{format!("Hello, {}", user.name)}</h1>
            <p class="lede">"You are signed in. Your tokens stay with the Application API; this browser holds a session cookie."</p>
            <dl class="card facts">
                <div><dt>"Name"</dt><dd id="user-name">{user.name}</dd></div>
                <div><dt>"E-mail"</dt><dd id="user-email">{user.email.unwrap_or_else(|| "not shared".to_owned())}</dd></div>
                <div>
                    <dt>"Signed in"</dt>
                    <dd id="session-age"><time datetime=user.signed_in_at>{ago(user.age_seconds)}</time></dd>
                </div>
                <div><dt>"Provider"</dt><dd id="provider">{provider}</dd></div>
            </dl>
            <p class="ways">
                <a class="button primary" href="/resource">"Call the Resource API"</a>
                <a href="/identity">"Your identity"</a>
                <a href="/sessions">"Where you are signed in"</a>
                <a href="/flow">"See the OAuth 2 flow"</a>
            </p>
        </Page>
    }
}

/// The host and port of an issuer, for people; the issuer itself where it is no URL.
fn host_of(issuer: &str) -> String {
    let Some(url) = Url::parse(issuer).ok() else { return issuer.to_owned() };
    match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (Some(host), None) => host.to_owned(),
        _ => issuer.to_owned(),
    }
}

/// A coat check: the tokens hang behind the counter, the ticket is in the hand.
#[component]
fn LargeTicket() -> impl IntoView {
    view! {
        <svg class="hero-art" viewBox="0 0 320 240" aria-hidden="true" focusable="false">
            <path class="art-rail" d="M24 44h272"/>
            <path class="art-hanger" d="M68 44v16M68 60l31 25c4 4 2 11-4 11h-54c-6 0-8-7-4-11z"/>
            <path class="art-hanger" d="M160 44v16M160 60l31 25c4 4 2 11-4 11h-54c-6 0-8-7-4-11z"/>
            <path class="art-hanger" d="M252 44v16M252 60l31 25c4 4 2 11-4 11h-54c-6 0-8-7-4-11z"/>
            <path class="art-paper" d="M74 134h172a10 10 0 0 1 10 10v12a15 15 0 0 0 0 30v12a10 10 0 0 1-10 10H74a10 10 0 0 1-10-10v-12a15 15 0 0 0 0-30v-12a10 10 0 0 1 10-10z"/>
            <path class="art-fold" d="M196 144v54"/>
            <path class="art-line" d="M92 160h76M92 182h48"/>
            <circle class="art-dot" cx="222" cy="171" r="11"/>
        </svg>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_is_named_by_its_host() {
        assert_eq!(host_of("http://localhost:4000"), "localhost:4000");
        assert_eq!(host_of("https://id.example.org/tenant"), "id.example.org");
        assert_eq!(host_of("not a url"), "not a url");
    }
}
