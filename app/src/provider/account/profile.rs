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
                    <dd class="called">{email} " " {if email_verified { view! { <span class="tag good">"confirmed"</span> } } else { view! { <span class="tag">"not confirmed"</span> } }}</dd>
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
                        aria-describedby=if faulty { "name-use fault" } else { "name-use" }
                    />
                    <p class="hint" id="name-use">"Applications that you allow to see your name show this one."</p>
                </div>
                <div class="ways"><button class="button" id="save-name">"Save name"</button></div>
            </form>
        </section>
    }
}
