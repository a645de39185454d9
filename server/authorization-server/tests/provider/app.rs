//! A client: it pushes, redeems, refreshes and revokes.

use authorization_server::{Authentication, Client, ClientKeys};
use protocol::jose::{Algorithm, JwkSet, SigningKey};
use protocol::secret::CodeVerifier;
use protocol::{OsRng, Scope, client_assertion, pkce};
use serde_json::Value;

use crate::answer::Answer;
use crate::browser::Browser;
use crate::house::{House, ISSUER, form};

pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const SCOPE: &str = "openid profile email offline_access";
pub(crate) const API: &str = "https://api.example";

#[derive(Clone)]
pub(crate) struct App {
    pub(crate) client_id: &'static str,
    pub(crate) key: SigningKey,
}

/// Parameters with some changed; an empty value leaves one out.
pub(crate) fn with<'a>(parameters: &[(&'a str, String)], changes: &[(&'a str, &str)]) -> Vec<(&'a str, String)> {
    let kept = parameters.iter().filter(|(name, _)| !changes.iter().any(|(changed, _)| changed == name)).cloned();
    let added = changes.iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| (*name, (*value).to_owned()));
    kept.chain(added).collect()
}

pub(crate) fn borrowed<'a>(parameters: &'a [(&'a str, String)]) -> Vec<(&'a str, &'a str)> {
    parameters.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

impl App {
    pub(crate) fn new(client_id: &'static str) -> Self {
        Self { client_id, key: SigningKey::generate(&OsRng) }
    }

    pub(crate) fn redirect_uri(&self) -> String {
        format!("https://{}.example/callback", self.client_id)
    }

    pub(crate) fn signed_out_uri(&self) -> String {
        format!("https://{}.example/signed-out", self.client_id)
    }

    pub(crate) fn registered(&self, require_par: bool) -> Client {
        let keys = ClientKeys::Jwks(JwkSet { keys: vec![self.key.public_jwk().clone()] });
        let name = format!("The {} client", self.client_id);
        Client {
            redirect_uris: vec![self.redirect_uri()],
            post_logout_redirect_uris: vec![self.signed_out_uri()],
            scope: Scope::parse(SCOPE).unwrap().union(&Scope::parse("notes").unwrap()),
            require_pushed_authorization_requests: require_par,
            resources: vec![API.to_owned(), "https://second.example".to_owned()],
            // Not the default, for which each house would have to make an RSA key.
            id_token_signed_response_alg: Some(Algorithm::ES256),
            ..Client::new(self.client_id, name, Authentication::PrivateKeyJwt { keys })
        }
    }

    pub(crate) fn assertion(&self, house: &House) -> String {
        client_assertion::assert(self.client_id, ISSUER, &self.key, house.now(), &OsRng).unwrap().expose().to_owned()
    }

    /// The authorization request that the tests begin from.
    pub(crate) fn request(&self) -> Vec<(&'static str, String)> {
        vec![
            ("client_id", self.client_id.to_owned()),
            ("response_type", "code".to_owned()),
            ("redirect_uri", self.redirect_uri()),
            ("scope", SCOPE.to_owned()),
            ("state", "the-state".to_owned()),
            ("nonce", "the-nonce".to_owned()),
            ("code_challenge", pkce::challenge(&CodeVerifier::new(VERIFIER))),
            ("code_challenge_method", "S256".to_owned()),
        ]
    }

    /// A request to an endpoint where this client authenticates.
    pub(crate) async fn post(&self, house: &House, path: &str, parameters: &[(&str, String)]) -> Answer {
        let credentials =
            [("client_assertion_type", client_assertion::ASSERTION_TYPE.to_owned()), ("client_assertion", self.assertion(house))];
        let all: Vec<_> = parameters.iter().cloned().chain(credentials).collect();
        house.post(path, &borrowed(&all)).await
    }

    pub(crate) async fn push(&self, house: &House, changes: &[(&str, &str)]) -> Answer {
        self.post(house, "/par", &with(&self.request(), changes)).await
    }

    /// Pushes a request and gives the URL to which the browser goes.
    pub(crate) async fn begin(&self, house: &House, changes: &[(&str, &str)]) -> String {
        let pushed = self.push(house, changes).await;
        assert_eq!(pushed.status, 201, "{pushed:?}");
        let request_uri = pushed.json()["request_uri"].as_str().unwrap().to_owned();
        format!("/authorize?{}", form(&[("client_id", self.client_id), ("request_uri", &request_uri)]))
    }

    /// The URL of a request that goes through the browser.
    pub(crate) fn plainly(&self, changes: &[(&str, &str)]) -> String {
        format!("/authorize?{}", form(&borrowed(&with(&self.request(), changes))))
    }

    /// Signs a browser in, through login and consent as far as they are asked; gives the code.
    pub(crate) async fn code(&self, house: &House, browser: &mut Browser, changes: &[(&str, &str)]) -> String {
        let mut answer = browser.open(&self.begin(house, changes).await).await;
        if answer.page() == "login" {
            answer = browser.log_in(&answer).await;
        }
        if answer.page() == "consent" {
            answer = browser.press(&answer, "allow").await;
        }
        assert!(answer.location().as_str().starts_with(&self.redirect_uri()), "{answer:?}");
        answer.sent("code").unwrap_or_else(|| panic!("no code: {answer:?}"))
    }

    pub(crate) async fn redeem(&self, house: &House, code: &str, changes: &[(&str, &str)]) -> Answer {
        let parameters = [
            ("grant_type", "authorization_code".to_owned()),
            ("code", code.to_owned()),
            ("redirect_uri", self.redirect_uri()),
            ("code_verifier", VERIFIER.to_owned()),
        ];
        self.post(house, "/token", &with(&parameters, changes)).await
    }

    pub(crate) async fn refresh(&self, house: &House, refresh_token: &str, changes: &[(&str, &str)]) -> Answer {
        let parameters = [("grant_type", "refresh_token".to_owned()), ("refresh_token", refresh_token.to_owned())];
        self.post(house, "/token", &with(&parameters, changes)).await
    }

    pub(crate) async fn revoke(&self, house: &House, token: &str) -> Answer {
        self.post(house, "/revoke", &[("token", token.to_owned())]).await
    }

    /// Signs a browser in and gives the tokens.
    pub(crate) async fn tokens(&self, house: &House, browser: &mut Browser) -> Value {
        let code = self.code(house, browser, &[]).await;
        let answer = self.redeem(house, &code, &[]).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }
}

/// A token of an answer, as text.
pub(crate) fn token<'a>(tokens: &'a Value, name: &str) -> &'a str {
    tokens[name].as_str().unwrap_or_else(|| panic!("no {name}: {tokens}"))
}

/// The claims of a JWT, unverified.
pub(crate) fn claims(jwt: &str) -> Value {
    part(jwt, 1)
}

/// The header of a JWT.
pub(crate) fn header(jwt: &str) -> Value {
    part(jwt, 0)
}

fn part(jwt: &str, number: usize) -> Value {
    use base64::Engine as _;
    let part = jwt.split('.').nth(number).unwrap();
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

impl App {
    /// Redeems a code at another replica.
    pub(crate) async fn redeem_at(&self, house: &House, replica: &axum::Router, code: &str) -> Answer {
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.redirect_uri()),
            ("code_verifier", VERIFIER),
            ("client_assertion_type", client_assertion::ASSERTION_TYPE),
            ("client_assertion", &self.assertion(house)),
        ];
        Browser::new(replica.clone()).post("/token", &fields).await
    }
}
