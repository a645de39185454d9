//! Exchange 8: `GET /callback`, and `GET /callback/<provider>` for each provider that has an entry of its own.

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;

use crate::error::PageError;

/// Completes a sign-in (exchanges 8 to 13) and sends the browser back to where it came from.
///
/// It takes no argument: the port reads `code`, `state`, `iss` and `error` from the raw query, where a doubled parameter
/// is still to be seen, and whose redirect URI it is stands in the path.
///
/// # Errors
/// A [`PageError`] for a caller that is no navigation; a navigation is always redirected.
#[server(prefix = "", endpoint = "callback", input = GetUrl)]
pub async fn callback() -> Result<(), PageError> {
    let (ports, visit) = super::exchange::asked()?;
    let provider = super::exchange::below("/callback/");
    super::exchange::apply(&visit, ports.sign_in.complete(&visit, provider.as_deref()).await)
}
