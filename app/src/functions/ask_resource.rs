//! `POST /api/ask-resource`.

use leptos::prelude::*;
use leptos::server_fn::codec::Json;

use crate::error::PageError;
use crate::model::ResourceAnswer;

/// Asks the Resource API for the user's data, with the access token that the browser never sees.
///
/// The body is JSON, so that another site cannot send it without asking the browser's permission first.
///
/// # Errors
/// [`PageError::SignedOut`] without a session; else what stood in the way of the call.
#[server(prefix = "/api", endpoint = "ask-resource", input = Json, output = Json)]
pub async fn ask_resource() -> Result<ResourceAnswer, PageError> {
    let (ports, visit) = super::exchange::asked()?;
    super::exchange::settle(ports.resource.ask(&visit).await)
}
