//! Proofs of possession on our requests (RFC 9449): at the provider, and wherever its access tokens are used.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, StatusCode};
use protocol::dpop::{HEADER, NONCE_HEADER, ProofKey, SCHEME, Target};
use protocol::secret::AccessToken;
use protocol::{Clock, Rng};
use url::Url;

/// The error by which a server asks for its nonce (RFC 9449 §8, §9).
pub(crate) const NONCE_WANTED: &str = "use_dpop_nonce";

/// Makes proofs, and remembers the last nonce that each server gave.
pub struct Prover {
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
    /// By origin: a nonce is good at the server that gave it (RFC 9449 §8.2). As many as there are servers that we are told of.
    nonces: Mutex<HashMap<String, String>>,
}

/// A request cannot be proven: it goes to no URL, or signing failed.
#[derive(Debug, thiserror::Error)]
#[error("no DPoP proof can be made: {0}")]
pub struct Unprovable(pub(crate) String);

impl Prover {
    pub(crate) fn new(clock: Arc<dyn Clock>, rng: Arc<dyn Rng>) -> Self {
        Self { clock, rng, nonces: Mutex::default() }
    }

    /// Puts a proof onto a request of `method` to `url`.
    ///
    /// # Errors
    /// [`Unprovable`] where none can be made.
    pub(crate) fn prove(
        &self,
        headers: &mut HeaderMap,
        key: &ProofKey,
        method: &str,
        url: &Url,
        access_token: Option<&AccessToken>,
    ) -> Result<(), Unprovable> {
        let wrong = |error: &dyn std::fmt::Display| Unprovable(error.to_string());
        let target = Target { method, uri: url.as_str(), access_token };
        let nonce = self.nonce(url);
        let proof = key.prove(&target, nonce.as_deref(), self.clock.now(), self.rng.as_ref()).map_err(|error| wrong(&error))?;
        headers.insert(HEADER, sensitive(proof.expose()).map_err(|error| wrong(&error))?);
        Ok(())
    }

    /// Puts an access token onto a request: with the proof of its key where it is bound to one, else as a bearer token. What
    /// came with the request in their place goes.
    ///
    /// # Errors
    /// [`Unprovable`] where no proof can be made.
    pub fn authorize(
        &self,
        headers: &mut HeaderMap,
        method: &str,
        url: &Url,
        token: &AccessToken,
        key: Option<&ProofKey>,
    ) -> Result<(), Unprovable> {
        headers.remove(HEADER);
        let scheme = if key.is_some() { SCHEME } else { "Bearer" };
        let value = sensitive(&format!("{scheme} {}", token.expose())).map_err(|error| Unprovable(error.to_string()))?;
        headers.insert(AUTHORIZATION, value);
        key.map_or(Ok(()), |key| self.prove(headers, key, method, url, Some(token)))
    }

    /// Remembers the nonce of an answer from `url`, for the next request.
    pub fn heed(&self, url: &Url, headers: &HeaderMap) {
        if let Some(nonce) = headers.get(NONCE_HEADER).and_then(|value| value.to_str().ok()) {
            let mut nonces = self.nonces.lock().unwrap_or_else(PoisonError::into_inner);
            nonces.insert(url.origin().ascii_serialization(), nonce.to_owned());
        }
    }

    fn nonce(&self, url: &Url) -> Option<String> {
        let nonces = self.nonces.lock().unwrap_or_else(PoisonError::into_inner);
        nonces.get(&url.origin().ascii_serialization()).cloned()
    }
}

/// Whether a resource wants the same request again, with the nonce that it gave (RFC 9449 §9).
pub fn wants_nonce(status: StatusCode, headers: &HeaderMap) -> bool {
    let challenges = headers.get_all(WWW_AUTHENTICATE);
    status == StatusCode::UNAUTHORIZED
        && headers.contains_key(NONCE_HEADER)
        && challenges.iter().any(|value| value.to_str().is_ok_and(|value| value.contains(NONCE_WANTED)))
}

fn sensitive(text: &str) -> Result<HeaderValue, http::header::InvalidHeaderValue> {
    let mut value = HeaderValue::from_str(text)?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests stop at surprises")]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use protocol::dpop;
    use protocol::{ManualClock, OsRng};

    fn prover() -> Prover {
        Prover::new(Arc::new(ManualClock::at(Timestamp::from_second(1_800_000_000).unwrap())), Arc::new(OsRng))
    }

    fn nonce_shown(prover: &Prover, url: &Url) -> Option<String> {
        let (key, token, mut headers) = (ProofKey::generate(&OsRng), AccessToken::new("a"), HeaderMap::new());
        prover.authorize(&mut headers, "GET", url, &token, Some(&key)).unwrap();
        assert_eq!(headers[AUTHORIZATION], "DPoP a");
        let proof = dpop::presented(&headers).unwrap().unwrap();
        let target = Target { method: "GET", uri: url.as_str(), access_token: Some(&token) };
        let judged = dpop::judge(&proof, &target, prover.clock.now()).unwrap();
        assert_eq!(&judged.key, key.thumbprint());
        judged.nonce
    }

    /// B10, RFC 9449 §8.2: a nonce goes to the server that gave it, the newest one, and to no other.
    #[test]
    fn a_nonce_goes_back_to_the_server_that_gave_it() {
        let prover = prover();
        let [here, also_here, there] = ["https://id.example/token", "https://id.example/userinfo?a=b", "https://api.example/"]
            .map(|url| url.parse().unwrap());
        assert_eq!(nonce_shown(&prover, &here), None);
        for nonce in ["one", "two"] {
            prover.heed(&here, &HeaderMap::from_iter([(NONCE_HEADER.parse().unwrap(), nonce.parse().unwrap())]));
            prover.heed(&here, &HeaderMap::new());
            assert_eq!(nonce_shown(&prover, &also_here).as_deref(), Some(nonce));
        }
        assert_eq!(nonce_shown(&prover, &there), None);
    }

    #[test]
    fn a_token_without_a_key_is_a_bearer_token_and_brings_no_proof() {
        let mut headers = HeaderMap::from_iter([(HEADER.parse().unwrap(), "a browser's".parse().unwrap())]);
        let url = "https://api.example/".parse().unwrap();
        prover().authorize(&mut headers, "GET", &url, &AccessToken::new("a"), None).unwrap();
        assert_eq!((headers[AUTHORIZATION].to_str().unwrap(), headers.get(HEADER)), ("Bearer a", None));
        assert!(headers[AUTHORIZATION].is_sensitive());
    }

    #[test]
    fn only_the_question_for_a_nonce_is_repeated() {
        let headers = |challenge: &'static str, nonce: bool| {
            let mut headers = HeaderMap::from_iter([(WWW_AUTHENTICATE, HeaderValue::from_static(challenge))]);
            if nonce {
                headers.insert(NONCE_HEADER, HeaderValue::from_static("n"));
            }
            headers
        };
        let wanted = "DPoP error=\"use_dpop_nonce\", algs=\"ES256\"";
        assert!(wants_nonce(StatusCode::UNAUTHORIZED, &headers(wanted, true)));
        assert!(!wants_nonce(StatusCode::UNAUTHORIZED, &headers(wanted, false)));
        assert!(!wants_nonce(StatusCode::BAD_REQUEST, &headers(wanted, true)));
        assert!(!wants_nonce(StatusCode::UNAUTHORIZED, &headers("DPoP error=\"invalid_token\"", true)));
    }
}
