//! Attacks on the callback (exchange 8): none of them gets as far as the token endpoint.

use application_api::transaction;
use url::Url;

use super::browser::Odd;
use super::{Range, Steps};

/// Login CSRF: the victim opens the callback of the attacker's sign-in.
pub(super) async fn swapped_state(range: &Range, steps: &mut Steps) -> Result<bool, Odd> {
    let (mut attacker, mut victim) = (range.attacker(), range.victim());
    let callback = attacker.nearly_sign_in(steps).await?;
    victim.nearly_sign_in(steps).await?;
    let answer = victim.open("is led to the attacker's callback", callback, steps).await?;
    let held = answer.leads_to("/problem/other-browser") && victim.cookie("__Host-session").is_none();
    victim.leave().await?;
    Ok(held)
}

/// Mix-up: the answer names another issuer.
pub(super) async fn mixed_up_issuer(range: &Range, steps: &mut Steps) -> Result<bool, Odd> {
    let mut victim = range.victim();
    let callback = victim.nearly_sign_in(steps).await?;
    let mixed_up = with(&callback, "iss", "https://attacker.example");
    let answer = victim.open("is led to the callback, with the issuer of the attacker's provider", mixed_up, steps).await?;
    let held = answer.leads_to("/problem/invalid-response") && victim.cookie("__Host-session").is_none();
    victim.leave().await?;
    Ok(held)
}

/// The transaction of the callback has expired.
pub(super) async fn expired_transaction(range: &Range, steps: &mut Steps) -> Result<bool, Odd> {
    let mut victim = range.victim();
    let callback = victim.nearly_sign_in(steps).await?;
    let state = callback.query_pairs().find(|(name, _)| name == "state").map(|(_, state)| state.into_owned());
    transaction::expire(range.cache.as_ref(), &state.unwrap_or_default()).await?;
    let answer = victim.open("opens the callback when the transaction is gone", callback, steps).await?;
    let held = answer.leads_to("/problem/sign-in-expired") && victim.cookie("__Host-session").is_none();
    victim.leave().await?;
    Ok(held)
}

/// The address with another value for a parameter.
pub(super) fn with(url: &Url, name: &str, value: &str) -> Url {
    let mut changed = url.clone();
    let kept: Vec<(String, String)> = url
        .query_pairs()
        .map(
            |(known, kept)| {
                if known == name { (known.into_owned(), value.to_owned()) } else { (known.into_owned(), kept.into_owned()) }
            },
        )
        .collect();
    changed.query_pairs_mut().clear().extend_pairs(kept);
    changed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_parameter_is_changed_and_the_others_stay() {
        let url = Url::parse("https://app.example/callback?code=a%2Bb&state=s&iss=i").unwrap();
        assert_eq!(
            with(&url, "iss", "https://x").as_str(),
            "https://app.example/callback?code=a%2Bb&state=s&iss=https%3A%2F%2Fx"
        );
        assert_eq!(with(&url, "other", "x"), url);
    }
}
