//! `POST /sessions/sign-out-others`.

use leptos::prelude::*;
use leptos::server_fn::codec::PostUrl;

use crate::error::PageError;

/// Signs the user out in all browsers but this one, and leads back to the list.
///
/// # Errors
/// A [`PageError`] for a caller that is no navigation; a navigation is always redirected.
#[server(prefix = "/sessions", endpoint = "sign-out-others", input = PostUrl)]
pub async fn sign_out_others() -> Result<(), PageError> {
    let (ports, visit) = super::exchange::asked()?;
    super::exchange::apply(&visit, ports.devices.sign_out_others(&visit).await)
}
