//! Proof of possession at the application layer, DPoP (RFC 9449): both ends of it.
//!
//! A client signs every request with a key of its own ([`prove`]), and a token that is bound to this key is worth nothing
//! without it. Whoever is asked holds the proof against the request that came ([`judge`]) and refuses a second use.

mod endpoint;
mod key;
mod nonce;
mod presentation;
mod proof;
mod proof_key;
mod thumbprint;

pub use endpoint::is_same;
pub use nonce::Nonces;
pub use presentation::{Misbound, Scheme, fits};
pub use proof::{InvalidProof, Proven, Target, judge, presented, prove};
pub use proof_key::ProofKey;
pub use thumbprint::{MalformedThumbprint, Thumbprint};

use crate::jose::Algorithm;

/// The header that carries a proof (RFC 9449 §4.1).
pub const HEADER: &str = "dpop";

/// The header that carries a nonce for the next proof (RFC 9449 §8).
pub const NONCE_HEADER: &str = "dpop-nonce";

/// The scheme of the `Authorization` header, and `token_type` (RFC 9449 §5, §7.1); compared without case.
pub const SCHEME: &str = "DPoP";

/// `typ` of a proof (RFC 9449 §4.2).
pub const TYPE: &str = "dpop+jwt";

/// The algorithms of the proofs that we accept, which is what discovery says: those of FAPI 2.0 §5.4.1.
pub const ALGORITHMS: [Algorithm; 3] = [Algorithm::ES256, Algorithm::PS256, Algorithm::EdDSA];

/// The accepted algorithms by their registered names.
pub fn algorithm_names() -> Vec<String> {
    ALGORITHMS.iter().map(|algorithm| algorithm.name().to_owned()).collect()
}
