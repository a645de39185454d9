//! The providers that people may sign in with, as the Application API is told them: secrets and keys read.

use std::path::Path;

use application_api::ProviderSettings;
use application_api::provider::settings::{Authentication, ClaimNames, DEFAULT};
use protocol::jose::SigningKey;
use protocol::secret::ClientSecret;
use secrecy::ExposeSecret as _;

use crate::configuration::{ListedProvider, Method};
use crate::{Configuration, Failure, keys};

/// All of them: the one that has no entry of its own first, where it is offered, then the listed ones. A key that development
/// has not made yet is made.
///
/// # Errors
/// [`Failure::File`] where a secret or a key cannot be read, [`Failure::Configuration`] where one is none.
pub fn configured(configuration: &Configuration) -> Result<Vec<ProviderSettings>, Failure> {
    let key = if configuration.needs_client_key() { Some(keys::client_key(configuration)?) } else { None };
    all(configuration, key.as_ref())
}

/// Whether [`configured`] would find them; nothing is written.
///
/// # Errors
/// Those of [`configured`].
pub fn verify(configuration: &Configuration) -> Result<(), Failure> {
    let key = if configuration.needs_client_key() { keys::written_client_key(configuration)? } else { None };
    let key = key.unwrap_or_else(|| SigningKey::generate(&protocol::OsRng));
    all(configuration, Some(&key)).map(drop)
}

fn all(configuration: &Configuration, key: Option<&SigningKey>) -> Result<Vec<ProviderSettings>, Failure> {
    let mut all = Vec::new();
    let section = &configuration.application;
    if let Some(key) = key.filter(|_| configuration.offers_default_provider()) {
        all.push(ProviderSettings {
            title: section.provider_title.clone(),
            scope: section.scope.clone(),
            dpop: section.dpop.into(),
            resources: configuration.resources(),
            ..ProviderSettings::new(DEFAULT, configuration.issuer(), &section.client_id, key.clone())
        });
    }
    for listed in &section.providers {
        all.push(one(listed, key)?);
    }
    Ok(all)
}

fn one(listed: &ListedProvider, key: Option<&SigningKey>) -> Result<ProviderSettings, Failure> {
    Ok(ProviderSettings {
        name: listed.name.clone(),
        title: listed.title.clone(),
        issuer: listed.issuer.clone(),
        client_id: listed.client_id.clone(),
        authentication: authentication(listed, key)?,
        scope: listed.scope.clone(),
        par: listed.par.into(),
        dpop: listed.dpop.into(),
        userinfo: listed.userinfo.into(),
        resources: listed.resources.clone(),
        parameters: listed.parameters.clone(),
        claims: ClaimNames { name: listed.claims.name.clone(), email: listed.claims.email.clone() },
    })
}

fn authentication(listed: &ListedProvider, key: Option<&SigningKey>) -> Result<Authentication, Failure> {
    match listed.authentication {
        Method::None => Ok(Authentication::None),
        Method::ClientSecretBasic => secret(listed).map(Authentication::SecretBasic),
        Method::ClientSecretPost => secret(listed).map(Authentication::SecretPost),
        Method::PrivateKeyJwt => match (&listed.client_key_file, key) {
            (Some(path), _) => {
                let pem = read(path)?;
                let key = SigningKey::from_pem(pem.expose()).map_err(|error| Failure::file(path, error))?;
                Ok(Authentication::PrivateKeyJwt(key))
            }
            (None, Some(key)) => Ok(Authentication::PrivateKeyJwt(key.clone())),
            (None, None) => Err(Failure::Configuration(format!("{}: there is no key", listed.place()))),
        },
    }
}

fn secret(listed: &ListedProvider) -> Result<ClientSecret, Failure> {
    let secret = match (&listed.client_secret, &listed.client_secret_file) {
        (Some(secret), _) => ClientSecret::new(secret.expose_secret()),
        (None, Some(path)) => read(path)?,
        (None, None) => ClientSecret::new(""),
    };
    if secret.expose().is_empty() {
        return Err(Failure::Configuration(format!("{}: the client secret is empty", listed.place())));
    }
    Ok(secret)
}

fn read(path: &Path) -> Result<ClientSecret, Failure> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(ClientSecret::new(text.trim())),
        Err(error) => Err(Failure::file(path, error)),
    }
}
