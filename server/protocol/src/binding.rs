//! Cookies that bind one flow to the browser that started it.
//!
//! Each flow has a cookie of its own, so that tabs that start at the same moment cannot overwrite each other's; the name
//! says when the flow began, so that the oldest can be dropped when a browser starts too many.
//! Shape: `__Host-<prefix>.<seconds of the epoch, hexadecimal>.<flow>`; the value is a [`Ticket`].

use jiff::Timestamp;

use crate::secret::Ticket;

/// How many flows one browser may have open; the oldest beyond it are dropped.
pub const CAP: usize = 16;

/// A kind of flow, by the prefix of its cookies.
#[derive(Debug, Clone, Copy)]
pub struct Binding(pub &'static str);

impl Binding {
    /// The name of the cookie of `flow`, begun at `started`.
    pub fn name(self, started: Timestamp, flow: &str) -> String {
        format!("__Host-{}.{:x}.{flow}", self.0, started.as_second())
    }

    /// The cookie of `flow` among `cookies` (name, value): its name and ticket.
    pub fn find<'a>(self, flow: &str, cookies: impl Iterator<Item = (&'a str, &'a str)>) -> Option<(String, Ticket)> {
        let mut cookies = cookies;
        cookies
            .find(|(name, _)| self.parts(name).is_some_and(|(_, found)| found == flow))
            .map(|(name, value)| (name.to_owned(), Ticket::new(value)))
    }

    /// The names to expire so that one more flow stays within [`CAP`], oldest first.
    pub fn surplus<'a>(self, names: impl Iterator<Item = &'a str>) -> Vec<String> {
        let mut ours: Vec<(u64, &str)> = names.filter_map(|name| self.parts(name).map(|(began, _)| (began, name))).collect();
        ours.sort_unstable();
        let surplus = (ours.len() + 1).saturating_sub(CAP);
        ours.into_iter().take(surplus).map(|(_, name)| name.to_owned()).collect()
    }

    fn parts(self, name: &str) -> Option<(u64, &str)> {
        let rest = name.strip_prefix("__Host-")?.strip_prefix(self.0)?.strip_prefix('.')?;
        let (began, flow) = rest.split_once('.')?;
        Some((u64::from_str_radix(began, 16).ok()?, flow))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIGN_IN: Binding = Binding("sign-in");

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_flow_finds_its_own_cookie_and_no_other() {
        let (a, b) = (SIGN_IN.name(at(7), "a"), SIGN_IN.name(at(8), "b"));
        let cookies = || [(a.as_str(), "1"), (b.as_str(), "2"), ("__Host-other.7.a", "3"), ("sign-in.7.c", "4")].into_iter();
        assert_eq!(SIGN_IN.find("b", cookies()), Some((b.clone(), Ticket::new("2"))));
        assert_eq!(SIGN_IN.find("c", cookies()), None);
    }

    #[test]
    fn the_oldest_flows_make_room() {
        let names: Vec<String> = (0..20).map(|i| SIGN_IN.name(at(1000 - i), "x")).collect();
        let surplus = SIGN_IN.surplus(names.iter().map(String::as_str));
        assert_eq!(surplus.len(), 20 + 1 - CAP);
        assert_eq!(surplus[0], SIGN_IN.name(at(981), "x"));
    }
}
