//! What a sign-in was: its exchanges as they happened, for its own user to look at.
//!
//! Each box tells what it does in an exchange ([`tell`]); whoever records makes [`Seen`] of it, and a [`Flow`] of all that belongs
//! together. What is told is masked by its type before it leaves the code that knows it ([`Shown`]).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Exchange;
use crate::exchange::Part;

mod shown;
mod telling;
mod trace;

pub use shown::{Parameter, Shown};
pub use telling::{TARGET, Told, tell};
pub use trace::Trace;

/// An exchange as one of its two ends saw it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// The number on the arrow.
    pub number: u8,
    /// The box that tells it.
    pub by: Part,
    /// When it began.
    pub began_at: Timestamp,
    /// How long it took, in microseconds.
    pub micros: u64,
    /// The method, where it was an HTTP request.
    pub method: Option<String>,
    /// Where the request went, without its query.
    pub url: Option<String>,
    /// The status of the answer.
    pub status: Option<u16>,
    /// Why it went wrong, where it did.
    pub trouble: Option<String>,
    /// What it carried.
    pub parameters: Vec<Parameter>,
}

impl Seen {
    /// The arrow.
    pub fn exchange(&self) -> Option<Exchange> {
        Exchange::ALL.into_iter().find(|exchange| exchange.number() == self.number)
    }
}

/// One sign-in, as far as it has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flow {
    /// Its name: a trace identifier (W3C Trace Context), 32 hexadecimal digits.
    pub id: String,
    /// When it began.
    pub began_at: Timestamp,
    /// The issuer that it was begun with.
    pub issuer: String,
    /// What was seen, by the time at which it began.
    pub seen: Vec<Seen>,
}

/// How an exchange stands in a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing<'a> {
    /// It has not happened, as far as is known.
    Ahead,
    /// It happened.
    Happened(&'a Seen),
    /// It was tried, and went wrong.
    Failed(&'a Seen),
    /// Nobody saw it here, but what came before it and what came after it happened: it was between others.
    Inferred,
}

impl Flow {
    /// What was seen of an exchange, in order.
    pub fn of(&self, exchange: Exchange) -> impl Iterator<Item = &Seen> {
        self.seen.iter().filter(move |seen| seen.number == exchange.number())
    }

    /// How an exchange stands: by the last that its first end saw of it, which for the arrows that two boxes tell is the one that sent.
    pub fn standing(&self, exchange: Exchange) -> Standing<'_> {
        let told_by = |part: Part| self.of(exchange).filter(|seen| seen.by == part).last();
        let seen = told_by(Part::ApplicationApi).or_else(|| self.of(exchange).last());
        match seen {
            Some(seen) if seen.trouble.is_some() => Standing::Failed(seen),
            Some(seen) => Standing::Happened(seen),
            None if exchange.is_at_provider() && self.of(Exchange::Callback).next().is_some() => Standing::Inferred,
            None => Standing::Ahead,
        }
    }

    /// Whether the user got the session.
    pub fn is_complete(&self) -> bool {
        matches!(self.standing(Exchange::SessionCookie), Standing::Happened(_))
    }

    /// Where it went wrong, and why: of exchanges that lie in one another, the innermost.
    pub fn stopped(&self) -> Option<(Exchange, &str)> {
        if self.is_complete() {
            return None;
        }
        let failed = |exchange: Exchange| match self.standing(exchange) {
            Standing::Failed(seen) => seen.trouble.as_deref().map(|why| (exchange, why)),
            Standing::Ahead | Standing::Happened(_) | Standing::Inferred => None,
        };
        Exchange::ALL.into_iter().rev().find_map(failed)
    }

    /// The exchange that comes next, where it has neither ended nor stopped.
    pub fn awaits(&self) -> Option<Exchange> {
        if self.is_complete() || self.stopped().is_some() {
            return None;
        }
        let last = Exchange::ALL.into_iter().rposition(|exchange| self.standing(exchange) != Standing::Ahead);
        Exchange::ALL.get(last.map_or(0, |last| last + 1)).copied()
    }

    /// From its beginning to the end of what was seen last, in microseconds.
    pub fn micros(&self) -> u64 {
        let end = |seen: &Seen| self.offset(seen).saturating_add(seen.micros);
        self.seen.iter().map(end).max().unwrap_or_default()
    }

    /// How long after the beginning something was seen, in microseconds.
    pub fn offset(&self, seen: &Seen) -> u64 {
        u64::try_from(seen.began_at.duration_since(self.began_at).as_micros()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(exchange: Exchange, by: Part, trouble: Option<&str>) -> Seen {
        Seen {
            number: exchange.number(),
            by,
            began_at: Timestamp::UNIX_EPOCH,
            micros: 1000,
            method: None,
            url: None,
            status: None,
            trouble: trouble.map(str::to_owned),
            parameters: Vec::new(),
        }
    }

    fn flow(seen: Vec<Seen>) -> Flow {
        Flow { id: "0".repeat(32), began_at: Timestamp::UNIX_EPOCH, issuer: "https://id.example".to_owned(), seen }
    }

    /// Nothing is drawn that did not happen: what lies inside a foreign provider is inferred from its ends, and only once both are there.
    #[test]
    fn what_nobody_saw_is_inferred_only_between_its_ends() {
        let here = |exchange| seen(exchange, Part::ApplicationApi, None);
        let begun = flow(vec![here(Exchange::Login), here(Exchange::RedirectToAuthorizationEndpoint)]);
        assert_eq!(begun.standing(Exchange::AuthorizationRequest), Standing::Ahead);
        assert_eq!(begun.awaits(), Some(Exchange::AuthorizationRequest));
        let back = flow(vec![here(Exchange::RedirectToAuthorizationEndpoint), here(Exchange::Callback)]);
        for exchange in [Exchange::AuthorizationRequest, Exchange::AccountAndConsentRecords, Exchange::RedirectWithCode] {
            assert_eq!(back.standing(exchange), Standing::Inferred);
        }
        assert_eq!(back.standing(Exchange::PushedAuthorizationRequest), Standing::Ahead, "a provider without PAR has none");
    }

    #[test]
    fn a_flow_stopped_at_the_innermost_exchange_that_went_wrong() {
        let refused = flow(vec![
            seen(Exchange::TokenRequest, Part::ApplicationApi, Some("the provider says invalid_grant")),
            seen(Exchange::Callback, Part::ApplicationApi, Some("the provider refused")),
        ]);
        assert_eq!(refused.stopped(), Some((Exchange::TokenRequest, "the provider says invalid_grant")));
        assert_eq!(refused.awaits(), None);
    }

    /// A callback that comes twice does not take back the session that the first one gave.
    #[test]
    fn what_goes_wrong_after_the_end_does_not_undo_it() {
        let twice = flow(vec![
            seen(Exchange::Callback, Part::ApplicationApi, None),
            seen(Exchange::SessionCookie, Part::ApplicationApi, None),
            seen(Exchange::Callback, Part::ApplicationApi, Some("used before")),
        ]);
        assert!(twice.is_complete());
        assert_eq!(twice.stopped(), None);
    }

    #[test]
    fn what_two_boxes_tell_is_told_by_the_one_that_asked() {
        let both = flow(vec![
            seen(Exchange::TokenRequest, Part::ApplicationApi, None),
            seen(Exchange::TokenRequest, Part::AuthorizationServer, Some("of another try")),
        ]);
        assert!(matches!(both.standing(Exchange::TokenRequest), Standing::Happened(seen) if seen.by == Part::ApplicationApi));
    }
}
