//! Providers to sign in with: `[[application.providers]]`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use application_api::provider::settings::{ClaimNames, DEFAULT, RESERVED, Use};
use protocol::Scope;
use secrecy::SecretString;
use serde::Deserialize;

/// An entry of `[[application.providers]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListedProvider {
    /// Its name in our URLs: `[a-z0-9-]+`. Its redirect URI is `/callback/<name>`.
    pub name: String,
    /// What people see it called.
    pub title: String,
    /// Its issuer identifier, as its metadata has it, slash at the end included.
    pub issuer: String,
    /// How it knows us.
    pub client_id: String,
    /// How we prove who we are.
    #[serde(default)]
    pub authentication: Method,
    /// The secret of `client_secret_basic` and `client_secret_post`.
    pub client_secret: Option<SecretString>,
    /// The same, from a file.
    pub client_secret_file: Option<PathBuf>,
    /// The private key of `private_key_jwt`, PKCS #8 PEM; the application's where it is not set.
    pub client_key_file: Option<PathBuf>,
    /// What we ask for.
    #[serde(default = "ordinary_scope")]
    pub scope: Scope,
    /// Whether authorization requests are pushed.
    #[serde(default)]
    pub par: When,
    /// Whether tokens are bound to a key.
    #[serde(default)]
    pub dpop: When,
    /// Whether userinfo is asked.
    #[serde(default)]
    pub userinfo: When,
    /// The resource servers that access tokens are asked for.
    #[serde(default)]
    pub resources: Vec<String>,
    /// Parameters that go along with every authorization request.
    #[serde(default)]
    pub parameters: BTreeMap<String, String>,
    /// Which claims say who the user is.
    #[serde(default)]
    pub claims: Claims,
}

/// The key `authentication` (OpenID Connect Core §9).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// By an assertion that a key signs.
    #[default]
    PrivateKeyJwt,
    /// By a secret in the `Authorization` header.
    ClientSecretBasic,
    /// By a secret in the form.
    ClientSecretPost,
    /// Not at all.
    None,
}

/// Whether something that a provider may or may not know is used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum When {
    /// Where the provider offers it.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl From<When> for Use {
    fn from(when: When) -> Self {
        match when {
            When::Auto => Self::Auto,
            When::Always => Self::Always,
            When::Never => Self::Never,
        }
    }
}

/// The key `claims`: of each list the first claim that is there.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Claims {
    /// Full name, or what stands for it.
    pub name: Vec<String>,
    /// E-mail address.
    pub email: Vec<String>,
}

impl Default for Claims {
    fn default() -> Self {
        let ClaimNames { name, email } = ClaimNames::default();
        Self { name, email }
    }
}

/// What is asked for where nothing else is said.
pub(super) fn ordinary_scope() -> Scope {
    Scope::parse("openid profile email offline_access").unwrap_or_default()
}

impl Method {
    fn takes_secret(self) -> bool {
        matches!(self, Self::ClientSecretBasic | Self::ClientSecretPost)
    }
}

/// What is wrong with `providers`, each fault with its key.
pub(super) fn faults(providers: &[ListedProvider]) -> Vec<String> {
    let mut faults = Vec::new();
    for (index, provider) in providers.iter().enumerate() {
        let place = provider.place();
        let mut fault = |words: String| faults.push(format!("{place}: {words}"));
        if provider.name.is_empty() || !provider.name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-')) {
            fault("name must be of a-z, 0-9 and -".to_owned());
        }
        if provider.name == DEFAULT {
            fault(format!("name must not be {DEFAULT}, which is that of application.issuer"));
        }
        if providers.iter().take(index).any(|other| other.name == provider.name) {
            fault("another provider has that name".to_owned());
        }
        if provider.title.trim().is_empty() {
            fault("title must say something".to_owned());
        }
        if provider.client_id.is_empty() {
            fault("client_id must not be empty".to_owned());
        }
        if !provider.scope.contains("openid") {
            fault("scope must hold openid".to_owned());
        }
        let secrets = usize::from(provider.client_secret.is_some()) + usize::from(provider.client_secret_file.is_some());
        match (provider.authentication.takes_secret(), secrets) {
            (true, 0) => fault("client_secret_file or client_secret must be set, or another authentication".to_owned()),
            (true, 2) => fault("client_secret and client_secret_file are both set".to_owned()),
            (false, 1..) => fault("there is a client secret, but authentication is not by one".to_owned()),
            _ => {}
        }
        if provider.client_key_file.is_some() && provider.authentication != Method::PrivateKeyJwt {
            fault("client_key_file is set, but authentication is not private_key_jwt".to_owned());
        }
        for name in provider.parameters.keys().filter(|name| RESERVED.contains(&name.as_str())) {
            fault(format!("parameters must not hold {name}, which is ours to set"));
        }
        for (key, claims) in [("name", &provider.claims.name), ("email", &provider.claims.email)] {
            if claims.iter().any(String::is_empty) {
                fault(format!("claims.{key} names a claim without a name"));
            }
        }
    }
    faults
}

impl ListedProvider {
    /// What it is called where faults are told.
    pub fn place(&self) -> String {
        let name: String = self.name.chars().filter(|letter| !letter.is_control()).take(40).collect();
        format!("application.providers, the provider {name:?}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults_of(changes: &str) -> String {
        let mut entry: toml::Table =
            toml::from_str("name = 'acme'\ntitle = 'Acme'\nissuer = 'https://a'\nclient_id = 'a'").unwrap();
        entry.extend(toml::from_str::<toml::Table>(changes).unwrap());
        let provider: ListedProvider = entry.try_into().unwrap();
        faults(&[provider]).join("; ")
    }

    #[test]
    fn a_plain_entry_is_good_and_says_private_key_jwt() {
        assert_eq!(faults_of(""), "");
        let secret = "authentication = 'client_secret_post'\nclient_secret = 'hush'";
        assert_eq!(faults_of(secret), "");
        assert_eq!(faults_of("authentication = 'none'\nparameters = { hd = 'acme.example' }"), "");
    }

    #[test]
    fn each_fault_is_told_with_the_provider_and_its_key() {
        for (changes, told) in [
            ("name = ''", "name must be"),
            ("name = 'Acme'", "name must be"),
            ("name = 'a/b'", "name must be"),
            ("name = 'default'", "name must not be default"),
            ("title = ' '", "title"),
            ("client_id = ''", "client_id"),
            ("scope = 'profile'", "scope must hold openid"),
            ("authentication = 'client_secret_basic'", "client_secret_file or client_secret must be set"),
            ("authentication = 'none'\nclient_secret = 'hush'", "there is a client secret"),
            ("client_secret_file = '/a'", "there is a client secret"),
            ("authentication = 'none'\nclient_key_file = '/a'", "client_key_file is set"),
            ("authentication = 'client_secret_basic'\nclient_secret = 'hush'\nclient_secret_file = '/a'", "both set"),
            ("parameters = { state = 'a' }", "parameters must not hold state"),
            ("parameters = { request_uri = 'a' }", "parameters must not hold request_uri"),
            ("claims = { email = [''] }", "claims.email"),
        ] {
            let faults = faults_of(changes);
            assert!(faults.contains(told) && faults.starts_with("application.providers, the provider "), "{changes}: {faults}");
            assert!(!faults.contains("hush"), "{faults}");
        }
    }

    #[test]
    fn a_name_is_given_once() {
        let entry = "name = 'acme'\ntitle = 'Acme'\nissuer = 'https://a'\nclient_id = 'a'";
        let provider: ListedProvider = toml::from_str(entry).unwrap();
        assert!(faults(&[provider.clone(), provider]).join("; ").contains("another provider has that name"));
    }
}
