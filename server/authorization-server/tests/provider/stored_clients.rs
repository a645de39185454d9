//! Clients of the User Database: found by every replica, and gone from every replica.

use std::sync::Arc;

use authorization_server::clients::store;
use authorization_server::{Authentication, Client, Secret};
use protocol::OsRng;
use protocol::secret::ClientSecret;
use user_database::{Clients, Grants as _, StoredClient};
use uuid::Uuid;

use crate::app::{App, claims, token};
use crate::browser::Browser;
use crate::house::{House, form};
use crate::machines::machine;
use crate::methods::{basic, send};
use crate::start::replica;

fn stored(client: &Client, house: &House) -> StoredClient {
    store(client, None, house.now()).unwrap()
}

/// Adds a machine with a secret of its own.
async fn add_machine(house: &House) -> ClientSecret {
    let (secret, digest) = Secret::generate(&OsRng);
    let client = Client { authentication: Authentication::ClientSecretBasic(Secret::Known(digest)), ..machine("stored") };
    assert!(Clients::add(&*house.users, &stored(&client, house)).await.unwrap());
    secret
}

async fn ask_at(replica: &axum::Router, secret: &ClientSecret) -> u16 {
    let body = form(&[("grant_type", "client_credentials")]);
    let header = basic("stored", secret.expose());
    let headers = [("content-type", "application/x-www-form-urlencoded"), ("authorization", header.as_str())];
    Browser::new(replica.clone()).send("POST", "/token", &headers, body).await.status.as_u16()
}

/// A22: a client that was added is there at once, on every replica.
#[tokio::test]
async fn a_client_of_the_database_is_a_client_like_any_other() {
    let house = House::build().await;
    let other = replica(&house).await;
    let secret = add_machine(&house).await;
    for router in [&house.router, &other] {
        assert_eq!(ask_at(router, &secret).await, 200);
    }
    assert_eq!(ask_at(&other, &ClientSecret::new("wrong")).await, 401);
}

/// A client that was removed stops within two seconds, on every replica, and so does what it was granted.
#[tokio::test]
async fn a_client_that_was_removed_stops_within_seconds_everywhere() {
    let house = House::build().await;
    let other = replica(&house).await;
    let secret = add_machine(&house).await;
    assert_eq!((ask_at(&house.router, &secret).await, ask_at(&other, &secret).await), (200, 200));
    assert!(Clients::remove(&*house.users, "stored").await.unwrap());
    house.wait(2);
    assert_eq!((ask_at(&house.router, &secret).await, ask_at(&other, &secret).await), (401, 401));
}

/// A secret that was rotated stops as soon.
#[tokio::test]
async fn a_secret_that_was_rotated_stops_within_seconds() {
    let house = House::build().await;
    let before = add_machine(&house).await;
    assert_eq!(ask_at(&house.router, &before).await, 200);
    let (after, digest) = Secret::generate(&OsRng);
    let mut client = Clients::find(&*house.users, "stored").await.unwrap().unwrap();
    client.secret_digest = Some(digest.as_str().to_owned());
    assert!(house.users.replace(&client).await.unwrap());
    house.wait(2);
    assert_eq!((ask_at(&house.router, &before).await, ask_at(&house.router, &after).await), (401, 200));
}

/// A client that signs people in, with keys of its own, from authorization to refresh; removed, it leaves no live grant.
#[tokio::test]
async fn a_stored_client_signs_people_in_until_it_is_removed() {
    let house = House::build().await;
    let app = App::new("kept");
    assert!(Clients::add(&*house.users, &stored(&app.registered(true), &house)).await.unwrap());
    let tokens = app.tokens(&house, &mut house.browser()).await;
    let grant: Uuid = claims(token(&tokens, "access_token"))["gid"].as_str().unwrap().parse().unwrap();
    assert!(house.users.live(grant, house.now()).await.unwrap().is_some());
    assert_eq!(app.refresh(&house, token(&tokens, "refresh_token"), &[]).await.status, 200);
    assert!(Clients::remove(&*house.users, "kept").await.unwrap());
    assert_eq!(house.userinfo(token(&tokens, "access_token")).await.status, 401, "at once");
    assert!(house.users.live(grant, house.now()).await.unwrap().is_none());
    house.wait(2);
    let page = house.browser().open(&app.plainly(&[])).await;
    assert_eq!(page.page(), "problem RequestInvalid");
}

/// Attack 24: a client whose registration became narrower gets no more of what it once was granted.
#[tokio::test]
async fn a_narrower_registration_narrows_what_was_granted_before() {
    let house = House::build().await;
    let app = App::new("kept");
    let mut client = app.registered(true);
    assert!(Clients::add(&*house.users, &stored(&client, &house)).await.unwrap());
    let tokens = app.tokens(&house, &mut house.browser()).await;
    client.scope = protocol::Scope::parse("openid offline_access").unwrap();
    assert!(house.users.replace(&stored(&client, &house)).await.unwrap());
    house.wait(2);
    let refreshed = app.refresh(&house, token(&tokens, "refresh_token"), &[]).await.json();
    assert_eq!(refreshed["scope"], "offline_access openid");
    let refresh_token = token(&refreshed, "refresh_token");
    assert_eq!(app.refresh(&house, refresh_token, &[("scope", "email")]).await.error(), "invalid_scope");
    assert_eq!(app.refresh(&house, refresh_token, &[("scope", "openid")]).await.json()["scope"], "openid");
}

/// The configuration is the operator's last word: nobody in the database takes the place of a client in it.
#[tokio::test]
async fn a_configured_client_cannot_be_replaced_by_a_stored_one() {
    let house = House::build().await;
    let impostor = App::new("app");
    assert!(Clients::add(&*house.users, &stored(&impostor.registered(true), &house)).await.unwrap());
    assert_eq!(impostor.push(&house, &[]).await.status, 401);
    assert_eq!(house.app.push(&house, &[]).await.status, 201);
}

/// What makes no sense any more is no client, and no outage either.
#[tokio::test]
async fn a_stored_client_that_makes_no_sense_is_none() {
    let house = House::build().await;
    let odd = StoredClient { metadata: serde_json::json!({ "redirect_uris": 7 }), ..stored(&machine("odd"), &house) };
    assert!(Clients::add(&*house.users, &odd).await.unwrap());
    let answer = send(&house, "/token", &basic("odd", "x"), &[("grant_type", "client_credentials")]).await;
    assert_eq!(answer.error(), "invalid_client");
}

/// A flood of made-up names neither grows without end nor hides who is there.
#[tokio::test]
async fn a_flood_of_unknown_clients_hides_nobody() {
    let house = Arc::new(House::build().await);
    let secret = add_machine(&house).await;
    for i in 0..1100 {
        let answer = send(&house, "/token", "", &[("client_id", &format!("made-up-{i}"))]).await;
        assert_eq!(answer.status, 401);
    }
    assert_eq!(ask_at(&house.router, &secret).await, 200);
}
