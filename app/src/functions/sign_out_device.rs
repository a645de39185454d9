//! `POST /sessions/sign-out`.

use leptos::prelude::*;
use leptos::server_fn::codec::PostUrl;

use crate::error::PageError;

/// Signs the user out in the browser that the form names, and leads back to the list.
///
/// A form without a name ends nothing: it is answered like one that names a browser which is signed out already.
///
/// # Errors
/// A [`PageError`] for a caller that is no navigation; a navigation is always redirected.
#[server(prefix = "/sessions", endpoint = "sign-out", input = PostUrl)]
pub async fn sign_out_device(
    /// What the list calls the browser.
    device: Option<String>,
) -> Result<(), PageError> {
    let (ports, visit) = super::exchange::asked()?;
    super::exchange::apply(&visit, ports.devices.sign_out(&visit, &device.unwrap_or_default()).await)
}
