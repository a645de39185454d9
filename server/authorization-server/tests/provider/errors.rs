//! A13, attack 6: whatever is wrong with a request, clients are told in JSON that nobody keeps, by a registered code, in words of ours.

use http::HeaderMap;
use protocol::ErrorCode;

use crate::answer::Answer;
use crate::house::House;
use crate::registration::open;

const ENDPOINTS: [&str; 6] = ["/par", "/token", "/introspect", "/revoke", "/register", "/userinfo"];

fn check(answer: &Answer, what: &str) {
    assert!(answer.status.is_client_error(), "{what}: {answer:?}");
    assert_eq!(
        (answer.header("content-type"), answer.header("cache-control")),
        ("application/json", "no-store"),
        "{what}: {answer:?}"
    );
    let _: ErrorCode = serde_json::from_value(answer.json()["error"].clone()).unwrap();
    let description = answer.json()["error_description"].as_str().unwrap().to_owned();
    // RFC 6749 §5.2 has the characters.
    assert!(description.chars().all(|c| matches!(c, ' '..='~') && !matches!(c, '"' | '\\')), "{what}: {description}");
    for leak in ["rror(", "panicked", "sqlite", "/src/", "::", "echo"] {
        assert!(!answer.body.contains(leak), "{what}: {}", answer.body);
    }
}

async fn send(house: &House, method: &str, path: &str, content_type: &str, body: &str) -> Answer {
    let mut headers = HeaderMap::new();
    if !content_type.is_empty() {
        headers.insert("content-type", content_type.parse().unwrap());
    }
    house.call(method, path, headers, body.to_owned()).await
}

/// A13: each endpoint, each way in which a body can be wrong.
#[tokio::test]
async fn every_refusal_is_json_with_a_registered_code() {
    const FORM: &str = "application/x-www-form-urlencoded";
    let house = House::with(open).await;
    let large = format!("token={}", "x".repeat(70_000));
    for path in ENDPOINTS {
        for (content_type, body) in [
            ("", ""),
            (FORM, ""),
            ("application/json", "{"),
            ("application/json", "[\"echo\"]"),
            ("text/plain", "echo=1"),
            (FORM, "token=echo&token=echo"),
            (FORM, "client_id=echo&client_id=echo"),
            (FORM, "client_id=echo&client_secret=echo&token=x&grant_type=echo"),
            (FORM, "client_id=%ff%00&grant_type=%22"),
            (FORM, "client_assertion=echo&client_assertion_type=echo"),
            (FORM, "grant_type=authorization_code&client_id=plain&client_secret=echo"),
        ] {
            check(&send(&house, "POST", path, content_type, body).await, &format!("{path} {content_type} {body}"));
        }
        if path != "/userinfo" {
            let answer = send(&house, "POST", path, FORM, &large).await;
            check(&answer, path);
            assert_eq!((answer.status.as_u16(), answer.error().as_str()), (413, "invalid_request"), "{path}");
        }
    }
}

/// A13, RFC 9110 §15.5.6: another method is refused in the same words, with the methods that there are.
#[tokio::test]
async fn another_method_is_told_which_there_are() {
    let house = House::with(open).await;
    for path in ENDPOINTS {
        for method in ["PUT", "DELETE", "PATCH"] {
            let answer = send(&house, method, path, "", "").await;
            check(&answer, path);
            assert_eq!((answer.status.as_u16(), answer.error().as_str()), (405, "invalid_request"), "{method} {path}");
            assert!(answer.header("allow").contains("POST"), "{method} {path}: {answer:?}");
        }
    }
    for path in ["/jwks", "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"] {
        let answer = send(&house, "POST", path, "", "").await;
        check(&answer, path);
        assert!(answer.header("allow").contains("GET"), "{path}: {answer:?}");
    }
}

/// Attack 6: a parameter that comes twice is refused wherever it comes, though both be the same.
#[tokio::test]
async fn a_parameter_that_comes_twice_is_refused_everywhere() {
    let house = House::build().await;
    let assertion = house.app.assertion(&house);
    for path in ["/par", "/token", "/introspect", "/revoke"] {
        let kind = protocol::client_assertion::ASSERTION_TYPE;
        let fields = [("client_assertion_type", kind), ("client_assertion", &assertion), ("token", "x"), ("token", "x")];
        let answer = house.post(path, &fields).await;
        assert_eq!((answer.status.as_u16(), answer.error().as_str()), (400, "invalid_request"), "{path}");
    }
    let query = house.get("/userinfo?a=1&a=1").await;
    assert_eq!((query.status.as_u16(), query.error().as_str()), (400, "invalid_request"));

    let mut browser = house.browser();
    let login = browser.open(&house.app.begin(&house, &[]).await).await;
    let csrf = login.field("csrf");
    for (page, fields) in [
        (login.field("action"), vec![("csrf", csrf.as_str()), ("csrf", &csrf), ("username", "demo")]),
        (login.field("action").replace("login", "consent"), vec![("action", "allow"), ("action", "deny")]),
        ("/authorize".to_owned(), vec![("client_id", "plain"), ("client_id", "plain")]),
        ("/end_session".to_owned(), vec![("state", "a"), ("state", "b")]),
    ] {
        let answer = browser.post(&page, &fields).await;
        assert_eq!((answer.status.as_u16(), answer.page()), (400, "problem RequestInvalid"), "{page}");
    }
    let ended = browser.get("/end_session?state=a&state=b").await;
    assert_eq!((ended.status.as_u16(), ended.page()), (400, "problem RequestInvalid"));
}
