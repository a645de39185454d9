//! A provider that speaks OpenID Connect, and wrongly in one way where it is told to.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::{Form, Query, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use protocol::jose::{KeyKind, SigningKey};
use protocol::{Clock, ManualClock, OsRng};
use reqwest::{StatusCode, Url};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// How it knows us.
pub(crate) const CLIENT_ID: &str = "cloakroom-at-strange";
pub(crate) const CLIENT_SECRET: &str = "a-secret-of-the-tests-and-of-nobody-else";

/// Changes what it says.
pub(crate) type Change = Arc<dyn Fn(&mut Value) + Send + Sync>;

/// How it signs ID tokens.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signature {
    /// With its key.
    Proper,
    /// `alg: none`.
    None,
    /// HS256 with its public key.
    PublicKey,
    /// HS256 with the client's secret.
    ClientSecret,
    /// With a key that it publishes nowhere.
    UnknownKey,
    /// With its key, without `kid`.
    NoKid,
    /// With its key; a letter of the claims was changed afterwards.
    Broken,
}

/// What is strange about it now.
#[derive(Clone)]
pub(crate) struct Manner {
    /// Paths that answer with this status and nothing else.
    pub(crate) answers: Option<(&'static str, StatusCode)>,
    /// A path that never answers.
    pub(crate) silent: Option<&'static str>,
    /// A path whose connection is lost, where it is asked for the first time.
    pub(crate) loses: Option<&'static str>,
    /// A path that answers with text that is no JSON.
    pub(crate) babbles: Option<&'static str>,
    /// Changes its metadata.
    pub(crate) metadata: Change,
    /// Changes the claims of the ID token.
    pub(crate) claims: Change,
    /// Changes what the token endpoint answers.
    pub(crate) token: Change,
    /// Changes userinfo.
    pub(crate) userinfo: Change,
    /// Changes the parameters of the authorization response.
    pub(crate) response: Change,
    /// How it signs.
    pub(crate) signature: Signature,
}

impl Default for Manner {
    fn default() -> Self {
        let nothing: Change = Arc::new(|_| ());
        Self {
            answers: None,
            silent: None,
            loses: None,
            babbles: None,
            metadata: Arc::clone(&nothing),
            claims: Arc::clone(&nothing),
            token: Arc::clone(&nothing),
            userinfo: Arc::clone(&nothing),
            response: nothing,
            signature: Signature::Proper,
        }
    }
}

pub(crate) struct Strange {
    pub(crate) issuer: String,
    pub(crate) manner: Mutex<Manner>,
    /// The keys that it publishes; it signs with the first.
    pub(crate) keys: Mutex<Vec<SigningKey>>,
    /// How often each path was asked.
    asked: Mutex<Vec<String>>,
    /// The request that was pushed last (RFC 9126).
    pushed: Mutex<Vec<(String, String)>>,
    /// The nonce of the last authorization request.
    nonce: Mutex<String>,
    clock: Arc<ManualClock>,
    tokens: AtomicUsize,
}

impl Strange {
    /// Opens its door; it answers until the tests end.
    pub(crate) async fn open(clock: Arc<ManualClock>) -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let strange = Arc::new(Self {
            issuer: format!("http://localhost:{}", listener.local_addr().unwrap().port()),
            manner: Mutex::default(),
            keys: Mutex::new(vec![SigningKey::generate(&OsRng)]),
            asked: Mutex::default(),
            pushed: Mutex::default(),
            nonce: Mutex::default(),
            clock,
            tokens: AtomicUsize::new(0),
        });
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(metadata))
            .route("/jwks", get(jwks))
            .route("/par", post(push))
            .route("/authorize", get(authorize))
            .route("/token", post(token))
            .route("/userinfo", get(userinfo))
            .route("/revoke", post(async || StatusCode::OK))
            .route("/end_session", get(async || "signed out"))
            .layer(from_fn_with_state(Arc::clone(&strange), mannerly))
            .with_state(Arc::clone(&strange));
        tokio::spawn(async move { axum::serve(listener, router).await });
        strange
    }

    pub(crate) fn behave(&self, manner: Manner) {
        *self.manner.lock().unwrap() = manner;
    }

    /// How often `path` was asked.
    pub(crate) fn asked(&self, path: &str) -> usize {
        self.asked.lock().unwrap().iter().filter(|asked| *asked == path).count()
    }

    /// Signs with a new key from now on, and publishes it alone.
    pub(crate) fn rotate(&self) {
        *self.keys.lock().unwrap() = vec![SigningKey::generate_kind(KeyKind::Ed25519, &OsRng)];
    }

    fn manner(&self) -> Manner {
        self.manner.lock().unwrap().clone()
    }

    fn now(&self) -> i64 {
        Timestamp::as_second(self.clock.now())
    }

    fn id_token(&self, manner: &Manner) -> String {
        let now = self.now();
        let mut claims = json!({
            "iss": self.issuer, "sub": "grace", "aud": CLIENT_ID, "exp": now + 300, "iat": now,
            "nonce": *self.nonce.lock().unwrap(), "name": "Grace of the ID token",
        });
        (manner.claims)(&mut claims);
        let key = self.keys.lock().unwrap()[0].clone();
        let encoded = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
        let mac = |secret: &[u8]| {
            let message = format!("{}.{}", encoded(&json!({"alg": "HS256", "kid": key.kid()})), encoded(&claims));
            let tag = ring::hmac::sign(&ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret), message.as_bytes());
            format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag))
        };
        match manner.signature {
            Signature::Proper => key.sign("JWT", &claims).unwrap(),
            Signature::None => format!("{}.{}.", encoded(&json!({"alg": "none"})), encoded(&claims)),
            Signature::PublicKey => mac(serde_json::to_string(key.public_jwk()).unwrap().as_bytes()),
            Signature::ClientSecret => mac(CLIENT_SECRET.as_bytes()),
            Signature::UnknownKey => SigningKey::generate(&OsRng).sign("JWT", &claims).unwrap(),
            // Signed with a key of its own, it shows that key in the header, and no identifier.
            Signature::NoKid => key.sign_with_public_key("JWT", &claims).unwrap(),
            Signature::Broken => {
                let token = key.sign("JWT", &claims).unwrap();
                let parts: Vec<&str> = token.split('.').collect();
                claims["sub"] = json!("ada");
                format!("{}.{}.{}", parts[0], encoded(&claims), parts[2])
            }
        }
    }
}

type Here = State<Arc<Strange>>;

async fn mannerly(State(strange): Here, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    strange.asked.lock().unwrap().push(path.clone());
    let manner = strange.manner();
    if manner.silent == Some(path.as_str()) {
        std::future::pending::<()>().await;
    }
    if manner.loses == Some(path.as_str()) && strange.asked(&path) == 1 {
        // The server drops the connection of a handler that panics; there is no other way to have it do so.
        std::panic::resume_unwind(Box::new("the connection is lost"));
    }
    if manner.babbles == Some(path.as_str()) {
        return Response::new(Body::from("<html>We will be back soon</html>"));
    }
    match manner.answers {
        Some((answered, status)) if answered == path => status.into_response(),
        _ => next.run(request).await,
    }
}

async fn metadata(State(strange): Here) -> axum::Json<Value> {
    let at = |path: &str| format!("{}{path}", strange.issuer);
    let mut metadata = json!({
        "issuer": strange.issuer, "authorization_endpoint": at("/authorize"), "token_endpoint": at("/token"),
        "userinfo_endpoint": at("/userinfo"), "jwks_uri": at("/jwks"), "end_session_endpoint": at("/end_session"),
        "revocation_endpoint": at("/revoke"), "authorization_response_iss_parameter_supported": true,
        "response_types_supported": ["code"], "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256", "EdDSA"],
    });
    (strange.manner().metadata)(&mut metadata);
    axum::Json(metadata)
}

async fn jwks(State(strange): Here) -> axum::Json<Value> {
    let keys: Vec<Value> =
        strange.keys.lock().unwrap().iter().map(|key| serde_json::to_value(key.public_jwk()).unwrap()).collect();
    axum::Json(json!({"keys": keys}))
}

/// Takes a request that its metadata, as they are, invite nobody to push.
async fn push(State(strange): Here, Form(asked): Form<Vec<(String, String)>>) -> Response {
    *strange.pushed.lock().unwrap() = asked;
    (StatusCode::CREATED, axum::Json(json!({"request_uri": "urn:ietf:params:oauth:request_uri:pushed", "expires_in": 60})))
        .into_response()
}

async fn authorize(State(strange): Here, Query(mut asked): Query<Vec<(String, String)>>) -> Redirect {
    if asked.iter().any(|(name, _)| name == "request_uri") {
        asked.clone_from(&strange.pushed.lock().unwrap());
    }
    let of = |name: &str| asked.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone()).unwrap_or_default();
    *strange.nonce.lock().unwrap() = of("nonce");
    let mut response = json!({"code": "a-code", "state": of("state"), "iss": strange.issuer});
    (strange.manner().response)(&mut response);
    let mut url = Url::parse(&of("redirect_uri")).unwrap();
    for (name, value) in response.as_object().unwrap() {
        url.query_pairs_mut().append_pair(name, value.as_str().unwrap());
    }
    Redirect::to(url.as_str())
}

async fn token(State(strange): Here) -> Response {
    let manner = strange.manner();
    let count = strange.tokens.fetch_add(1, Ordering::SeqCst);
    let mut answer = json!({
        "access_token": format!("access-{count}"), "token_type": "Bearer", "expires_in": 300,
        "refresh_token": format!("refresh-{count}"), "id_token": strange.id_token(&manner),
    });
    (manner.token)(&mut answer);
    let status = if answer.get("error").is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    (status, axum::Json(answer)).into_response()
}

async fn userinfo(State(strange): Here) -> axum::Json<Value> {
    let mut claims = json!({"sub": "grace", "name": "Grace Hopper", "email": "grace@example.com"});
    (strange.manner().userinfo)(&mut claims);
    axum::Json(claims)
}
