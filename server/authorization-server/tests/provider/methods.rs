//! A1: clients that keep a secret, and clients that have none.

use authorization_server::{ApplicationType, Authentication, Client, Secret, SecretDigest, Settings};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use protocol::client_assertion::ASSERTION_TYPE;
use protocol::secret::ClientSecret;
use serde_json::json;

use crate::answer::Answer;
use crate::app::{App, VERIFIER, borrowed, token, with};
use crate::house::{House, form};

/// Characters that a form encodes, and a colon.
pub(crate) const SECRET: &str = "s3cret: with+plus, 100% & ümlauts, long";

pub(crate) fn secret() -> Secret {
    Secret::Known(SecretDigest::of(&ClientSecret::new(SECRET)))
}

/// A client like those of the house, that authenticates in another way.
pub(crate) fn client(client_id: &'static str, authentication: Authentication) -> Client {
    Client { authentication, ..App::new(client_id).registered(false) }
}

fn three(settings: &mut Settings) {
    settings.clients.push(client("basic", Authentication::ClientSecretBasic(secret())));
    settings.clients.push(client("post", Authentication::ClientSecretPost(secret())));
    settings.clients.push(client("public", Authentication::None));
}

/// RFC 6749 §2.3.1: each half is encoded as in a form.
pub(crate) fn basic(client_id: &str, secret: &str) -> String {
    let encoded = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    format!("Basic {}", STANDARD.encode(format!("{}:{}", encoded(client_id), encoded(secret))))
}

/// A form with an Authorization header, where one is given.
pub(crate) async fn send(house: &House, path: &str, header: &str, pairs: &[(&str, &str)]) -> Answer {
    let mut headers = HeaderMap::new();
    headers.insert("content-type", "application/x-www-form-urlencoded".parse().unwrap());
    if !header.is_empty() {
        headers.insert("authorization", header.parse().unwrap());
    }
    house.call("POST", path, headers, form(pairs)).await
}

/// A code for a client that sends its requests through the browser.
async fn code(house: &House, app: &App) -> String {
    let mut browser = house.browser();
    let login = browser.open(&app.plainly(&[])).await;
    let mut answer = browser.log_in(&login).await;
    if answer.page() == "consent" {
        answer = browser.press(&answer, "allow").await;
    }
    answer.sent("code").unwrap_or_else(|| panic!("no code: {answer:?}"))
}

async fn redeem(house: &House, app: &App, header: &str, extra: &[(&str, &str)]) -> Answer {
    let code = code(house, app).await;
    let (uri, verifier) = (app.redirect_uri(), VERIFIER);
    let mut pairs =
        vec![("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", &uri), ("code_verifier", verifier)];
    pairs.extend(extra);
    send(house, "/token", header, &pairs).await
}

/// A1: client_secret_basic signs people in, refreshes and revokes.
#[tokio::test]
async fn a_client_authenticates_with_its_secret_in_the_header() {
    let house = House::with(three).await;
    let header = basic("basic", SECRET);
    let tokens = redeem(&house, &App::new("basic"), &header, &[]).await;
    assert_eq!(tokens.status, 200, "{tokens:?}");
    let tokens = tokens.json();
    let refresh = [("grant_type", "refresh_token"), ("refresh_token", token(&tokens, "refresh_token"))];
    assert_eq!(send(&house, "/token", &header, &refresh).await.status, 200);
    assert_eq!(send(&house, "/token", &header.replace("Basic", "bASIC"), &refresh).await.status, 200, "RFC 9110 §11.1");
    let revoked = send(&house, "/revoke", &header, &[("token", token(&tokens, "refresh_token"))]).await;
    assert_eq!(revoked.status, 200);
    assert_eq!(send(&house, "/token", &header, &refresh).await.error(), "invalid_grant");
}

/// A1: client_secret_post.
#[tokio::test]
async fn a_client_authenticates_with_its_secret_in_the_form() {
    let house = House::with(three).await;
    let extra = [("client_id", "post"), ("client_secret", SECRET)];
    assert_eq!(redeem(&house, &App::new("post"), "", &extra).await.status, 200);
    let pushed = with(&App::new("post").request(), &extra);
    assert_eq!(send(&house, "/par", "", &borrowed(&pushed)).await.status, 201);
}

/// A1: a public client says who it is, and PKCE does the rest; so it is for refreshing and revoking.
#[tokio::test]
async fn a_public_client_signs_people_in_with_pkce_alone() {
    let house = House::with(three).await;
    let app = App::new("public");
    let wrong = [("client_id", "public"), ("code_verifier", "another-verifier-of-43-characters-or-longer")];
    let code = code(&house, &app).await;
    let uri = app.redirect_uri();
    let fixed = [("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", &uri)];
    let pairs: Vec<_> = fixed.into_iter().chain(wrong).collect();
    assert_eq!(send(&house, "/token", "", &pairs).await.error(), "invalid_grant");
    let pairs: Vec<_> = fixed.into_iter().chain([("client_id", "public"), ("code_verifier", VERIFIER)]).collect();
    let tokens = send(&house, "/token", "", &pairs).await;
    assert_eq!(tokens.status, 200, "{tokens:?}");
    let tokens = tokens.json();
    let refresh = [("grant_type", "refresh_token"), ("refresh_token", token(&tokens, "refresh_token")), ("client_id", "public")];
    assert_eq!(send(&house, "/token", "", &refresh).await.status, 200);
    let anonymous = send(&house, "/token", "", &refresh[..2]).await;
    assert_eq!((anonymous.status.as_u16(), anonymous.error().as_str()), (401, "invalid_client"));
    let without_pkce = house.browser().open(&app.plainly(&[("code_challenge", "")])).await;
    assert_eq!(without_pkce.sent("error").as_deref(), Some("invalid_request"));
}

/// Attack 19: whoever is unknown, has a wrong secret, or is registered for another method, is told the same.
#[tokio::test]
async fn every_wrong_proof_is_told_the_same() {
    let house = House::with(three).await;
    let token = ("token", "x");
    for (header, form) in [
        (basic("basic", "wrong"), vec![token]),
        (basic("basic", ""), vec![token]),
        (basic("nobody", SECRET), vec![token]),
        (basic("post", SECRET), vec![token]),
        (basic("public", ""), vec![token]),
        (basic("app", SECRET), vec![token]),
        (basic("basic", secret().digest().unwrap().as_str()), vec![token]),
        (String::new(), vec![token, ("client_id", "post"), ("client_secret", "wrong")]),
        (String::new(), vec![token, ("client_id", "basic"), ("client_secret", SECRET)]),
        (String::new(), vec![token, ("client_id", "nobody"), ("client_secret", SECRET)]),
        (String::new(), vec![token, ("client_id", "basic")]),
        (String::new(), vec![token, ("client_id", "nobody")]),
    ] {
        let answer = send(&house, "/revoke", &header, &form).await;
        assert_eq!((answer.status.as_u16(), answer.error().as_str()), (401, "invalid_client"), "{form:?}");
        assert_eq!(answer.json()["error_description"], "client authentication failed");
        let challenge = if header.is_empty() { "" } else { "Basic realm=\"clients\"" };
        assert_eq!(answer.header("www-authenticate"), challenge, "RFC 6749 §5.2");
        assert_eq!(answer.header("cache-control"), "no-store");
    }
}

/// Attack 19: what is not Basic credentials authenticates nobody.
#[tokio::test]
async fn a_header_that_is_not_basic_is_an_invalid_client() {
    let house = House::with(three).await;
    let good = basic("basic", SECRET);
    for header in ["Bearer abc", "Basic", "Basic !!!", "Basic YWJj", "Digest x", &good[..good.len() - 4], "Basic Zm9vOiVGRg=="] {
        let answer = send(&house, "/revoke", header, &[("token", "x")]).await;
        assert_eq!((answer.status.as_u16(), answer.error().as_str()), (401, "invalid_client"), "{header}");
    }
    assert_eq!(send(&house, "/revoke", &good, &[("token", "x"), ("client_id", "post")]).await.error(), "invalid_request");
}

/// A1, RFC 6749 §2.3, attack 18: a request uses one method only, even where one of them would do.
#[tokio::test]
async fn no_two_methods_of_any_kind() {
    let house = House::with(three).await;
    let assertion = house.app.assertion(&house);
    let header = basic("basic", SECRET);
    let posted = [("client_id", "post"), ("client_secret", SECRET)];
    let signed = [("client_assertion_type", ASSERTION_TYPE), ("client_assertion", assertion.as_str())];
    for (header, form) in [
        (header.as_str(), [&posted[..], &[("token", "x")]].concat()),
        (header.as_str(), [&signed[..], &[("token", "x")]].concat()),
        ("", [&posted[..], &signed[..], &[("token", "x")]].concat()),
        ("Bearer abc", [&signed[..], &[("token", "x")]].concat()),
    ] {
        let answer = send(&house, "/revoke", header, &form).await;
        assert_eq!((answer.status.as_u16(), answer.error().as_str()), (400, "invalid_request"), "{form:?}");
    }
    assert_eq!(send(&house, "/revoke", "", &[&signed[..], &[("token", "x")]].concat()).await.status, 200, "not used up");
}

/// RFC 6749 §5.2, RFC 7591 §2: a client uses the grants that it is registered for.
#[tokio::test]
async fn a_grant_that_the_client_is_not_registered_for_is_refused() {
    let house = House::with(|settings| {
        three(settings);
        settings.clients[2].grant_types = vec!["authorization_code".to_owned()];
        settings.clients[3].grant_types = Vec::new();
    })
    .await;
    let header = basic("basic", SECRET);
    let tokens = redeem(&house, &App::new("basic"), &header, &[]).await.json();
    assert!(tokens.get("refresh_token").is_none(), "it could not be used");
    let refresh = [("grant_type", "refresh_token"), ("refresh_token", "x")];
    let answer = send(&house, "/token", &header, &refresh).await;
    assert_eq!((answer.status.as_u16(), answer.error().as_str()), (400, "unauthorized_client"));
    let sent = house.browser().open(&App::new("post").plainly(&[])).await;
    assert_eq!(sent.sent("error").as_deref(), Some("unauthorized_client"));
}

/// A7, attack 4: a native client comes back on whatever port it listens on; any other client on the one that it registered.
#[tokio::test]
async fn a_native_client_redirects_to_any_loopback_port() {
    let house = House::with(|settings| {
        for (client_id, application_type) in [("native", ApplicationType::Native), ("web", ApplicationType::Web)] {
            let redirect_uris = vec!["http://127.0.0.1/callback".to_owned()];
            settings.clients.push(Client { application_type, redirect_uris, ..client(client_id, Authentication::None) });
        }
    })
    .await;
    let asked = |client_id, uri| App::new(client_id).plainly(&[("redirect_uri", uri)]);
    let port = "http://127.0.0.1:51234/callback";
    assert_eq!(house.browser().open(&asked("native", port)).await.page(), "login");
    assert_eq!(house.browser().open(&asked("web", "http://127.0.0.1/callback")).await.page(), "login");
    for (client_id, uri) in [("web", port), ("native", "http://localhost:51234/callback"), ("native", "http://127.0.0.1:51234/x")]
    {
        let page = house.browser().open(&asked(client_id, uri)).await;
        assert_eq!((page.status.as_u16(), page.page()), (400, "problem RequestInvalid"), "{client_id} {uri}");
    }
    let mut browser = house.browser();
    let login = browser.open(&asked("native", port)).await;
    let consent = browser.log_in(&login).await;
    let sent = browser.press(&consent, "allow").await;
    assert!(sent.location().as_str().starts_with(port), "{sent:?}");
    let code = sent.sent("code").unwrap();
    let fixed = [("grant_type", "authorization_code"), ("code", &code), ("code_verifier", VERIFIER), ("client_id", "native")];
    let redeemed = |uri| fixed.into_iter().chain([("redirect_uri", uri)]).collect::<Vec<_>>();
    let other = send(&house, "/token", "", &redeemed("http://127.0.0.1:51235/callback")).await;
    assert_eq!(other.error(), "invalid_grant", "A8: the code is bound to the very URI");
    assert_eq!(send(&house, "/token", "", &redeemed(port)).await.status, 200);
}

/// A10, A11: a FAPI client pushes its requests.
#[tokio::test]
async fn a_fapi_client_pushes_its_requests() {
    let house = House::with(|settings| {
        settings.clients[1].profile = authorization_server::Profile::Fapi2;
    })
    .await;
    let sent = house.browser().open(&house.plain.plainly(&[])).await;
    assert_eq!(sent.sent("error").as_deref(), Some("invalid_request"));
    assert_eq!(house.plain.push(&house, &[]).await.status, 201);
}

/// A1: what is on offer is in the metadata.
#[tokio::test]
async fn the_methods_are_in_the_metadata() {
    let house = House::build().await;
    let metadata = house.get("/.well-known/openid-configuration").await.json();
    let methods = json!(["private_key_jwt", "client_secret_basic", "client_secret_post", "none"]);
    assert_eq!(metadata["token_endpoint_auth_methods_supported"], methods);
}
