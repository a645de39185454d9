use super::*;
use serde_json::json;

fn client(change: impl FnOnce(&mut serde_json::Value)) -> Result<Client, serde_json::Error> {
    let mut value = json!({
        "client_id": "app", "name": "Application", "scope": "openid", "redirect_uris": ["https://app.example/callback"],
        "authentication": { "method": "private_key_jwt", "keys": { "jwks_uri": "https://app.example/jwks" } },
    });
    change(&mut value);
    serde_json::from_value(value)
}

#[test]
fn an_unknown_key_in_a_registration_is_refused() {
    assert!(client(|_| ()).unwrap().check().is_ok());
    assert!(client(|value| value["redirect_urls"] = json!([])).is_err());
    assert!(client(|value| value["authentication"]["secret"] = json!("s")).is_err());
    assert!(client(|value| value["authentication"]["method"] = json!("none")).is_err());
    assert!(client(|value| value["authentication"]["method"] = json!("telepathy")).is_err());
}

/// A1: each method is written with what it needs and nothing else.
#[test]
fn each_method_has_what_it_needs_and_nothing_else() {
    let written = |authentication: serde_json::Value| {
        client(|value| value["authentication"] = authentication).map(|client| client.authentication.method())
    };
    let secret = "0123456789abcdef0123456789abcdef";
    assert_eq!(written(json!({ "method": "none" })).unwrap(), "none");
    assert!(written(json!({ "method": "none", "secret": secret })).is_err());
    for method in ["client_secret_basic", "client_secret_post"] {
        assert_eq!(written(json!({ "method": method, "secret": secret })).unwrap(), method);
        assert_eq!(written(json!({ "method": method, "secret_file": "shop.secret" })).unwrap(), method);
        assert!(written(json!({ "method": method })).is_err());
        assert!(written(json!({ "method": method, "secret": secret, "secret_file": "shop.secret" })).is_err());
        assert!(written(json!({ "method": method, "secret": secret, "keys": {} })).is_err());
    }
}

/// A23: the text of a secret is nowhere once it was read.
#[test]
fn a_secret_in_a_file_is_read_once_and_only_its_digest_kept() {
    let file = json!({ "method": "client_secret_basic", "secret_file": "shop.secret" });
    let mut registered = client(|value| value["authentication"] = file).unwrap();
    assert!(registered.authentication.secret().unwrap().digest().is_none());
    registered
        .read_secret(|path| {
            assert_eq!(path, Path::new("shop.secret"));
            Ok::<_, ()>(ClientSecret::new("not to be seen anywhere, ever again"))
        })
        .unwrap();
    assert!(registered.authentication.secret().unwrap().digest().is_some());
    assert!(!format!("{registered:?}").contains("not to be seen"));
}

/// RFC 6749 §4.4: `client_credentials` is for confidential clients.
#[test]
fn a_public_client_has_no_credentials_to_be_granted_anything_for() {
    let registered = client(|value| {
        value["authentication"] = json!({ "method": "none" });
        value["grant_types"] = json!(["client_credentials"]);
    });
    assert_eq!(registered.unwrap().check(), Err(MalformedClient::PublicWithCredentials));
}

/// A9, RFC 9700 §2.1.1: a client that has nothing else to bind a code to itself must use PKCE.
#[test]
fn a_public_client_does_not_do_without_pkce() {
    let without = |method: serde_json::Value| {
        client(|value| {
            value["authentication"] = method;
            value["require_pkce"] = json!(false);
        })
    };
    assert_eq!(without(json!({ "method": "none" })).unwrap().check(), Err(MalformedClient::Pkce));
    let secret = "0123456789abcdef0123456789abcdef";
    let confidential = without(json!({ "method": "client_secret_basic", "secret": secret })).unwrap();
    assert_eq!((confidential.check(), confidential.require_pkce), (Ok(()), false));
    assert!(client(|_| ()).unwrap().require_pkce, "where nothing is said");
}

/// A11: a FAPI client proves itself by `private_key_jwt`, and never with RS256.
#[test]
fn a_fapi_client_signs_its_assertions_and_not_with_rs256() {
    let secret = json!({ "method": "client_secret_basic", "secret": "0123456789abcdef0123456789abcdef" });
    let registered = client(|value| {
        value["profile"] = json!("fapi2");
        value["authentication"] = secret;
    });
    assert_eq!(registered.unwrap().check(), Err(MalformedClient::Fapi2));
    let registered = client(|value| value["profile"] = json!("fapi2")).unwrap();
    assert_eq!(registered.check(), Ok(()));
    assert!(!registered.assertion_algorithms().contains(&Algorithm::RS256));
    assert!(client(|_| ()).unwrap().assertion_algorithms().contains(&Algorithm::RS256));
}

/// FAPI 2.0 §5.4.1: a client of the profile that says RS256 is refused, and not given something else.
#[test]
fn a_fapi_client_has_no_id_tokens_with_rs256() {
    for (algorithm, expected) in [("RS256", Err(MalformedClient::Fapi2Algorithm)), ("PS256", Ok(())), ("EdDSA", Ok(()))] {
        let registered = client(|value| {
            value["profile"] = json!("fapi2");
            value["id_token_signed_response_alg"] = json!(algorithm);
        });
        assert_eq!(registered.unwrap().check(), expected, "{algorithm}");
        let of_access_tokens = client(|value| {
            value["profile"] = json!("fapi2");
            value["access_token_signed_response_alg"] = json!(algorithm);
        });
        assert_eq!(of_access_tokens.unwrap().check(), expected, "{algorithm}");
    }
}

#[test]
fn an_empty_key_set_is_refused() {
    let registered = client(|value| value["authentication"]["keys"] = json!({ "jwks": { "keys": [] } })).unwrap();
    assert_eq!(registered.check(), Err(MalformedClient::NoKeys));
}

/// RFC 7591 §2: only grants that there are can be registered.
#[test]
fn an_unknown_grant_type_is_refused() {
    let registered = client(|value| value["grant_types"] = json!(["password"])).unwrap();
    assert_eq!(registered.check(), Err(MalformedClient::GrantType("password".to_owned())));
}

/// A10, FAPI 2.0 §5.3.2: the profile asks for pushed requests and sender-constrained tokens, whatever else is said.
#[test]
fn the_profile_switches_on_what_it_asks_for() {
    let registered = client(|value| {
        value["profile"] = json!("fapi2");
        value["require_pkce"] = json!(false);
    });
    let registered = registered.unwrap().settled();
    assert!(registered.require_pushed_authorization_requests && registered.dpop_bound_access_tokens);
    assert!(registered.require_pkce);
    assert_eq!(registered.id_token_algorithm(), Algorithm::ES256);
    let plain = client(|_| ()).unwrap().settled();
    assert_eq!(plain.id_token_algorithm(), Algorithm::RS256);
    assert!(!plain.require_pushed_authorization_requests && !plain.dpop_bound_access_tokens);
}
