//! The form by which an account is opened.

use leptos::prelude::*;

use super::{LinkFault, NewAccountPage, fault};
use crate::provider::ProviderSite;
use crate::provider::document::document;

/// What a user name is made of.
pub(super) const USERNAME_RULE: &str = "3 to 32 letters, digits, dots and dashes, a letter first";

/// Renders the form by which an account is opened. A fault is told in a summary that takes focus, and by the title.
pub fn new_account(site: &ProviderSite, page: &NewAccountPage) -> String {
    let title = if page.fault.is_some() { "Error: Create your account" } else { "Create your account" };
    let page = page.clone();
    document(site, title, move || form(page))
}

fn form(page: NewAccountPage) -> impl IntoView {
    let NewAccountPage { action, csrf, email, name, username, shortest_password: shortest, fault } = page;
    let unnamed = fault == Some(LinkFault::Name);
    let unfit = matches!(fault, Some(LinkFault::Username | LinkFault::UsernameTaken));
    view! {
        {fault.map(|fault| fault::summary(fault, shortest))}
        <h1>"Create your account"</h1>
        <p class="lede">"with the e-mail address " <strong id="address">{email}</strong></p>
        <form class="card form" method="post" action=action>
            <input type="hidden" name="csrf" value=csrf/>
            <div class="field">
                <label for="name">"Full name"</label>
                <input
                    id="name"
                    name="name"
                    type="text"
                    value=name
                    autocomplete="name"
                    maxlength="254"
                    required=true
                    autofocus=fault.is_none()
                    aria-invalid=unnamed.then_some("true")
                    aria-describedby=unnamed.then_some("fault")
                />
            </div>
            <div class="field">
                <label for="username">"User name"</label>
                <input
                    id="username"
                    name="username"
                    type="text"
                    value=username
                    autocomplete="username"
                    autocapitalize="none"
                    spellcheck="false"
                    maxlength="32"
                    required=true
                    aria-invalid=unfit.then_some("true")
                    aria-describedby=if unfit { "username-rule fault" } else { "username-rule" }
                />
                <p class="hint" id="username-rule">{format!("{USERNAME_RULE}. You sign in with it, or with your e-mail address.")}</p>
            </div>
            {fault::new_password("Password", shortest, fault, false)}
            <div class="ways">
                <button class="button primary" id="open-account" name="action" value="open-account">"Create account"</button>
            </div>
        </form>
        <p class="note">"You did not ask for an account? Then close this page, and nothing happens."</p>
    }
}
