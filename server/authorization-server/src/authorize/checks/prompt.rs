//! `prompt` says whether pages may or must be shown (OpenID Connect Core §3.1.2.1).

use protocol::ErrorCode;

use super::{Asked, Refusal, refuse};
use crate::authorize::request::Demand;

/// The values we know.
pub(crate) const PROMPTS: [&str; 4] = ["none", "login", "consent", "select_account"];

pub(super) fn check(asked: &Asked<'_>, demand: &mut Demand) -> Result<(), Refusal> {
    let values: Vec<&str> = asked.parameters.get("prompt").unwrap_or_default().split(' ').filter(|v| !v.is_empty()).collect();
    if values.iter().any(|value| !PROMPTS.contains(value)) {
        return refuse(ErrorCode::InvalidRequest, "prompt holds an unknown value");
    }
    demand.prompt.none = values.contains(&"none");
    if demand.prompt.none && values.len() > 1 {
        return refuse(ErrorCode::InvalidRequest, "prompt none cannot be combined");
    }
    // The account is chosen on the login page.
    demand.prompt.login = values.contains(&"login") || values.contains(&"select_account");
    demand.prompt.consent = values.contains(&"consent");
    Ok(())
}
