//! The button that asks the Resource API, and its answer.

#![allow(missing_docs, reason = "the island macro makes a struct without a place for its documentation")]

use leptos::ev::SubmitEvent;
use leptos::prelude::*;

use crate::error::PageError;
use crate::functions::ask_resource;
use crate::model::ResourceAnswer;

/// Asks the Resource API and shows what it answered.
///
/// Without a script the form reloads the page with `?ask=1`, and the server renders the answer that arrives here as `first`.
#[island]
pub fn AskResource(
    /// The answer that the server already has.
    first: Option<Result<ResourceAnswer, PageError>>,
) -> impl IntoView {
    let ask = Action::new(|(): &()| ask_resource());
    let pending = ask.pending();
    let answer = move || ask.value().get().or_else(|| first.clone());
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if !pending.get_untracked() {
            ask.dispatch(());
        }
    };
    view! {
        <form method="get" action="/resource" on:submit=submit>
            <button class="button primary" id="ask-resource" name="ask" value="1" aria-disabled=move || pending.get().to_string()>
                {move || if pending.get() { "Asking the Resource API" } else { "Ask the Resource API" }}
            </button>
        </form>
        <div class="answer" role="status">
            {move || answer().map(|answer| answer.map_or_else(refused, answered))}
        </div>
    }
}

fn answered(answer: ResourceAnswer) -> AnyView {
    let grade = if answer.status < 400 { "tag good" } else { "tag bad" };
    view! {
        <p class="answer-line">
            <code class="answer-request">{answer.request}</code>
            <span class=grade>{format!("HTTP {}", answer.status)}</span>
            <span class="tag">{format!("{} ms", answer.milliseconds)}</span>
        </p>
        <pre class="answer-body" role="region" aria-label="JSON response" tabindex="0">
            <code>{answer.body}</code>
        </pre>
    }
    .into_any()
}

fn refused(error: PageError) -> AnyView {
    let way_on = match error {
        PageError::SignedOut => Some("/sign-in?return_to=/resource"),
        PageError::AccessExpired => Some("/login?renew=1&return_to=/resource"),
        _ => None,
    };
    let way_on = way_on.map(|href| view! { <a rel="external" href=href>"Sign in again"</a> });
    view! {
        <div class="notice bad">
            <p>{error.to_string()}</p>
            {way_on}
        </div>
    }
    .into_any()
}
