//! The story in seven steps.

use leptos::prelude::*;

/// The legend, word for word.
pub(super) const STEPS: [&str; 7] = [
    "User chooses sign-in",
    "App creates temporary state in cache",
    "App redirects browser to OAuth authorization endpoint",
    "User authenticates and grants consent",
    "Authorization server validates user data in DB",
    "App exchanges authorization code for tokens over HTTPS",
    "App creates session and returns authenticated experience",
];

/// The legend as a list; the drawing carries the same seven lines for readers who see it.
pub(super) fn legend() -> impl IntoView {
    view! {
        <ol class="legend">{STEPS.iter().map(|step| view! { <li>{*step}</li> }).collect_view()}</ol>
    }
}
