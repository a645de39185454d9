//! Reading: file, environment, flags, each over the one before; unknown keys are refused with the nearest known one.

use std::path::Path;

use figment::Figment;
use figment::error::{Actual, Kind};
use figment::providers::{Env, Format as _, Serialized, Toml};
use figment::value::{Dict, Value};

use super::{Configuration, Role};
use crate::Failure;

const FILE: &str = "cloakroom.toml";
const PREFIX: &str = "CLOAKROOM__";
/// What may hold a secret: taken from the environment and from flags as it stands, since a key of digits is no number.
const SECRETS: [&str; 6] = ["provider.sealing_key", "provider.registration_token", "mail.url", "database", "cache", "queue"];

impl Configuration {
    /// Reads `file` (or `cloakroom.toml` where there is one), the environment, `set` (`section.key=value`) and `roles`.
    ///
    /// # Errors
    /// [`Failure::Configuration`] names the key, where it was found, and what to write instead.
    pub fn load(file: Option<&Path>, set: &[String], roles: Option<&[Role]>) -> Result<Self, Failure> {
        let mut figment = Figment::new();
        match file {
            Some(path) if !path.is_file() => return Err(Failure::Configuration(format!("there is no file {}", path.display()))),
            Some(path) => figment = figment.merge(Toml::file_exact(path)),
            None if Path::new(FILE).is_file() => figment = figment.merge(Toml::file_exact(FILE)),
            None => {}
        }
        figment = figment.merge(Env::prefixed(PREFIX).split("__").ignore(&SECRETS));
        for (key, text) in Env::prefixed(PREFIX).split("__").only(&SECRETS).iter() {
            figment = figment.merge(Serialized::default(key.as_str(), text));
        }
        for assignment in set {
            figment = figment.merge(flag(assignment)?);
        }
        let mut configuration: Self = figment.extract().map_err(|errors| Failure::Configuration(explain(errors)))?;
        if let Some(roles) = roles {
            configuration.roles = roles.to_vec();
        }
        configuration.refuse()?;
        Ok(configuration)
    }
}

/// `a.b=value`; the value is TOML where it parses as such, else text.
fn flag(assignment: &str) -> Result<Serialized<Dict>, Failure> {
    let (key, value) = assignment.split_once('=').filter(|(key, _)| !key.is_empty()).ok_or_else(|| {
        Failure::Configuration("--set takes KEY=VALUE, for instance application.listen=127.0.0.1:8080".to_owned())
    })?;
    let parsed = if SECRETS.contains(&key) { None } else { value.parse().ok() };
    let value: Value = parsed.unwrap_or_else(|| Value::from(value));
    let nested = key.rsplit('.').fold(value, |value, part| Value::from(Dict::from([(part.to_owned(), value)])));
    let dict = nested.into_dict().unwrap_or_default();
    Ok(Serialized::defaults(dict))
}

fn explain(errors: figment::Error) -> String {
    let lines: Vec<String> = errors.into_iter().map(|error| explain_one(&error)).collect();
    lines.join("; ")
}

fn explain_one(error: &figment::Error) -> String {
    let place = error.metadata.as_ref().map(|metadata| match &metadata.source {
        Some(source) => source.to_string(),
        None => metadata.name.to_string(),
    });
    let place = place.map(|place| format!(" (in {place})")).unwrap_or_default();
    let path = error.path.join(".");
    match &error.kind {
        Kind::UnknownField(found, known) => {
            let mut section = error.path.clone();
            if section.last() == Some(found) {
                section.pop();
            }
            let full = |key: &str| section.iter().map(String::as_str).chain([key]).collect::<Vec<_>>().join(".");
            let advice = match nearest(found, known) {
                Some(nearest) => format!("did you mean {}?", full(nearest)),
                None => format!("known here: {}", known.join(", ")),
            };
            format!("there is no key {}{place}; {advice}", full(found))
        }
        kind if path.is_empty() => format!("{}{place}", without_value(kind)),
        Kind::Message(_) if SECRETS.contains(&path.as_str()) => format!("{path} cannot be read{place}"),
        kind => format!("{path}: {}{place}", without_value(kind)),
    }
}

/// What is wrong with a value, without the value: it may be a secret under the wrong key, or of the wrong type.
fn without_value(kind: &Kind) -> String {
    match kind {
        Kind::InvalidType(found, expected) | Kind::InvalidValue(found, expected) => {
            format!("expected {expected}, found {}", kind_of(found))
        }
        Kind::UnknownVariant(_, known) => format!("expected one of {}", known.join(", ")),
        Kind::ISizeOutOfRange(_) | Kind::USizeOutOfRange(_) => "the number is out of range".to_owned(),
        Kind::Unsupported(found) | Kind::UnsupportedKey(found, _) => format!("{} is not supported", kind_of(found)),
        Kind::Message(message) => in_one_line(message),
        Kind::InvalidLength(..) | Kind::UnknownField(..) | Kind::MissingField(_) | Kind::DuplicateField(_) => kind.to_string(),
    }
}

fn kind_of(found: &Actual) -> &str {
    match found {
        Actual::Bool(_) => "a truth value",
        Actual::Unsigned(_) | Actual::Signed(_) | Actual::Float(_) => "a number",
        Actual::Char(_) | Actual::Str(_) | Actual::Bytes(_) => "another text",
        Actual::Seq => "a list",
        Actual::Map => "a section",
        _ => "something else",
    }
}

/// Where a file does not parse, the message quotes its line: only the place and the reason are told.
fn in_one_line(message: &str) -> String {
    let told: Vec<&str> = message.trim().lines().filter(|line| !line.contains('|')).collect();
    told.join(": ")
}

fn nearest<'a>(found: &str, known: &[&'a str]) -> Option<&'a str> {
    let distance = |key: &&str| strsim::damerau_levenshtein(found, key);
    known.iter().copied().min_by_key(distance).filter(|key| distance(key) <= 1 + found.len() / 3)
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret as _;

    fn read(toml: &str) -> Result<Configuration, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), toml).unwrap();
        Configuration::load(Some(file.path()), &[], None).map_err(|failure| failure.to_string())
    }

    #[test]
    fn an_empty_file_is_the_embedded_system() {
        let configuration = read("").unwrap();
        assert_eq!(configuration.application.listen.port(), 3000);
        assert_eq!(configuration.issuer(), "http://localhost:4000");
        assert!(configuration.has_demo_accounts());
    }

    /// Every line of the example that is a default says what holds without it.
    #[test]
    fn the_example_parses_and_its_defaults_are_the_defaults() {
        let example = include_str!("../../../cloakroom.example.toml");
        let mut told: Vec<String> = Vec::new();
        let mut examples_only = false;
        for line in example.lines() {
            match line.strip_prefix('#') {
                Some(comment) if comment.starts_with(' ') => examples_only |= comment.starts_with(" No default"),
                Some(_) if examples_only => {}
                Some(setting) => told.push(setting.to_owned()),
                None => {
                    examples_only = false;
                    told.push(line.to_owned());
                }
            }
        }
        let configuration = read(&told.join("\n")).unwrap();
        assert!(told.iter().filter(|line| line.contains('=')).count() > 20, "{told:?}");
        let mut default = Configuration::default();
        // The defaults that depend on others: said, they are the same in development.
        default.provider.demo_accounts = Some(true);
        default.provider.sign_up = Some(true);
        default.provider.password_reset = Some(true);
        assert_eq!(format!("{configuration:?}"), format!("{default:?}"));
    }

    #[test]
    fn an_unknown_key_is_refused_with_the_nearest_known_one() {
        let error = read("[application]\nlisen = '127.0.0.1:1'").unwrap_err();
        assert!(
            error.contains("there is no key application.lisen") && error.contains("did you mean application.listen?"),
            "{error}"
        );
        let error = read("cahce = 'embedded'").unwrap_err();
        assert!(error.contains("did you mean cache?"), "{error}");
        let error = read("[provider]\nzzzzzz = 1").unwrap_err();
        assert!(error.contains("known here: listen, tls, issuer"), "{error}");
    }

    #[test]
    fn an_unknown_key_of_a_listed_provider_is_refused() {
        let entry = "[[application.providers]]\nname = 'acme'\ntitle = 'Acme'\nissuer = 'https://a.example/'\nclient_id = 'a'";
        assert!(read(entry).is_ok());
        let error = read(&format!("{entry}\ndpopp = 'always'")).unwrap_err();
        assert!(error.contains("application.providers.0.dpopp") && error.contains("providers.0.dpop?"), "{error}");
        let error = read(&format!("{entry}\nclaims = {{ nam = ['name'] }}")).unwrap_err();
        assert!(error.contains("claims.nam") && error.contains("claims.name?"), "{error}");
        let error = read(&format!("{entry}\npar = 'sometimes'")).unwrap_err();
        assert!(error.contains("application.providers.0.par") && error.contains("auto, always, never"), "{error}");
        let error = read("[[application.providers]]\nname = 'acme'").unwrap_err();
        assert!(error.contains("title"), "{error}");
    }

    #[test]
    fn a_value_of_another_kind_says_which_key() {
        let error = read("[application]\nlisten = 'nowhere'").unwrap_err();
        assert!(error.contains("application.listen"), "{error}");
        assert!(read("mode = 'producton'").unwrap_err().contains("mode"));
        assert!(read("[application\n").unwrap_err().starts_with("configuration: "));
    }

    #[test]
    fn a_value_that_is_refused_is_never_repeated() {
        for toml in [
            "[provider]\nsealing_key = 31415926",
            "[provider]\nsealing_key = 3141.5926",
            "[provider]\nsealing_key = ['31415926']",
            "[mail]\nurl = 31415926",
            "database = 31415926",
            "mode = '31415926'",
            "[provider]\ndemo_accounts = '31415926'",
            "[provider]\nsealing_key = '31415926",
            "[provider]\nsealing_key = '31415926' '31415926'",
            "[provider]\nclients = '31415926'",
            "[provider]\nregistration_token = 31415926",
            "[provider]\nregistration = '31415926'",
            "[[application.providers]]\nname = 'a'\ntitle = 'A'\nissuer = 'https://a'\nclient_id = 'a'\nclient_secret = 31415926",
            "[[application.providers]]\nname = 'a'\ntitle = 'A'\nissuer = 'https://a'\nclient_id = 'a'\nclient_secret = ['31415926']",
            "[[application.providers]]\nname = 'a'\ntitle = 'A'\nissuer = 'https://a'\nclient_id = 'a'\nclient_secret = '31415926'",
            "[[application.providers]]\nname = 'a'\ntitle = 'A'\nissuer = 'https://a'\nclient_id = 'a'\nauthentication = '31415926'",
            "application.providers = '31415926'",
            "[[provider.clients]]\nclient_id = 'a'\nname = 'a'\nscope = 'a'\nauthentication = { method = 'client_secret_basic', secret = 31415926 }",
            "[[provider.clients]]\nclient_id = 'a'\nname = 'a'\nscope = 'a'\nauthentication = { method = 'none', secret = '31415926' }",
        ] {
            let error = read(toml).unwrap_err();
            assert!(!error.contains("31415926") && !error.contains("3141.5926"), "{error}");
            assert_eq!(error.lines().count(), 1, "{error}");
        }
        let error = read("[provider]\nsealing_key = 31415926").unwrap_err();
        assert!(error.contains("provider.sealing_key: expected a string, found a number"), "{error}");
    }

    #[test]
    fn a_secret_of_digits_is_text_and_is_not_printed() {
        let set = [format!("provider.sealing_key={}", "0123456789".repeat(4)), "database=postgres://u:hush@db/x".to_owned()];
        let configuration = Configuration::load(None, &set, None).unwrap();
        assert_eq!(configuration.provider.sealing_key.as_ref().unwrap().expose_secret(), "0123456789".repeat(4));
        let printed = format!("{configuration:?}");
        assert!(!printed.contains("0123456789") && !printed.contains("hush") && printed.contains("u:***@db"), "{printed}");
    }

    #[test]
    fn flags_win_over_the_file() {
        let set = ["application.listen=127.0.0.1:8080".to_owned(), "provider.demo_accounts=false".to_owned()];
        let configuration = Configuration::load(None, &set, Some(&[Role::Worker])).unwrap();
        assert_eq!(configuration.application.listen.port(), 8080);
        assert!(!configuration.has_demo_accounts());
        assert_eq!(configuration.roles, [Role::Worker]);
        assert!(Configuration::load(None, &["nonsense".to_owned()], None).is_err());
        assert!(Configuration::load(Some(Path::new("missing.toml")), &[], None).is_err());
    }
}
