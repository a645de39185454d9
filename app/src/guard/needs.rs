//! What is needed of who asks, and what they lack.

use jiff::SignedDuration;
use protocol::step_up::Demand;

use crate::components::Viewer;
use crate::error::PageError;
use crate::model::CurrentUser;

/// What a page, a route or a server function needs of who asks. The default needs a session and nothing more.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Needs {
    scopes: Vec<String>,
    demand: Demand,
}

/// Why who asks does not get it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lack {
    /// It cannot be found out who asks.
    Answer(PageError),
    /// Nobody is signed in.
    Session,
    /// The user has to authenticate again, as is demanded (step-up).
    Authentication(Demand),
    /// The provider did not grant the scope; signing in again in the same way would not change that.
    Scope,
}

impl Needs {
    /// A session.
    pub fn session() -> Self {
        Self::default()
    }

    /// And that the provider granted each of these scopes, which spaces part.
    #[must_use]
    pub fn scope(mut self, scopes: &str) -> Self {
        self.scopes.extend(scopes.split(' ').filter(|scope| !scope.is_empty()).map(str::to_owned));
        self
    }

    /// And that the user authenticated within the last `seconds`; more than a few, or nobody is quick enough.
    #[must_use]
    pub fn max_age(mut self, seconds: u32) -> Self {
        self.demand.max_age = Some(seconds);
        self
    }

    /// And that the user authenticated in any of these classes of the provider (`acr`).
    #[must_use]
    pub fn acr(mut self, classes: &[&str]) -> Self {
        self.demand.acr = classes.iter().map(|class| (*class).to_owned()).collect();
        self
    }

    /// The user, who has all that is needed.
    ///
    /// # Errors
    /// [`Lack`] tells the first thing that is missing: what signing in can mend comes before what it cannot.
    pub fn judge(&self, viewer: &Viewer) -> Result<CurrentUser, Lack> {
        let user = match viewer {
            Viewer(Err(error)) => return Err(Lack::Answer(*error)),
            Viewer(Ok(None)) => return Err(Lack::Session),
            Viewer(Ok(Some(user))) => user,
        };
        let age = user.authenticated_seconds_ago.map(SignedDuration::from_secs);
        if !self.demand.is_met(user.acr.as_deref(), age) {
            return Err(Lack::Authentication(self.demand.clone()));
        }
        if !self.scopes.iter().all(|scope| user.has_scope(scope)) {
            return Err(Lack::Scope);
        }
        Ok(user.clone())
    }
}

impl Lack {
    /// The same for a server function.
    pub fn error(&self) -> PageError {
        match self {
            Self::Answer(error) => *error,
            Self::Session => PageError::SignedOut,
            Self::Authentication(demand) => PageError::Stale { max_age: demand.max_age },
            Self::Scope => PageError::NoAccess,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(scopes: &[&str], acr: Option<&str>, age: Option<i64>) -> Viewer {
        Viewer(Ok(Some(CurrentUser {
            subject: "1".to_owned(),
            name: "Ada".to_owned(),
            email: None,
            issuer: "https://id.example".to_owned(),
            signed_in_at: "2026-01-01T10:00:00Z".to_owned(),
            age_seconds: 0,
            acr: acr.map(str::to_owned),
            authenticated_seconds_ago: age,
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        })))
    }

    #[test]
    fn the_first_thing_that_is_missing_is_told() {
        let lately = || Needs::session().max_age(60);
        let stale = |needs: &Needs| Some(Lack::Authentication(needs.demand.clone()));
        let gold = Needs::session().acr(&["gold", "platinum"]);
        let shop = Needs::session().scope("orders bills").scope("openid");
        for (needs, viewer, lack) in [
            (Needs::session(), user(&[], None, None), None),
            (Needs::session(), Viewer(Ok(None)), Some(Lack::Session)),
            (shop.clone(), Viewer(Ok(None)), Some(Lack::Session)),
            (Needs::session(), Viewer(Err(PageError::Unavailable)), Some(Lack::Answer(PageError::Unavailable))),
            (lately(), user(&[], None, Some(60)), None),
            (lately(), user(&[], None, Some(61)), stale(&lately())),
            (lately(), user(&[], None, None), stale(&lately())),
            (gold.clone(), user(&[], Some("platinum"), None), None),
            (gold.clone(), user(&[], Some("bronze"), Some(0)), stale(&gold)),
            (shop.clone(), user(&["bills", "openid", "orders"], None, None), None),
            (shop.clone(), user(&["openid", "orders"], None, None), Some(Lack::Scope)),
            (Needs::session().scope("order"), user(&["orders"], None, None), Some(Lack::Scope)),
            (shop.clone().max_age(60), user(&[], None, Some(61)), stale(&lately())),
            (shop.max_age(60), user(&[], None, Some(1)), Some(Lack::Scope)),
        ] {
            assert_eq!(needs.judge(&viewer).err(), lack, "{needs:?} {viewer:?}");
        }
    }
}
