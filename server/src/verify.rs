//! What a configuration must hold before anything is opened, written or listened on; `check-config` and `serve` both ask.

use url::Url;

use crate::configuration::{Mode, Role, without_password};
use crate::{Configuration, Failure, dev_certificate, house, keys, listener, sign_in_providers, telemetry, worker};

/// Judges what the chosen roles will use, without touching the network and without writing anything.
///
/// It must be called within a Tokio runtime, in which a mail server's connections would live.
///
/// # Errors
/// [`Failure`] names the first key or file that cannot be used.
pub fn verify(configuration: &Configuration) -> Result<(), Failure> {
    let runs = |role| configuration.runs(role);
    let (application, provider, worker) = (runs(Role::Application), runs(Role::Provider), runs(Role::Worker));
    telemetry::filter(&configuration.log)?;
    let certificates = listener::certificates(configuration)?;
    let authorities = listener::read_authorities(&configuration.network.certificate_authorities)?;
    if configuration.mode == Mode::Production {
        dev_certificate::refuse(&certificates, &authorities)?;
    }
    if application || provider {
        engine("cache", &configuration.cache, &["redis", "rediss"])?;
    }
    if application || provider || worker {
        engine("queue", &configuration.queue, &["redis", "rediss"])?;
    }
    if provider || worker {
        engine("database", &configuration.database, &["postgres", "postgresql"])?;
    }
    if application {
        house::application_settings(configuration)?;
        sign_in_providers::verify(configuration)?;
    }
    if provider {
        house::provider_settings(configuration)?;
        keys::written_sealing_key(configuration)?;
    }
    if worker {
        worker::mailer(configuration)?;
    }
    Ok(())
}

/// Whether `url` names an engine: a file, or a server by one of `schemes`.
fn engine(key: &str, url: &str, schemes: &[&str]) -> Result<(), Failure> {
    let file = url == "embedded" || url.strip_prefix("sqlite:").is_some_and(|path| !path.is_empty());
    if file || Url::parse(url).is_ok_and(|url| schemes.contains(&url.scheme())) {
        return Ok(());
    }
    let servers = schemes.iter().map(|scheme| format!("{scheme}://…")).collect::<Vec<_>>().join(" or ");
    let shown = without_password(url);
    Err(Failure::Configuration(format!("{key} must be embedded, sqlite:<path>, {servers}, and is {shown}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    type Change = fn(&mut Configuration);

    fn refused(change: impl FnOnce(&mut Configuration)) -> String {
        let directory = tempfile::tempdir().unwrap();
        let mut configuration = Configuration { data_directory: directory.path().join("data"), ..Configuration::default() };
        change(&mut configuration);
        let verified = verify(&configuration);
        assert!(!configuration.data_directory.exists(), "nothing is written");
        verified.err().map(|failure| failure.to_string()).unwrap_or_default()
    }

    #[tokio::test]
    async fn what_would_fail_later_is_told_first_and_nothing_is_written() {
        assert_eq!(refused(|_| ()), "");
        let changes: [(&str, Change); 11] = [
            ("log.filter", |configuration| configuration.log.filter = "a=b=c".to_owned()),
            ("cache", |configuration| configuration.cache = "postgres://db/x".to_owned()),
            ("queue", |configuration| configuration.queue = "kafka://hush@queue".to_owned()),
            ("database", |configuration| configuration.database = "users.db".to_owned()),
            ("mail", |configuration| configuration.mail.url = Some("carrier-pigeon://roof".to_owned().into())),
            ("mail", |configuration| {
                configuration.mail.url = Some("smtp://mail.example".to_owned().into());
                configuration.mail.from = "nobody".to_owned();
            }),
            ("provider.sealing_key", |configuration| configuration.provider.sealing_key = Some("short".to_owned().into())),
            ("application.tls.certificate: /nowhere/a.pem", |configuration| {
                let tls = crate::configuration::Tls { certificate: "/nowhere/a.pem".into(), key: "/nowhere/b.pem".into() };
                configuration.application.tls = Some(tls);
            }),
            ("network.certificate_authorities: /nowhere/c.pem", |configuration| {
                configuration.network.certificate_authorities = vec!["/nowhere/c.pem".into()];
            }),
            ("no-key.pem", |configuration| configuration.application.client_key_file = Some("/nowhere/no-key.pem".into())),
            ("other: there is no key", |configuration| {
                let client = r#"{"client_id": "other", "name": "Other", "scope": "openid", "authentication":
                    {"method": "private_key_jwt", "keys": {"jwks": {"keys": []}}}}"#;
                configuration.provider.clients = vec![serde_json::from_str(client).unwrap()];
            }),
        ];
        for (told, change) in changes {
            let error = refused(change);
            assert!(error.contains(told), "{told} in {error}");
        }
    }

    #[tokio::test]
    async fn a_role_that_is_not_run_is_not_judged() {
        let error = refused(|configuration| {
            configuration.roles = vec![Role::Resource];
            configuration.cache = "nothing".to_owned();
            configuration.provider.sealing_key = Some("short".to_owned().into());
        });
        assert_eq!(error, "");
    }
}
