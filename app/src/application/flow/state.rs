//! How the viewer's sign-in stands, above the drawing: or that what is drawn is a sample.

use leptos::prelude::*;
use protocol::LocalPath;
use protocol::flow::Flow;

use super::super::moment;
use super::told::sentence;
use crate::components::SignInButton;
use crate::components::viewer;
use crate::ports::Ports;

/// The line above the drawing.
pub(super) fn state(flow: Option<&Flow>) -> AnyView {
    match flow {
        Some(flow) => recorded(flow).into_any(),
        None if records() => {
            sample("Begin a sign-in, in this window or in another, and this page shows how yours goes.", true).into_any()
        }
        None => sample("This server does not record sign-ins.", false).into_any(),
    }
}

fn records() -> bool {
    use_context::<Ports>().is_some_and(|ports| ports.flows.is_some())
}

fn recorded(flow: &Flow) -> impl IntoView + use<> {
    let look = match (flow.is_complete(), flow.stopped()) {
        (true, _) => "flow-state complete",
        (false, Some(_)) => "flow-state stopped",
        (false, None) => "flow-state under-way",
    };
    let at = flow.began_at.to_string();
    view! {
        <div class=look>
            <div>
                <p class="told" id="told">{sentence(flow)}</p>
                <p class="hint">
                    "Your sign-in at " <code>{flow.issuer.clone()}</code> ", begun " <time datetime=at.clone()>{moment(&at)}</time> ". "
                    "It is kept for a quarter of an hour, for this browser alone."
                </p>
            </div>
            <p class="ways">
                <a class="button" rel="external" href="/flow.json" download="flow.json">"JSON"</a>
                <a class="button" rel="external" href="/flow.svg" download="flow.svg">"SVG"</a>
            </p>
        </div>
    }
}

fn sample(words: &'static str, inviting: bool) -> impl IntoView {
    let signed_in = viewer().user().is_some();
    let return_to = LocalPath::parse("/flow").unwrap_or_else(|_| LocalPath::home());
    view! {
        <div class="flow-state">
            <div>
                <p class="told" id="told"><strong class="sample">"Sample"</strong> " Nothing drawn here has happened."</p>
                <p class="hint">{words}</p>
            </div>
            {inviting.then(|| if signed_in {
                view! { <p class="ways"><a class="button" rel="external" href="/login?renew=1&return_to=%2Fflow">"Sign in anew"</a></p> }
                    .into_any()
            } else {
                view! { <p class="ways"><SignInButton return_to/></p> }.into_any()
            })}
        </div>
    }
}
