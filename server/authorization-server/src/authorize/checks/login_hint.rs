//! `login_hint` fills the login page's field (OpenID Connect Core §3.1.2.1); one that cannot be a name is left out.

use super::{Asked, Refusal};
use crate::authorize::request::Demand;

/// Longer than any name or e-mail address, in bytes.
const LONGEST: usize = 256;

#[expect(clippy::unnecessary_wraps, reason = "the table's signature; a hint never breaks a request")]
pub(super) fn check(asked: &Asked<'_>, demand: &mut Demand) -> Result<(), Refusal> {
    let hint = asked.parameters.get("login_hint");
    demand.login_hint = hint.filter(|hint| hint.len() <= LONGEST && !hint.contains(char::is_control)).map(str::to_owned);
    Ok(())
}
