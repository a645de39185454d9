use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use authorization_server::{Authentication, ClientKeys};
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use http::StatusCode;
use http::header::LOCATION;
use protocol::OsRng;
use protocol::jose::SigningKey;
use serde_json::json;

use crate::house::House;

/// A client that publishes its keys, and counts who asks.
#[derive(Default)]
struct Published {
    body: Mutex<String>,
    asked: AtomicUsize,
}

async fn serve(published: &Arc<Published>) -> String {
    let answer = |State(published): State<Arc<Published>>| async move {
        published.asked.fetch_add(1, Ordering::SeqCst);
        published.body.lock().unwrap().clone()
    };
    let elsewhere = || async { (StatusCode::FOUND, [(LOCATION, "/jwks")]) };
    let router = Router::new().route("/jwks", get(answer)).route("/elsewhere", get(elsewhere)).with_state(Arc::clone(published));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    format!("http://{address}")
}

async fn house_with(uri: String) -> House {
    let uri = uri.parse().unwrap();
    House::with(|settings| {
        settings.clients[0].authentication = Authentication::PrivateKeyJwt { keys: ClientKeys::JwksUri(uri) };
    })
    .await
}

fn set(keys: &[&SigningKey]) -> String {
    json!({ "keys": keys.iter().map(|key| key.public_jwk()).collect::<Vec<_>>() }).to_string()
}

/// A published key set is fetched once and kept; a new key is found, a flood of unknown ones is not followed (attack 21).
#[tokio::test]
async fn a_published_key_set_is_fetched_when_needed_and_at_most_once_in_thirty_seconds() {
    let published = Arc::new(Published::default());
    let mut house = house_with(format!("{}/jwks", serve(&published).await)).await;
    *published.body.lock().unwrap() = set(&[&house.app.key]);
    let asked = || published.asked.load(Ordering::SeqCst);
    assert_eq!(asked(), 0);
    for _ in 0..3 {
        assert_eq!(house.app.push(&house, &[]).await.status, 201);
    }
    assert_eq!(asked(), 1);
    // The client rotates; within the interval nobody asks, after it one request does.
    house.app.key = SigningKey::generate(&OsRng);
    *published.body.lock().unwrap() = set(&[&house.app.key]);
    for _ in 0..10 {
        assert_eq!(house.app.push(&house, &[]).await.status, 401);
    }
    assert_eq!(asked(), 1);
    house.wait(30);
    for _ in 0..3 {
        assert_eq!(house.app.push(&house, &[]).await.status, 201);
    }
    assert_eq!(asked(), 2);
}

/// A client whose keys cannot be had yet is told to come again, and is believed as soon as they can.
#[tokio::test]
async fn keys_out_of_reach_are_an_outage_and_not_a_refusal() {
    let published = Arc::new(Published::default());
    let house = house_with(format!("{}/jwks", serve(&published).await)).await;
    let answer = house.app.push(&house, &[]).await;
    assert_eq!((answer.status.as_u16(), answer.error().as_str()), (503, "temporarily_unavailable"));
    *published.body.lock().unwrap() = set(&[&house.app.key]);
    house.wait(1);
    assert_eq!(house.app.push(&house, &[]).await.status, 201);
}

/// Attacks 30 and 31: no redirect is followed, and no endless body is read.
#[tokio::test]
async fn neither_redirects_nor_oversized_sets_are_followed() {
    let published = Arc::new(Published::default());
    let origin = serve(&published).await;
    let house = house_with(format!("{origin}/elsewhere")).await;
    *published.body.lock().unwrap() = set(&[&house.app.key]);
    assert_eq!(house.app.push(&house, &[]).await.status, 503);
    assert_eq!(published.asked.load(Ordering::SeqCst), 0);
    let house = house_with(format!("{origin}/jwks")).await;
    let padded = format!("{}{}", " ".repeat(70_000), set(&[&house.app.key]));
    *published.body.lock().unwrap() = padded;
    assert_eq!(house.app.push(&house, &[]).await.status, 503);
}
