//! `/flow`: the diagram that this product is, drawn, and told in words.

mod arrangement;
mod attacks;
mod channel;
pub mod diagram;
mod legend;
mod words;

use leptos::prelude::*;
use protocol::LocalPath;

pub use diagram::Diagram;

use crate::components::Page;
use attacks::try_to_break_it;
use legend::legend;
use words::{exchanges, rooms};

/// The infographic and its twin in words.
#[component]
pub fn FlowPage() -> impl IntoView {
    view! {
        <Page title="OAuth 2 Flow" sign_in=LocalPath::parse("/flow").ok()>
            <h1>"OAuth 2 Flow"</h1>
            <p class="lede">
                "How Cloakroom signs a person in: thirteen numbered exchanges between six parts, then a call to the Resource API. \
                 Pink arrows pass through the browser, teal ones go from server to server, grey ones stay in the house."
            </p>
            <figure class="flow-figure">
                <Diagram/>
                <figcaption>{legend()}</figcaption>
            </figure>
            <section class="flow-words" aria-labelledby="exchanges">
                <h2 id="exchanges">"The exchanges, in order"</h2>
                {exchanges()}
            </section>
            <section class="flow-words" aria-labelledby="parts">
                <h2 id="parts">"The parts"</h2>
                {rooms()}
            </section>
            {try_to_break_it()}
        </Page>
    }
}
