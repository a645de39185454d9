//! RFC 7591 and RFC 7592: clients that register themselves.

use std::sync::Arc;

use authorization_server::{AuthorizationServer, Outbound, RegistrationPolicy, SecretDigest, Settings};
use http::HeaderMap;
use protocol::OsRng;
use protocol::jose::SigningKey;
use protocol::secret::ClientSecret;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::app::{App, VERIFIER, token};
use crate::house::{House, ISSUER, boxes, open_users, sealing_secret, settings};
use crate::methods::{basic, send};

const TOKEN: &str = "the initial access token of the operator";

pub(crate) fn open(settings: &mut Settings) {
    settings.registration = RegistrationPolicy::Open;
}

pub(crate) async fn call(house: &House, method: &str, path: &str, token: &str, body: &Value) -> Answer {
    let mut headers = HeaderMap::new();
    headers.insert("content-type", "application/json".parse().unwrap());
    if !token.is_empty() {
        headers.insert("authorization", format!("Bearer {token}").parse().unwrap());
    }
    let path = path.strip_prefix(ISSUER).unwrap_or(path);
    house.call(method, path, headers, if body.is_null() { String::new() } else { body.to_string() }).await
}

pub(crate) async fn register(house: &House, body: &Value) -> Answer {
    call(house, "POST", "/register", "", body).await
}

pub(crate) fn text<'a>(document: &'a Value, name: &str) -> &'a str {
    document[name].as_str().unwrap_or_else(|| panic!("no {name}: {document}"))
}

pub(crate) fn web() -> Value {
    json!({ "client_name": "Shop", "redirect_uris": ["https://shop.example/callback"], "grant_types": ["authorization_code", "refresh_token"] })
}

pub(crate) type Change = fn(&mut Value);

pub(crate) fn changed(change: impl FnOnce(&mut Value)) -> Value {
    let mut body = web();
    change(&mut body);
    body
}

/// Off unless the operator says otherwise: neither there nor in the metadata.
#[tokio::test]
async fn nobody_registers_where_it_is_off() {
    let house = House::build().await;
    assert_eq!(register(&house, &web()).await.status, 404);
    assert_eq!(call(&house, "GET", "/register/app", "x", &Value::Null).await.status, 404);
    let metadata = house.get("/.well-known/openid-configuration").await.json();
    assert!(metadata.get("registration_endpoint").is_none());
    let house = House::with(open).await;
    let metadata = house.get("/.well-known/openid-configuration").await.json();
    assert_eq!(metadata["registration_endpoint"], format!("{ISSUER}/register"));
}

/// RFC 7591 §3.2.1: what is registered is told, defaults and secret among it; and the client then signs people in.
#[tokio::test]
async fn a_client_registers_and_signs_people_in() {
    let house = House::with(open).await;
    let answer = register(&house, &web()).await;
    assert_eq!((answer.status.as_u16(), answer.header("cache-control")), (201, "no-store"), "{answer:?}");
    let registered = answer.json();
    let (client_id, secret) = (text(&registered, "client_id"), text(&registered, "client_secret"));
    assert_eq!(registered["client_secret_expires_at"], 0);
    assert_eq!(registered["client_id_issued_at"], house.now().as_second());
    assert_eq!(registered["token_endpoint_auth_method"], "client_secret_basic");
    assert_eq!(registered["response_types"], json!(["code"]));
    assert_eq!(text(&registered, "registration_client_uri"), format!("{ISSUER}/register/{client_id}"));
    let app = App { client_id: client_id.to_owned().leak(), key: SigningKey::generate(&OsRng) };
    let mut browser = house.browser();
    let uri = "https://shop.example/callback";
    let login = browser.open(&app.plainly(&[("redirect_uri", uri)])).await;
    let consent = browser.log_in(&login).await;
    assert_eq!((consent.page(), consent.field("client").as_str()), ("consent", "Shop"));
    let code = browser.press(&consent, "allow").await.sent("code").unwrap();
    let fields = [("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", uri), ("code_verifier", VERIFIER)];
    let tokens = send(&house, "/token", &basic(client_id, secret), &fields).await;
    assert_eq!(tokens.status, 200, "{tokens:?}");
    assert_eq!(house.userinfo(token(&tokens.json(), "access_token")).await.status, 200);
    assert_eq!(house.queue.kinds().iter().filter(|kind| **kind == "client_registered").count(), 1);
}

/// A18, attack 39: a client that registered itself is shown with the host that it leads to and a warning, whatever it calls itself.
#[tokio::test]
async fn a_client_that_registered_itself_is_shown_as_unverified() {
    let house = House::with(open).await;
    let named = changed(|body| body["client_name"] = json!("The app client"));
    let registered = register(&house, &named).await.json();
    let app = App { client_id: text(&registered, "client_id").to_owned().leak(), key: SigningKey::generate(&OsRng) };
    for (url, expected) in [
        (app.plainly(&[("redirect_uri", "https://shop.example/callback")]), ("true", "shop.example")),
        (house.plain.plainly(&[]), ("false", "plain.example")),
    ] {
        let mut browser = house.browser();
        let login = browser.open(&url).await;
        let page = browser.log_in(&login).await;
        assert_eq!(page.page(), "consent");
        assert_eq!((page.field("unverified").as_str(), page.field("host").as_str()), expected);
    }
}

/// RFC 7591 §5: where everybody may register clients, each address may register a few; others are not held up, and nor is whoever asks
/// in vain.
#[tokio::test]
async fn an_address_registers_a_few_clients() {
    let house = House::with(|settings| {
        open(settings);
        settings.slow_down.registration.attempts = 3;
    })
    .await;
    let from = async |address: &str, body: &Value| {
        let mut browser = house.browser();
        browser.address = Some(address.parse().unwrap());
        browser.send("POST", "/register", &[("content-type", "application/json")], body.to_string()).await
    };
    let senseless = changed(|body| body["redirect_uris"] = json!([]));
    for _ in 0..5 {
        assert_eq!(from("192.0.2.1", &senseless).await.status, 400);
    }
    for _ in 0..3 {
        assert_eq!(from("192.0.2.1", &web()).await.status, 201);
    }
    let waiting = from("192.0.2.1", &web()).await;
    assert_eq!((waiting.status.as_u16(), waiting.error().as_str()), (429, "temporarily_unavailable"));
    assert_eq!((waiting.header("retry-after"), waiting.header("cache-control")), ("60", "no-store"));
    assert_eq!(from("198.51.100.1", &web()).await.status, 201);
    assert_eq!(from("2001:db8::1", &web()).await.status, 201);
    house.wait(60);
    assert_eq!(from("192.0.2.1", &web()).await.status, 201);
    assert_eq!(from("192.0.2.1", &web()).await.header("retry-after"), "120");
    assert_eq!(house.queue.kinds().iter().filter(|kind| **kind == "client_registered").count(), 6);
}

/// RFC 7591 §3: with a token, only who has it.
#[tokio::test]
async fn where_a_token_is_asked_for_only_who_has_it_registers() {
    let house = House::with(|settings| {
        settings.registration = RegistrationPolicy::Token(SecretDigest::of(&ClientSecret::new(TOKEN)));
    })
    .await;
    let none = register(&house, &web()).await;
    assert_eq!((none.status.as_u16(), none.header("www-authenticate")), (401, "Bearer"));
    let wrong = call(&house, "POST", "/register", "wrong", &web()).await;
    assert_eq!((wrong.status.as_u16(), wrong.header("www-authenticate")), (401, "Bearer error=\"invalid_token\""));
    assert_eq!(call(&house, "POST", "/register", TOKEN, &web()).await.status, 201);
}

/// RFC 7591 §2, attack 1, A7: redirect URIs are https, on a person's own machine loopback or a scheme of its own.
#[tokio::test]
async fn a_redirect_uri_that_others_could_read_is_refused() {
    let house = House::with(|settings| {
        open(settings);
    })
    .await;
    for uri in [
        "http://shop.example/callback",
        "https://shop.example/callback#fragment",
        "https://user@shop.example/callback",
        "javascript:alert(1)",
        "data:text/html,x",
        "com.example.shop:/callback",
        "/callback",
        "https://shop.example/call back",
    ] {
        let answer = register(&house, &changed(|body| body["redirect_uris"] = json!([uri]))).await;
        assert_eq!((answer.status.as_u16(), answer.error().as_str()), (400, "invalid_redirect_uri"), "{uri}");
        let answer = register(&house, &changed(|body| body["post_logout_redirect_uris"] = json!([uri]))).await;
        assert_eq!((answer.status.as_u16(), answer.error().as_str()), (400, "invalid_client_metadata"), "{uri}");
    }
    for uri in ["http://127.0.0.1/callback", "com.example.shop:/callback", "https://shop.example/callback"] {
        let native = changed(|body| {
            body["application_type"] = json!("native");
            body["redirect_uris"] = json!([uri]);
            body["token_endpoint_auth_method"] = json!("none");
        });
        let answer = register(&house, &native).await;
        assert_eq!(answer.status, 201, "{uri}");
        assert!(answer.json().get("client_secret").is_none());
    }
}

/// Attack 30: no address of the inside is registered to be asked, and none of what we never ask is kept.
#[tokio::test]
async fn addresses_of_the_inside_are_not_registered() {
    let house = House::with(open).await;
    for uri in [
        "https://10.0.0.1/jwks",
        "https://192.168.1.1/jwks",
        "https://169.254.169.254/latest/meta-data",
        "https://[fd00:ec2::254]/",
        "https://0x0a.0.0.1/jwks",
        "http://shop.example/jwks",
        "https://user@shop.example/jwks",
        "file:///etc/passwd",
    ] {
        let by_key = changed(|body| {
            body["token_endpoint_auth_method"] = json!("private_key_jwt");
            body["jwks_uri"] = json!(uri);
        });
        assert_eq!(register(&house, &by_key).await.error(), "invalid_client_metadata", "{uri}");
        let told = changed(|body| body["backchannel_logout_uri"] = json!(uri));
        assert_eq!(register(&house, &told).await.error(), "invalid_client_metadata", "{uri}");
    }
    let odd = changed(|body| {
        for name in ["logo_uri", "policy_uri", "tos_uri", "sector_identifier_uri", "initiate_login_uri"] {
            body[name] = json!("https://169.254.169.254/");
        }
        body["resources"] = json!(["https://api.example"]);
        body["serves"] = json!(["https://api.example"]);
        body["require_pkce"] = json!(false);
    });
    let answer = register(&house, &odd).await;
    assert_eq!(answer.status, 201);
    for ours in ["169.254", "api.example", "require_pkce"] {
        assert!(!answer.body.contains(ours), "{ours} {answer:?}");
    }
}

/// Attack 30: where people sign in, not even the provider's own machine is asked, by address or by name.
#[tokio::test]
async fn in_production_no_client_of_itself_leads_to_the_providers_own_machine() {
    let house = House::build().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let users = open_users(&house.directory).await;
    let clock = Arc::clone(&house.clock) as _;
    let mut boxes = boxes(Arc::clone(&house.cache) as _, Arc::clone(&house.queue) as _, &users, clock, Arc::new(OsRng));
    boxes.outbound = Outbound::new(false, &[]).unwrap();
    let mut production = settings(&[]);
    open(&mut production);
    let server = AuthorizationServer::prepare(production, boxes, &sealing_secret()).await.unwrap();
    let house = House { router: authorization_server::router(server), ..house };
    let by_key = |uri: String| {
        changed(|body| {
            body["token_endpoint_auth_method"] = json!("private_key_jwt");
            body["jwks_uri"] = json!(uri);
        })
    };
    for uri in
        [format!("https://127.0.0.1:{port}/jwks"), format!("https://[::1]:{port}/jwks"), format!("http://localhost:{port}/jwks")]
    {
        assert_eq!(register(&house, &by_key(uri.clone())).await.error(), "invalid_client_metadata", "{uri}");
    }
    // What a name means is seen when it is used.
    let named = register(&house, &by_key(format!("https://localhost:{port}/jwks"))).await;
    assert_eq!(named.status, 201);
    let app = App { client_id: text(&named.json(), "client_id").to_owned().leak(), key: SigningKey::generate(&OsRng) };
    assert_eq!(app.push(&house, &[]).await.status, 503);
    let reached = tokio::select! { biased; _ = listener.accept() => true, () = tokio::task::yield_now() => false };
    assert!(!reached, "nobody knocked");
}

/// RFC 7591 §3.2.2: what makes no sense, or is for the operator to give, is refused.
#[tokio::test]
async fn metadata_that_makes_no_sense_is_refused() {
    let house = House::with(open).await;
    let fapi = changed(|body| {
        body["token_endpoint_auth_method"] = json!("private_key_jwt");
        body["jwks_uri"] = json!("https://shop.example/jwks");
        body["profile"] = json!("fapi2");
        body["id_token_signed_response_alg"] = json!("RS256");
    });
    assert_eq!(register(&house, &fapi).await.error(), "invalid_client_metadata", "FAPI 2.0 §5.4.1");
    let changes: [(&str, Value); 12] = [
        ("redirect_uris", json!([])),
        ("redirect_uris", json!("https://shop.example/callback")),
        ("grant_types", json!(["password"])),
        ("grant_types", json!(["authorization_code", "client_credentials"])),
        ("response_types", json!(["token"])),
        ("response_types", json!([])),
        ("token_endpoint_auth_method", json!("client_secret_jwt")),
        ("token_endpoint_auth_method", json!("private_key_jwt")),
        ("subject_type", json!("pairwise")),
        ("application_type", json!("toaster")),
        ("profile", json!("fapi2")),
        ("client_name", json!("a\u{202e}b")),
    ];
    for (name, value) in changes {
        let answer = register(&house, &changed(|body| body[name] = value.clone())).await;
        assert_eq!((answer.status.as_u16(), answer.error().as_str()), (400, "invalid_client_metadata"), "{name} {value}");
    }
    let key = serde_json::to_value(house.app.key.public_jwk()).unwrap();
    for private in ["d", "k", "p"] {
        let mut key = key.clone();
        key[private] = json!("AAAA");
        let by_key = changed(|body| {
            body["token_endpoint_auth_method"] = json!("private_key_jwt");
            body["jwks"] = json!({ "keys": [key] });
        });
        assert_eq!(register(&house, &by_key).await.error(), "invalid_client_metadata", "{private}");
    }
    let by_key = changed(|body| {
        body["token_endpoint_auth_method"] = json!("private_key_jwt");
        body["jwks"] = json!({ "keys": [key] });
    });
    assert_eq!(register(&house, &by_key).await.status, 201);
}

/// RFC 7591 §3.1: a JSON object, said to be one.
#[tokio::test]
async fn what_is_no_json_object_is_an_invalid_request() {
    let house = House::with(open).await;
    let form = house.post("/register", &[("client_name", "Shop")]).await;
    assert_eq!((form.status.as_u16(), form.error().as_str()), (400, "invalid_request"));
    for body in [json!([]), json!("text"), Value::Null] {
        assert_eq!(register(&house, &body).await.error(), "invalid_request", "{body}");
    }
}

/// Attack 24: a client that nobody vouches for asks for what is about its user, and for no resource.
#[tokio::test]
async fn scopes_that_an_operator_gives_are_left_out() {
    let house = House::with(open).await;
    let registered = register(&house, &changed(|body| body["scope"] = json!("openid admin notes email"))).await.json();
    assert_eq!(registered["scope"], "email openid");
    let registered = register(&house, &web()).await.json();
    assert_eq!(registered["scope"], "email offline_access openid profile");
}

/// Attack 32: a name is text, whatever it holds.
#[tokio::test]
async fn markup_in_a_name_stays_text() {
    let house = House::with(open).await;
    let name = "<script>alert(1)</script>\" onload=\"x";
    let registered = register(&house, &changed(|body| body["client_name"] = json!(name))).await.json();
    assert_eq!(registered["client_name"], name);
    let nameless = changed(|body| drop(body.as_object_mut().unwrap().remove("client_name")));
    assert_eq!(register(&house, &nameless).await.json()["client_name"], "shop.example");
}

/// A23, attack 28: of secret and token there are digests.
#[tokio::test]
async fn the_database_holds_neither_secret_nor_token() {
    let house = House::with(open).await;
    let registered = register(&house, &web()).await.json();
    let client_id = text(&registered, "client_id");
    let mut found = false;
    for entry in std::fs::read_dir(house.directory.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
        found |= holds(client_id);
        assert!(!holds(text(&registered, "client_secret")) && !holds(text(&registered, "registration_access_token")));
    }
    assert!(found, "the search finds what is there");
}
