//! Thumbprints of keys (RFC 7638): `jkt` and `dpop_jkt`.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

/// The SHA-256 thumbprint of a public key, as 43 characters of base64url.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Thumbprint(String);

/// The text is not 256 bits of unpadded base64url.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a SHA-256 thumbprint of a key in base64url")]
pub struct MalformedThumbprint;

impl Thumbprint {
    /// The 43 characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Thumbprint {
    type Err = MalformedThumbprint;

    fn from_str(text: &str) -> Result<Self, MalformedThumbprint> {
        match URL_SAFE_NO_PAD.decode(text) {
            Ok(bytes) if bytes.len() == 32 => Ok(Self(text.to_owned())),
            _ => Err(MalformedThumbprint),
        }
    }
}

impl TryFrom<String> for Thumbprint {
    type Error = MalformedThumbprint;

    fn try_from(text: String) -> Result<Self, MalformedThumbprint> {
        text.parse()
    }
}

impl From<Thumbprint> for String {
    fn from(thumbprint: Thumbprint) -> Self {
        thumbprint.0
    }
}

impl fmt::Display for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thumbprint_is_43_characters_of_base64url() {
        let good = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs";
        assert_eq!(good.parse::<Thumbprint>().unwrap().as_str(), good);
        for bad in ["", &good[1..], &format!("{good}A"), &format!("{good}="), &good.replace('-', "+"), &good.replace('X', " ")] {
            assert_eq!(bad.parse::<Thumbprint>(), Err(MalformedThumbprint), "{bad}");
        }
    }
}
