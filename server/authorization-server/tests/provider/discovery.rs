use http::HeaderMap;

use crate::house::{House, ISSUER};

/// OpenID Connect Discovery §4, RFC 8414 §3: every URL begins with the configured issuer, whatever Host says.
#[tokio::test]
async fn every_url_of_the_metadata_comes_from_the_configuration() {
    let house = House::build().await;
    let mut headers = HeaderMap::new();
    headers.insert("host", "evil.example".parse().unwrap());
    headers.insert("x-forwarded-host", "evil.example".parse().unwrap());
    for path in ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"] {
        let answer = house.call("GET", path, headers.clone(), String::new()).await;
        let metadata = answer.json();
        assert_eq!(metadata["issuer"], ISSUER);
        for (name, value) in metadata.as_object().unwrap() {
            if name.ends_with("_endpoint") || name == "jwks_uri" {
                assert!(value.as_str().unwrap().starts_with(&format!("{ISSUER}/")), "{name}: {value}");
            }
        }
        assert_eq!(answer.header("access-control-allow-origin"), "*");
        assert!(!answer.body.contains("evil"));
    }
}

/// What is said to be there is there, and what is not is not promised.
#[tokio::test]
async fn the_metadata_tells_what_is_supported() {
    let house = House::build().await;
    let metadata = house.get("/.well-known/openid-configuration").await.json();
    assert_eq!(metadata["response_types_supported"], serde_json::json!(["code"]));
    assert_eq!(
        metadata["grant_types_supported"],
        serde_json::json!([
            "authorization_code",
            "refresh_token",
            "client_credentials",
            "urn:ietf:params:oauth:grant-type:device_code"
        ])
    );
    assert_eq!(metadata["code_challenge_methods_supported"], serde_json::json!(["S256"]));
    // OpenID Connect Core §15.1: RS256 is among them.
    // RFC 8414 §2: each endpoint at which clients sign says with what.
    for name in [
        "id_token_signing_alg_values_supported",
        "token_endpoint_auth_signing_alg_values_supported",
        "introspection_endpoint_auth_signing_alg_values_supported",
        "revocation_endpoint_auth_signing_alg_values_supported",
    ] {
        assert_eq!(metadata[name], serde_json::json!(["RS256", "PS256", "ES256", "EdDSA"]), "{name}");
    }
    assert_eq!(metadata["authorization_response_iss_parameter_supported"], true);
    for name in ["request_parameter_supported", "request_uri_parameter_supported"] {
        assert_eq!(metadata[name], false, "{name}");
    }
    for name in ["claims_parameter_supported", "backchannel_logout_supported", "backchannel_logout_session_supported"] {
        assert_eq!(metadata[name], true, "{name}");
    }
    // One of the clients may send plain requests.
    assert_eq!(metadata["require_pushed_authorization_requests"], false);
}

#[tokio::test]
async fn an_unknown_path_is_a_page_that_explains() {
    let house = House::build().await;
    let answer = house.get("/no/such/page").await;
    assert_eq!(answer.status, 404);
    assert_eq!(answer.page(), "problem NotFound");
    assert_eq!(answer.field("incident"), "", "nobody looks for a mistyped address");
}
