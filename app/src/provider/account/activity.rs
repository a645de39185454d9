//! What happened to the account, in plain words.

use leptos::prelude::*;

use super::{Activity, Deed, time};
use crate::browser;

pub(super) fn section(activity: Vec<Activity>) -> impl IntoView {
    let content = if activity.is_empty() {
        view! { <p class="empty">"Nothing has happened yet."</p> }.into_any()
    } else {
        view! { <ul class="entries">{activity.into_iter().map(entry).collect_view()}</ul> }.into_any()
    };
    view! {
        <section class="card" aria-labelledby="activity">
            <h2 id="activity">"Recent activity"</h2>
            {content}
        </section>
    }
}

fn entry(activity: Activity) -> impl IntoView {
    let Activity { at, deed, user_agent, address } = activity;
    let alarming = matches!(deed, Deed::SignInFailed | Deed::TokenReplayed(_));
    let browser = user_agent.map(|told| format!(" · {}", browser::name(Some(&told))));
    view! {
        <li class="entry">
            <div>
                <span class=if alarming { "alarming" } else { "" }>{words(deed)}</span>
                <p class="hint">{time(at)} {browser} {address.map(|address| format!(" · {address}"))}</p>
            </div>
        </li>
    }
}

fn words(deed: Deed) -> String {
    match deed {
        Deed::SignedIn => "You signed in to an application".to_owned(),
        Deed::SignInFailed => "Somebody entered a wrong password".to_owned(),
        Deed::SignedOut => "You signed out of an application".to_owned(),
        Deed::DeviceSignedOut => "A device was signed out here".to_owned(),
        Deed::Allowed(name) => format!("You allowed {name} to act for you"),
        Deed::Denied(name) => format!("You denied {name}"),
        Deed::Withdrawn(name) => format!("You removed {name}"),
        Deed::TokenReplayed(name) => format!("{name} used a key twice; its access was ended, in case the key was stolen"),
        Deed::NameChanged => "You changed your name".to_owned(),
        Deed::PasswordChanged => "You changed your password".to_owned(),
        Deed::PasswordReset => "You chose a new password by a link that was sent to you".to_owned(),
        Deed::AccountOpened => "You opened your account".to_owned(),
        Deed::PasswordSet => "An administrator gave you another password".to_owned(),
    }
}
