//! The pages around the provider's own session.

use leptos::prelude::*;

use super::document::{document, way_home};
use super::{ProviderSite, SignOutPage};

/// Renders the question whether to sign out.
pub fn sign_out(site: &ProviderSite, page: &SignOutPage) -> String {
    let SignOutPage { action, csrf, client_name, home } = page.clone();
    let asked = client_name.map(|name| format!("{name} asks to sign you out here as well."));
    document(site, "Sign out?", move || {
        view! {
            <h1>"Sign out?"</h1>
            <p class="lede">{asked.unwrap_or_else(|| "This ends your session at the sign-in provider.".to_owned())}</p>
            <form class="form" method="post" action=action>
                <input type="hidden" name="csrf" value=csrf/>
                <div class="ways">
                    <button class="button primary" id="sign-out" name="action" value="sign-out">"Sign out"</button>
                    <a class="button" id="stay" href=home>"Stay signed in"</a>
                </div>
            </form>
        }
    })
}

/// Renders the page after signing out, where no client is to be returned to.
pub fn signed_out(site: &ProviderSite) -> String {
    document(site, "Signed out", || {
        view! {
            <h1>"You are signed out"</h1>
            <p class="lede">"Your session at the sign-in provider is over."</p>
            {way_home(site)}
        }
    })
}

/// Renders the provider's front page; `user_name` where somebody is signed in, `account` is where their account page is.
pub fn home(site: &ProviderSite, user_name: Option<&str>, account: &str) -> String {
    let (user_name, account) = (user_name.map(str::to_owned), account.to_owned());
    document(site, "Sign-in provider", || {
        let state = match user_name {
            Some(name) => view! { <p>"You are signed in here as " <strong id="user-name">{name}</strong> "."</p> }.into_any(),
            None => {
                view! { <p>"You are not signed in here. An application sends you here when you sign in to it."</p> }.into_any()
            }
        };
        view! {
            <h1>"Sign-in provider"</h1>
            <div class="lede">{state}</div>
            <p class="ways"><a class="button" id="account" href=account>"Your account"</a></p>
            {way_home(site)}
        }
    })
}
