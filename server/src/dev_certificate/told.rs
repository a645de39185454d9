//! What people are told about their certificate: where it is, what to write into the configuration, how to trust it.

use std::path::Path;

use jiff::tz::TimeZone;

use super::{Made, NAMES};
use crate::Configuration;

/// A path as a string of TOML.
fn quoted(path: &Path) -> String {
    // What JSON writes as a string, TOML reads as the same string.
    serde_json::Value::from(path.display().to_string()).to_string()
}

impl Made {
    /// What to do with it, for people.
    pub fn told(&self, configuration: &Configuration) -> String {
        let (certificate, key, authority) = (self.tls.certificate.display(), self.tls.key.display(), self.authority.display());
        let state = if self.fresh { "Made" } else { "There already (--force makes another)" };
        let again = if self.fresh_authority { "" } else { "The authority is the one that you trust already, if you do.\n" };
        let mut sections = Vec::new();
        for (section, key_of_origin, listen) in [
            ("application", "origin", configuration.application.listen),
            ("provider", "issuer", configuration.provider.listen),
            ("resource", "origin", configuration.resource.listen),
        ] {
            let (port, certificate, key) = (listen.port(), quoted(&self.tls.certificate), quoted(&self.tls.key));
            sections.push(format!(
                "[{section}]\n{key_of_origin} = \"https://localhost:{port}\"\ntls = {{ certificate = {certificate}, key = {key} }}\n"
            ));
        }
        format!(
            "{state}, for {names}, until {until}:\n\n  certificate  {certificate}\n  key          {key}\n  authority    {authority}\n\n\
             Add to cloakroom.toml:\n\n[network]\ncertificate_authorities = [{trusted}]\n\n{sections}\n\
             Let your browser trust the authority; it can vouch for localhost only:\n\n  \
             Debian, Ubuntu  sudo cp {authority} /usr/local/share/ca-certificates/cloakroom.crt && sudo update-ca-certificates\n  \
             Chromium        chrome://certificate-manager, Custom, Trusted certificates, Import\n  \
             Firefox         Settings, Privacy & Security, View Certificates, Authorities, Import\n  \
             macOS           security add-trusted-cert -r trustRoot -k ~/Library/Keychains/login.keychain-db {authority}\n  \
             curl            curl --cacert {authority} https://localhost:{}/\n\n{again}",
            configuration.application.listen.port(),
            trusted = quoted(&self.authority),
            sections = sections.join("\n"),
            names = NAMES.join(", "),
            until = self.until.to_zoned(TimeZone::UTC).date(),
        )
        .trim_end()
        .to_owned()
    }
}
