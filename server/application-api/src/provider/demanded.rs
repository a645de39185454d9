//! How a provider is asked for a sign-in as it is demanded (step-up), beside the parameters of the configuration.

use std::collections::BTreeMap;

use protocol::step_up::Demand;
use serde_json::{Map, Value, json};

/// How many seconds less a provider is asked for than is demanded.
const MARGIN_SECONDS: u32 = 5;

/// The parameters of the configuration, and those of the demand in place of what the configuration says of the same.
///
/// The class is an essential claim where the provider reads the parameter `claims`: it must be met then, whereas `acr_values` are
/// a wish (OpenID Connect Core §5.5.1.1). Both at once are not defined, so that one of them goes. Other claims of the
/// configuration stay.
pub(super) fn parameters<'a>(
    demand: &Demand,
    configured: &'a BTreeMap<String, String>,
    reads_claims: bool,
) -> Vec<(&'a str, String)> {
    let essential = reads_claims && !demand.acr.is_empty();
    let mut demanded = Demand { max_age: demand.max_age.map(asked), ..demand.clone() }.parameters();
    if essential {
        demanded.retain(|(name, _)| *name != "acr_values");
        demanded.push(("claims", with_acr(configured.get("claims"), &demand.acr)));
    }
    let replaced =
        |name: &str| demanded.iter().any(|(ours, _)| *ours == name) || (name == "acr_values" && !demand.acr.is_empty());
    let kept = configured.iter().filter(|(name, _)| !replaced(name)).map(|(name, value)| (name.as_str(), value.clone()));
    let kept: Vec<_> = kept.collect();
    kept.into_iter().chain(demanded).collect()
}

/// How old a sign-in may be at the provider: some seconds less than it may be here, half of them where there are few. The provider
/// counts by its own clock, in whole seconds in what it tells, and before its user has read its pages: one that it still finds
/// recent enough would be too old when it comes.
fn asked(max_age: u32) -> u32 {
    max_age - max_age.div_ceil(2).min(MARGIN_SECONDS)
}

/// `claims` with the class as an essential claim of the ID token (OpenID Connect Core §5.5).
fn with_acr(claims: Option<&String>, acr: &[String]) -> String {
    let object = |value: Option<&str>| value.and_then(|text| serde_json::from_str::<Map<String, Value>>(text).ok());
    let mut claims = object(claims.map(String::as_str)).unwrap_or_default();
    let mut id_token = match claims.remove("id_token") {
        Some(Value::Object(id_token)) => id_token,
        _ => Map::new(),
    };
    id_token.insert("acr".to_owned(), json!({ "essential": true, "values": acr }));
    claims.insert("id_token".to_owned(), Value::Object(id_token));
    Value::Object(claims).to_string()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests stop at surprises")]
mod tests {
    use super::*;

    fn asked(demand: &Demand, configured: &[(&str, &str)], reads_claims: bool) -> Vec<(String, String)> {
        let configured = configured.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let parameters = parameters(demand, &configured, reads_claims);
        parameters.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn demand(acr: &[&str], max_age: Option<u32>) -> Demand {
        Demand { acr: acr.iter().map(|class| (*class).to_owned()).collect(), max_age }
    }

    #[test]
    fn nothing_is_demanded_and_the_configuration_goes_as_it_is() {
        let configured = [("acr_values", "bronze"), ("claims", "no JSON"), ("max_age", "9"), ("prompt", "login")];
        assert_eq!(asked(&Demand::default(), &configured, true), pairs(&configured));
    }

    #[test]
    fn a_demand_stands_in_place_of_what_the_configuration_says_of_the_same() {
        let configured = [("acr_values", "bronze"), ("hd", "a.example"), ("max_age", "9")];
        let expected = pairs(&[("hd", "a.example"), ("acr_values", "gold silver"), ("max_age", "295")]);
        assert_eq!(asked(&demand(&["gold", "silver"], Some(300)), &configured, false), expected);
        let expected = pairs(&[("acr_values", "bronze"), ("hd", "a.example"), ("max_age", "295")]);
        assert_eq!(asked(&demand(&[], Some(300)), &configured, true), expected);
    }

    #[test]
    fn a_provider_is_asked_for_a_little_less_so_that_what_it_gives_is_not_too_old_when_it_comes() {
        for (demanded, expected) in [(0, 0), (1, 0), (2, 1), (5, 2), (10, 5), (11, 6), (300, 295), (u32::MAX, u32::MAX - 5)] {
            assert_eq!(super::asked(demanded), expected);
        }
    }

    /// OpenID Connect Core §5.5.1.1: a class that must be met is an essential claim, and `acr_values` do not stand beside it.
    #[test]
    fn the_class_is_essential_where_claims_are_read() {
        let acr = json!({ "essential": true, "values": ["gold"] });
        for (configured, expected) in [
            (None, json!({ "id_token": { "acr": acr } })),
            (Some("no JSON"), json!({ "id_token": { "acr": acr } })),
            (
                Some(r#"{"id_token":7,"userinfo":{"email":null}}"#),
                json!({ "id_token": { "acr": acr }, "userinfo": { "email": null } }),
            ),
            (Some(r#"{"id_token":{"acr":null,"sub":{}}}"#), json!({ "id_token": { "acr": acr, "sub": {} } })),
        ] {
            let mut parameters = vec![("acr_values", "bronze")];
            parameters.extend(configured.map(|claims| ("claims", claims)));
            let asked = asked(&demand(&["gold"], Some(5)), &parameters, true);
            let names: Vec<&str> = asked.iter().map(|(name, _)| name.as_str()).collect();
            assert_eq!(names, ["max_age", "claims"], "{configured:?}");
            assert_eq!(serde_json::from_str::<Value>(&asked[1].1).unwrap(), expected, "{configured:?}");
        }
    }
}
