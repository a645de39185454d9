//! How an access token is presented at a resource that takes bearer tokens and bound ones (RFC 6750 §2.1, RFC 9449 §7).

use super::thumbprint::Thumbprint;
use super::{SCHEME, algorithm_names};
use crate::claims::Confirmation;

/// The scheme of the `Authorization` header.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Scheme {
    /// Whoever has the token may use it.
    #[default]
    Bearer,
    /// Whoever has the token and its key.
    Dpop,
}

/// Why a token that is good in itself is not to be taken in this way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Misbound {
    /// RFC 9449 §7.2: a bound token among bearer tokens would be as good as stolen.
    #[error("the access token is bound to a key and must come with a DPoP proof")]
    Downgraded,
    /// A token without a key has no proof.
    #[error("the access token is not bound to a DPoP key")]
    Unbound,
    /// RFC 9449 §4.3, item 12b.
    #[error("the access token is bound to another key")]
    OtherKey,
}

impl Scheme {
    /// The scheme of that name; schemes have no case (RFC 9110 §11.1).
    pub fn named(name: &str) -> Option<Self> {
        [Self::Bearer, Self::Dpop].into_iter().find(|scheme| scheme.name().eq_ignore_ascii_case(name))
    }

    /// The scheme in which a token of that binding is presented.
    pub fn of(binding: Option<&Confirmation>) -> Self {
        if binding.is_some() { Self::Dpop } else { Self::Bearer }
    }

    /// The registered name, which is also `token_type`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bearer => "Bearer",
            Self::Dpop => SCHEME,
        }
    }

    /// Both `WWW-Authenticate` values, that of this scheme first; what is to be told is told in it, as names and values
    /// without quotes (RFC 6750 §3, RFC 9449 §7.1).
    pub fn challenges(self, told: &[(&str, &str)]) -> [String; 2] {
        let other = if self == Self::Bearer { Self::Dpop } else { Self::Bearer };
        [self.challenge(told), other.challenge(&[])]
    }

    fn challenge(self, told: &[(&str, &str)]) -> String {
        let mut parameters: Vec<String> = told.iter().map(|(name, value)| format!("{name}=\"{value}\"")).collect();
        if self == Self::Dpop {
            parameters.push(format!("algs=\"{}\"", algorithm_names().join(" ")));
        }
        format!("{} {}", self.name(), parameters.join(", ")).trim_end().to_owned()
    }
}

/// Holds what a token is bound to against how it came: as a bearer token (`None`), or with the proof of a key.
///
/// # Errors
/// [`Misbound`] tells what does not fit.
pub fn fits(binding: Option<&Confirmation>, proven: Option<&Thumbprint>) -> Result<(), Misbound> {
    match (binding, proven) {
        (None, None) => Ok(()),
        (None, Some(_)) => Err(Misbound::Unbound),
        // A binding of a kind that we do not know is a binding.
        (Some(_), None) => Err(Misbound::Downgraded),
        (Some(binding), Some(key)) if binding.jkt.as_ref() == Some(key) => Ok(()),
        (Some(_), Some(_)) => Err(Misbound::OtherKey),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_schemes_are_challenged_and_the_one_that_was_used_is_told() {
        let error = [("error", "invalid_token")];
        assert_eq!(Scheme::Bearer.challenges(&[]), ["Bearer", "DPoP algs=\"ES256 PS256 EdDSA\""]);
        assert_eq!(Scheme::Bearer.challenges(&error)[0], "Bearer error=\"invalid_token\"");
        let [dpop, bearer] = Scheme::Dpop.challenges(&error);
        assert_eq!((dpop.as_str(), bearer.as_str()), ("DPoP error=\"invalid_token\", algs=\"ES256 PS256 EdDSA\"", "Bearer"));
    }

    /// RFC 9449 §7.1: the scheme is compared without case.
    #[test]
    fn a_scheme_has_no_case() {
        assert_eq!(
            ["dpop", "DPOP", "bEARER", "Basic", ""].map(Scheme::named),
            [Some(Scheme::Dpop), Some(Scheme::Dpop), Some(Scheme::Bearer), None, None]
        );
    }

    /// A12, RFC 9449 §7.2: no downgrade, no other key, and no binding that is not understood.
    #[test]
    fn a_token_comes_as_it_is_bound() {
        let [ours, other]: [Thumbprint; 2] = ["A", "B"].map(|letter| format!("{}A", letter.repeat(42)).parse().unwrap());
        let bound = Confirmation { jkt: Some(ours.clone()) };
        let unheard_of: Confirmation = serde_json::from_str(r#"{"x5t#S256": "abc"}"#).unwrap();
        assert_eq!(fits(None, None), Ok(()));
        assert_eq!(fits(Some(&bound), Some(&ours)), Ok(()));
        assert_eq!(fits(Some(&bound), Some(&other)), Err(Misbound::OtherKey));
        assert_eq!(fits(Some(&bound), None), Err(Misbound::Downgraded));
        assert_eq!(fits(None, Some(&ours)), Err(Misbound::Unbound));
        assert_eq!(fits(Some(&unheard_of), None), Err(Misbound::Downgraded));
        assert_eq!(fits(Some(&unheard_of), Some(&ours)), Err(Misbound::OtherKey));
    }
}
