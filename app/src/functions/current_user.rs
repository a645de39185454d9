//! `GET /api/current-user`.

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;

use crate::error::PageError;
use crate::model::CurrentUser;

/// Tells who is signed in; `null` where nobody is.
///
/// # Errors
/// [`PageError::Unavailable`] where the session cannot be looked up; it is not lost by that.
#[server(name = AskCurrentUser, prefix = "/api", endpoint = "current-user", input = GetUrl)]
pub async fn current_user() -> Result<Option<CurrentUser>, PageError> {
    let (ports, visit) = super::exchange::asked()?;
    super::exchange::settle(ports.sessions.current_user(&visit).await)
}
