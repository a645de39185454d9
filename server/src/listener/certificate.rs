//! A certificate with its key, read from files, and replaced by what these hold later.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use jiff::Timestamp;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{Error, InconsistentKeys};
use x509_cert::der::Decode as _;

use crate::Failure;
use crate::configuration::Tls;

/// What a listener shows to those who connect.
pub struct Certificate {
    section: &'static str,
    files: Tls,
    current: RwLock<Arc<CertifiedKey>>,
    /// What was wrong with the files when they were last looked at.
    fault: Mutex<Option<String>>,
}

impl Certificate {
    /// Reads the files of `section`.
    ///
    /// # Errors
    /// [`Failure::Configuration`] names the key of the file that is missing, cannot be read, or does not belong to the other.
    pub fn load(section: &'static str, files: &Tls) -> Result<Arc<Self>, Failure> {
        let current = RwLock::new(Arc::new(read(section, files)?));
        Ok(Arc::new(Self { section, files: files.clone(), current, fault: Mutex::default() }))
    }

    /// Takes over what the files hold now; tells whether that is another certificate. While the files hold nothing that can be
    /// used (one of the two may not have been written yet), the certificate in use stays; that is told once, or where `asked`.
    pub fn refresh(&self, asked: bool) -> bool {
        let read = read(self.section, &self.files);
        let fault = read.as_ref().err().map(ToString::to_string);
        let told = std::mem::replace(&mut *self.fault.lock().unwrap_or_else(PoisonError::into_inner), fault.clone());
        let fresh = match read {
            Ok(fresh) => fresh,
            Err(error) => {
                if asked || told != fault {
                    tracing::warn!(%error, "the certificate stays as it was");
                }
                return false;
            }
        };
        if fresh.cert == self.current().cert {
            if asked {
                tracing::info!(section = self.section, "the certificate is the same as before");
            }
            return false;
        }
        let until = fresh.cert.first().and_then(|leaf| validity(leaf)).map(|validity| validity.until.to_string());
        tracing::info!(section = self.section, until, "the certificate was replaced");
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(fresh);
        true
    }

    /// The certificate in use, in DER.
    pub fn leaf(&self) -> CertificateDer<'static> {
        self.current().cert.first().cloned().unwrap_or_else(|| CertificateDer::from(Vec::new()))
    }

    /// Where it was read.
    pub fn path(&self) -> &Path {
        &self.files.certificate
    }

    /// The section of the configuration that names it.
    pub fn section(&self) -> &'static str {
        self.section
    }

    fn current(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current())
    }
}

impl std::fmt::Debug for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Certificate").field("section", &self.section).field("files", &self.files).finish_non_exhaustive()
    }
}

/// Reads both files and sees that they belong together.
fn read(section: &str, Tls { certificate, key }: &Tls) -> Result<CertifiedKey, Failure> {
    let refused = |what: String| Failure::Configuration(format!("{section}.tls{what}"));
    let chain = chain(certificate).map_err(|reason| refused(format!(".certificate: {}: {reason}", certificate.display())))?;
    let wrong = |reason: &dyn std::fmt::Display| refused(format!(".key: {}: {reason}", key.display()));
    let text = std::fs::read(key).map_err(|error| wrong(&error))?;
    let private = PrivateKeyDer::from_pem_slice(&text).map_err(|error| match error {
        pem::Error::NoItemsFound => wrong(&"it holds no private key in PEM (one with a passphrase cannot be used)"),
        _ => wrong(&"it is not PEM"),
    })?;
    let provider = rustls::crypto::ring::default_provider();
    CertifiedKey::from_der(chain, private, &provider).map_err(|error| match error {
        Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
            refused(format!(": the key in {} does not belong to the certificate in {}", key.display(), certificate.display()))
        }
        Error::InvalidCertificate(_) => {
            refused(format!(".certificate: {}: it cannot be read as a certificate", certificate.display()))
        }
        _ => wrong(&"this kind of key is not supported; use ECDSA (P-256, P-384), Ed25519 or RSA of 2048 bits or more"),
    })
}

/// The certificates in a PEM file: one or more.
fn chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let text = std::fs::read(path).map_err(|error: io::Error| error.to_string())?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    let chain = chain.map_err(|_| "it is not PEM".to_owned())?;
    if chain.is_empty() { Err("it holds no certificate in PEM".to_owned()) } else { Ok(chain) }
}

/// The certificates of authorities in `paths`, which our own requests trust beside the system's.
///
/// # Errors
/// [`Failure::Configuration`] names the file that cannot be read, or holds none.
pub fn read_authorities(paths: &[PathBuf]) -> Result<Vec<CertificateDer<'static>>, Failure> {
    let mut authorities = Vec::new();
    for path in paths {
        let refused =
            |reason: &str| Failure::Configuration(format!("network.certificate_authorities: {}: {reason}", path.display()));
        let found = chain(path).map_err(|reason| refused(&reason))?;
        if found.iter().any(|authority| validity(authority).is_none()) {
            return Err(refused("it cannot be read as a certificate"));
        }
        authorities.extend(found);
    }
    Ok(authorities)
}

/// From when until when a certificate is good, and who says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Validity {
    /// Its first instant.
    pub from: Timestamp,
    /// Its last instant.
    pub until: Timestamp,
    /// The distinguished name of its authority (RFC 4514).
    pub issuer: String,
}

/// The validity of `certificate`, where it can be read as one.
pub fn validity(certificate: &CertificateDer<'_>) -> Option<Validity> {
    let parsed = x509_cert::Certificate::from_der(certificate).ok()?;
    let body = parsed.tbs_certificate();
    let instant = |time: &x509_cert::time::Time| Timestamp::new(i64::try_from(time.to_unix_duration().as_secs()).ok()?, 0).ok();
    let validity = body.validity();
    Some(Validity {
        from: instant(&validity.not_before)?,
        until: instant(&validity.not_after)?,
        issuer: body.issuer().to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Configuration;
    use crate::dev_certificate::{self, Made};
    use crate::house::Nature;

    fn made(directory: &Path, force: bool) -> Made {
        let configuration = Configuration { data_directory: directory.to_owned(), ..Configuration::default() };
        dev_certificate::make(&configuration, &Nature::default(), force).unwrap()
    }

    fn refused(files: &Tls) -> String {
        let error = Certificate::load("provider", files).unwrap_err().to_string();
        assert_eq!(error.lines().count(), 1, "{error}");
        error
    }

    #[test]
    fn a_file_that_cannot_be_used_is_named_with_its_key() {
        let directory = tempfile::tempdir().unwrap();
        let files = made(directory.path(), false).tls;
        let missing = || directory.path().join("missing.pem");
        let written = |name: &str, text: &str| {
            let path = directory.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let other = made(&directory.path().join("other"), false).tls;
        let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
        let nonsense = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        let torn = "-----BEGIN CERTIFICATE-----\nAAAA\n";
        for (certificate, key, told) in [
            (missing(), files.key.clone(), &["provider.tls.certificate", "missing.pem", "No such file"][..]),
            (files.certificate.clone(), missing(), &["provider.tls.key", "missing.pem", "No such file"]),
            (directory.path().to_owned(), files.key.clone(), &["provider.tls.certificate", "directory"]),
            (files.key.clone(), files.key.clone(), &["provider.tls.certificate", "holds no certificate"]),
            (files.certificate.clone(), files.certificate.clone(), &["provider.tls.key", "holds no private key"]),
            (files.certificate.clone(), other.key, &["provider.tls", "localhost-key.pem does not belong to", "localhost.pem"]),
            (files.certificate.clone(), written("locked.pem", encrypted), &["provider.tls.key", "passphrase"]),
            (
                written("nonsense.pem", nonsense),
                files.key.clone(),
                &["provider.tls.certificate", "cannot be read as a certificate"],
            ),
            (written("torn.pem", torn), files.key.clone(), &["provider.tls.certificate", "torn.pem"]),
        ] {
            let error = refused(&Tls { certificate, key });
            for part in told {
                assert!(error.contains(part), "{part} in {error}");
            }
        }
    }

    #[test]
    fn what_is_replaced_is_taken_over_and_what_is_broken_is_not() {
        let directory = tempfile::tempdir().unwrap();
        let files = made(directory.path(), false).tls;
        let certificate = Certificate::load("application", &files).unwrap();
        let first = certificate.leaf();
        assert!(!certificate.refresh(true), "nothing has changed");

        let key = std::fs::read(&files.key).unwrap();
        made(directory.path(), true);
        let fresh_key = std::fs::read(&files.key).unwrap();
        std::fs::write(&files.key, key).unwrap();
        assert!(!certificate.refresh(false), "the key of the new certificate is not there yet");
        assert_eq!(certificate.leaf(), first);

        std::fs::write(&files.key, fresh_key).unwrap();
        assert!(certificate.refresh(false));
        assert_ne!(certificate.leaf(), first);
        std::fs::remove_file(&files.certificate).unwrap();
        assert!(!certificate.refresh(false), "the one in use stays");
    }

    #[test]
    fn an_authority_is_read_or_named() {
        let directory = tempfile::tempdir().unwrap();
        let authority = made(directory.path(), false).authority;
        let known = validity(&read_authorities(&[authority]).unwrap()[0]).unwrap();
        assert!(known.until > known.from && known.issuer.contains("Cloakroom"), "{known:?}");
        let error = read_authorities(&[directory.path().join("none.pem")]).unwrap_err().to_string();
        assert!(error.contains("network.certificate_authorities") && error.contains("none.pem"), "{error}");
    }
}
