//! Keys in files: read, or made once with mode 600 for development.

use std::path::{Path, PathBuf};

use protocol::OsRng;
use protocol::entropy::opaque;
use protocol::jose::SigningKey;
use secrecy::{ExposeSecret as _, SecretString};

use crate::{Configuration, Failure};

/// The shortest sealing key, in bytes.
const SHORTEST: usize = 32;

const CLIENT_KEY: &str = "client-key.pem";
const SEALING_KEY: &str = "sealing.key";

/// The application's key for `private_key_jwt`.
///
/// # Errors
/// [`Failure::File`] where it cannot be read, or is none.
pub fn client_key(configuration: &Configuration) -> Result<SigningKey, Failure> {
    if let Some(key) = written_client_key(configuration)? {
        return Ok(key);
    }
    let pem = SigningKey::generate(&OsRng).to_pem().map_err(|error| Failure::Command(error.to_string()))?;
    write(&configuration.data_directory.join(CLIENT_KEY), &pem)?;
    // Another process may have been quicker, so what counts is what the file holds.
    written_client_key(configuration)?.ok_or_else(|| Failure::Command(format!("{CLIENT_KEY} is gone again")))
}

/// The same where it was configured or made before; nothing is written.
///
/// # Errors
/// [`Failure::File`] where it cannot be read, or is none.
pub fn written_client_key(configuration: &Configuration) -> Result<Option<SigningKey>, Failure> {
    let written = read(configuration.application.client_key_file.as_ref(), configuration, CLIENT_KEY)?;
    let parse = |(path, pem): (PathBuf, SecretString)| {
        SigningKey::from_pem(pem.expose_secret()).map_err(|error| Failure::file(&path, error))
    };
    written.map(parse).transpose()
}

/// What seals the provider's signing keys at rest.
///
/// # Errors
/// [`Failure::File`] where it cannot be read, [`Failure::Configuration`] where it is too short to be a key.
pub fn sealing_key(configuration: &Configuration) -> Result<SecretString, Failure> {
    if let Some(key) = written_sealing_key(configuration)? {
        return Ok(key);
    }
    write(&configuration.data_directory.join(SEALING_KEY), &opaque(&OsRng).into())?;
    written_sealing_key(configuration)?.ok_or_else(|| Failure::Command(format!("{SEALING_KEY} is gone again")))
}

/// The same where it was configured or made before; nothing is written.
///
/// # Errors
/// [`Failure::File`] where it cannot be read, [`Failure::Configuration`] where it is too short to be a key.
pub fn written_sealing_key(configuration: &Configuration) -> Result<Option<SecretString>, Failure> {
    let provider = &configuration.provider;
    let key = match &provider.sealing_key {
        Some(key) => Some(key.clone()),
        None => read(provider.sealing_key_file.as_ref(), configuration, SEALING_KEY)?.map(|(_, key)| key),
    };
    if key.as_ref().is_some_and(|key| key.expose_secret().trim().len() < SHORTEST) {
        return Err(Failure::Configuration("provider.sealing_key must have 32 characters or more".to_owned()));
    }
    Ok(key)
}

/// The configured file, or `name` in the data directory where it is.
fn read(
    configured: Option<&PathBuf>,
    configuration: &Configuration,
    name: &str,
) -> Result<Option<(PathBuf, SecretString)>, Failure> {
    let path = configured.cloned().unwrap_or_else(|| configuration.data_directory.join(name));
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(Some((path, SecretString::from(text.trim().to_owned())))),
        Err(error) if configured.is_none() && error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::file(&path, error)),
    }
}

fn write(path: &Path, key: &SecretString) -> Result<(), Failure> {
    write_private(path, key).map_err(|error| Failure::file(path, error))
}

/// Writes a file that only its owner reads, in place of what was there, at once and as a whole.
///
/// # Errors
/// [`Failure::File`] where it cannot be written.
pub fn replace_private(path: &Path, text: &SecretString) -> Result<(), Failure> {
    let written = write_draft(path, text).and_then(|draft| std::fs::rename(draft, path));
    written.map_err(|error| Failure::file(path, error))
}

/// Writes a file that only its owner reads; a file that appeared meanwhile (another process began too) is kept.
fn write_private(path: &Path, text: &SecretString) -> std::io::Result<()> {
    let draft = write_draft(path, text)?;
    let linked = std::fs::hard_link(&draft, path);
    std::fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// Writes the text beside `path`; gives where.
fn write_draft(path: &Path, text: &SecretString) -> std::io::Result<PathBuf> {
    use std::io::Write as _;
    if let Some(directory) = path.parent() {
        std::fs::create_dir_all(directory)?;
    }
    let draft = path.with_extension(format!("{}.new", std::process::id()));
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&draft)?;
    file.write_all(text.expose_secret().as_bytes())?;
    file.sync_all()?;
    Ok(draft)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_directory(directory: &Path) -> Configuration {
        Configuration { data_directory: directory.to_owned(), ..Configuration::default() }
    }

    #[test]
    fn generated_keys_are_made_once_and_private() {
        let directory = tempfile::tempdir().unwrap();
        let configuration = in_directory(directory.path());
        assert_eq!(client_key(&configuration).unwrap().kid(), client_key(&configuration).unwrap().kid());
        assert_eq!(sealing_key(&configuration).unwrap().expose_secret(), sealing_key(&configuration).unwrap().expose_secret());
        #[cfg(unix)]
        for name in ["client-key.pem", "sealing.key"] {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(directory.path().join(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
    }

    #[test]
    fn a_configured_key_is_never_made_up() {
        let directory = tempfile::tempdir().unwrap();
        let mut configuration = in_directory(directory.path());
        configuration.application.client_key_file = Some(directory.path().join("missing.pem"));
        assert!(client_key(&configuration).unwrap_err().to_string().contains("missing.pem"));
        configuration.provider.sealing_key = Some("short".to_owned().into());
        assert!(sealing_key(&configuration).is_err());
    }
}
