//! The script of `/flow`: it follows the sign-in that goes on, and plays it again. The page is whole without it.

use std::sync::LazyLock;

use axum::response::IntoResponse;
use leptos::config::LeptosOptions;
use leptos::nonce::use_nonce;
use leptos::prelude::*;
use protocol::seal::digest;

use super::super::Conduct;
use super::super::follow::served;
use crate::ports::Ports;

const SCRIPT: &str = include_str!("../../../scripts/flow.js");

static NAME: LazyLock<String> = LazyLock::new(|| {
    let hash = digest("script", SCRIPT.as_bytes());
    format!("flow.{}.js", hash.chars().take(16).collect::<String>())
});

/// Where the script is.
pub(crate) fn path(options: &LeptosOptions) -> String {
    format!("/{}/{}", options.site_pkg_dir, *NAME)
}

/// The script itself; its name changes with it.
pub(crate) async fn get() -> impl IntoResponse {
    served(SCRIPT)
}

/// Brings the script along where sign-ins are recorded.
#[component]
pub fn FollowFlow() -> impl IntoView {
    use_context::<Ports>()?.flows?;
    let path = path(&use_context::<LeptosOptions>()?);
    use_context::<Conduct>()?.runs_script();
    Some(view! { <script type="module" src=path nonce=use_nonce()></script> })
}
