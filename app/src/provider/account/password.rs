//! Another password.

use leptos::prelude::*;

use super::{AccountFault, Form};

/// The user name is in the form for password managers, which would not know otherwise whose password it is.
pub(super) fn section(form: &Form, username: String, shortest: usize, fault: Option<AccountFault>) -> impl IntoView + use<> {
    let wrong = matches!(fault, Some(AccountFault::CurrentPassword | AccountFault::TooMany { .. }));
    let unfit = matches!(fault, Some(AccountFault::NewPassword | AccountFault::GuessablePassword));
    let new_described_by = if unfit { "password-rule fault" } else { "password-rule" };
    view! {
        <section class="card" aria-labelledby="password">
            <h2 id="password">"Password"</h2>
            <form class="form" method="post" action=form.action("password")>
                {form.token()}
                <input type="text" name="username" value=username autocomplete="username" hidden=true/>
                <div class="field">
                    <label for="current-password">"Current password"</label>
                    <input
                        id="current-password"
                        name="current-password"
                        type="password"
                        autocomplete="current-password"
                        required=true
                        aria-invalid=wrong.then_some("true")
                        aria-describedby=wrong.then_some("fault")
                    />
                </div>
                <div class="field">
                    <label for="new-password">"New password"</label>
                    <input
                        id="new-password"
                        name="new-password"
                        type="password"
                        autocomplete="new-password"
                        minlength=shortest.to_string()
                        required=true
                        aria-invalid=unfit.then_some("true")
                        aria-describedby=new_described_by
                    />
                    <p class="hint" id="password-rule">
                        {format!("{shortest} characters or more. You will be signed out on your other devices and in all applications.")}
                    </p>
                </div>
                <div class="ways"><button class="button" id="change-password">"Change password"</button></div>
            </form>
        </section>
    }
}
