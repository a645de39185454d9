//! The account page: who the user is, where they are signed in, what may act for them, and what happened.

use leptos::prelude::*;

use super::ProviderSite;
use super::document::{document, way_home};

mod activity;
mod applications;
mod devices;
mod model;
mod password;
mod profile;
mod summary;

pub use model::{AccountFault, AccountPage, Activity, Connected, Deed, Device, Moment, Notice};

/// Renders the account page. A fault is told in a summary that takes focus, and by the title.
pub fn account(site: &ProviderSite, page: &AccountPage) -> String {
    let title = if page.fault.is_some() { "Error: Your account" } else { "Your account" };
    let page = page.clone();
    document(site, title, move || content(site, page))
}

fn content(site: &ProviderSite, page: AccountPage) -> impl IntoView + use<> {
    let form = Form { action: page.action, csrf: page.csrf };
    view! {
        {page.fault.map(|fault| summary::fault(fault, page.shortest_password))}
        {page.notice.map(summary::notice)}
        <h1>"Your account"</h1>
        <p class="lede">"You are signed in as " <strong id="user-name">{page.name.clone()}</strong> "."</p>
        {profile::section(&form, page.name, page.username.clone(), page.email, page.email_verified, page.fault)}
        {devices::section(&form, &page.sign_out, page.devices)}
        {applications::section(&form, page.applications)}
        {password::section(&form, page.username, page.shortest_password, page.fault)}
        {activity::section(page.activity)}
        {way_home(site)}
    }
}

/// Where forms go, and what they prove themselves by.
struct Form {
    action: String,
    csrf: String,
}

impl Form {
    fn action(&self, form: &str) -> String {
        format!("{}/{form}", self.action)
    }

    fn token(&self) -> impl IntoView + use<> {
        let csrf = self.csrf.clone();
        view! { <input type="hidden" name="csrf" value=csrf/> }
    }
}

/// An instant: how long ago it was, and exactly for whoever points at it and for machines.
fn time(at: Moment) -> impl IntoView {
    view! { <time datetime=at.machine title=at.exactly>{at.words}</time> }
}
