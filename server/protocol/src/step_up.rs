//! Step-up (RFC 9470): what something may demand of how its user has authenticated, and how that is said.

use http::HeaderMap;
use http::header::WWW_AUTHENTICATE;
use http_auth::parser::ChallengeParser;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::wire::Parameters;

/// The error by which a resource server demands it (RFC 9470 §3).
pub const ERROR: &str = "insufficient_user_authentication";

/// As many classes as a demand may name, and the longest name of one, in bytes: nobody needs more, and all of it goes into a URL.
const MOST: usize = 10;
const LONGEST: usize = 200;

/// What something demands of how its user has authenticated. The default demands nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Demand {
    /// Authentication context classes, any of which will do; where there are none, each will.
    pub acr: Vec<String>,
    /// How long ago the user may have authenticated at the most, in seconds.
    pub max_age: Option<u32>,
}

impl Demand {
    /// Reads `acr_values` and `max_age` of a query, as OpenID Connect Core §3.1.2.1 writes them. What is neither a class nor a
    /// number demands nothing.
    pub fn read(parameters: &Parameters) -> Self {
        Self::of(parameters.get("acr_values"), parameters.get("max_age"))
    }

    /// What a resource server demands with its 401 (RFC 9470 §3); none where that was not its reason.
    pub fn of_challenge(headers: &HeaderMap) -> Option<Self> {
        let values = headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok());
        values.flat_map(ChallengeParser::new).flatten().find_map(|challenge| {
            let parameter = |name: &str| {
                let found = challenge.params.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
                found.map(|(_, value)| value.to_unescaped())
            };
            let reason = parameter("error")?;
            (reason == ERROR).then(|| Self::of(parameter("acr_values").as_deref(), parameter("max_age").as_deref()))
        })
    }

    fn of(acr_values: Option<&str>, max_age: Option<&str>) -> Self {
        let classes = acr_values.unwrap_or_default().split(' ').filter(|text| is_class(text));
        Self { acr: classes.take(MOST).map(str::to_owned).collect(), max_age: max_age.and_then(|text| text.parse().ok()) }
    }

    /// Whether nothing is demanded.
    pub fn is_nothing(&self) -> bool {
        self.acr.is_empty() && self.max_age.is_none()
    }

    /// Whether it is met by who authenticated in the class `acr`, `age` ago. What is not known meets no demand.
    pub fn is_met(&self, acr: Option<&str>, age: Option<SignedDuration>) -> bool {
        let in_class = self.acr.is_empty() || acr.is_some_and(|acr| self.acr.iter().any(|wanted| wanted == acr));
        let lately = self.max_age.is_none_or(|most| age.is_some_and(|age| age <= SignedDuration::from_secs(i64::from(most))));
        in_class && lately
    }

    /// The classes as one text, where there are any.
    pub fn acr_values(&self) -> Option<String> {
        (!self.acr.is_empty()).then(|| self.acr.join(" "))
    }

    /// The same as parameters of a request.
    pub fn parameters(&self) -> Vec<(&'static str, String)> {
        let age = self.max_age.map(|seconds| ("max_age", seconds.to_string()));
        self.acr_values().map(|classes| ("acr_values", classes)).into_iter().chain(age).collect()
    }
}

/// Whether `text` can be the name of an authentication context class: visible ASCII without spaces, for classes are written in a
/// list that spaces part.
pub fn is_class(text: &str) -> bool {
    (1..=LONGEST).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\')
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn demand(acr: &[&str], max_age: Option<u32>) -> Demand {
        Demand { acr: acr.iter().map(|class| (*class).to_owned()).collect(), max_age }
    }

    #[test]
    fn any_of_the_classes_will_do_and_the_age_must_not_be_higher() {
        let seconds = |seconds| Some(SignedDuration::from_secs(seconds));
        for (wanted, acr, age, met) in [
            (demand(&[], None), None, None, true),
            (demand(&["gold", "silver"], None), Some("silver"), None, true),
            (demand(&["gold", "silver"], None), Some("bronze"), seconds(0), false),
            (demand(&["gold"], None), Some("GOLD"), None, false),
            (demand(&["gold"], None), None, seconds(0), false),
            (demand(&[], Some(60)), None, seconds(60), true),
            (demand(&[], Some(60)), None, Some(SignedDuration::from_millis(60_001)), false),
            (demand(&[], Some(60)), Some("gold"), None, false),
            (demand(&["gold"], Some(60)), Some("gold"), seconds(61), false),
            (demand(&["gold"], Some(60)), Some("gold"), seconds(59), true),
        ] {
            assert_eq!(wanted.is_met(acr, age), met, "{wanted:?} {acr:?} {age:?}");
        }
    }

    #[test]
    fn a_query_says_what_is_demanded_and_reads_back() {
        let read = |query: &str| Demand::read(&Parameters::parse(query.as_bytes()).unwrap());
        assert_eq!(read("acr_values=gold+urn%3Ax&max_age=300"), demand(&["gold", "urn:x"], Some(300)));
        for nothing in
            ["", "acr_values=&max_age=", "max_age=-1", "max_age=soon", "max_age=99999999999", "acr_values=%22+%0A+%C3%A9"]
        {
            assert!(read(nothing).is_nothing(), "{nothing}");
        }
        assert_eq!(read(&format!("acr_values={}", "a+".repeat(50))).acr.len(), MOST);
        let wanted = demand(&["gold", "urn:x"], Some(300));
        let written = wanted.parameters();
        assert_eq!(written, [("acr_values", "gold urn:x".to_owned()), ("max_age", "300".to_owned())]);
        assert_eq!(Demand::default().parameters(), []);
    }

    /// RFC 9470 §3: the challenge may stand among others, and its parameters come as tokens or quoted.
    #[test]
    fn a_challenge_says_what_a_resource_server_demands() {
        let told = |values: &[&'static str]| {
            let headers = values.iter().map(|value| (WWW_AUTHENTICATE, HeaderValue::from_static(value)));
            Demand::of_challenge(&headers.collect())
        };
        let full = "Bearer error=\"insufficient_user_authentication\", error_description=\"A \\\"stronger\\\" one\", \
                    acr_values=\"gold silver\", max_age=\"5\"";
        assert_eq!(told(&[full]), Some(demand(&["gold", "silver"], Some(5))));
        let among = "DPoP algs=\"ES256\", Bearer realm=\"a, b\", error=insufficient_user_authentication, max_age=7";
        assert_eq!(told(&["Basic realm=\"x\"", among]), Some(demand(&[], Some(7))));
        assert_eq!(told(&["Bearer error=\"insufficient_user_authentication\""]), Some(Demand::default()));
        for other in [
            "Bearer",
            "Bearer error=\"invalid_token\", max_age=5",
            "",
            "=\"",
            "Bearer error_description=\"insufficient_user_authentication\"",
        ] {
            assert_eq!(told(&[other]), None, "{other}");
        }
        assert_eq!(told(&[]), None);
    }
}
