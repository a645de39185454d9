//! The button that asks the Resource API, and its answer.

#![allow(missing_docs, reason = "the island macro makes a struct without a place for its documentation")]

use leptos::either::Either;
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;

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
    let (answer, set_answer) = signal(first);
    let (pending, set_pending) = signal(false);
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if pending.get_untracked() {
            return;
        }
        set_pending.set(true);
        spawn_local(async move {
            set_answer.set(Some(ask_resource().await));
            set_pending.set(false);
        });
    };
    view! {
        <form method="get" action="/resource" on:submit=submit>
            <button class="button primary" id="ask-resource" name="ask" value="1" aria-disabled=move || pending.get().to_string()>
                {move || if pending.get() { "Asking the Resource API" } else { "Ask the Resource API" }}
            </button>
        </form>
        <div class="answer" role="status">
            {move || answer.get().map(|answer| match answer {
                Ok(answer) => Either::Left(answered(answer)),
                Err(error) => Either::Right(refused(error)),
            })}
        </div>
    }
}

fn answered(answer: ResourceAnswer) -> impl IntoView {
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
}

fn refused(error: PageError) -> impl IntoView {
    let way_on = match error {
        PageError::SignedOut => Some("/sign-in?return_to=/resource".to_owned()),
        PageError::AccessExpired | PageError::Stale { max_age: None } => Some("/login?renew=1&return_to=/resource".to_owned()),
        PageError::Stale { max_age: Some(seconds) } => Some(format!("/login?renew=1&max_age={seconds}&return_to=/resource")),
        _ => None,
    };
    let way_on = way_on.map(|href| view! { <a rel="external" href=href>"Sign in again"</a> });
    view! {
        <div class="notice bad">
            <p>{error.to_string()}</p>
            {way_on}
        </div>
    }
}
