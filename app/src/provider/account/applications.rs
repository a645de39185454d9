//! What may act for the user.

use leptos::prelude::*;

use super::{Connected, Form, time};
use crate::provider::meaning;

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
    let label = format!("Remove {name}");
    view! {
        <li class="entry">
            <div>
                <strong>{name}</strong>
                {host.map(|host| view! { " at " <code>{host}</code> })}
                <p class="hint">"Since " {time(since)} ". It may:"</p>
                <ul class="scopes">
                    {scopes.iter().map(|scope| view! { <li data-scope=scope.clone()>{meaning(scope)}</li> }).collect_view()}
                </ul>
            </div>
            <form method="post" action=form.action("applications")>
                {form.token()}
                <button class="button" name="application" value=client_id aria-label=label>"Remove"</button>
            </form>
        </li>
    }
}
