//! Attacks with somebody else's code (exchange 9): the token endpoint refuses it.

use url::Url;

use super::browser::Odd;
use super::callbacks::with;
use super::{Range, Steps};

/// Injection: a code that the victim has not used yet.
pub(super) async fn of_another_browser(range: &Range, steps: &mut Steps) -> Result<bool, Odd> {
    let mut victim = range.victim();
    let stolen = victim.nearly_sign_in(steps).await?;
    let held = inject(range, &stolen, "opens a callback of their own, with the victim's code", steps).await?;
    victim.leave().await?;
    Ok(held)
}

/// Replay: a code that the victim has used.
pub(super) async fn replayed(range: &Range, steps: &mut Steps) -> Result<bool, Odd> {
    let mut victim = range.victim();
    let stolen = victim.sign_in(steps).await?;
    let held = inject(range, &stolen, "opens a callback of their own, with the code that the victim has used", steps).await?;
    victim.leave().await?;
    Ok(held)
}

async fn inject(range: &Range, stolen: &Url, purpose: &'static str, steps: &mut Steps) -> Result<bool, Odd> {
    let mut attacker = range.attacker();
    let own = attacker.nearly_sign_in(steps).await?;
    let code = stolen.query_pairs().find(|(name, _)| name == "code").map(|(_, code)| code.into_owned());
    let code = code.ok_or_else(|| Odd::Unexpected("there is no code to steal".to_owned()))?;
    let answer = attacker.open(purpose, with(&own, "code", &code), steps).await?;
    let held = answer.leads_to("/problem/provider-error") && attacker.cookie("__Host-session").is_none();
    attacker.leave().await?;
    Ok(held)
}
