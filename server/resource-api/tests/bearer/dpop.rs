//! Tokens that are bound to a key (RFC 9449 §7): A12, attack 25.

use protocol::dpop::{Target, prove};
use protocol::secret::AccessToken;

use super::*;

const PROFILE: &str = "http://resource.test/profile";

struct Bound {
    house: House,
    key: SigningKey,
    token: String,
}

struct Asked {
    status: StatusCode,
    error: String,
    challenges: Vec<String>,
}

/// A house, and a token of its issuer that is bound to a key.
async fn bound() -> Bound {
    let (house, key) = (house().await, SigningKey::generate(&OsRng));
    let token = house.token("at+jwt", ("cnf", json!({"jkt": key.kid()})));
    Bound { house, key, token }
}

impl Bound {
    fn proof_of(&self, key: &SigningKey, method: &str, uri: &str, token: &str) -> String {
        let token = AccessToken::new(token);
        let target = Target { method, uri, access_token: Some(&token) };
        prove(key, &target, None, self.house.clock.now(), &OsRng).unwrap().expose().to_owned()
    }

    fn proof(&self) -> String {
        self.proof_of(&self.key, "GET", PROFILE, &self.token)
    }

    async fn ask(&self, authorization: &str, proofs: &[&str]) -> Asked {
        ask(&self.house.api, "/profile", authorization, proofs).await
    }

    async fn with(&self, proofs: &[&str]) -> (StatusCode, String) {
        let asked = self.ask(&format!("DPoP {}", self.token), proofs).await;
        (asked.status, asked.error)
    }
}

async fn ask(api: &Router, uri: &str, authorization: &str, proofs: &[&str]) -> Asked {
    let mut request = Request::get(uri).header(header::HOST, "evil.example").header(header::AUTHORIZATION, authorization);
    for proof in proofs {
        request = request.header("DPoP", *proof);
    }
    let answer = api.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let challenges = answer.headers().get_all(header::WWW_AUTHENTICATE).iter().map(|value| value.to_str().unwrap().to_owned());
    let (status, challenges) = (answer.status(), challenges.collect());
    let body = axum::body::to_bytes(answer.into_body(), 1 << 20).await.unwrap();
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    assert!(!body.to_string().contains("secret-host-name"));
    Asked { status, error: body["error"].as_str().unwrap_or_default().to_owned(), challenges }
}

fn refused(error: &str) -> (StatusCode, String) {
    (StatusCode::UNAUTHORIZED, error.to_owned())
}

/// RFC 9449 §7.1: the token, its key, and no case in the scheme; `Host` decides nothing.
#[tokio::test]
async fn a_bound_token_passes_with_its_proof() {
    let bound = bound().await;
    for scheme in ["DPoP", "dpop", "DPOP"] {
        let asked = bound.ask(&format!("{scheme} {}", bound.token), &[&bound.proof()]).await;
        assert_eq!(asked.status, StatusCode::OK, "{scheme}");
    }
    let answer = ask(&bound.house.api, "/profile?a=b", &format!("DPoP {}", bound.token), &[&bound.proof()]).await;
    assert_eq!(answer.status, StatusCode::OK, "a query does not count");
}

/// A12, RFC 9449 §7.2: a bound token is no bearer token, with its proof or without, and nor is one bound in an unknown way.
#[tokio::test]
async fn a_bound_token_is_no_bearer_token() {
    let bound = bound().await;
    let certificate = bound.house.token("at+jwt", ("cnf", json!({"x5t#S256": "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2"})));
    let proof = bound.proof();
    for (token, proofs) in [(&bound.token, vec![]), (&bound.token, vec![proof.as_str()]), (&certificate, vec![])] {
        let asked = bound.ask(&format!("Bearer {token}"), &proofs).await;
        assert_eq!((asked.status, asked.error), refused("invalid_token"));
        assert_eq!(asked.challenges, ["Bearer error=\"invalid_token\"", "DPoP algs=\"ES256 PS256 EdDSA\""]);
    }
}

/// RFC 9449 §7.1: a token without a key does not pass under DPoP.
#[tokio::test]
async fn a_bearer_token_does_not_come_under_dpop() {
    let bound = bound().await;
    let token = bound.house.key.sign("at+jwt", &bound.house.claims()).unwrap();
    let proof = bound.proof_of(&bound.key, "GET", PROFILE, &token);
    let asked = bound.ask(&format!("DPoP {token}"), &[&proof]).await;
    assert_eq!((asked.status, asked.error), refused("invalid_token"));
    assert_eq!(bound.ask(&format!("Bearer {token}"), &[]).await.status, StatusCode::OK);
}

/// Attack 25: another key, another token, another method, another place; no proof, two, or none worth the name.
#[tokio::test]
async fn a_proof_for_anything_else_is_refused() {
    let bound = bound().await;
    let (key, token) = (&bound.key, bound.token.as_str());
    let another = SigningKey::generate(&OsRng);
    assert_eq!(bound.with(&[&bound.proof_of(&another, "GET", PROFILE, token)]).await, refused("invalid_token"));
    for proof in [
        bound.proof_of(key, "GET", PROFILE, "another-token"),
        bound.proof_of(key, "POST", PROFILE, token),
        bound.proof_of(key, "get", PROFILE, token),
        bound.proof_of(key, "GET", "http://resource.test/", token),
        bound.proof_of(key, "GET", "http://evil.example/profile", token),
        bound.proof_of(key, "GET", "https://resource.test/profile", token),
        "nonsense".to_owned(),
    ] {
        assert_eq!(bound.with(&[&proof]).await, refused("invalid_dpop_proof"), "{proof}");
    }
    assert_eq!(bound.with(&[]).await, refused("invalid_dpop_proof"));
    assert_eq!(bound.with(&[&bound.proof(), &bound.proof()]).await, refused("invalid_dpop_proof"));
    assert_eq!(bound.house.proofs.count(), 0, "what is refused fills no memory");
}

/// A12: typ, jti and iat of the proof, and the key that it shows.
#[tokio::test]
async fn every_part_of_a_proof_counts() {
    let bound = bound().await;
    let now = bound.house.clock.now().as_second();
    let good = bound.proof();
    let payload = |jwt: &str| part(jwt, 1);
    let with = |name: &str, value: Value| {
        let mut claims = payload(&good);
        claims[name] = value;
        bound.key.sign_with_public_key("dpop+jwt", &claims).unwrap()
    };
    for proof in [
        with("iat", json!(now - 61)),
        with("iat", json!(now + 61)),
        with("jti", json!("")),
        with("jti", json!("j".repeat(300))),
        with("ath", Value::Null),
        bound.key.sign_with_public_key("at+jwt", &payload(&good)).unwrap(),
        // The header names its key by kid only.
        bound.key.sign("dpop+jwt", &payload(&good)).unwrap(),
    ] {
        assert_eq!(bound.with(&[&proof]).await, refused("invalid_dpop_proof"), "{proof}");
    }
    assert_eq!(bound.with(&[&good]).await.0, StatusCode::OK);
}

/// Attack 25: a proof is good once, for as long as its age would allow.
#[tokio::test]
async fn a_proof_is_good_once() {
    let bound = bound().await;
    let proof = bound.proof();
    assert_eq!(bound.with(&[&proof]).await.0, StatusCode::OK);
    assert_eq!(bound.with(&[&proof]).await, refused("invalid_dpop_proof"));
    bound.house.clock.advance(SignedDuration::from_secs(60));
    assert_eq!(bound.with(&[&proof]).await, refused("invalid_dpop_proof"));
    assert_eq!(bound.with(&[&bound.proof()]).await.0, StatusCode::OK);
    assert_eq!(bound.house.proofs.count(), 2, "the first is still remembered");
    bound.house.clock.advance(SignedDuration::from_secs(1));
    assert_eq!(bound.with(&[&proof]).await, refused("invalid_dpop_proof"), "too old by now");
}

/// A12: what one replica has seen, the other refuses, since they share what is remembered.
#[tokio::test]
async fn a_proof_is_refused_across_replicas() {
    let bound = bound().await;
    let house = &bound.house;
    let settings = resource_api::Settings { audience: AUDIENCE.into(), issuer: house.issuer.clone() };
    let replica = resource_api::router(&settings, reqwest::Client::new(), house.clock.clone(), house.proofs.clone());
    let (proof, authorization) = (bound.proof(), format!("DPoP {}", bound.token));
    assert_eq!(bound.with(&[&proof]).await.0, StatusCode::OK);
    assert_eq!(ask(&replica, "/profile", &authorization, &[&proof]).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(ask(&replica, "/profile", &authorization, &[&bound.proof()]).await.status, StatusCode::OK);
}

/// Whether a proof is new cannot be told: 503, and nobody passes. Bearer tokens need no such memory.
#[tokio::test]
async fn without_its_memory_the_layer_takes_no_proof() {
    let bound = bound().await;
    bound.house.proofs.broken.store(true, Ordering::SeqCst);
    assert_eq!(bound.with(&[&bound.proof()]).await, (StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable".to_owned()));
    let token = bound.house.key.sign("at+jwt", &bound.house.claims()).unwrap();
    assert_eq!(bound.ask(&format!("Bearer {token}"), &[]).await.status, StatusCode::OK);
}

/// RFC 9449 §7.1: both schemes are named; what was wrong is told in the one that was used.
#[tokio::test]
async fn challenges_name_both_schemes() {
    let bound = bound().await;
    let asked = bound.ask("DPoP nonsense", &[]).await;
    let told = ["DPoP error=\"invalid_token\", algs=\"ES256 PS256 EdDSA\"", "Bearer"];
    assert_eq!(asked.challenges, told);
    assert_eq!(bound.ask("Basic YTpi", &[]).await.challenges, ["Bearer", "DPoP algs=\"ES256 PS256 EdDSA\""]);
}

/// The layer on a router that is nested: what was asked counts, not what is left of it.
#[tokio::test]
async fn a_nested_router_is_judged_by_the_whole_path() {
    use resource_api::bearer::{Guard, Terms, require};
    let bound = bound().await;
    let house = &bound.house;
    let terms = Terms { issuer: house.issuer.clone(), audience: AUDIENCE.into(), scope: "profile", origin: AUDIENCE.into() };
    let guard = Arc::new(Guard::new(terms, reqwest::Client::new(), house.clock.clone(), house.proofs.clone()));
    let inner =
        Router::new().route("/thing", get(|| async { "here" })).route_layer(axum::middleware::from_fn_with_state(guard, require));
    let api = Router::new().nest("/v1", inner);
    let authorization = format!("DPoP {}", bound.token);
    let proof = |uri| bound.proof_of(&bound.key, "GET", uri, &bound.token);
    let whole = ask(&api, "/v1/thing", &authorization, &[&proof("http://resource.test/v1/thing")]).await;
    assert_eq!(whole.status, StatusCode::OK);
    let rest = ask(&api, "/v1/thing", &authorization, &[&proof("http://resource.test/thing")]).await;
    assert_eq!((rest.status, rest.error), refused("invalid_dpop_proof"));
}

/// A part of a JWT, unverified.
fn part(jwt: &str, number: usize) -> Value {
    use base64::Engine as _;
    let part = jwt.split('.').nth(number).unwrap();
    serde_json::from_slice(&base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}
