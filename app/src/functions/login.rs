//! Exchange 1: `GET /login`.

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;

use crate::error::PageError;

/// Begins a sign-in (exchanges 1 to 4) and sends the browser to the provider.
///
/// It takes no argument: the port reads `return_to` from the raw query, where a doubled parameter is still to be seen.
///
/// # Errors
/// A [`PageError`] for a caller that is no navigation; a navigation is always redirected.
#[server(prefix = "", endpoint = "login", input = GetUrl)]
pub async fn login() -> Result<(), PageError> {
    let (ports, visit) = super::exchange::asked()?;
    super::exchange::apply(&visit, ports.sign_in.begin(&visit).await)
}
