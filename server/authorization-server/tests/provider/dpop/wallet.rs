//! A DPoP key, and requests that are signed with it.

use http::{HeaderMap, HeaderName};
use protocol::dpop::{Target, Thumbprint, prove};
use protocol::jose::SigningKey;
use protocol::secret::AccessToken;
use protocol::{OsRng, client_assertion};
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::app::{App, VERIFIER, with};
use crate::house::{House, ISSUER, form};

/// A client that has nothing but its name.
pub(crate) const PUBLIC: &str = "public";

pub(crate) struct Wallet {
    pub(crate) key: SigningKey,
}

impl Wallet {
    pub(crate) fn new() -> Self {
        Self { key: SigningKey::generate(&OsRng) }
    }

    pub(crate) fn thumbprint(&self) -> Thumbprint {
        self.key.kid().parse().unwrap()
    }

    /// A proof for an endpoint of the provider.
    pub(crate) fn proof(&self, house: &House, method: &str, path: &str, token: Option<&str>, nonce: Option<&str>) -> String {
        let token = token.map(AccessToken::new);
        let target = Target { method, uri: &format!("{ISSUER}{path}"), access_token: token.as_ref() };
        prove(&self.key, &target, nonce, house.now(), &OsRng).unwrap().expose().to_owned()
    }

    /// A proof for `/token` with a claim of another value.
    pub(crate) fn odd_proof(&self, house: &House, name: &str, value: Value) -> String {
        let jti = protocol::entropy::opaque(&OsRng);
        let mut claims = json!({"jti": jti, "htm": "POST", "htu": format!("{ISSUER}/token"), "iat": house.now().as_second()});
        claims[name] = value;
        self.key.sign_with_public_key("dpop+jwt", &claims).unwrap()
    }

    pub(crate) async fn push(&self, house: &House, app: &App, changes: &[(&str, &str)]) -> Answer {
        let proof = self.proof(house, "POST", "/par", None, None);
        send(house, app, "/par", &with(&app.request(), changes), &[&proof]).await
    }

    pub(crate) async fn redeem(&self, house: &House, app: &App, code: &str) -> Answer {
        redeem(house, app, code, &[&self.proof(house, "POST", "/token", None, None)]).await
    }

    pub(crate) async fn refresh(&self, house: &House, app: &App, refresh_token: &str) -> Answer {
        refresh(house, app, refresh_token, &[&self.proof(house, "POST", "/token", None, None)]).await
    }

    pub(crate) async fn userinfo(&self, house: &House, access_token: &str) -> Answer {
        let proof = self.proof(house, "GET", "/userinfo", Some(access_token), None);
        userinfo(house, "DPoP", access_token, &[&proof]).await
    }

    /// Signs a browser in and gives tokens that are bound to this key.
    pub(crate) async fn tokens(&self, house: &House, app: &App) -> Value {
        let code = app.code(house, &mut house.browser(), &[]).await;
        let answer = self.redeem(house, app, &code).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }
}

/// A request of `app` with these proofs.
pub(crate) async fn send(house: &House, app: &App, path: &str, parameters: &[(&str, String)], proofs: &[&str]) -> Answer {
    send_from(house, app, path, parameters, proofs, &[]).await
}

pub(crate) async fn send_from(
    house: &House,
    app: &App,
    path: &str,
    parameters: &[(&str, String)],
    proofs: &[&str],
    more: &[(&'static str, &str)],
) -> Answer {
    let mut headers = HeaderMap::new();
    headers.insert("content-type", "application/x-www-form-urlencoded".parse().unwrap());
    for proof in proofs {
        headers.append("dpop", proof.parse().unwrap());
    }
    for (name, value) in more {
        headers.insert(HeaderName::from_static(name), value.parse().unwrap());
    }
    let assertion = app.assertion(house);
    let mut pairs: Vec<(&str, &str)> = parameters.iter().map(|(name, value)| (*name, value.as_str())).collect();
    if app.client_id == PUBLIC {
        pairs.push(("client_id", PUBLIC));
    } else {
        pairs.extend([("client_assertion_type", client_assertion::ASSERTION_TYPE), ("client_assertion", &assertion)]);
    }
    house.call("POST", path, headers, form(&pairs)).await
}

pub(crate) fn redemption(app: &App, code: &str) -> [(&'static str, String); 4] {
    [
        ("grant_type", "authorization_code".to_owned()),
        ("code", code.to_owned()),
        ("redirect_uri", app.redirect_uri()),
        ("code_verifier", VERIFIER.to_owned()),
    ]
}

pub(crate) async fn redeem(house: &House, app: &App, code: &str, proofs: &[&str]) -> Answer {
    send(house, app, "/token", &redemption(app, code), proofs).await
}

pub(crate) async fn refresh(house: &House, app: &App, refresh_token: &str, proofs: &[&str]) -> Answer {
    let parameters = [("grant_type", "refresh_token".to_owned()), ("refresh_token", refresh_token.to_owned())];
    send(house, app, "/token", &parameters, proofs).await
}

pub(crate) async fn userinfo(house: &House, scheme: &str, access_token: &str, proofs: &[&str]) -> Answer {
    let mut headers = HeaderMap::new();
    headers.insert("authorization", format!("{scheme} {access_token}").parse().unwrap());
    for proof in proofs {
        headers.append("dpop", proof.parse().unwrap());
    }
    house.call("GET", "/userinfo", headers, String::new()).await
}

/// Status and error of an answer.
pub(crate) fn refused(answer: &Answer) -> (u16, String) {
    (answer.status.as_u16(), answer.error())
}

/// Both `WWW-Authenticate` lines.
pub(crate) fn challenges(answer: &Answer) -> Vec<String> {
    answer.headers.get_all("www-authenticate").iter().map(|value| value.to_str().unwrap().to_owned()).collect()
}
