//! `POST /flow/attack`.

use leptos::prelude::*;
use leptos::server_fn::codec::PostUrl;

use crate::error::PageError;

/// Makes the attack that the form names, and leads to what came of it; in development alone.
///
/// # Errors
/// A [`PageError`] for a caller that is no navigation; a navigation is always redirected.
#[server(prefix = "/flow", endpoint = "attack", input = PostUrl)]
pub async fn attack(
    /// What the form calls it.
    attack: Option<String>,
) -> Result<(), PageError> {
    let (ports, visit) = super::exchange::asked()?;
    let attacks = ports.attacks.ok_or(PageError::BadRequest)?;
    super::exchange::apply(&visit, attacks.make(&attack.unwrap_or_default()).await)
}
