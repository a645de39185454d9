//! A guard for pages: what only some may see, and where everybody else is led.

#![allow(clippy::needless_pass_by_value, reason = "a component owns its properties")]

use leptos::prelude::*;

use super::{Page, sign_in_link, step_up_link, viewer};
use crate::application::{NoAccess, Unavailable};
use crate::functions::exchange::{lead, this_page};
use crate::guard::{Lack, Needs};

/// Shows its children, a whole page, to a signed-in user who has what is needed.
///
/// Everybody else is led to sign in, or to sign in anew, and comes back to the page; whoever was not granted a scope is told so with
/// 403. What is no navigation is led nowhere: it gets 401. Where it cannot be found out who is here, the page says so with 503.
#[component]
pub fn Guarded(
    /// Scopes that the provider must have granted, parted by spaces.
    #[prop(optional, into)]
    scope: String,
    /// How long ago the user may have authenticated at the most, in seconds; more than a few, or nobody is quick enough.
    #[prop(optional)]
    max_age: Option<u32>,
    /// Authentication context classes of the provider, in any of which the user must have authenticated.
    #[prop(optional)]
    acr: &'static [&'static str],
    children: Children,
) -> impl IntoView {
    let needs = Needs::session().scope(&scope).acr(acr);
    let needs = max_age.into_iter().fold(needs, Needs::max_age);
    match needs.judge(&viewer()) {
        Ok(_) => children(),
        Err(Lack::Answer(error)) => view! { <Unavailable error/> }.into_any(),
        Err(Lack::Session) => view! { <Led to=sign_in_link(None, &this_page())/> }.into_any(),
        Err(Lack::Authentication(demand)) => view! { <Led to=step_up_link(&demand, false, &this_page())/> }.into_any(),
        Err(Lack::Scope) => view! { <NoAccess/> }.into_any(),
    }
}

/// Leads a navigation on at once; the page is for whoever does not follow.
#[component]
fn Led(
    /// Where a sign-in begins.
    to: String,
) -> impl IntoView {
    lead(&to);
    view! {
        <Page title="Sign in">
            <h1>"Sign in to go on"</h1>
            <p class="lede">"This page asks for a sign-in first."</p>
            <p class="ways"><a class="button primary" rel="external" href=to>"Sign in"</a> <a href="/">"Home"</a></p>
        </Page>
    }
}
