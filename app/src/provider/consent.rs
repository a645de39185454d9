//! The consent page.

use leptos::prelude::*;

use super::document::document;
use super::{ConsentPage, ProviderSite, meaning};

/// Renders the question whether a client may have what it asks for.
pub fn consent(site: &ProviderSite, page: &ConsentPage) -> String {
    let title = format!("Allow {}?", page.client_name);
    let page = page.clone();
    document(site, &title, move || content(page))
}

fn content(page: ConsentPage) -> impl IntoView {
    let ConsentPage { action, csrf, client_name, client_host, unverified, user_name, user_email, scopes } = page;
    let warning = unverified.then(|| warning(client_host.clone()));
    view! {
        <h1>{format!("Allow {client_name}?")}</h1>
        <p class="lede">"You are signed in as " <strong>{user_name}</strong> {format!(" ({user_email}).")}</p>
        <form class="card form" method="post" action=action>
            <input type="hidden" name="csrf" value=csrf/>
            {warning}
            <p><strong>{client_name}</strong> " at " <code id="client-host">{client_host}</code> " would like to:"</p>
            <ul class="scopes">
                {scopes.iter().map(|scope| view! { <li data-scope=scope.clone()>{meaning(scope)}</li> }).collect_view()}
            </ul>
            <div class="ways">
                <button class="button primary" id="allow" name="action" value="allow">"Allow"</button>
                <button class="button" id="deny" name="action" value="deny">"Deny"</button>
            </div>
        </form>
    }
}

/// A18: whoever registers itself may call itself what it likes, so that the address is what there is to judge it by.
fn warning(client_host: String) -> impl IntoView {
    view! {
        <div class="notice bad" id="unverified">
            <h2>"Nobody has checked this application"</h2>
            <p>
                "It registered itself here, and its name is only what it calls itself. What you allow goes to "
                <strong>{client_host}</strong> ". If you do not know that address, choose Deny."
            </p>
        </div>
    }
}
