//! Nonces that the server gives (RFC 9449 §8): sealed instants, so that every replica knows them and none remembers them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;

use crate::Rng;
use crate::jose::SKEW_SECONDS;
use crate::seal::Sealer;

/// How long a nonce is good, in seconds.
const LIFETIME_SECONDS: i64 = 300;

/// Gives nonces and knows them again. A nonce is 64 characters of base64url.
#[derive(Clone)]
pub struct Nonces(Sealer);

impl Nonces {
    /// Nonces under `secret`, which all replicas share.
    pub fn derive(secret: &[u8]) -> Self {
        Self(Sealer::derive(secret, "dpop nonce"))
    }

    /// A nonce that is good for five minutes from `now` on.
    pub fn issue(&self, now: Timestamp, rng: &dyn Rng) -> String {
        URL_SAFE_NO_PAD.encode(self.0.seal(rng, b"", &now.as_second().to_be_bytes()))
    }

    /// Whether `nonce` was given under our secret and is still good; the clocks of replicas may differ a little.
    pub fn accepts(&self, nonce: &str, now: Timestamp) -> bool {
        let opened = URL_SAFE_NO_PAD.decode(nonce).ok().and_then(|sealed| self.0.open(b"", &sealed).ok());
        let Some(issued) = opened.and_then(|plain| plain.try_into().ok()).map(i64::from_be_bytes) else { return false };
        (-SKEW_SECONDS..LIFETIME_SECONDS).contains(&now.as_second().saturating_sub(issued))
    }
}

impl std::fmt::Debug for Nonces {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Nonces")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::OsRng;

    /// RFC 9449 §8: what the server did not give, or gave too long ago, is no nonce of it.
    #[test]
    fn a_nonce_is_good_for_five_minutes_on_every_replica() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let (ours, replica, stranger) = (Nonces::derive(b"secret"), Nonces::derive(b"secret"), Nonces::derive(b"another"));
        let nonce = ours.issue(at(1000), &OsRng);
        assert_eq!(nonce.len(), 64);
        assert_ne!(nonce, ours.issue(at(1000), &OsRng));
        for (second, good) in [(939, false), (940, true), (1000, true), (1299, true), (1300, false)] {
            assert_eq!(replica.accepts(&nonce, at(second)), good, "{second}");
        }
        assert!(!stranger.accepts(&nonce, at(1000)));
        for other in ["", "nonsense", &nonce[1..], &nonce.to_lowercase()] {
            assert!(!ours.accepts(other, at(1000)), "{other}");
        }
    }
}
