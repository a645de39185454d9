//! The login page.

use leptos::prelude::*;

use super::document::document;
use super::{LeadsTo, LoginFault, LoginPage, ProviderSite, trouble};

/// Renders the login page. A fault is told in a summary that takes focus, and by the title.
pub fn login(site: &ProviderSite, page: &LoginPage) -> String {
    let title = if page.fault.is_some() { "Error: Sign in" } else { "Sign in" };
    let page = page.clone();
    document(site, title, move || content(page))
}

fn content(page: LoginPage) -> impl IntoView {
    let LoginPage { action, csrf, leads_to, username, fault, demo_accounts, sign_up, password_reset } = page;
    let (cancel, lede) = (cancel(&leads_to), lede(leads_to));
    let faulty = fault == Some(LoginFault::Credentials);
    // Where something went wrong the summary takes focus; else the first field that is still empty does.
    let focus_username = fault.is_none() && username.is_empty();
    let focus_password = fault.is_none() && !username.is_empty();
    view! {
        {fault.map(summary)}
        <h1>"Sign in"</h1>
        <p class="lede">{lede}</p>
        <form class="card form" method="post" action=action>
            <input type="hidden" name="csrf" value=csrf/>
            <div class="field">
                <label for="username">"User name"</label>
                <input
                    id="username"
                    name="username"
                    type="text"
                    value=username
                    autocomplete="username webauthn"
                    autocapitalize="none"
                    spellcheck="false"
                    required=true
                    autofocus=focus_username
                    aria-invalid=faulty.then_some("true")
                    aria-describedby=faulty.then_some("fault")
                />
            </div>
            <div class="field">
                <label for="password">"Password"</label>
                <input
                    id="password"
                    name="password"
                    type="password"
                    autocomplete="current-password"
                    required=true
                    autofocus=focus_password
                    aria-invalid=faulty.then_some("true")
                    aria-describedby=faulty.then_some("fault")
                />
                {password_reset.map(|path| {
                    view! { <p class="hint"><a id="reset-password" href=path>"Forgotten your password?"</a></p> }
                })}
            </div>
            <div class="ways">
                <button class="button primary" id="sign-in" name="action" value="sign-in">"Sign in"</button>
                <button class="button" id="deny" name="action" value="deny" formnovalidate=true>
                    {cancel}
                </button>
            </div>
        </form>
        {sign_up.map(|path| view! { <p class="hint">"No account yet? " <a id="sign-up" href=path>"Create one"</a></p> })}
        {(!demo_accounts.is_empty()).then(|| demonstration(demo_accounts))}
    }
}

fn lede(leads_to: LeadsTo) -> AnyView {
    match leads_to {
        LeadsTo::Client(name) => view! { "to continue to " <strong>{name}</strong> }.into_any(),
        LeadsTo::Device => "to connect a device".into_any(),
        LeadsTo::Account => "to see your account".into_any(),
    }
}

fn cancel(leads_to: &LeadsTo) -> String {
    match leads_to {
        LeadsTo::Client(name) => format!("Cancel and return to {name}"),
        LeadsTo::Device | LeadsTo::Account => "Cancel".to_owned(),
    }
}

fn summary(fault: LoginFault) -> impl IntoView {
    let words = match fault {
        LoginFault::Credentials => "The user name or the password is not right. Check both and try again.".to_owned(),
        LoginFault::TooMany { seconds } => trouble::too_many(seconds),
    };
    trouble::summary("#username", words)
}

fn demonstration(accounts: Vec<(String, String)>) -> impl IntoView {
    view! {
        <aside class="note" aria-labelledby="demo-accounts">
            <h2 id="demo-accounts">"Demo accounts, in development only"</h2>
            <ul>
                {accounts
                    .into_iter()
                    .map(|(username, password)| view! { <li><code>{username}</code> " with password " <code>{password}</code></li> })
                    .collect_view()}
            </ul>
        </aside>
    }
}
