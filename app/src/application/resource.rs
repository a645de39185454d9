//! `/resource`: the call to the Resource API.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::Unavailable;
use super::conduct::IslandScripts;
use crate::components::{Page, SignInButton, Viewer, viewer};
use crate::functions::exchange::{asked, settle, this_page};
use crate::islands::AskResource;

/// Asks for the user's data, by the island or, without a script, by reloading with `?ask=1`.
#[component]
pub fn ResourcePage() -> impl IntoView {
    match viewer() {
        Viewer(Ok(None)) => view! { <NeedsSession/> }.into_any(),
        Viewer(Ok(Some(_))) => view! { <Ask/> }.into_any(),
        Viewer(Err(error)) => view! { <Unavailable error/> }.into_any(),
    }
}

#[component]
fn NeedsSession() -> impl IntoView {
    view! {
        <Page title="Resource API">
            <h1>"Resource API"</h1>
            <p class="lede">"The Resource API answers about the person who is signed in, so this page needs you to sign in first."</p>
            <p class="ways"><SignInButton return_to=this_page()/> <a href="/">"Home"</a></p>
        </Page>
    }
}

#[component]
fn Ask() -> impl IntoView {
    let asks = use_query_map().read_untracked().get("ask").is_some();
    let island = Suspend::new(async move {
        let first = if asks { Some(answer().await) } else { None };
        // Erased here, on the server alone: the type of the whole page would grow beyond what the compiler follows.
        view! { <AskResource first/> }.into_any()
    });
    view! {
        <Page title="Resource API">
            <h1>"Resource API"</h1>
            <p class="lede">
                "The Application API takes your access token out of the session and calls the Resource API with it, as "
                <code>"Bearer JWT"</code> ". Only the JSON response comes to this browser."
            </p>
            <section class="ask" aria-label="The call">{island}</section>
            <IslandScripts/>
        </Page>
    }
}

async fn answer() -> Result<crate::model::ResourceAnswer, crate::error::PageError> {
    let (ports, visit) = asked()?;
    settle(ports.resource.ask(&visit).await)
}
