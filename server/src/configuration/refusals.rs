//! What is refused although it parses: origins that are none, and development defaults in production, each named.

use url::Url;

use super::{Configuration, Mode, Role};
use crate::Failure;

impl Configuration {
    pub(super) fn refuse(&self) -> Result<(), Failure> {
        let mut faults = Vec::new();
        if self.roles.is_empty() {
            faults.push("roles is empty: name one of application, provider, resource, worker".to_owned());
        }
        for (key, origin) in [
            ("application.origin", Some(self.application.origin.as_str())),
            ("application.issuer", self.application.issuer.as_deref()),
            ("application.resource", self.application.resource.as_deref()),
            ("provider.issuer", Some(self.provider.issuer.as_str())),
            ("resource.origin", Some(self.resource.origin.as_str())),
            ("resource.issuer", self.resource.issuer.as_deref()),
        ] {
            if let Some(fault) = origin.and_then(|origin| not_an_origin(key, origin)) {
                faults.push(fault);
            }
        }
        if !self.application.scope.contains("openid") {
            faults.push("application.scope must hold openid".to_owned());
        }
        for (key, lifetime) in
            [("session_lifetime", self.application.session_lifetime), ("sign_in_lifetime", self.application.sign_in_lifetime)]
        {
            if !lifetime.is_positive() {
                faults.push(format!("application.{key} must be longer than nothing"));
            }
        }
        if self.mode == Mode::Production {
            self.refuse_development_defaults(&mut faults);
        }
        if faults.is_empty() { Ok(()) } else { Err(Failure::Configuration(faults.join("; "))) }
    }

    fn refuse_development_defaults(&self, faults: &mut Vec<String>) {
        let provider = self.runs(Role::Provider);
        if provider && self.provider.demo_accounts == Some(true) {
            faults.push("provider.demo_accounts must not be true in production: everybody knows their passwords".to_owned());
        }
        if provider && self.provider.sealing_key.is_none() && self.provider.sealing_key_file.is_none() {
            faults.push("provider.sealing_key or provider.sealing_key_file must be set in production".to_owned());
        }
        if self.runs(Role::Application) && self.application.client_key_file.is_none() {
            faults.push("application.client_key_file must be set in production".to_owned());
        }
        if self.runs(Role::Worker) && self.mail.url.is_none() {
            faults.push("mail.url must be set in production".to_owned());
        }
        for (key, origin) in [
            ("application.origin", self.application.origin.as_str()),
            ("the issuer", self.issuer()),
            ("provider.issuer", self.provider.issuer.as_str()),
        ] {
            if is_plain_http_off_localhost(origin) {
                faults.push(format!("{key} must be https in production, unless it is on localhost, and not {origin}"));
            }
        }
    }
}

fn not_an_origin(key: &str, text: &str) -> Option<String> {
    let fault = match Url::parse(text) {
        Ok(url) if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() => "must begin with http:// or https://",
        Ok(url) if url.query().is_some() || url.fragment().is_some() => "must have no query and no fragment",
        Ok(_) if text.ends_with('/') => "must not end with a slash",
        Ok(url) if !key.ends_with("issuer") && url.path() != "/" => "must have no path",
        Ok(_) => return None,
        Err(_) => "must be a URL",
    };
    Some(format!("{key} {fault}, and is {text:?}"))
}

fn is_plain_http_off_localhost(origin: &str) -> bool {
    Url::parse(origin).is_ok_and(|url| {
        let local = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        url.scheme() == "http" && !local
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(change: impl FnOnce(&mut Configuration)) -> String {
        let mut configuration = Configuration::default();
        change(&mut configuration);
        configuration.refuse().err().map(|failure| failure.to_string()).unwrap_or_default()
    }

    #[test]
    fn production_names_each_development_default() {
        let faults = refused(|configuration| {
            configuration.mode = Mode::Production;
            configuration.provider.demo_accounts = Some(true);
            configuration.provider.issuer = "http://id.example".to_owned();
        });
        for key in
            ["provider.demo_accounts", "provider.sealing_key", "application.client_key_file", "mail.url", "provider.issuer"]
        {
            assert!(faults.contains(key), "{key} in {faults}");
        }
    }

    #[test]
    fn production_with_its_own_secrets_runs_and_has_no_demo_accounts() {
        let mut configuration = Configuration { mode: Mode::Production, ..Configuration::default() };
        configuration.provider.sealing_key_file = Some("sealing.key".into());
        configuration.application.client_key_file = Some("client.pem".into());
        configuration.mail.url = Some("smtps://mail.example".to_owned().into());
        assert!(configuration.refuse().is_ok());
        assert!(!configuration.has_demo_accounts());
    }

    #[test]
    fn an_origin_is_scheme_host_and_port_and_nothing_more() {
        for origin in ["localhost:3000", "http://localhost:3000/", "http://localhost/app", "ftp://x", "http://a?b", ""] {
            assert!(
                refused(|configuration| configuration.application.origin = origin.to_owned()).contains("application.origin"),
                "{origin}"
            );
        }
        assert_eq!(refused(|configuration| configuration.application.issuer = Some("https://id.example/realm".to_owned())), "");
    }
}
