//! `POST /sign-out`.

use leptos::prelude::*;
use leptos::server_fn::codec::PostUrl;

use crate::error::PageError;

/// Ends the session here and sends the browser to the provider to end it there; a plain form may post it.
///
/// # Errors
/// A [`PageError`] for a caller that is no navigation; a navigation is always redirected.
#[server(prefix = "", endpoint = "sign-out", input = PostUrl)]
pub async fn sign_out() -> Result<(), PageError> {
    let (ports, visit) = super::exchange::asked()?;
    super::exchange::apply(&visit, ports.sign_in.sign_out(&visit).await)
}
