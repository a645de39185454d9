//! Public clients that run in a page: which origins may read what (the Fetch standard, §3.3).

use authorization_server::{Authentication, Settings};
use http::{HeaderMap, HeaderName};

use crate::answer::Answer;
use crate::app::{App, VERIFIER, borrowed, token, with};
use crate::house::{House, form};
use crate::methods::{SECRET, basic, client, secret};

const HOME: &str = "https://public.example";

fn with_a_page(settings: &mut Settings) {
    settings.clients.push(client("public", Authentication::None));
    settings.clients.push(client("basic", Authentication::ClientSecretBasic(secret())));
}

/// What a script of `origin` sends.
async fn send(house: &House, method: &str, path: &str, origin: &str, more: &[(&'static str, &str)], body: String) -> Answer {
    let mut headers = HeaderMap::new();
    headers.insert("origin", origin.parse().unwrap());
    headers.insert("content-type", "application/x-www-form-urlencoded".parse().unwrap());
    for (name, value) in more {
        headers.insert(HeaderName::from_static(name), value.parse().unwrap());
    }
    house.call(method, path, headers, body).await
}

/// Whether a browser lets the script read the answer.
fn is_readable(answer: &Answer, origin: &str) -> bool {
    assert!(!answer.headers.contains_key("access-control-allow-credentials"), "{answer:?}");
    let vary: Vec<_> = answer.headers.get_all("vary").iter().collect();
    assert!(vary.iter().any(|value| *value == "origin"), "{answer:?}");
    match answer.header("access-control-allow-origin") {
        "" => false,
        allowed => {
            assert_eq!(allowed, origin);
            let exposed = answer.header("access-control-expose-headers");
            assert!(exposed.contains("www-authenticate") && exposed.contains("dpop-nonce"), "{exposed}");
            true
        }
    }
}

/// A page signs its user in by itself, from PAR to revocation; no other origin reads any of it.
#[tokio::test]
async fn a_page_of_a_public_client_reads_its_answers() {
    let house = House::with(with_a_page).await;
    let app = App::new("public");
    let pushed = send(&house, "POST", "/par", HOME, &[], form(&borrowed(&app.request()))).await;
    assert!(pushed.status == 201 && is_readable(&pushed, HOME), "{pushed:?}");
    let mut browser = house.browser();
    let login = browser.open(&app.plainly(&[])).await;
    let consent = browser.log_in(&login).await;
    let code = browser.press(&consent, "allow").await.sent("code").unwrap();
    let uri = app.redirect_uri();
    let redemption = [
        ("grant_type", "authorization_code"),
        ("client_id", "public"),
        ("code", &code),
        ("redirect_uri", &uri),
        ("code_verifier", VERIFIER),
    ];
    let answer = send(&house, "POST", "/token", HOME, &[], form(&redemption)).await;
    assert!(answer.status == 200 && is_readable(&answer, HOME), "{answer:?}");
    let tokens = answer.json();
    let bearer = format!("Bearer {}", token(&tokens, "access_token"));
    let user = send(&house, "GET", "/userinfo", HOME, &[("authorization", &bearer)], String::new()).await;
    assert!(user.status == 200 && is_readable(&user, HOME), "{user:?}");
    // What is refused is read as well: an expired token, a code that is used up.
    house.wait(300);
    let late = send(&house, "GET", "/userinfo", HOME, &[("authorization", &bearer)], String::new()).await;
    assert!(late.status == 401 && is_readable(&late, HOME), "{late:?}");
    let again = send(&house, "POST", "/token", HOME, &[], form(&redemption)).await;
    assert!(again.status == 400 && is_readable(&again, HOME), "{again:?}");
    for origin in ["https://evil.example", "https://public.example.evil", "http://public.example", "https://app.example", "null"]
    {
        let fields = form(&[("client_id", "public"), ("token", "x")]);
        for (method, path) in [("POST", "/token"), ("POST", "/revoke"), ("POST", "/par"), ("GET", "/userinfo")] {
            let answer = send(&house, method, path, origin, &[("authorization", &bearer)], fields.clone()).await;
            assert!(!is_readable(&answer, origin), "{origin} {path}");
        }
    }
    let revoked = send(&house, "POST", "/revoke", HOME, &[], form(&[("client_id", "public"), ("token", "x")])).await;
    assert!(revoked.status == 200 && is_readable(&revoked, HOME), "{revoked:?}");
}

/// A client that keeps a secret has no page that could; neither has one that nobody knows.
#[tokio::test]
async fn only_public_clients_have_pages() {
    let house = House::with(with_a_page).await;
    let header = basic("basic", SECRET);
    for (origin, client_id, more) in [
        ("https://basic.example", "basic", &[("authorization", header.as_str())][..]),
        ("https://app.example", "app", &[]),
        ("https://nobody.example", "nobody", &[]),
        (HOME, "", &[]),
    ] {
        let answer = send(&house, "POST", "/revoke", origin, more, form(&[("client_id", client_id), ("token", "x")])).await;
        assert!(!is_readable(&answer, origin), "{client_id}: {answer:?}");
    }
    let code = house.app.code(&house, &mut house.browser(), &[]).await;
    let tokens = house.app.redeem(&house, &code, &[]).await.json();
    let bearer = format!("Bearer {}", token(&tokens, "access_token"));
    let user = send(&house, "GET", "/userinfo", "https://app.example", &[("authorization", &bearer)], String::new()).await;
    assert!(user.status == 200 && !is_readable(&user, "https://app.example"));
    let changed = with(&App::new("public").request(), &[("state", "x")]);
    let unsent = house.post("/par", &borrowed(&changed)).await;
    assert_eq!(unsent.header("vary"), "", "nothing of it where no page asks");
}

/// A page may ask with a token and a proof, and never with a cookie; pages for people may be read from nowhere.
#[tokio::test]
async fn a_preflight_allows_tokens_and_proofs_and_no_cookies() {
    let house = House::build().await;
    let asked = [("access-control-request-method", "POST"), ("access-control-request-headers", "authorization,dpop")];
    for path in ["/token", "/userinfo", "/revoke", "/par", "/jwks", "/.well-known/openid-configuration"] {
        let answer = send(&house, "OPTIONS", path, HOME, &asked, String::new()).await;
        assert_eq!((answer.status.as_u16(), answer.header("access-control-allow-origin")), (204, "*"), "{path}");
        for name in ["authorization", "content-type", "dpop"] {
            assert!(answer.header("access-control-allow-headers").contains(name), "{path}");
        }
        assert!(!answer.headers.contains_key("access-control-allow-credentials"), "{path}");
    }
    for path in ["/", "/authorize", "/login/x", "/consent/x", "/account", "/end_session", "/introspect"] {
        let answer = send(&house, "OPTIONS", path, HOME, &asked, String::new()).await;
        assert_eq!((answer.status.as_u16(), answer.header("access-control-allow-origin")), (405, ""), "{path}");
    }
}
