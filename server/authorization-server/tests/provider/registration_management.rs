//! A client that registered itself looks after its registration (RFC 7592).

use serde_json::{Value, json};

use crate::house::House;
use crate::methods::{basic, send};
use crate::registration::{Change, call, changed, open, register, text, web};

/// RFC 7592 §2.1, §2.2: a client reads and replaces its registration; a secret is told once, and kept where it is needed.
#[tokio::test]
async fn a_client_looks_after_its_registration() {
    let house = House::with(open).await;
    let registered = register(&house, &web()).await.json();
    let (uri, token) = (text(&registered, "registration_client_uri"), text(&registered, "registration_access_token"));
    let (client_id, secret) = (text(&registered, "client_id"), text(&registered, "client_secret"));
    let read = call(&house, "GET", uri, token, &Value::Null).await;
    assert_eq!((read.status.as_u16(), read.header("cache-control")), (200, "no-store"));
    let mut expected = registered.clone();
    for once in ["client_secret", "client_secret_expires_at"] {
        expected.as_object_mut().unwrap().remove(once);
    }
    assert_eq!(read.json(), expected);

    let body = changed(|body| {
        body["client_id"] = json!(client_id);
        body["client_secret"] = json!(secret);
        body["client_name"] = json!("Renamed");
        body["post_logout_redirect_uris"] = Value::Null;
    });
    let renamed = call(&house, "PUT", uri, token, &body).await;
    assert_eq!((renamed.status.as_u16(), text(&renamed.json(), "client_name")), (200, "Renamed"));
    assert!(renamed.json().get("client_secret").is_none());
    let revoke = [("token", "x")];
    assert_eq!(send(&house, "/revoke", &basic(client_id, secret), &revoke).await.status, 200, "the secret is the same");

    let mut public = body.clone();
    public["token_endpoint_auth_method"] = json!("none");
    assert_eq!(call(&house, "PUT", uri, token, &public).await.status, 200);
    assert_eq!(send(&house, "/revoke", &basic(client_id, secret), &revoke).await.status, 401, "at once, here");
    let mut secret_again = body;
    secret_again.as_object_mut().unwrap().remove("client_secret");
    let again = call(&house, "PUT", uri, token, &secret_again).await.json();
    assert_ne!(text(&again, "client_secret"), secret);
}

/// RFC 7592 §2.2: a replacement is about the client of the token, and says nothing that only we say.
#[tokio::test]
async fn a_replacement_that_is_not_the_clients_own_is_refused() {
    let house = House::with(open).await;
    let registered = register(&house, &web()).await.json();
    let (uri, token) = (text(&registered, "registration_client_uri"), text(&registered, "registration_access_token"));
    let replaced = async |change: Change| {
        let body = changed(|body| {
            body["client_id"] = registered["client_id"].clone();
            change(body);
        });
        call(&house, "PUT", uri, token, &body).await
    };
    let refused: [(&str, Change); 6] = [
        ("invalid_request", |body| body["client_id"] = json!("app")),
        ("invalid_request", |body| drop(body.as_object_mut().unwrap().remove("client_id"))),
        ("invalid_request", |body| body["client_secret"] = json!("chosen by myself")),
        ("invalid_request", |body| body["registration_access_token"] = json!("x")),
        ("invalid_request", |body| body["client_id_issued_at"] = json!(1)),
        ("invalid_redirect_uri", |body| body["redirect_uris"] = json!(["http://shop.example/callback"])),
    ];
    for (code, change) in refused {
        let answer = replaced(change).await;
        assert_eq!((answer.status.as_u16(), answer.error().as_str()), (400, code));
    }
    assert_eq!(replaced(|_| ()).await.status, 200);
}

/// RFC 7592 §2: another token, another client and no client are told alike.
#[tokio::test]
async fn only_the_own_token_manages_a_registration() {
    let house = House::with(open).await;
    let [ours, other] = [register(&house, &web()).await.json(), register(&house, &web()).await.json()];
    let (uri, token) = (text(&ours, "registration_client_uri"), text(&ours, "registration_access_token"));
    let foreign = text(&other, "registration_access_token");
    for method in ["GET", "PUT", "DELETE"] {
        for (uri, token) in [(uri, foreign), (uri, "nonsense"), ("/register/nobody", token), ("/register/app", token)] {
            let answer = call(&house, method, uri, token, &web()).await;
            assert_eq!((answer.status.as_u16(), answer.error().as_str()), (401, "invalid_token"), "{method} {uri}");
        }
        assert_eq!(call(&house, method, uri, "", &web()).await.header("www-authenticate"), "Bearer");
    }
    assert_eq!(call(&house, "GET", uri, token, &Value::Null).await.status, 200);
}

/// RFC 7592 §2.3: a client that ends its registration is gone, and its token with it.
#[tokio::test]
async fn a_client_ends_its_registration() {
    let house = House::with(open).await;
    let registered = register(&house, &web()).await.json();
    let (uri, token) = (text(&registered, "registration_client_uri"), text(&registered, "registration_access_token"));
    let ended = call(&house, "DELETE", uri, token, &Value::Null).await;
    assert_eq!((ended.status.as_u16(), ended.body.as_str()), (204, ""));
    assert_eq!(call(&house, "GET", uri, token, &Value::Null).await.status, 401);
    let header = basic(text(&registered, "client_id"), text(&registered, "client_secret"));
    assert_eq!(send(&house, "/revoke", &header, &[("token", "x")]).await.status, 401);
    assert!(house.queue.kinds().contains(&"client_removed"));
}
