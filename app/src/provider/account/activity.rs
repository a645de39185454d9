//! What happened to the account, in plain words.

use leptos::prelude::*;

use super::{Activity, Deed, time};
use crate::browser;

pub(super) fn section(activity: Vec<Activity>) -> impl IntoView {
    let content = if activity.is_empty() {
        view! { <p class="empty">"Nothing has happened yet. Sign-ins and changes will be listed here."</p> }.into_any()
    } else {
        view! {
            <p class="hint">
                "Was any of this not you? " <a href="#password">"Change your password"</a>
                ": that signs you out everywhere else, too."
            </p>
            <ul class="entries">{gathered(activity).into_iter().map(|(activity, times)| entry(activity, times)).collect_view()}</ul>
        }
        .into_any()
    };
    view! {
        <section class="card" aria-labelledby="activity">
            <h2 id="activity">"Recent activity"</h2>
            {content}
        </section>
    }
}

/// The same again, from the same place and with nothing in between, is told once: the latest, and how often.
fn gathered(activity: Vec<Activity>) -> Vec<(Activity, usize)> {
    let mut gathered: Vec<(Activity, usize)> = Vec::new();
    for one in activity {
        match gathered.last_mut() {
            Some((last, times)) if last.is_like(&one) => *times += 1,
            _ => gathered.push((one, 1)),
        }
    }
    gathered
}

fn entry(activity: Activity, times: usize) -> impl IntoView {
    let Activity { at, deed, user_agent, address } = activity;
    let alarming = matches!(deed, Deed::SignInFailed | Deed::TokenReplayed(_));
    let browser = user_agent.map(|told| format!(" · {}", browser::name(Some(&told))));
    let often = (times > 1).then(|| format!(", {times} times"));
    view! {
        <li class="entry">
            <div>
                <span class=if alarming { "deed alarming" } else { "deed" }>{words(deed)} {often}</span>
                <p class="hint">{time(at)} {browser} {address.map(|address| format!(" · from {address}"))}</p>
            </div>
        </li>
    }
}

fn words(deed: Deed) -> String {
    match deed {
        Deed::SignedIn => "You signed in to an application".to_owned(),
        Deed::SignInFailed => "Somebody entered a wrong password".to_owned(),
        Deed::SignedOut => "You signed out of an application".to_owned(),
        Deed::DeviceSignedOut => "A device was signed out from here".to_owned(),
        Deed::Allowed(name) => format!("You allowed {name} to act for you"),
        Deed::Denied(name) => format!("You did not allow {name} what it asked for"),
        Deed::Withdrawn(name) => format!("You removed {name}"),
        Deed::TokenReplayed(name) => format!("{name} used a key twice; its access was ended, in case the key was stolen"),
        Deed::NameChanged => "You changed your name".to_owned(),
        Deed::PasswordChanged => "You changed your password".to_owned(),
        Deed::PasswordReset => "You chose a new password by a link that was sent to you".to_owned(),
        Deed::AccountOpened => "You opened your account".to_owned(),
        Deed::PasswordSet => "An administrator gave you another password".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Moment;
    use super::*;

    fn activity(deed: Deed, address: &str) -> Activity {
        let at = Moment { machine: String::new(), words: String::new(), exactly: String::new() };
        Activity { at, deed, user_agent: None, address: Some(address.to_owned()) }
    }

    #[test]
    fn the_same_from_the_same_place_is_told_once_and_only_where_nothing_is_in_between() {
        let told = gathered(vec![
            activity(Deed::SignInFailed, "a"),
            activity(Deed::SignInFailed, "a"),
            activity(Deed::SignInFailed, "b"),
            activity(Deed::SignedIn, "b"),
            activity(Deed::SignInFailed, "b"),
        ]);
        let told: Vec<_> = told.into_iter().map(|(one, times)| (one.deed, one.address.unwrap(), times)).collect();
        let expected =
            [(Deed::SignInFailed, "a", 2), (Deed::SignInFailed, "b", 1), (Deed::SignedIn, "b", 1), (Deed::SignInFailed, "b", 1)];
        assert_eq!(told, expected.map(|(deed, address, times)| (deed, address.to_owned(), times)));
    }

    #[test]
    fn applications_are_told_apart() {
        let allowed = |name: &str| activity(Deed::Allowed(name.to_owned()), "a");
        assert_eq!(gathered(vec![allowed("Orders"), allowed("Post")]).len(), 2);
    }
}
