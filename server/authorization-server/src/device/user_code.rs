//! The code that a device shows and its user types (RFC 8628 §6.1): eight consonants, shown as `WDJB-MJHT`.

use protocol::Rng;
use protocol::seal::digest;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

/// Consonants, of which no word is made, and which no digit looks like.
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
/// About 2^34.5 codes, which are guessed at the pace that [`slow_down`](crate::slow_down) allows, within minutes.
const LENGTH: usize = 8;
/// The last byte that is a whole multiple of the alphabet; those from here on would make some letters likelier than others.
const FAIR: u8 = 240;

/// A user code, its letters only. It is shown on purpose and nowhere else: `Debug` does not print it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct UserCode(String);

impl UserCode {
    /// A code that chance makes.
    pub(crate) fn issue(rng: &dyn Rng) -> Self {
        let mut letters = String::with_capacity(LENGTH);
        while letters.len() < LENGTH {
            let mut bytes = [0; 2 * LENGTH];
            rng.fill(&mut bytes);
            let fair = bytes.iter().filter(|byte| **byte < FAIR);
            let drawn = fair.filter_map(|byte| LETTERS.get(usize::from(*byte) % LETTERS.len()));
            letters.extend(drawn.take(LENGTH - letters.len()).map(|letter| char::from(*letter)));
        }
        Self(letters)
    }

    /// Reads what somebody typed, in whatever case, with whatever else between the letters; none where it can be no code.
    pub(crate) fn read(typed: &str) -> Option<Self> {
        let upper = typed.bytes().map(|byte| byte.to_ascii_uppercase());
        let letters: String = upper.filter(|byte| LETTERS.contains(byte)).map(char::from).collect();
        (letters.len() == LENGTH).then_some(Self(letters))
    }

    /// As it is shown.
    pub(crate) fn shown(&self) -> String {
        let (first, second) = self.0.split_at_checked(LENGTH / 2).unwrap_or((&self.0, ""));
        format!("{first}-{second}")
    }
}

impl std::fmt::Debug for UserCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("UserCode([REDACTED])")
    }
}

/// What makes a secret of a user code, which is too short to be one: with a dump of the Cache alone nobody can try them all.
pub(crate) struct UserCodes(SecretString);

impl UserCodes {
    /// All replicas have the same secret.
    pub(crate) fn new(secret: &SecretString) -> Self {
        Self(SecretString::from(digest("user codes", secret.expose_secret().as_bytes())))
    }

    /// What the record of `code` is found by and sealed under.
    pub(super) fn secret(&self, code: &UserCode) -> SecretString {
        SecretString::from(format!("{}:{}", self.0.expose_secret(), code.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::OsRng;
    use protocol::entropy::CountingRng;

    /// RFC 8628 §6.1: whatever its user makes of it, it is the same code.
    #[test]
    fn case_and_separators_do_not_matter() {
        let code = UserCode::read("WDJB-MJHT").unwrap();
        for typed in ["wdjbmjht", "WDJB MJHT", " w d j b-m j h t ", "Wdjb\u{2013}Mjht.", "WDJB_MJHT\n", "1WDJB0MJHT"] {
            assert_eq!(UserCode::read(typed), Some(code.clone()), "{typed}");
        }
        assert_eq!(code.shown(), "WDJB-MJHT");
        for typed in ["", "WDJB-MJH", "WDJB-MJHTB", "AEIO-UYAE", "\u{130}\u{130}"] {
            assert_eq!(UserCode::read(typed), None, "{typed}");
        }
    }

    /// RFC 8628 §6.1: all letters are as likely, in all places.
    #[test]
    fn codes_are_drawn_from_the_whole_alphabet_evenly() {
        let rng = CountingRng::default();
        let mut counts = std::collections::BTreeMap::new();
        for _ in 0..10_000 {
            for (place, letter) in UserCode::issue(&rng).0.chars().enumerate() {
                *counts.entry((place, letter)).or_insert(0u32) += 1;
            }
        }
        assert_eq!(counts.len(), LENGTH * LETTERS.len());
        assert!(counts.values().all(|count| (400..=600).contains(count)), "{counts:?}");
        let issued = UserCode::issue(&OsRng);
        assert_eq!(UserCode::read(&issued.shown()), Some(issued));
    }

    #[test]
    fn nothing_prints_a_code() {
        assert_eq!(format!("{:?}", UserCode::read("WDJBMJHT")), "Some(UserCode([REDACTED]))");
    }
}
