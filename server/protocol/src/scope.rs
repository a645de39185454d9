//! Scopes (RFC 6749 §3.3): a set of case-sensitive tokens, written with spaces.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

/// A set of scope tokens; the order in which they came does not count.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Scope(BTreeSet<String>);

/// A character outside `NQCHAR` of RFC 6749 §3.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a scope holds a character that scopes may not hold")]
pub struct MalformedScope;

impl Scope {
    /// Reads a list parted by spaces; an empty text is the empty set.
    ///
    /// # Errors
    /// [`MalformedScope`] on a quote, a backslash or anything but visible ASCII.
    pub fn parse(text: &str) -> Result<Self, MalformedScope> {
        let allowed = |byte: u8| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        let tokens: BTreeSet<String> = text.split(' ').filter(|token| !token.is_empty()).map(str::to_owned).collect();
        if tokens.iter().all(|token| token.bytes().all(allowed)) { Ok(Self(tokens)) } else { Err(MalformedScope) }
    }

    /// Whether `token` is in the set.
    pub fn contains(&self, token: &str) -> bool {
        self.0.contains(token)
    }

    /// Whether every token of `self` is in `other`: narrowing is allowed where widening is not.
    pub fn is_within(&self, other: &Self) -> bool {
        self.0.is_subset(&other.0)
    }

    /// What both sets hold.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        Self(self.0.intersection(&other.0).cloned().collect())
    }

    /// What either set holds.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self(self.0.union(&other.0).cloned().collect())
    }

    /// The tokens, in alphabetical order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether the set has no token.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, token) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str(" ")?;
            }
            f.write_str(token)?;
        }
        Ok(())
    }
}

impl TryFrom<String> for Scope {
    type Error = MalformedScope;

    fn try_from(text: String) -> Result<Self, MalformedScope> {
        Self::parse(&text)
    }
}

impl From<Scope> for String {
    fn from(scope: Scope) -> Self {
        scope.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn order_and_repetition_do_not_count() {
        assert_eq!(Scope::parse("profile openid profile"), Scope::parse("openid  profile"));
    }

    #[test]
    fn quotes_and_control_characters_are_refused() {
        for text in ["open\"id", "a\\b", "a\tb", "é"] {
            assert_eq!(Scope::parse(text), Err(MalformedScope));
        }
    }

    fn scope() -> impl Strategy<Value = Scope> {
        "[a-e ]{0,9}".prop_map(|text| Scope::parse(&text).unwrap())
    }

    proptest! {
        #[test]
        fn the_written_form_reads_back(a in scope()) {
            prop_assert_eq!(Scope::parse(&a.to_string()), Ok(a));
        }

        #[test]
        fn narrowing_is_a_lattice(a in scope(), b in scope()) {
            prop_assert!(a.intersection(&b).is_within(&a));
            prop_assert!(a.is_within(&a.union(&b)));
            prop_assert_eq!(a.is_within(&b) && b.is_within(&a), a == b);
        }
    }
}
