//! Attacks on the session cookie (exchange 13).

use http::StatusCode;
use protocol::entropy::opaque;

use super::browser::Odd;
use super::{Range, Steps};

/// A cookie that nobody was given.
pub(super) async fn forged(range: &Range, steps: &mut Steps) -> Result<bool, Odd> {
    let mut attacker = range.attacker();
    attacker.plant("__Host-session", opaque(range.rng.as_ref()));
    Ok(attacker.who_am_i("asks who is signed in, with a cookie of the right form", steps).await? == StatusCode::UNAUTHORIZED)
}

/// A form of another site. The browsers of today would leave the cookie out (`SameSite=Lax`); here it goes along.
pub(super) async fn cross_site_post(range: &Range, steps: &mut Steps) -> Result<bool, Odd> {
    let mut victim = range.victim();
    victim.sign_in(steps).await?;
    let answer = victim
        .post_from("visits the attacker's page, which posts a form", "https://attacker.example", "/sign-out", steps)
        .await?;
    let still = victim.who_am_i("is signed in as before", steps).await? == StatusCode::OK;
    let held = answer.leads_to("/problem/cross-site") && still;
    victim.leave().await?;
    Ok(held)
}
