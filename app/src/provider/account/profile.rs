//! Who the user is.

use leptos::prelude::*;

use super::{AccountFault, Form};

pub(super) fn section(
    form: &Form,
    name: String,
    username: String,
    email: String,
    email_verified: bool,
    fault: Option<AccountFault>,
) -> impl IntoView + use<> {
    let faulty = fault == Some(AccountFault::Name);
    view! {
        <section class="card" aria-labelledby="profile">
            <h2 id="profile">"Profile"</h2>
            <dl class="facts">
                <div>
                    <dt>"User name"</dt>
                    <dd>{username}</dd>
                </div>
                <div>
                    <dt>"E-mail"</dt>
                    <dd>{email} {(!email_verified).then(|| view! { <span class="tag">"not verified"</span> })}</dd>
                </div>
            </dl>
            <form class="form" method="post" action=form.action("name")>
                {form.token()}
                <div class="field">
                    <label for="name">"Full name"</label>
                    <input
                        id="name"
                        name="name"
                        type="text"
                        value=name
                        autocomplete="name"
                        maxlength="254"
                        required=true
                        aria-invalid=faulty.then_some("true")
                        aria-describedby=faulty.then_some("fault")
                    />
                </div>
                <div class="ways"><button class="button" id="save-name">"Save name"</button></div>
            </form>
        </section>
    }
}
