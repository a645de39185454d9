//! What is wrong with a form, as every page of the provider says it.

use leptos::prelude::*;

/// The summary, which takes focus and leads to the field.
pub(super) fn summary(field: &'static str, words: String) -> impl IntoView {
    view! {
        <div class="notice bad" id="error-summary" role="alert" tabindex="-1" autofocus=true>
            <h2>"There is a problem"</h2>
            <p id="fault"><a href=field>{words}</a></p>
        </div>
    }
}

/// What whoever chose a password is told that others guess soon.
pub(super) const GUESSABLE: &str = "This password is easy to guess. Choose another: a few words that do not belong together, or one that a password manager makes.";

/// What whoever guessed too often is told.
pub(super) fn too_many(seconds: u64) -> String {
    format!("There were too many attempts. Try again in {}.", in_words(seconds))
}

/// Seconds as people say them: minutes from two of them on, and no shorter than it is.
fn in_words(seconds: u64) -> String {
    match seconds {
        0 | 1 => "one second".to_owned(),
        2..120 => format!("{seconds} seconds"),
        _ => format!("{} minutes", seconds.div_ceil(60)),
    }
}
