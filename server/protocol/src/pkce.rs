//! Proof Key for Code Exchange (RFC 7636), method S256 only.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::secret::CodeVerifier;

/// The only method we send or accept.
pub const METHOD: &str = "S256";

/// `code_challenge` of a verifier: base64url of its SHA-256 (RFC 7636 §4.2).
pub fn challenge(verifier: &CodeVerifier) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.expose().as_bytes()))
}

/// Whether `verifier` is well formed (RFC 7636 §4.1: 43 to 128 unreserved characters) and answers `challenge`.
pub fn verifies(verifier: &CodeVerifier, code_challenge: &str) -> bool {
    let text = verifier.expose();
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let well_formed = (43..=128).contains(&text.len()) && text.bytes().all(unreserved);
    well_formed && bool::from(challenge(verifier).as_bytes().ct_eq(code_challenge.as_bytes()))
}

/// Whether `code_challenge` can be the answer to any S256 verifier: 32 bytes in unpadded base64url.
pub fn is_challenge(code_challenge: &str) -> bool {
    URL_SAFE_NO_PAD.decode(code_challenge).is_ok_and(|bytes| bytes.len() == 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7636 appendix B.
    #[test]
    fn the_example_of_the_rfc_verifies() {
        let verifier = CodeVerifier::new("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        assert_eq!(challenge(&verifier), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
        assert!(verifies(&verifier, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"));
        assert!(!verifies(&verifier, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cN"));
        assert!(!verifies(&CodeVerifier::new("short"), &challenge(&CodeVerifier::new("short"))));
    }
}
