//! The ways in and out, as plain links and forms.

#![allow(clippy::needless_pass_by_value, reason = "a component owns its properties")]

use std::borrow::Cow;

use leptos::prelude::*;
use protocol::LocalPath;
use protocol::step_up::Demand;
use url::form_urlencoded::{Serializer, byte_serialize};

use super::icon::PersonIcon;
use super::{SignedIn, SignedOut, viewer};
use crate::application::Conduct;

/// Where a sign-in begins: `/login`, with the provider where one is named, and the way back where it is not the home page.
pub fn sign_in_link(provider: Option<&str>, return_to: &LocalPath) -> String {
    match provider {
        None => with_return_to("/login", return_to),
        Some(name) => {
            let mut query = Serializer::new(String::new());
            query.append_pair("provider", name);
            if *return_to != LocalPath::home() {
                query.append_pair("return_to", return_to.as_str());
            }
            format!("/login?{}", query.finish())
        }
    }
}

/// Where a sign-in begins that must be as `demand` says, of whoever is signed in already, too (step-up). `anew` where it must begin
/// even though the session seems to meet the demand.
pub fn step_up_link(demand: &Demand, anew: bool, return_to: &LocalPath) -> String {
    let mut query = Serializer::new(String::new());
    if anew {
        query.append_pair("renew", "1");
    }
    query.extend_pairs(demand.parameters());
    if *return_to != LocalPath::home() {
        query.append_pair("return_to", return_to.as_str());
    }
    format!("/login?{}", query.finish())
}

/// The same for who is signed in already.
fn renewal_link(provider: Option<&str>, return_to: &LocalPath) -> String {
    let renewal = step_up_link(&Demand::default(), true, return_to);
    provider.map(|name| format!("{renewal}&provider={}", byte_serialize(name.as_bytes()).collect::<String>())).unwrap_or(renewal)
}

/// `path` with the percent-encoded way back where it is not the home page.
pub(crate) fn with_return_to(path: &str, return_to: &LocalPath) -> String {
    if *return_to == LocalPath::home() {
        return path.to_owned();
    }
    let encoded: String = byte_serialize(return_to.as_str().as_bytes()).collect();
    format!("{path}?return_to={encoded}")
}

/// Begins a sign-in; a plain link, because `/login` is no page.
#[component]
pub fn SignInButton(
    /// Where to come back to.
    #[prop(default = LocalPath::home())]
    return_to: LocalPath,
    /// With which provider, by name; where there are several and none is named, the user is asked.
    #[prop(optional, into)]
    provider: Option<String>,
    /// What it says.
    #[prop(default = "Sign in".into(), into)]
    label: Cow<'static, str>,
    /// Whether it also signs in who is signed in already; with the provider of the session then, where none is named.
    #[prop(optional)]
    anew: bool,
) -> impl IntoView {
    let href = if anew { renewal_link(provider.as_deref(), &return_to) } else { sign_in_link(provider.as_deref(), &return_to) };
    view! {
        <a class="button primary" rel="external" href=href>
            {label.into_owned()}
        </a>
    }
}

/// Names the signed-in user and offers to sign out; offers a visitor to sign in where the page does not.
#[component]
pub fn UserMenu(
    /// Where signing in leads back to; absent where the page has its own button.
    #[prop(default = None)]
    return_to: Option<LocalPath>,
) -> impl IntoView {
    view! {
        <div class="user-menu">
            <SignedIn>
                <UserName/>
                <SignOutForm/>
            </SignedIn>
            <SignedOut>
                {return_to.map(|path| view! {
                    <a class="button" rel="external" href=sign_in_link(None, &path)>"Sign in"</a>
                })}
            </SignedOut>
        </div>
    }
}

#[component]
fn UserName() -> impl IntoView {
    let user = viewer().user().cloned();
    user.map(|user| {
        view! {
            <a class="user-name" href="/sessions">
                <PersonIcon/>
                <span class="user-name-words">{user.name}</span>
                <span class="visually-hidden">": where you are signed in"</span>
            </a>
        }
    })
}

#[component]
fn SignOutForm() -> impl IntoView {
    if let Some(conduct) = use_context::<Conduct>() {
        conduct.has_form();
    }
    view! {
        <form method="post" action="/sign-out">
            <button class="button" id="sign-out">"Sign out"</button>
        </form>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// B6: `return_to` survives with its query and fragment.
    #[test]
    fn the_way_back_is_one_parameter_whatever_it_holds() {
        let path = LocalPath::parse("/resource?ask=1&b=%2F#part").unwrap();
        assert_eq!(sign_in_link(None, &path), "/login?return_to=%2Fresource%3Fask%3D1%26b%3D%252F%23part");
        assert_eq!(sign_in_link(Some("acme"), &path), "/login?provider=acme&return_to=%2Fresource%3Fask%3D1%26b%3D%252F%23part");
    }

    #[test]
    fn a_renewal_is_for_whoever_is_signed_in_already() {
        let path = LocalPath::parse("/flow").unwrap();
        assert_eq!(renewal_link(None, &path), "/login?renew=1&return_to=%2Fflow");
        assert_eq!(renewal_link(Some("acme"), &LocalPath::home()), "/login?renew=1&provider=acme");
    }

    #[test]
    fn a_step_up_says_what_is_demanded() {
        let demand = Demand { acr: vec!["gold".to_owned(), "urn:x".to_owned()], max_age: Some(300) };
        let path = LocalPath::parse("/identity?a=b").unwrap();
        let link = step_up_link(&demand, false, &path);
        assert_eq!(link, "/login?acr_values=gold+urn%3Ax&max_age=300&return_to=%2Fidentity%3Fa%3Db");
        let lately = Demand { max_age: Some(5), ..Demand::default() };
        assert_eq!(step_up_link(&lately, true, &LocalPath::home()), "/login?renew=1&max_age=5");
    }

    #[test]
    fn the_home_page_needs_no_way_back() {
        assert_eq!(sign_in_link(None, &LocalPath::home()), "/login");
        assert_eq!(sign_in_link(Some("acme"), &LocalPath::home()), "/login?provider=acme");
    }
}
