//! `/flow`: the diagram that this product is, drawn, and told in words; and in it the viewer's own sign-in as it happened.

mod arrangement;
mod attacks;
mod channel;
mod curl;
pub mod diagram;
mod export;
mod legend;
mod meaning;
mod panel;
pub mod script;
mod state;
mod told;
mod words;

use http::header::SET_COOKIE;
use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use protocol::flow::Flow;
use protocol::wire::Parameters;
use protocol::{Exchange, LocalPath};

pub use diagram::Diagram;
pub(super) use export::downloads;
pub(super) use script::SCRIPT;

use super::Unavailable;
use crate::components::Page;
use crate::error::PageError;
use crate::functions::exchange::asked;
use attacks::try_to_break_it;
use legend::legend;
use panel::panel;
use script::FollowFlow;
use state::state;
use words::{exchanges, rooms};

/// The infographic and its twin in words, with the viewer's newest sign-in where one was recorded.
#[component]
pub fn FlowPage() -> impl IntoView {
    let chosen = chosen();
    Suspend::new(async move {
        match newest().await {
            Ok(flow) => page(flow, chosen),
            Err(error) => view! { <Unavailable error/> }.into_any(),
        }
    })
}

/// The exchange that the query names.
fn chosen() -> Option<Exchange> {
    let (_, visit) = asked().ok()?;
    let number: u8 = Parameters::parse(visit.query.as_bytes()).ok()?.get("exchange")?.parse().ok()?;
    Exchange::ALL.into_iter().find(|exchange| exchange.number() == number)
}

/// The viewer's newest sign-in. A browser that is no viewer yet becomes one, so that it can follow what begins in another window.
async fn newest() -> Result<Option<Flow>, PageError> {
    let (ports, visit) = asked()?;
    let Some(flows) = ports.flows else { return Ok(None) };
    if let (Some(cookie), Some(response)) = (flows.welcome(&visit), use_context::<ResponseOptions>()) {
        response.append_header(SET_COOKIE, cookie);
    }
    flows.newest(&visit).await
}

fn page(flow: Option<Flow>, chosen: Option<Exchange>) -> AnyView {
    let title = chosen.map_or_else(|| "OAuth 2 Flow".to_owned(), |chosen| format!("Exchange {} · OAuth 2 Flow", chosen.number()));
    let opened = if chosen.is_some() { "flow-stage opened" } else { "flow-stage" };
    let drawn = view! {
        <div class=opened>
            <figure class="flow-figure">
                <Diagram flow=flow.clone() chosen/>
                <figcaption>{legend()}</figcaption>
            </figure>
            {chosen.map(|chosen| panel(flow.as_ref(), chosen))}
        </div>
    };
    let words = view! {
        <section class="flow-words" aria-labelledby="exchanges">
            <h2 id="exchanges">"The exchanges, in order"</h2>
            {exchanges(flow.as_ref(), chosen)}
        </section>
    };
    let (state, drawn, words) = (state(flow.as_ref()), drawn.into_any(), words.into_any());
    let id = flow.map(|flow| flow.id);
    view! {
        <Page title=title sign_in=LocalPath::parse("/flow").ok()>
            <h1>"OAuth 2 Flow"</h1>
            <p class="lede">
                "How Cloakroom signs a person in: thirteen numbered exchanges between six parts, then a call to the Resource API. \
                 Pink arrows pass through the browser, teal ones go from server to server, grey ones stay in the house."
            </p>
            <FollowFlow/>
            <div id="flow" data-flow=id>{state} {drawn} {words}</div>
            <section class="flow-words" aria-labelledby="parts">
                <h2 id="parts">"The parts"</h2>
                {rooms()}
            </section>
            {try_to_break_it()}
        </Page>
    }
    .into_any()
}
