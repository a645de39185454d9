//! Keys in files: read, or made once with mode 600 for development.

use std::path::{Path, PathBuf};

use protocol::entropy::opaque;
use protocol::jose::SigningKey;
use protocol::{OsRng, Rng};
use secrecy::{ExposeSecret as _, SecretString};

use crate::{Configuration, Failure};

/// The shortest sealing key, in bytes.
const SHORTEST: usize = 32;

/// The application's key for `private_key_jwt`.
///
/// # Errors
/// [`Failure::File`] where it cannot be read, or is none.
pub fn client_key(configuration: &Configuration) -> Result<SigningKey, Failure> {
    let (path, pem) = read_or_make(configuration.application.client_key_file.as_ref(), configuration, "client-key.pem", |rng| {
        SigningKey::generate(rng).to_pem().unwrap_or_default()
    })?;
    SigningKey::from_pem(pem.expose_secret()).map_err(|error| Failure::file(&path, error))
}

/// What seals the provider's signing keys at rest.
///
/// # Errors
/// [`Failure::File`] where it cannot be read, [`Failure::Configuration`] where it is too short to be a key.
pub fn sealing_key(configuration: &Configuration) -> Result<SecretString, Failure> {
    let provider = &configuration.provider;
    let key = match &provider.sealing_key {
        Some(key) => key.clone(),
        None => read_or_make(provider.sealing_key_file.as_ref(), configuration, "sealing.key", |rng| opaque(rng).into())?.1,
    };
    if key.expose_secret().trim().len() < SHORTEST {
        return Err(Failure::Configuration("provider.sealing_key must have 32 characters or more".to_owned()));
    }
    Ok(key)
}

fn read_or_make(
    configured: Option<&PathBuf>,
    configuration: &Configuration,
    name: &str,
    make: impl FnOnce(&dyn Rng) -> SecretString,
) -> Result<(PathBuf, SecretString), Failure> {
    let path = configured.cloned().unwrap_or_else(|| configuration.data_directory.join(name));
    if configured.is_none() && !path.exists() {
        write_private(&path, &make(&OsRng)).map_err(|error| Failure::file(&path, error))?;
    }
    let text = std::fs::read_to_string(&path).map_err(|error| Failure::file(&path, error))?;
    Ok((path, SecretString::from(text.trim().to_owned())))
}

/// Writes a file that only its owner reads; a file that appeared meanwhile (another process began too) is kept.
fn write_private(path: &Path, text: &SecretString) -> std::io::Result<()> {
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
    let linked = std::fs::hard_link(&draft, path);
    std::fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
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
