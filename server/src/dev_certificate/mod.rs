//! `cloakroom dev-cert`: a certificate for localhost, and the small authority that vouches for it, for development.
//!
//! The authority may vouch for nothing but localhost (RFC 5280 §4.2.1.10), so that trusting it costs little should its key
//! be lost. Production refuses what it made, by name.

mod contents;
mod told;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use protocol::Rng;
use protocol::jose::SigningKey;
use rcgen::{Issuer, KeyPair};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier as _;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use secrecy::{ExposeSecret as _, SecretString};

use crate::configuration::{Mode, Tls};
use crate::house::Nature;
use crate::keys::replace_private;
use crate::listener::{Certificate, validity};
use crate::{Configuration, Failure};

/// What the authority is called.
const AUTHORITY: &str = "Cloakroom development authority";
/// For what the certificate is good.
const NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];
/// How long the authority lives; browsers ask for no limit there.
const AUTHORITY_LIFETIME: SignedDuration = SignedDuration::from_hours(24 * 3650);
/// How long the certificate lives: what browsers accept at the most is 398 days.
const LIFETIME: SignedDuration = SignedDuration::from_hours(24 * 397);
/// A certificate with less than this left is made anew.
const TOO_SHORT: SignedDuration = SignedDuration::from_hours(24 * 30);

/// What [`make`] came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// The certificate and its key.
    pub tls: Tls,
    /// The authority's certificate, which browsers are to trust.
    pub authority: PathBuf,
    /// Its last instant.
    pub until: Timestamp,
    /// Whether it was made just now.
    pub fresh: bool,
    /// Whether the authority was, too, and has to be trusted anew.
    pub fresh_authority: bool,
}

/// Makes a certificate in the data directory, unless there is one that is good for another month; `force` makes one all the same.
/// The authority stays what it is while it lives.
///
/// # Errors
/// [`Failure::Configuration`] in production mode, [`Failure::File`] where a file cannot be read or written.
pub fn make(configuration: &Configuration, nature: &Nature, force: bool) -> Result<Made, Failure> {
    if configuration.mode == Mode::Production {
        return Err(Failure::Configuration(
            "dev-cert is for development; in production use a certificate of an authority that everybody trusts".to_owned(),
        ));
    }
    let directory = configuration.data_directory.join("tls");
    let place = |name: &str| directory.join(name);
    let (now, rng) = (nature.clock.now(), nature.rng.as_ref());
    let tls = Tls { certificate: place("localhost.pem"), key: place("localhost-key.pem") };
    let (authority, authority_key) = (place("authority.pem"), place("authority-key.pem"));

    let found = found_authority(&authority, &authority_key, now);
    let fresh_authority = found.is_none();
    let (der, key) = match found {
        Some(found) => found,
        None => new_authority(&authority, &authority_key, now, rng)?,
    };
    if !force
        && !fresh_authority
        && let Some(until) = good_until(&tls, &der, now)
    {
        return Ok(Made { tls, authority, until, fresh: false, fresh_authority });
    }
    let leaf_key = new_key(rng)?;
    let issuer = Issuer::new(contents::authority(now)?, key);
    let leaf = contents::leaf(now)?.signed_by(&leaf_key, &issuer).map_err(|error| failed(&error))?;
    replace_private(&tls.key, &leaf_key.serialize_pem().into())?;
    replace_private(&tls.certificate, &leaf.pem().into())?;
    let until = validity(leaf.der()).map_or(now, |validity| validity.until);
    Ok(Made { tls, authority, until, fresh: true, fresh_authority })
}

/// Refuses in production what this module made.
///
/// # Errors
/// [`Failure::Configuration`] names the key.
pub fn refuse(certificates: &[Option<Arc<Certificate>>], authorities: &[CertificateDer<'_>]) -> Result<(), Failure> {
    let ours = |certificate: &CertificateDer<'_>| validity(certificate).is_some_and(|known| known.issuer.contains(AUTHORITY));
    let made = "was made by cloakroom dev-cert, for development: use one of an authority that everybody trusts";
    if let Some(certificate) = certificates.iter().flatten().find(|certificate| ours(&certificate.leaf())) {
        let (section, path) = (certificate.section(), certificate.path().display());
        return Err(Failure::Configuration(format!("{section}.tls.certificate: {path} {made}")));
    }
    if authorities.iter().any(ours) {
        return Err(Failure::Configuration(format!("network.certificate_authorities holds an authority that {made}")));
    }
    Ok(())
}

fn failed(error: &rcgen::Error) -> Failure {
    Failure::Command(format!("the certificate cannot be made: {error}"))
}

fn new_key(rng: &dyn Rng) -> Result<KeyPair, Failure> {
    let pem = SigningKey::generate(rng).to_pem().map_err(|error| Failure::Command(error.to_string()))?;
    KeyPair::from_pem(pem.expose_secret()).map_err(|error| failed(&error))
}

fn new_authority(
    certificate: &Path,
    key: &Path,
    now: Timestamp,
    rng: &dyn Rng,
) -> Result<(CertificateDer<'static>, KeyPair), Failure> {
    let private = new_key(rng)?;
    let made = contents::authority(now)?.self_signed(&private).map_err(|error| failed(&error))?;
    replace_private(key, &private.serialize_pem().into())?;
    replace_private(certificate, &made.pem().into())?;
    Ok((made.der().clone(), private))
}

/// The authority in these files, unless they are missing, unreadable, or its end is near.
fn found_authority(certificate: &Path, key: &Path, now: Timestamp) -> Option<(CertificateDer<'static>, KeyPair)> {
    let certificate = CertificateDer::from_pem_file(certificate).ok()?;
    let key = KeyPair::from_pem(SecretString::from(std::fs::read_to_string(key).ok()?).expose_secret()).ok()?;
    let left = validity(&certificate)?.until.duration_since(now);
    (left > LIFETIME).then_some((certificate, key))
}

/// The end of the certificate in the files, where `authority` vouches for it, for all names, with its key beside it, and for
/// long enough.
fn good_until(tls: &Tls, authority: &CertificateDer<'static>, now: Timestamp) -> Option<Timestamp> {
    let leaf = Certificate::load("application", tls).ok()?.leaf();
    let mut roots = rustls::RootCertStore::empty();
    roots.add(authority.clone()).ok()?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build().ok()?;
    let later = now.saturating_add(TOO_SHORT).ok()?.as_second();
    let later = UnixTime::since_unix_epoch(std::time::Duration::from_secs(u64::try_from(later).ok()?));
    for name in NAMES {
        let name = ServerName::try_from(name).ok()?;
        verifier.verify_server_cert(&leaf, &[], &name, &[], later).ok()?;
    }
    validity(&leaf).map(|validity| validity.until)
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::{ManualClock, OsRng};

    struct Desk {
        directory: tempfile::TempDir,
        configuration: Configuration,
        clock: Arc<ManualClock>,
    }

    impl Desk {
        fn new() -> Self {
            let directory = tempfile::tempdir().unwrap();
            let configuration = Configuration { data_directory: directory.path().to_owned(), ..Configuration::default() };
            Self { directory, configuration, clock: Arc::new(ManualClock::at(Timestamp::from_second(1_800_000_000).unwrap())) }
        }

        fn make(&self, force: bool) -> Made {
            make(&self.configuration, &Nature { clock: self.clock.clone(), rng: Arc::new(OsRng) }, force).unwrap()
        }

        fn read(&self, name: &str) -> String {
            std::fs::read_to_string(self.directory.path().join("tls").join(name)).unwrap()
        }
    }

    #[test]
    fn it_is_made_once_and_again_only_by_force_or_before_its_end() {
        let desk = Desk::new();
        let first = desk.make(false);
        assert!(first.fresh && first.fresh_authority);
        let (leaf, authority) = (desk.read("localhost.pem"), desk.read("authority.pem"));
        let second = desk.make(false);
        assert_eq!((second.fresh, second.until), (false, first.until));
        assert_eq!(desk.read("localhost.pem"), leaf);

        let forced = desk.make(true);
        assert!(forced.fresh && !forced.fresh_authority);
        assert_ne!(desk.read("localhost.pem"), leaf);
        assert_eq!(desk.read("authority.pem"), authority, "browsers trust it already");

        desk.clock.advance(SignedDuration::from_hours(24 * 360));
        assert!(!desk.make(false).fresh);
        desk.clock.advance(SignedDuration::from_hours(24 * 10));
        let renewed = desk.make(false);
        assert!(renewed.fresh && !renewed.fresh_authority && renewed.until > first.until);
        desk.clock.advance(SignedDuration::from_hours(24 * 3000));
        assert!(desk.make(false).fresh_authority, "an authority must outlive what it vouches for");
    }

    #[test]
    fn what_is_broken_is_made_anew() {
        let desk = Desk::new();
        desk.make(false);
        let spoil = |name: &str| std::fs::write(desk.directory.path().join("tls").join(name), "nonsense").unwrap();
        spoil("localhost-key.pem");
        assert!(desk.make(false).fresh);
        spoil("authority-key.pem");
        let made = desk.make(false);
        assert!(made.fresh && made.fresh_authority);
        assert!(!desk.make(false).fresh);
    }

    #[cfg(unix)]
    #[test]
    fn the_keys_are_private() {
        use std::os::unix::fs::PermissionsExt as _;
        let desk = Desk::new();
        desk.make(false);
        desk.make(true);
        for name in ["localhost-key.pem", "authority-key.pem"] {
            let mode = std::fs::metadata(desk.directory.path().join("tls").join(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
    }

    #[test]
    fn what_is_told_is_a_configuration_that_parses() {
        let desk = Desk::new();
        let told = desk.make(false).told(&desk.configuration);
        let start = told.find("[network]").unwrap();
        let end = told.find("Let your browser").unwrap();
        let file = desk.directory.path().join("cloakroom.toml");
        std::fs::write(&file, &told[start..end]).unwrap();
        let configuration = Configuration::load(Some(&file), &[], None).unwrap();
        assert_eq!(configuration.provider.issuer, "https://localhost:4000");
        assert!(crate::listener::certificates(&configuration).unwrap().iter().all(Option::is_some));
        assert_eq!(crate::listener::read_authorities(&configuration.network.certificate_authorities).unwrap().len(), 1);
    }

    /// The authority cannot be made to vouch for anybody else, whoever has its key.
    #[test]
    fn the_authority_is_good_for_localhost_only() {
        let desk = Desk::new();
        desk.make(false);
        let now = desk.clock_now();
        let path = |name: &str| desk.directory.path().join("tls").join(name);
        let (authority, key) = found_authority(&path("authority.pem"), &path("authority-key.pem"), now).unwrap();
        let mut params = contents::leaf(now).unwrap();
        params.subject_alt_names = rcgen::CertificateParams::new(vec!["bank.example".to_owned()]).unwrap().subject_alt_names;
        let leaf = params.signed_by(&new_key(&OsRng).unwrap(), &Issuer::new(contents::authority(now).unwrap(), key)).unwrap();
        let mut roots = rustls::RootCertStore::empty();
        roots.add(authority).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
        let at = UnixTime::since_unix_epoch(std::time::Duration::from_secs(u64::try_from(now.as_second()).unwrap()));
        let name = ServerName::try_from("bank.example").unwrap();
        let error = verifier.verify_server_cert(leaf.der(), &[], &name, &[], at).unwrap_err().to_string();
        assert!(error.contains("NameConstraint"), "{error}");
    }

    impl Desk {
        fn clock_now(&self) -> Timestamp {
            use protocol::Clock as _;
            self.clock.now()
        }
    }

    #[test]
    fn production_refuses_to_make_it_and_to_use_it() {
        let mut desk = Desk::new();
        let made = desk.make(false);
        desk.configuration.mode = Mode::Production;
        let nature = Nature { clock: desk.clock.clone(), rng: Arc::new(OsRng) };
        assert!(make(&desk.configuration, &nature, false).unwrap_err().to_string().contains("dev-cert is for development"));
        let certificate = Certificate::load("provider", &made.tls).unwrap();
        let error = refuse(&[None, Some(certificate)], &[]).unwrap_err().to_string();
        assert!(error.contains("provider.tls.certificate") && error.contains("dev-cert"), "{error}");
        let authorities = crate::listener::read_authorities(&[made.authority]).unwrap();
        let error = refuse(&[], &authorities).unwrap_err().to_string();
        assert!(error.contains("network.certificate_authorities"), "{error}");
    }
}
