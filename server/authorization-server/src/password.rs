//! Passwords: hashed with Argon2id, verified in bounded numbers and in the same time whoever asks.

use std::sync::Arc;

use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, PasswordHash, Version};
use protocol::Rng;
use protocol::secret::Password;
use tokio::sync::Semaphore;

/// Memory of one hash, in KiB.
pub const MEMORY_KIB: u32 = 19_456;
/// Passes over that memory.
pub const ITERATIONS: u32 = 2;
/// Lanes.
pub const PARALLELISM: u32 = 1;

/// How many logins may wait for each core before more are sent away for now.
const WAITING_PER_CORE: usize = 16;

/// The hash of no password at all, by the parameters above: unknown users are verified against it, so that they take the
/// time that known ones take.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// The password cannot be hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the password cannot be hashed")]
pub struct Unhashable;

/// The shortest password that an account may be given, in characters (NIST SP 800-63B §3.1.1.2 has no composition rules).
pub const SHORTEST: usize = 8;
/// The longest, in bytes: more would only be work.
pub const LONGEST: usize = 1024;

/// A password that no account may be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a password has {SHORTEST} characters or more, and {LONGEST} bytes at the most")]
pub struct Unacceptable;

/// Judges a password that an account is to be given.
///
/// # Errors
/// [`Unacceptable`] where it is too short or too long.
pub fn check(password: &Password) -> Result<(), Unacceptable> {
    let text = password.expose();
    if text.chars().count() >= SHORTEST && text.len() <= LONGEST { Ok(()) } else { Err(Unacceptable) }
}

fn argon2() -> Result<Argon2<'static>, Unhashable> {
    let params = Params::new(MEMORY_KIB, ITERATIONS, PARALLELISM, None).map_err(|_| Unhashable)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// Hashes a password for an account, as a PHC string. It takes some 20 ms of a core: not for an async task.
///
/// # Errors
/// [`Unhashable`] for a password of more than 4 GiB.
pub fn hash(password: &Password, rng: &dyn Rng) -> Result<String, Unhashable> {
    let mut salt = [0; 16];
    rng.fill(&mut salt);
    let hash: PasswordHash = argon2()?.hash_password_with_salt(password.expose().as_bytes(), &salt).map_err(|_| Unhashable)?;
    Ok(hash.to_string())
}

/// Whether `password` is the one behind `phc`; without a hash the answer is no, in the same time.
fn verify(password: &Password, phc: Option<&str>) -> bool {
    let known = phc.and_then(|phc| PasswordHash::new(phc).ok());
    let Some(hash) = known.clone().or_else(|| PasswordHash::new(NOBODY).ok()) else { return false };
    let fits = Argon2::default().verify_password(password.expose().as_bytes(), &hash).is_ok();
    fits && known.is_some() && !password.expose().is_empty()
}

/// Whether the password falls within the first million guesses of who knows the common ones, the patterns of keyboards, and `about`
/// (NIST SP 800-63B §3.1.1.2 asks for a list of those). Ten thousand guesses a year are let through at the login.
fn is_guessable(password: &Password, about: &[String]) -> bool {
    let words = about.iter().flat_map(|text| text.split(|c: char| !c.is_alphanumeric()).filter(|word| word.len() > 2));
    let about: Vec<&str> = about.iter().map(String::as_str).chain(words).collect();
    zxcvbn::zxcvbn(password.expose(), &about).score() < zxcvbn::Score::Two
}

/// What became of a password that somebody chose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Choice {
    /// Its hash, as a PHC string.
    Hash(String),
    /// It is guessed too soon.
    Guessable,
    /// It cannot be hashed.
    Unhashable,
}

/// Too many logins wait already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many logins at once")]
pub(crate) struct Crowded;

/// Verifies passwords, as many at once as there are cores, so that a flood of logins leaves the rest of the server alive.
pub(crate) struct Passwords {
    hashing: Arc<Semaphore>,
    waiting: Semaphore,
}

impl Passwords {
    pub(crate) fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self { hashing: Arc::new(Semaphore::new(cores)), waiting: Semaphore::new(cores * WAITING_PER_CORE) }
    }

    /// Whether `password` is the one behind `phc`.
    pub(crate) async fn verify(&self, password: Password, phc: Option<String>) -> Result<bool, Crowded> {
        self.in_turn(move || verify(&password, phc.as_deref())).await
    }

    /// Hashes a password that somebody has chosen for their account, in its turn, unless whoever knows `about` (their name, their
    /// address) guesses it soon.
    pub(crate) async fn choose(&self, password: Password, about: Vec<String>, rng: Arc<dyn Rng>) -> Result<Choice, Crowded> {
        self.in_turn(move || {
            if is_guessable(&password, &about) {
                return Choice::Guessable;
            }
            hash(&password, &*rng).map_or(Choice::Unhashable, Choice::Hash)
        })
        .await
    }

    async fn in_turn<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Crowded> {
        let _place = self.waiting.try_acquire().map_err(|_| Crowded)?;
        let hashing = Arc::clone(&self.hashing).acquire_owned().await.map_err(|_| Crowded)?;
        let done = tokio::task::spawn_blocking(move || {
            // The permit goes along: should the browser hang up, the core is still busy until here.
            let _hashing = hashing;
            work()
        });
        done.await.map_err(|_| Crowded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::OsRng;

    #[test]
    fn a_password_fits_its_own_hash_only() {
        let phc = hash(&Password::new("correct horse"), &OsRng).unwrap();
        assert!(verify(&Password::new("correct horse"), Some(&phc)));
        assert!(!verify(&Password::new("correct horsf"), Some(&phc)));
        assert!(!verify(&Password::new("correct horse"), None));
        assert_ne!(phc, hash(&Password::new("correct horse"), &OsRng).unwrap());
    }

    #[test]
    fn an_empty_password_never_fits() {
        let phc = hash(&Password::new(""), &OsRng).unwrap();
        assert!(!verify(&Password::new(""), Some(&phc)));
    }

    /// A17: unknown users take the time that known ones take, since both are verified with the same parameters.
    #[test]
    fn the_hash_of_nobody_has_the_published_parameters_and_no_password() {
        let real = hash(&Password::new("x"), &OsRng).unwrap();
        let parameters = |phc: &str| phc.rsplitn(3, '$').nth(2).map(str::to_owned);
        assert_eq!(parameters(NOBODY), parameters(&real));
        assert_eq!(parameters(NOBODY).as_deref(), Some("$argon2id$v=19$m=19456,t=2,p=1"));
        assert_eq!(NOBODY.len(), real.len());
        assert!(PasswordHash::new(NOBODY).is_ok());
    }

    /// NIST SP 800-63B §3.1.1.2: common passwords, and those made of the user's own name, are refused.
    #[test]
    fn a_password_that_everybody_tries_first_is_guessable() {
        let about = ["ada@example.org", "ada", "Augusta Lovelace"].map(str::to_owned);
        for common in ["password1", "12345678", "qwertyuiop", "ada@example.org", "Lovelace", "aaaaaaaaaaaa"] {
            assert!(is_guessable(&Password::new(common), &about), "{common}");
        }
        for uncommon in ["correct horse battery staple", "tea-at-noon-on-mars", "vK3#x9!pQz"] {
            assert!(!is_guessable(&Password::new(uncommon), &about), "{uncommon}");
        }
    }

    /// A17: a flood of logins is turned away instead of piling up.
    #[tokio::test]
    async fn a_flood_is_turned_away() {
        let passwords = Arc::new(Passwords { hashing: Arc::new(Semaphore::new(0)), waiting: Semaphore::new(1) });
        let first = tokio::spawn({
            let passwords = Arc::clone(&passwords);
            async move { passwords.verify(Password::new("x"), None).await }
        });
        while passwords.waiting.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(passwords.verify(Password::new("x"), None).await, Err(Crowded));
        passwords.hashing.add_permits(1);
        assert_eq!(first.await.unwrap(), Ok(false));
    }
}
