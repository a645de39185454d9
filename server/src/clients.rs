//! The provider's clients by configuration.

use std::path::Path;

use authorization_server::{Authentication, Client, ClientKeys, RegistrationPolicy, Secret, SecretDigest};
use protocol::jose::Algorithm;
use protocol::secret::ClientSecret;
use secrecy::ExposeSecret as _;
use url::Url;

use crate::configuration::Registration;
use crate::house::application_settings;
use crate::{Configuration, Failure};

/// Our own application first, by its published keys; then those of the configuration, their secrets read.
///
/// # Errors
/// [`Failure::File`] where a secret cannot be read, [`Failure::Configuration`] where one could be guessed.
pub fn configured(configuration: &Configuration) -> Result<Vec<Client>, Failure> {
    let section = &configuration.application;
    let settings = application_settings(configuration)?;
    let jwks = Url::parse(&format!("{}/jwks", section.origin)).map_err(|error| Failure::Configuration(error.to_string()))?;
    let logout = Url::parse(&settings.backchannel_logout_uri()).map_err(|error| Failure::Configuration(error.to_string()))?;
    let authentication = Authentication::PrivateKeyJwt { keys: ClientKeys::JwksUri(jwks) };
    let ours = Client {
        redirect_uris: vec![settings.redirect_uri()],
        post_logout_redirect_uris: vec![settings.post_logout_redirect_uri()],
        backchannel_logout_uri: Some(logout),
        scope: section.scope.clone(),
        require_pushed_authorization_requests: true,
        resources: configuration.resources(),
        id_token_signed_response_alg: Some(Algorithm::ES256),
        ..Client::new(section.client_id.clone(), "Cloakroom", authentication)
    };
    let mut clients = vec![ours];
    for client in configuration.provider.clients.iter().filter(|client| client.client_id != section.client_id) {
        clients.push(with_secret(configuration, client)?);
    }
    Ok(clients)
}

/// Who may register clients, the initial access token read.
///
/// # Errors
/// [`Failure::Configuration`] where the token is missing, or could be guessed; [`Failure::File`] where it cannot be read.
pub fn registration(configuration: &Configuration) -> Result<RegistrationPolicy, Failure> {
    let section = &configuration.provider;
    match section.registration {
        Registration::Off => Ok(RegistrationPolicy::Off),
        Registration::Open => Ok(RegistrationPolicy::Open),
        Registration::Token => {
            let token = match (&section.registration_token, &section.registration_token_file) {
                (Some(token), _) => ClientSecret::new(token.expose_secret()),
                (None, Some(path)) => secret_in(path)?,
                (None, None) => {
                    let words =
                        "provider.registration is token, and needs provider.registration_token or registration_token_file";
                    return Err(Failure::Configuration(words.to_owned()));
                }
            };
            let digest = SecretDigest::of(&token);
            if token.expose().is_empty() || (!configuration.is_development() && digest.is_short()) {
                let words = "provider.registration_token must have 32 characters or more in production";
                return Err(Failure::Configuration(words.to_owned()));
            }
            Ok(RegistrationPolicy::Token(digest))
        }
    }
}

fn secret_in(path: &Path) -> Result<ClientSecret, Failure> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(ClientSecret::new(text.trim())),
        Err(error) => Err(Failure::file(path, error)),
    }
}

fn with_secret(configuration: &Configuration, client: &Client) -> Result<Client, Failure> {
    let mut client = client.clone();
    client.read_secret(secret_in)?;
    let digest = client.authentication.secret().and_then(Secret::digest);
    if !configuration.is_development() && digest.is_some_and(SecretDigest::is_short) {
        let client_id = &client.client_id;
        return Err(Failure::Configuration(format!(
            "the secret of the client {client_id} must have 32 characters or more in production"
        )));
    }
    Ok(client)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::configuration::Mode;

    fn written(client: &str) -> Configuration {
        let client = format!("client_id = 'shop'\nname = 'Shop'\nscope = 'openid'\nauthentication = {client}");
        let mut configuration = Configuration::default();
        configuration.provider.clients = vec![toml::from_str(&client).unwrap()];
        configuration
    }

    fn refused(configuration: &Configuration) -> String {
        configured(configuration).err().map(|failure| failure.to_string()).unwrap_or_default()
    }

    /// A23: in production a secret that somebody thought up has 32 characters or more.
    #[test]
    fn a_short_secret_is_for_development() {
        let mut configuration = written("{ method = 'client_secret_basic', secret = 'hush' }");
        assert_eq!(refused(&configuration), "");
        configuration.mode = Mode::Production;
        let error = refused(&configuration);
        assert!(error.contains("client shop") && error.contains("32 characters") && !error.contains("hush"), "{error}");
        assert_eq!(refused(&written("{ method = 'client_secret_post', secret = '0123456789abcdef0123456789abcdef' }")), "");
    }

    #[test]
    fn a_secret_can_be_in_a_file() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "0123456789abcdef0123456789abcdef\n").unwrap();
        let path = file.path().display();
        let configuration = written(&format!("{{ method = 'client_secret_basic', secret_file = '{path}' }}"));
        let clients = configured(&configuration).unwrap();
        assert!(clients[1].authentication.secret().unwrap().digest().is_some());
        let missing = written("{ method = 'client_secret_basic', secret_file = '/nowhere/shop.secret' }");
        assert!(refused(&missing).contains("/nowhere/shop.secret"));
    }

    #[test]
    fn registration_by_token_needs_one_that_cannot_be_guessed() {
        let mut configuration = Configuration::default();
        let policy = |configuration: &Configuration| registration(configuration).map_err(|failure| failure.to_string());
        assert!(!policy(&configuration).unwrap().is_on(), "off by default");
        configuration.provider.registration = Registration::Token;
        assert!(policy(&configuration).unwrap_err().contains("registration_token"));
        configuration.provider.registration_token = Some("hush".to_owned().into());
        assert!(policy(&configuration).unwrap().is_on());
        configuration.mode = Mode::Production;
        let error = policy(&configuration).unwrap_err();
        assert!(error.contains("32 characters") && !error.contains("hush"), "{error}");
        configuration.provider.registration = Registration::Open;
        assert!(policy(&configuration).unwrap().is_on());
    }

    /// RFC 8628: a device needs a name, and neither a redirect URI nor a secret.
    #[test]
    fn a_device_reads_as_it_is_written_in_a_file() {
        let written = "client_id = 'tv'\nname = 'Television'\nscope = 'openid'\nauthentication = { method = 'none' }\n\
            grant_types = ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token']";
        let client: Client = toml::from_str(written).unwrap();
        assert_eq!((client.check(), client.check_strictly()), (Ok(()), Ok(())));
        let short: Client = toml::from_str(&written.replace("urn:ietf:params:oauth:grant-type:", "")).unwrap();
        assert!(short.check().unwrap_err().to_string().contains("urn:ietf:params:oauth:grant-type:device_code"));
    }

    /// `name` and the rest as cloakroom.example.toml writes them, the older `require_par` too.
    #[test]
    fn a_client_reads_as_it_is_written_in_a_file() {
        let written = "client_id = 'shop'\nname = 'Shop'\nscope = 'openid'\napplication_type = 'native'\nrequire_par = true\n\
            grant_types = ['client_credentials']\nprofile = 'fapi2'\nbackchannel_logout_uri = 'https://shop.example/logout'\n\
            authentication = { method = 'private_key_jwt', keys = { jwks_uri = 'https://shop.example/jwks' } }";
        let client: Client = toml::from_str(written).unwrap();
        assert!(client.require_pushed_authorization_requests);
        assert_eq!(client.grant_types, ["client_credentials"]);
        let error = toml::from_str::<Client>(&format!("{written}\nredirect_urls = []")).unwrap_err();
        assert!(error.to_string().contains("redirect_urls"), "{error}");
    }
}
