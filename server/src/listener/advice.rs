//! What is worth saying about a certificate that can be used, but not for long or not for its origin.

use jiff::{SignedDuration, Timestamp};
use rustls::client::verify_server_name;
use rustls::pki_types::ServerName;
use rustls::server::ParsedCertificate;
use url::Url;

use super::certificate::{Certificate, validity};
use crate::Configuration;

/// A certificate with less than this left should have been replaced already.
const SOON: SignedDuration = SignedDuration::from_hours(24 * 14);

/// A sentence for each certificate that its browsers will refuse now or soon. None of them keeps us from starting: the file may
/// be replaced while we run, and a proxy in front may ask for another name.
pub fn advice(
    configuration: &Configuration,
    certificates: &[Option<std::sync::Arc<Certificate>>],
    now: Timestamp,
) -> Vec<String> {
    let doors = configuration.doors();
    let shown = doors.iter().zip(certificates).filter_map(|(door, certificate)| Some((door, certificate.as_ref()?)));
    let mut told = Vec::new();
    for (door, certificate) in shown {
        let path = format!("{}.tls.certificate: {}", certificate.section(), certificate.path().display());
        let leaf = certificate.leaf();
        if let Some(validity) = validity(&leaf) {
            let (from, until) = (validity.from, validity.until);
            if now < from {
                told.push(format!("{path} is not valid before {from}"));
            } else if now > until {
                told.push(format!("{path} has expired on {until}"));
            } else if until.duration_since(now) < SOON {
                told.push(format!("{path} expires on {until}"));
            }
        }
        let host =
            Url::parse(door.origin).ok().and_then(|url| url.host_str().map(|host| host.trim_matches(['[', ']']).to_owned()));
        let name = host.and_then(|host| ServerName::try_from(host).ok());
        if let (Some(name), Ok(parsed)) = (name, ParsedCertificate::try_from(&leaf))
            && verify_server_name(&parsed, &name).is_err()
        {
            told.push(format!("{path} is not for {}, which {}.{} names", name.to_str(), door.section, door.key));
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dev_certificate;
    use crate::house::Nature;
    use crate::listener::certificates;

    #[test]
    fn an_end_that_is_near_and_a_name_that_is_another_are_told() {
        let directory = tempfile::tempdir().unwrap();
        let mut configuration = Configuration { data_directory: directory.path().to_owned(), ..Configuration::default() };
        let made = dev_certificate::make(&configuration, &Nature::default(), false).unwrap();
        configuration.provider.tls = Some(made.tls.clone());
        configuration.resource.tls = Some(made.tls);
        configuration.provider.issuer = "https://[::1]:4000".to_owned();
        let loaded = certificates(&configuration).unwrap();
        let told = |configuration: &Configuration, before_its_end: i64| {
            let now = made.until.saturating_sub(SignedDuration::from_hours(24 * before_its_end)).unwrap();
            advice(configuration, &loaded, now).join("\n")
        };
        assert_eq!(told(&configuration, 20), "");
        assert_eq!(told(&configuration, 13).matches("expires on").count(), 2);
        assert_eq!(told(&configuration, -1).matches("has expired on").count(), 2);
        assert_eq!(told(&configuration, 400).matches("is not valid before").count(), 2);
        configuration.provider.issuer = "https://id.example".to_owned();
        let told = told(&configuration, 20);
        assert!(told.contains("localhost.pem is not for id.example, which provider.issuer names"), "{told}");
        assert_eq!(told.lines().count(), 1, "{told}");
    }
}
