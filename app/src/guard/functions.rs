//! The guard in server functions: the first line, with `?`.

use super::Needs;
use crate::components::Viewer;
use crate::error::PageError;
use crate::functions::exchange::{asked, settle};
use crate::model::CurrentUser;

/// The signed-in user.
///
/// # Errors
/// [`PageError::SignedOut`] (401) where nobody is, [`PageError::Unavailable`] (503) where it cannot be found out.
pub async fn require_session() -> Result<CurrentUser, PageError> {
    require(&Needs::session()).await
}

/// The signed-in user, to whom the provider granted each of these scopes, which spaces part.
///
/// # Errors
/// Those of [`require_session`], and [`PageError::NoAccess`] (403) where one is missing.
pub async fn require_scope(scopes: &str) -> Result<CurrentUser, PageError> {
    require(&Needs::session().scope(scopes)).await
}

/// The signed-in user, who authenticated within the last `seconds`.
///
/// # Errors
/// Those of [`require_session`], and [`PageError::Stale`] (401) where it is longer ago.
pub async fn require_recent(seconds: u32) -> Result<CurrentUser, PageError> {
    require(&Needs::session().max_age(seconds)).await
}

async fn require(needs: &Needs) -> Result<CurrentUser, PageError> {
    let (ports, visit) = asked()?;
    let viewer = Viewer(ports.sessions.current_user(&visit).await);
    settle(needs.judge(&viewer).map_err(|lack| lack.error()))
}
