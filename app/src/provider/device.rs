//! The pages by which a device is connected: its code, the question, and the end.

use leptos::prelude::*;

use super::document::document;
use super::{DeviceConsentPage, ProviderSite, UserCodeFault, UserCodePage, meaning, trouble};

/// Renders the page that asks for the code that a device shows. A fault is told in a summary that takes focus, and by the title.
pub fn user_code(site: &ProviderSite, page: &UserCodePage) -> String {
    let title = if page.fault.is_some() { "Error: Connect a device" } else { "Connect a device" };
    let page = page.clone();
    document(site, title, move || entry(page))
}

fn entry(page: UserCodePage) -> impl IntoView {
    let UserCodePage { action, csrf, user_code, fault, user_name, user_email } = page;
    let faulty = fault == Some(UserCodeFault::Unknown);
    let lede = if user_code.is_empty() || faulty {
        "Enter the code that your device shows."
    } else {
        "Look at your device: does it show exactly this code?"
    };
    view! {
        {fault.map(summary)}
        <h1>"Connect a device"</h1>
        <p class="lede">{lede}</p>
        <form class="card form" method="post" action=action>
            <input type="hidden" name="csrf" value=csrf/>
            <div class="field">
                <label for="user_code">"Code"</label>
                <input
                    class="device-code"
                    id="user_code"
                    name="user_code"
                    type="text"
                    value=user_code
                    autocomplete="off"
                    autocapitalize="characters"
                    spellcheck="false"
                    maxlength="32"
                    required=true
                    autofocus=fault.is_none()
                    aria-invalid=faulty.then_some("true")
                    aria-describedby=if faulty { "fault hint" } else { "hint" }
                />
                <p class="hint" id="hint">"Eight letters, such as BCDF-GHJK. The dash may be left out."</p>
            </div>
            <div class="ways">
                <button class="button primary" id="continue" name="action" value="continue">"Continue"</button>
            </div>
        </form>
        <p class="note">"You are signed in as " <strong>{user_name}</strong> {format!(" ({user_email}).")}</p>
    }
}

fn summary(fault: UserCodeFault) -> impl IntoView {
    let words = match fault {
        UserCodeFault::Unknown => {
            "This code is not one that can be used. It may be mistyped, or it has expired: then let your device \
                                   show another."
                .to_owned()
        }
        UserCodeFault::TooMany { seconds } => trouble::too_many(seconds),
        UserCodeFault::Stale => "This page was open for too long. Compare the code with your device and continue.".to_owned(),
    };
    trouble::summary("#user_code", words)
}

/// Renders the question whether a device may have what it asks for.
pub fn device_consent(site: &ProviderSite, page: &DeviceConsentPage) -> String {
    let title = format!("Connect {}?", page.client_name);
    let page = page.clone();
    document(site, &title, move || question(page))
}

fn question(page: DeviceConsentPage) -> impl IntoView {
    let DeviceConsentPage { action, csrf, user_code, client_name, client_host, unverified, .. } = page;
    let host = client_host.map(|host| view! { " at " <code id="client-host">{host}</code> });
    let warning = unverified.then(|| {
        view! {
            <p id="unverified">
                "Nobody has checked this application: it registered itself here, and its name is only what it calls itself."
            </p>
        }
    });
    view! {
        <h1>{format!("Connect {client_name}?")}</h1>
        <p class="lede">
            "You are signed in as " <strong>{page.user_name}</strong> {format!(" ({}).", page.user_email)}
        </p>
        <div class="notice warn" id="warning">
            <h2>"Is the device in front of you?"</h2>
            <p>
                "Only go on if you started this yourself, on a device that you have with you and that shows the code below. If somebody \
                 sent you the code or a link to this page, press Deny: they would be let in as you."
            </p>
        </div>
        <form class="card form" method="post" action=action>
            <input type="hidden" name="csrf" value=csrf/>
            <input type="hidden" name="user_code" value=user_code.clone()/>
            <p class="device-code"><code id="device-code">{user_code}</code></p>
            <p><strong>{client_name}</strong> {host} ", on the device that shows this code, would like to:"</p>
            {warning}
            <ul class="scopes">
                {page.scopes.iter().map(|scope| view! { <li data-scope=scope.clone()>{meaning(scope)}</li> }).collect_view()}
            </ul>
            <div class="ways">
                <button class="button primary" id="allow" name="action" value="allow">"Allow"</button>
                <button class="button" id="deny" name="action" value="deny">"Deny"</button>
            </div>
        </form>
    }
}

/// Renders the page after that: the device may, or may not; `account` is where the account page is.
pub fn device_done(site: &ProviderSite, client_name: &str, allowed: bool, account: &str) -> String {
    let (heading, sentence) = if allowed {
        (
            "The device is connected",
            format!("{client_name} goes on there by itself within a few seconds. You can close this page."),
        )
    } else {
        ("The device is not connected", format!("Nothing was shared with {client_name}. You can close this page."))
    };
    let account = account.to_owned();
    let way_back = allowed.then(|| {
        view! { <p class="note">"What is connected is listed at " <a id="account" href=account>"your account"</a> ", where you can end it."</p> }
    });
    document(site, heading, move || {
        view! {
            <h1>{heading}</h1>
            <p class="lede">{sentence}</p>
            {way_back}
        }
    })
}
