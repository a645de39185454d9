//! The form by which a new password is chosen.

use leptos::prelude::*;

use super::{NewPasswordPage, fault};
use crate::provider::ProviderSite;
use crate::provider::document::document;

/// Renders the form by which a new password is chosen. A fault is told in a summary that takes focus, and by the title.
pub fn new_password(site: &ProviderSite, page: &NewPasswordPage) -> String {
    let title = if page.fault.is_some() { "Error: Choose a new password" } else { "Choose a new password" };
    let page = page.clone();
    document(site, title, move || form(page))
}

/// The user name is in the form for password managers, which would not know otherwise whose password it is.
fn form(page: NewPasswordPage) -> impl IntoView {
    let NewPasswordPage { action, csrf, email, username, shortest_password: shortest, fault } = page;
    view! {
        {fault.map(|fault| fault::summary(fault, shortest))}
        <h1>"Choose a new password"</h1>
        <p class="lede">"for the account of " <strong id="address">{email}</strong></p>
        <form class="card form" method="post" action=action>
            <input type="hidden" name="csrf" value=csrf/>
            <input type="text" name="username" value=username autocomplete="username" hidden=true/>
            {fault::new_password("New password", shortest, fault, fault.is_none())}
            <div class="ways">
                <button class="button primary" id="change-password" name="action" value="change-password">"Change password"</button>
            </div>
        </form>
        <p class="note">"You will be signed out on all your devices and in all applications, and signed in here."</p>
    }
}
