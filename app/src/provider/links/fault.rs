//! What is wrong with a form behind a link, and the field for a new password, which both have.

use leptos::prelude::*;

use super::LinkFault;
use crate::provider::trouble;

/// Says what is wrong, and leads there.
pub(super) fn summary(fault: LinkFault, shortest: usize) -> impl IntoView {
    let (field, words) = match fault {
        LinkFault::Name => ("#name", "Enter a name of one to 254 characters.".to_owned()),
        LinkFault::Username => ("#username", format!("Choose a user name of {}.", super::new_account::USERNAME_RULE)),
        LinkFault::UsernameTaken => ("#username", "This user name is taken. Choose another.".to_owned()),
        LinkFault::Password => ("#new-password", format!("Choose a password of {shortest} characters or more.")),
        LinkFault::GuessablePassword => ("#new-password", trouble::GUESSABLE.to_owned()),
        LinkFault::TooMany { seconds } => ("#new-password", trouble::too_many(seconds)),
    };
    trouble::summary(field, words)
}

/// The field for a new password.
pub(super) fn new_password(label: &'static str, shortest: usize, fault: Option<LinkFault>, focus: bool) -> impl IntoView {
    let unfit = matches!(fault, Some(LinkFault::Password | LinkFault::GuessablePassword));
    view! {
        <div class="field">
            <label for="new-password">{label}</label>
            <input
                id="new-password"
                name="new-password"
                type="password"
                autocomplete="new-password"
                minlength=shortest.to_string()
                required=true
                autofocus=focus
                aria-invalid=unfit.then_some("true")
                aria-describedby=if unfit { "password-rule fault" } else { "password-rule" }
            />
            <p class="hint" id="password-rule">
                {format!("{shortest} characters or more; a few words in a row are good. Pasting from a password manager works.")}
            </p>
        </div>
    }
}
