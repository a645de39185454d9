//! A guard for pages: what only some may see, and where everybody else is led.

use jiff::SignedDuration;
use leptos::prelude::*;
use protocol::step_up::Demand;

use super::{Page, Viewer, sign_in_link, step_up_link, viewer};
use crate::application::Unavailable;
use crate::functions::exchange::{lead, this_page};
use crate::model::CurrentUser;

/// Shows its children, a whole page, to a signed-in user who has authenticated as is demanded.
///
/// Everybody else is led to sign in, or to sign in anew, and comes back to the page. What is no navigation is led nowhere: it gets
/// 401. Where it cannot be found out who is here, the page says so with 503.
#[component]
pub fn Guarded(
    /// How long ago the user may have authenticated at the most, in seconds; more than a few, or nobody is quick enough.
    #[prop(optional)]
    max_age: Option<u32>,
    /// Authentication context classes of the provider, in any of which the user must have authenticated.
    #[prop(optional)]
    acr: &'static [&'static str],
    children: Children,
) -> impl IntoView {
    let demand = Demand { acr: acr.iter().map(|class| (*class).to_owned()).collect(), max_age };
    match viewer() {
        Viewer(Err(error)) => view! { <Unavailable error/> }.into_any(),
        Viewer(Ok(None)) => view! { <Led to=sign_in_link(None, &this_page())/> }.into_any(),
        Viewer(Ok(Some(user))) if meets(&user, &demand) => children(),
        Viewer(Ok(Some(_))) => view! { <Led to=step_up_link(&demand, false, &this_page())/> }.into_any(),
    }
}

/// Whether `user` has authenticated as is demanded.
fn meets(user: &CurrentUser, demand: &Demand) -> bool {
    demand.is_met(user.acr.as_deref(), user.authenticated_seconds_ago.map(SignedDuration::from_secs))
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
