//! The four signature algorithms of this house, and the three kinds of key that make them.

use serde::{Deserialize, Serialize};

/// An algorithm whose signatures we make and accept: asymmetric only, so that no public key ever serves as a shared secret.
///
/// The default is what OpenID Connect takes where a client says nothing (Dynamic Client Registration §2,
/// `id_token_signed_response_alg`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    #[default]
    RS256,
    /// RSASSA-PSS with SHA-256.
    PS256,
    /// ECDSA on P-256 with SHA-256.
    ES256,
    /// `EdDSA`, which is Ed25519 here.
    EdDSA,
}

/// A kind of key. An RSA key serves two algorithms, each of the others one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// An elliptic curve key on P-256.
    P256,
    /// An Edwards curve key on Curve25519.
    Ed25519,
    /// An RSA key.
    Rsa,
}

impl Algorithm {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::RS256, Self::PS256, Self::ES256, Self::EdDSA];

    /// The registered name (RFC 7518 §3.1, RFC 8037 §3.1).
    pub fn name(self) -> &'static str {
        match self {
            Self::RS256 => "RS256",
            Self::PS256 => "PS256",
            Self::ES256 => "ES256",
            Self::EdDSA => "EdDSA",
        }
    }

    /// The algorithm of a registered name, if it is one of ours.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }

    /// The algorithm that a token's header names: by its registered name, or for `EdDSA` on Ed25519 by the fully specified one
    /// (RFC 9864 §2.2), which newer clients write.
    pub(super) fn of_header(name: &str) -> Option<Self> {
        if name == "Ed25519" { Some(Self::EdDSA) } else { Self::of_name(name) }
    }

    /// The same in the words of the `jsonwebtoken` crate.
    pub(super) fn registered(self) -> jsonwebtoken::Algorithm {
        match self {
            Self::RS256 => jsonwebtoken::Algorithm::RS256,
            Self::PS256 => jsonwebtoken::Algorithm::PS256,
            Self::ES256 => jsonwebtoken::Algorithm::ES256,
            Self::EdDSA => jsonwebtoken::Algorithm::EdDSA,
        }
    }

    /// What kind of key makes it.
    pub fn kind(self) -> KeyKind {
        match self {
            Self::RS256 | Self::PS256 => KeyKind::Rsa,
            Self::ES256 => KeyKind::P256,
            Self::EdDSA => KeyKind::Ed25519,
        }
    }
}

impl KeyKind {
    /// All of them, the quickest to make first.
    pub const ALL: [Self; 3] = [Self::P256, Self::Ed25519, Self::Rsa];

    /// A name for it, at rest and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::Ed25519 => "Ed25519",
            Self::Rsa => "RSA",
        }
    }

    /// The kind of a name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The algorithms that it makes.
    pub fn algorithms(self) -> &'static [Algorithm] {
        match self {
            Self::P256 => &[Algorithm::ES256],
            Self::Ed25519 => &[Algorithm::EdDSA],
            Self::Rsa => &[Algorithm::PS256, Algorithm::RS256],
        }
    }

    /// The algorithm that it makes where nothing else is said; of the two of RSA, the one that FAPI 2.0 allows (§5.4).
    pub fn algorithm(self) -> Algorithm {
        match self {
            Self::P256 => Algorithm::ES256,
            Self::Ed25519 => Algorithm::EdDSA,
            Self::Rsa => Algorithm::PS256,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_registered_ones_and_lead_back() {
        for algorithm in Algorithm::ALL {
            assert_eq!(Algorithm::of_name(algorithm.name()), Some(algorithm));
            assert_eq!(serde_json::to_value(algorithm).unwrap(), algorithm.name());
            assert!(algorithm.kind().algorithms().contains(&algorithm));
        }
        for kind in KeyKind::ALL {
            assert_eq!(KeyKind::of_name(kind.name()), Some(kind));
        }
        for name in ["none", "HS256", "es256", "ES384", "ed25519", "Ed448", ""] {
            assert_eq!(Algorithm::of_name(name), None, "{name}");
            assert_eq!(Algorithm::of_header(name), None, "{name}");
        }
    }

    /// RFC 9864 §2.2: `Ed25519` says of a signature what `EdDSA` says of it and its curve.
    #[test]
    fn a_header_may_name_ed25519_by_either_name() {
        for name in ["EdDSA", "Ed25519"] {
            assert_eq!(Algorithm::of_header(name), Some(Algorithm::EdDSA), "{name}");
        }
    }
}
