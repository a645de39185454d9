//! What may act for the user.

use leptos::prelude::*;

use super::{Connected, Form, time};
use crate::provider::meaning;

/// An application is removed only after a second look, which says what that does.
pub(super) fn section(form: &Form, applications: Vec<Connected>) -> impl IntoView + use<> {
    let content = if applications.is_empty() {
        view! { <p class="empty">"No application may act for you. Those that you allow something will be listed here."</p> }
            .into_any()
    } else {
        view! { <ul class="entries">{applications.into_iter().map(|application| entry(form, application)).collect_view()}</ul> }
            .into_any()
    };
    view! {
        <section class="card" aria-labelledby="applications">
            <h2 id="applications">"Connected applications"</h2>
            {content}
        </section>
    }
}

fn entry(form: &Form, application: Connected) -> impl IntoView + use<> {
    let Connected { client_id, name, host, scopes, since } = application;
    let remove = format!("Remove {name}");
    let effect = format!(
        "{name} is signed out and can see and do nothing for you any more. You can allow it again when you next sign in to it."
    );
    view! {
        <li class="entry">
            <div>
                <strong>{name.clone()}</strong>
                {host.map(|host| view! { " at " <code>{host}</code> })}
                <p class="hint">"Allowed " {time(since)} ". It may:"</p>
                <ul class="scopes">
                    {scopes.iter().map(|scope| view! { <li data-scope=scope.clone()>{meaning(scope)}</li> }).collect_view()}
                </ul>
                <details class="second-look">
                    <summary class="button">"Remove" <span class="visually-hidden">" " {name}</span></summary>
                    <p>{effect}</p>
                    <form method="post" action=form.action("applications")>
                        {form.token()}
                        <button class="button primary" name="application" value=client_id>{remove}</button>
                    </form>
                </details>
            </div>
        </li>
    }
}
