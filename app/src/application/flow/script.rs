//! The script of `/flow`: it follows the sign-in that goes on, and plays it again. The page is whole without it.

use leptos::nonce::use_nonce;
use leptos::prelude::*;

use super::super::script::Script;
use crate::ports::Ports;

/// The script itself.
pub(in crate::application) static SCRIPT: Script = Script::of("flow", include_str!("../../../scripts/flow.js"));

/// Brings the script along where sign-ins are recorded.
#[component]
pub fn FollowFlow() -> impl IntoView {
    use_context::<Ports>()?.flows?;
    let path = SCRIPT.brought()?;
    Some(view! { <script type="module" src=path nonce=use_nonce()></script> })
}
