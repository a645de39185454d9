//! The question for an e-mail address, and the one answer to it.

use leptos::prelude::*;

use super::{Ask, AskFault, AskPage, SentPage};
use crate::provider::document::document;
use crate::provider::{ProviderSite, trouble};

/// Renders the page that asks for an e-mail address. A fault is told in a summary that takes focus, and by the title.
pub fn ask(site: &ProviderSite, page: &AskPage) -> String {
    let heading = heading(page.ask);
    let title = if page.fault.is_some() { format!("Error: {heading}") } else { heading.to_owned() };
    let page = page.clone();
    document(site, &title, move || form(page))
}

fn heading(ask: Ask) -> &'static str {
    match ask {
        Ask::SignUp => "Create your account",
        Ask::PasswordReset => "Choose a new password",
    }
}

fn lede(ask: Ask) -> &'static str {
    match ask {
        Ask::SignUp => "Enter your e-mail address. We send you a link with which you go on.",
        Ask::PasswordReset => {
            "Enter the e-mail address of your account. We send you a link with which you choose a new password."
        }
    }
}

fn form(page: AskPage) -> impl IntoView {
    let AskPage { ask, action, csrf, sign_in, email, fault, back } = page;
    let faulty = fault == Some(AskFault::Email);
    view! {
        {fault.map(summary)}
        <h1>{heading(ask)}</h1>
        <p class="lede">{lede(ask)}</p>
        <form class="card form" method="post" action=action>
            <input type="hidden" name="csrf" value=csrf/>
            {sign_in.map(|id| view! { <input type="hidden" name="sign_in" value=id/> })}
            <div class="field">
                <label for="email">"E-mail address"</label>
                <input
                    id="email"
                    name="email"
                    type="email"
                    value=email
                    autocomplete="email"
                    autocapitalize="none"
                    spellcheck="false"
                    maxlength="254"
                    required=true
                    autofocus=fault.is_none()
                    aria-invalid=faulty.then_some("true")
                    aria-describedby=faulty.then_some("fault")
                />
            </div>
            <div class="ways">
                <button class="button primary" id="continue" name="action" value="continue">"Send the link"</button>
                <a class="button" id="back" href=back>"Back to sign-in"</a>
            </div>
        </form>
    }
}

fn summary(fault: AskFault) -> impl IntoView {
    let words = match fault {
        AskFault::Email => "Enter an e-mail address, such as ada@example.com.".to_owned(),
        AskFault::TooMany { seconds } => trouble::too_many(seconds),
        AskFault::Stale => "This page was open for too long, or cookies are blocked. Please send it again.".to_owned(),
    };
    trouble::summary("#email", words)
}

/// Renders the page after that. It says the same for every address.
pub fn sent(site: &ProviderSite, page: &SentPage) -> String {
    let SentPage { ask, minutes, again, back } = page.clone();
    let lede = match ask {
        Ask::SignUp => "A message is on its way to you. If there is an account with your address already, it says so.",
        Ask::PasswordReset => "If there is an account with the address that you entered, a message is on its way to it.",
    };
    let outbox = site.outbox_url.clone();
    document(site, "Look into your mailbox", move || {
        view! {
            <h1>"Look into your mailbox"</h1>
            <p class="lede">{lede}</p>
            <div class="card">
                <p>
                    {format!(
                        "Open the link in the message within {minutes} minutes, best in this browser: then you go on where you are now.",
                    )}
                </p>
                <p class="hint">
                    "Nothing there? It can take a moment. Look among the unwanted messages too, or "
                    <a id="again" href=again>"send another"</a> "; then only the newest link counts."
                </p>
            </div>
            <p class="ways"><a class="button" id="back" href=back>"Back to sign-in"</a></p>
            {outbox.map(|url| view! {
                <p class="note">"Development mode sends no e-mail: the message is in the " <a id="outbox" href=url>"outbox"</a> "."</p>
            })}
        }
    })
}
