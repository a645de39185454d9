//! What is refused although it parses: origins that are none, and development defaults in production, each named.

use application_api::proxy;
use authorization_server::{Authentication, ClientKeys};
use url::Url;

use super::{Configuration, Mode, Role, without_password};
use crate::Failure;
use crate::site::is_localhost;

impl Configuration {
    pub(super) fn refuse(&self) -> Result<(), Failure> {
        let mut faults = Vec::new();
        if self.roles.is_empty() {
            faults.push("roles is empty: name one of application, provider, resource, worker".to_owned());
        }
        let addresses = self.addresses();
        faults.extend(addresses.iter().filter_map(Address::malformed));
        if !self.application.scope.contains("openid") {
            faults.push("application.scope must hold openid".to_owned());
        }
        if let Err(fault) = proxy::route::check(&self.application.routes) {
            faults.push(format!("application.routes: {fault}"));
        }
        if self.application.listed_providers_only && self.application.providers.is_empty() {
            faults.push("application.listed_providers_only leaves no provider: there is no [[application.providers]]".to_owned());
        }
        faults.extend(super::providers::faults(&self.application.providers));
        // The provider of the short form is asked for all that routes name.
        if self.application.listed_providers_only {
            let asked = |resource: &String| self.application.providers.iter().any(|listed| listed.resources.contains(resource));
            let named = self.application.routes.iter().filter_map(|route| Some((&route.path, route.resource.as_ref()?)));
            faults.extend(named.filter(|(_, resource)| !asked(resource)).map(|(path, resource)| {
                format!("application.routes: nobody can call {path}, for no provider is asked for {resource:?} by its resources")
            }));
        }
        for (key, lifetime) in [
            ("session_lifetime", self.application.session_lifetime),
            ("session_idle", self.application.session_idle),
            ("sign_in_lifetime", self.application.sign_in_lifetime),
        ] {
            if !lifetime.is_positive() {
                faults.push(format!("application.{key} must be longer than nothing"));
            }
        }
        for door in self.doors() {
            if door.tls.is_some() && door.origin.starts_with("http:") {
                faults.push(format!(
                    "{section}.tls is set, but {section}.{key} is {shown}: write https://, or leave {section}.tls out",
                    section = door.section,
                    key = door.key,
                    shown = Address { key: String::new(), text: door.origin, shape: Shape::Any, ours: true }.shown(),
                ));
            }
        }
        match self.mode {
            Mode::Production => {
                self.refuse_development_defaults(&mut faults);
                faults.extend(addresses.iter().filter(|address| address.is_plain_http_off_localhost()).map(|address| {
                    format!("{} must be https in production, unless it is on localhost, and not {}", address.key, address.shown())
                }));
            }
            Mode::Development => {
                let ours = addresses.iter().filter(|address| address.ours && address.is_off_localhost());
                faults.extend(ours.map(|address| {
                    let (key, shown) = (&address.key, address.shown());
                    format!(
                        "{key} is {shown}, where others come, and development mode publishes passwords: set mode = \"production\""
                    )
                }));
            }
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
        let by_mail = [("sign_up", self.provider.sign_up), ("password_reset", self.provider.password_reset)];
        for (key, _) in by_mail.iter().filter(|(_, wanted)| provider && *wanted == Some(true) && self.mail.url.is_none()) {
            faults.push(format!("provider.{key} needs mail.url in production: its links are sent by e-mail"));
        }
        if self.runs(Role::Application) && self.needs_client_key() && self.application.client_key_file.is_none() {
            faults.push("application.client_key_file must be set in production".to_owned());
        }
        if self.runs(Role::Worker) && self.mail.url.is_none() {
            faults.push("mail.url must be set in production".to_owned());
        }
    }

    /// The addresses that the chosen roles go by.
    fn addresses(&self) -> Vec<Address<'_>> {
        let (application, provider, resource) =
            (self.runs(Role::Application), self.runs(Role::Provider), self.runs(Role::Resource));
        let section = &self.application;
        // Where the application or the Resource API name no issuer, it is our own provider's.
        let offered = application && self.offers_default_provider();
        let relies = (offered && section.issuer.is_none()) || (resource && self.resource.issuer.is_none());
        let calls = (application || provider) && section.resource.is_none();
        let named = [
            (application || provider, "application.origin", Some(section.origin.as_str()), Shape::Origin, application),
            (offered, "application.issuer", section.issuer.as_deref(), Shape::Issuer, false),
            (application || provider, "application.resource", section.resource.as_deref(), Shape::Origin, false),
            (provider || relies, "provider.issuer", Some(self.provider.issuer.as_str()), Shape::Issuer, provider),
            (resource || calls, "resource.origin", Some(self.resource.origin.as_str()), Shape::Origin, resource),
            (resource, "resource.issuer", self.resource.issuer.as_deref(), Shape::Issuer, false),
        ];
        let named = named.into_iter().filter(|(used, ..)| *used);
        let mut addresses: Vec<_> = named
            .filter_map(|(_, key, text, shape, ours)| text.map(|text| Address { key: key.to_owned(), text, shape, ours }))
            .collect();
        for listed in section.providers.iter().filter(|_| application) {
            let place = listed.place();
            addresses.push(Address { key: format!("{place}: issuer"), text: &listed.issuer, shape: Shape::Foreign, ours: false });
            for resource in &listed.resources {
                addresses.push(Address { key: format!("{place}: resources"), text: resource, shape: Shape::Any, ours: false });
            }
        }
        for client in self.provider.clients.iter().filter(|_| provider) {
            if let Authentication::PrivateKeyJwt { keys: ClientKeys::JwksUri(uri) } = &client.authentication {
                let key = format!("jwks_uri of the client {}", client.client_id);
                addresses.push(Address { key, text: uri.as_str(), shape: Shape::Any, ours: false });
            }
            // A code that goes over plain http can be read on its way (RFC 9700 §2.6).
            for uri in client.redirect_uris.iter().filter(|uri| uri.starts_with("http:")) {
                let key = format!("a redirect URI of the client {}", client.client_id);
                addresses.push(Address { key, text: uri, shape: Shape::Any, ours: false });
            }
            if let Some(uri) = &client.backchannel_logout_uri {
                let key = format!("backchannel_logout_uri of the client {}", client.client_id);
                addresses.push(Address { key, text: uri.as_str(), shape: Shape::Any, ours: false });
            }
        }
        addresses
    }
}

/// A configured address, and the key that sets it.
struct Address<'a> {
    key: String,
    text: &'a str,
    shape: Shape,
    /// Whether it is where this process is reached itself.
    ours: bool,
}

/// How an address must be written, so that it can be compared as text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// Scheme, host and port.
    Origin,
    /// The same, and a path perhaps.
    Issuer,
    /// The same as others write it: a slash at the end is part of it.
    Foreign,
    /// Any http or https URL.
    Any,
}

impl Address<'_> {
    fn malformed(&self) -> Option<String> {
        let fault = match Url::parse(self.text) {
            Ok(url) if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() => {
                "must begin with http:// or https://".to_owned()
            }
            Ok(url) if !url.username().is_empty() || url.password().is_some() => {
                return Some(format!("{} must name no user and no password", self.key));
            }
            Ok(_) if self.shape == Shape::Any => return None,
            Ok(url) if url.query().is_some() || url.fragment().is_some() => "must have no query and no fragment".to_owned(),
            Ok(_) if self.shape == Shape::Foreign => return None,
            Ok(_) if self.text.ends_with('/') => "must not end with a slash".to_owned(),
            Ok(url) if self.shape == Shape::Origin && url.path() != "/" => "must have no path".to_owned(),
            Ok(url) => {
                let normal = match self.shape {
                    Shape::Origin => url.origin().ascii_serialization(),
                    Shape::Issuer | Shape::Foreign | Shape::Any => url.as_str().trim_end_matches('/').to_owned(),
                };
                if normal == self.text {
                    return None;
                }
                format!("must be written {normal}")
            }
            Err(_) => "must be a URL".to_owned(),
        };
        Some(format!("{} {fault}, and is {:?}", self.key, self.shown()))
    }

    fn shown(&self) -> String {
        if self.text.contains('@') { without_password(self.text) } else { self.text.to_owned() }
    }

    fn is_off_localhost(&self) -> bool {
        Url::parse(self.text).is_ok() && !is_localhost(self.text)
    }

    fn is_plain_http_off_localhost(&self) -> bool {
        self.is_off_localhost() && self.text.starts_with("http:")
    }
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

    /// Sign-up and reset send links by e-mail: production has them only with a mail server, and sign-up only where it is wanted.
    #[test]
    fn sign_up_and_reset_want_a_mail_server_in_production() {
        let production = |configuration: &mut Configuration| {
            configuration.mode = Mode::Production;
            configuration.roles = vec![Role::Provider];
            configuration.provider.issuer = "https://id.example".to_owned();
            configuration.application.origin = "https://app.example".to_owned();
            configuration.resource.origin = "https://api.example".to_owned();
            configuration.provider.sealing_key_file = Some("sealing.key".into());
        };
        let by_default = refused(|configuration| {
            production(configuration);
            assert!(!configuration.has_sign_up() && !configuration.has_password_reset());
            configuration.mail.url = Some("smtps://mail.example".to_owned().into());
            assert!(!configuration.has_sign_up() && configuration.has_password_reset());
        });
        assert_eq!(by_default, "");
        let wanted = |url: Option<&str>| {
            refused(|configuration| {
                production(configuration);
                configuration.provider.sign_up = Some(true);
                configuration.provider.password_reset = Some(true);
                configuration.mail.url = url.map(|url| url.to_owned().into());
            })
        };
        let faults = wanted(None);
        for key in ["provider.sign_up needs mail.url", "provider.password_reset needs mail.url"] {
            assert!(faults.contains(key), "{key} in {faults}");
        }
        assert_eq!(wanted(Some("smtps://mail.example")), "");
        assert!(Configuration::default().has_sign_up() && Configuration::default().has_password_reset(), "development has both");
        assert_eq!(refused(|configuration| configuration.provider.sign_up = Some(false)), "");
    }

    /// B22: a route whose API no provider is asked for would refuse everybody.
    #[test]
    fn a_route_for_an_api_that_no_provider_is_asked_for_is_refused() {
        let change = |asked: &'static str| {
            move |configuration: &mut Configuration| {
                let route = "path = '/shop'\nupstream = 'https://shop.example'\nresource = 'https://shop.example/api'";
                configuration.application.routes = vec![toml::from_str(route).unwrap()];
                let provider =
                    format!("name = 'a'\ntitle = 'A'\nissuer = 'https://a.example'\nclient_id = 'a'\nresources = {asked}");
                configuration.application.providers = vec![toml::from_str(&provider).unwrap()];
            }
        };
        let listed_only = |asked: &'static str| {
            refused(|configuration| {
                change(asked)(configuration);
                configuration.application.listed_providers_only = true;
            })
        };
        let faults = listed_only("['https://shop.example']");
        assert!(faults.contains("nobody can call /shop") && faults.contains("https://shop.example/api"), "{faults}");
        assert_eq!(listed_only("['https://shop.example', 'https://shop.example/api']"), "");
        assert_eq!(refused(change("[]")), "", "the short form asks for it");
    }

    #[test]
    fn an_origin_is_scheme_host_and_port_and_nothing_more() {
        for origin in [
            "localhost:3000",
            "http://localhost:3000/",
            "http://localhost/app",
            "ftp://x",
            "http://a?b",
            "",
            "http://user@localhost",
            "HTTP://localhost",
            "http://LOCALHOST:3000",
            "http://localhost:80",
        ] {
            assert!(
                refused(|configuration| configuration.application.origin = origin.to_owned()).contains("application.origin"),
                "{origin}"
            );
        }
        assert_eq!(refused(|configuration| configuration.application.issuer = Some("https://id.example/realm".to_owned())), "");
    }

    #[test]
    fn production_refuses_plain_http_wherever_a_running_role_uses_it() {
        let client = r#"{"client_id": "other", "name": "Other", "scope": "openid", "authentication":
            {"method": "private_key_jwt", "keys": {"jwks_uri": "http://other.example/jwks"}},
            "redirect_uris": ["http://other.example/callback", "http://localhost/callback", "com.example.other:/callback"],
            "backchannel_logout_uri": "http://other.example/logout"}"#;
        let change = |configuration: &mut Configuration| {
            configuration.mode = Mode::Production;
            configuration.resource.origin = "http://api.example".to_owned();
            configuration.resource.issuer = Some("http://id.example".to_owned());
            configuration.application.resource = Some("http://other-api.example".to_owned());
            configuration.provider.issuer = "http://our-id.example".to_owned();
            configuration.provider.clients = vec![serde_json::from_str(client).unwrap()];
        };
        let faults = refused(change);
        for key in [
            "resource.origin",
            "resource.issuer",
            "application.resource",
            "provider.issuer",
            "jwks_uri of the client other",
            "a redirect URI of the client other",
            "backchannel_logout_uri of the client other",
        ] {
            assert_eq!(faults.matches(&format!("{key} must be https")).count(), 1, "{key} in {faults}");
        }
        let faults = refused(|configuration| {
            change(configuration);
            configuration.roles = vec![Role::Resource];
        });
        assert!(faults.contains("resource.origin") && !faults.contains("provider."), "{faults}");
    }

    /// Browsers would be led to a port that speaks something else.
    #[test]
    fn an_origin_of_plain_http_with_tls_of_its_own_is_refused() {
        let tls = || Some(crate::configuration::Tls { certificate: "a.pem".into(), key: "b.pem".into() });
        let faults = refused(|configuration| {
            configuration.application.tls = tls();
            configuration.provider.tls = tls();
            configuration.resource.tls = tls();
        });
        for told in
            ["application.tls is set, but application.origin is http://localhost:3000", "provider.issuer", "resource.origin"]
        {
            assert!(faults.contains(told), "{told} in {faults}");
        }
        let https = |configuration: &mut Configuration| {
            configuration.application.origin = "https://localhost:3000".to_owned();
            configuration.application.tls = tls();
        };
        assert_eq!(refused(https), "");
        assert_eq!(
            refused(|configuration| configuration.application.origin = "https://localhost".to_owned()),
            "",
            "a proxy ends it"
        );
    }

    /// Development mode shows passwords and other people's e-mails to whoever comes.
    #[test]
    fn development_stays_on_this_machine() {
        for change in [
            |configuration: &mut Configuration| configuration.application.origin = "https://app.example".to_owned(),
            |configuration: &mut Configuration| configuration.provider.issuer = "https://id.example".to_owned(),
            |configuration: &mut Configuration| configuration.resource.origin = "https://api.example".to_owned(),
        ] {
            assert!(refused(change).contains("set mode = \"production\""));
        }
        assert_eq!(refused(|configuration| configuration.application.origin = "http://[::1]:3000".to_owned()), "");
    }
}
