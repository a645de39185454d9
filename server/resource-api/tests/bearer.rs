//! The Resource API over its real router, with tokens of a real issuer on the loopback.
#![cfg(test)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use axum::routing::get;
use axum::{Json, Router};
use jiff::{SignedDuration, Timestamp};
use protocol::jose::{KeyKind, SigningKey};
use protocol::{Clock, ManualClock, OsRng};
use serde_json::{Value, json};
use tokio::sync::Mutex;
use tower::ServiceExt as _;

#[path = "bearer/dpop.rs"]
mod dpop;
#[path = "bearer/remembered.rs"]
mod remembered;

use remembered::Remembered;

const AUDIENCE: &str = "http://resource.test";

struct House {
    issuer: String,
    key: SigningKey,
    clock: Arc<ManualClock>,
    api: Router,
    fetched: Arc<AtomicUsize>,
    /// While a test holds it, the issuer does not answer.
    gate: Arc<Mutex<()>>,
    away: Arc<AtomicBool>,
    proofs: Arc<Remembered>,
}

/// An issuer that publishes one key, and the Resource API that trusts it.
async fn house() -> House {
    house_of(SigningKey::generate(&OsRng)).await
}

async fn house_of(key: SigningKey) -> House {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let issuer = format!("http://{}", listener.local_addr().unwrap());
    let fetched = Arc::new(AtomicUsize::new(0));
    let metadata = json!({"issuer": issuer, "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"), "jwks_uri": format!("{issuer}/jwks")});
    let jwks = json!({"keys": [key.public_jwk()]});
    let (gate, away) = (Arc::new(Mutex::new(())), Arc::new(AtomicBool::new(false)));
    let (counted, closed, failing) = (Arc::clone(&fetched), Arc::clone(&gate), Arc::clone(&away));
    let provider = Router::new().route("/.well-known/openid-configuration", get(|| async move { Json(metadata) })).route(
        "/jwks",
        get(move || async move {
            counted.fetch_add(1, Ordering::SeqCst);
            drop(closed.lock().await);
            if failing.load(Ordering::SeqCst) { Err(StatusCode::INTERNAL_SERVER_ERROR) } else { Ok(Json(jwks)) }
        }),
    );
    tokio::spawn(async move { axum::serve(listener, provider).await });
    let clock = Arc::new(ManualClock::at(Timestamp::from_second(1_800_000_000).unwrap()));
    let settings = resource_api::Settings { audience: AUDIENCE.into(), issuer: issuer.clone() };
    let proofs = Arc::new(Remembered::new(clock.clone()));
    let api = resource_api::router(&settings, reqwest::Client::new(), clock.clone(), proofs.clone());
    House { issuer, key, clock, api, fetched, gate, away, proofs }
}

impl House {
    fn claims(&self) -> Value {
        let now = self.clock.now().as_second();
        json!({"iss": self.issuer, "aud": AUDIENCE, "sub": "ada", "client_id": "app", "scope": "openid profile",
            "iat": now, "exp": now + 300, "jti": "1"})
    }

    fn token(&self, typ: &str, change: (&str, Value)) -> String {
        let mut claims = self.claims();
        claims[change.0] = change.1;
        self.key.sign(typ, &claims).unwrap()
    }

    async fn ask(&self, uri: &str, authorization: &[String]) -> (StatusCode, String, Value) {
        let mut request = Request::get(uri);
        for value in authorization {
            request = request.header(header::AUTHORIZATION, value);
        }
        let answer = self.api.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let challenge = answer.headers().get(header::WWW_AUTHENTICATE).map(|value| value.to_str().unwrap().to_owned());
        let status = answer.status();
        let body = axum::body::to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        (status, challenge.unwrap_or_default(), serde_json::from_slice(&body).unwrap_or_default())
    }

    async fn with(&self, token: &str) -> (StatusCode, String) {
        let (status, challenge, _) = self.ask("/profile", &[format!("Bearer {token}")]).await;
        (status, challenge)
    }
}

/// RFC 9068 §4: a token for us with the scope passes, whatever the case of the scheme.
#[tokio::test]
async fn a_good_token_is_answered_with_json() {
    let house = house().await;
    let token = house.key.sign("at+jwt", &house.claims()).unwrap();
    for scheme in ["Bearer", "bearer", "BEARER"] {
        let (status, _, body) = house.ask("/profile", &[format!("{scheme} {token}")]).await;
        assert_eq!((status, body["subject"].as_str()), (StatusCode::OK, Some("ada")));
    }
}

/// A2: an issuer may sign RS256, PS256, ES256 or `EdDSA`.
#[tokio::test]
async fn tokens_of_each_algorithm_pass() {
    for kind in KeyKind::ALL {
        let house = house_of(SigningKey::generate_kind(kind, &OsRng)).await;
        for algorithm in kind.algorithms() {
            let token = house.key.sign_as(*algorithm, "at+jwt", &house.claims()).unwrap();
            assert_eq!(house.with(&token).await.0, StatusCode::OK, "{algorithm:?}");
        }
    }
}

/// RFC 9068 §4: signature, type, issuer, audience, expiry and scope each count.
#[tokio::test]
async fn each_claim_out_of_line_is_refused() {
    let house = house().await;
    let now = house.clock.now().as_second();
    let invalid = (StatusCode::UNAUTHORIZED, "Bearer error=\"invalid_token\"".to_owned());
    for change in [
        ("iss", json!("https://other.example")),
        ("aud", json!("https://other.example")),
        ("aud", json!([])),
        ("exp", json!(now - 61)),
        ("iat", json!(now + 61)),
        ("sub", Value::Null),
    ] {
        assert_eq!(house.with(&house.token("at+jwt", change.clone())).await, invalid, "{change:?}");
    }
    assert_eq!(house.with(&house.token("at+jwt", ("aud", json!(["https://other.example", AUDIENCE])))).await.0, StatusCode::OK);
    let scope = house.with(&house.token("at+jwt", ("scope", json!("openid")))).await;
    assert_eq!(scope, (StatusCode::FORBIDDEN, "Bearer error=\"insufficient_scope\", scope=\"profile\"".to_owned()));
}

/// A14: an ID token is never accepted as an access token; attacks 14 and 16.
#[tokio::test]
async fn an_id_token_and_a_forged_token_are_refused() {
    let house = house().await;
    assert_eq!(house.with(&house.token("JWT", ("nonce", json!("n")))).await.0, StatusCode::UNAUTHORIZED);
    let forged = SigningKey::generate(&OsRng).sign("at+jwt", &house.claims()).unwrap();
    assert_eq!(house.with(&forged).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(house.with("nonsense").await.0, StatusCode::UNAUTHORIZED);
}

/// RFC 6750 §2, §3.1; attack 29.
#[tokio::test]
async fn a_token_comes_in_one_header_or_not_at_all() {
    let house = house().await;
    let token = house.key.sign("at+jwt", &house.claims()).unwrap();
    let good = format!("Bearer {token}");
    assert_eq!(house.ask("/profile", &[]).await.1, "Bearer");
    assert_eq!(house.ask("/profile", &[]).await.0, StatusCode::UNAUTHORIZED);
    for (uri, headers) in [
        (format!("/profile?access_token={token}"), vec![]),
        (format!("/profile?access_token={token}"), vec![good.clone()]),
        ("/profile".to_owned(), vec![good.clone(), good.clone()]),
        ("/profile".to_owned(), vec!["Bearer ".to_owned()]),
    ] {
        assert_eq!(house.ask(&uri, &headers).await.0, StatusCode::BAD_REQUEST);
    }
    // RFC 6750 §3.1: another scheme is no bearer token, so the challenge carries no error.
    let (status, challenge, _) = house.ask("/profile", &["Basic YTpi".to_owned()]).await;
    assert_eq!((status, challenge.as_str()), (StatusCode::UNAUTHORIZED, "Bearer"));
    assert_eq!(house.ask("/profile?a=1&a=2", &[good]).await.0, StatusCode::OK);
}

/// Attack 21: a flood of unknown keys makes one refetch an interval.
#[tokio::test]
async fn unknown_keys_make_one_refetch_in_thirty_seconds() {
    let house = house().await;
    let stranger = SigningKey::generate(&OsRng);
    for _ in 0..20 {
        assert_eq!(house.with(&stranger.sign("at+jwt", &house.claims()).unwrap()).await.0, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(house.fetched.load(Ordering::SeqCst), 1, "the keys were read a moment ago");
    house.clock.advance(SignedDuration::from_secs(31));
    for _ in 0..20 {
        house.with(&stranger.sign("at+jwt", &house.claims()).unwrap()).await;
    }
    assert_eq!(house.fetched.load(Ordering::SeqCst), 2);
}

/// A fetch that fails is a try like any other, and those whose keys are known do not notice.
#[tokio::test]
async fn failed_fetches_count_and_known_keys_serve_on() {
    let house = house().await;
    let good = house.token("at+jwt", ("exp", json!(house.clock.now().as_second() + 7200)));
    assert_eq!(house.with(&good).await.0, StatusCode::OK);
    house.away.store(true, Ordering::SeqCst);
    let stranger = SigningKey::generate(&OsRng).sign("at+jwt", &house.claims()).unwrap();
    house.clock.advance(SignedDuration::from_secs(31));
    for _ in 0..5 {
        assert_eq!(house.with(&stranger).await.0, StatusCode::SERVICE_UNAVAILABLE, "nobody can tell");
    }
    assert_eq!(house.fetched.load(Ordering::SeqCst), 2);
    house.clock.advance(SignedDuration::from_hours(1));
    for _ in 0..5 {
        assert_eq!(house.with(&good).await.0, StatusCode::OK);
    }
    assert_eq!(house.fetched.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn nobody_whose_key_is_known_waits_for_a_slow_issuer() {
    let house = Arc::new(house().await);
    let good = house.key.sign("at+jwt", &house.claims()).unwrap();
    assert_eq!(house.with(&good).await.0, StatusCode::OK);
    house.clock.advance(SignedDuration::from_secs(31));
    let closed = house.gate.lock().await;
    let stranger = SigningKey::generate(&OsRng).sign("at+jwt", &house.claims()).unwrap();
    let (asking, token) = (Arc::clone(&house), stranger);
    let slow = tokio::spawn(async move { asking.with(&token).await.0 });
    while house.fetched.load(Ordering::SeqCst) < 2 {
        tokio::task::yield_now().await;
    }
    assert_eq!(house.with(&good).await.0, StatusCode::OK);
    assert!(!slow.is_finished());
    drop(closed);
    assert_eq!(slow.await.unwrap(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn an_issuer_that_is_away_is_503_and_not_a_refusal() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let key = SigningKey::generate(&OsRng);
    let clock = Arc::new(ManualClock::at(Timestamp::from_second(1_800_000_000).unwrap()));
    let settings = resource_api::Settings { audience: AUDIENCE.into(), issuer: "http://127.0.0.1:1".into() };
    let proofs = Arc::new(Remembered::new(clock.clone()));
    let api = resource_api::router(&settings, reqwest::Client::new(), clock, proofs);
    let token = key.sign("at+jwt", &json!({"sub": "ada"})).unwrap();
    let request = Request::get("/profile").header(header::AUTHORIZATION, format!("Bearer {token}")).body(Body::empty()).unwrap();
    let answer = api.oneshot(request).await.unwrap();
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.headers().get(header::RETRY_AFTER).unwrap(), "5");
}

#[tokio::test]
async fn other_paths_and_methods_are_problem_json() {
    let house = house().await;
    let (status, _, body) = house.ask("/nowhere", &[]).await;
    assert_eq!((status, body["status"].as_u64()), (StatusCode::NOT_FOUND, Some(404)));
    assert_eq!(house.ask("/", &[]).await.0, StatusCode::OK);
}
