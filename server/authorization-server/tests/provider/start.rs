use std::sync::Arc;

use authorization_server::{AuthorizationServer, Client, PrepareError};
use axum::Router;
use protocol::OsRng;
use secrecy::SecretString;

use crate::house::{House, boxes, open_users, sealing_secret, settings};

pub(crate) async fn prepare(house: &House, secret: &SecretString) -> Result<Arc<AuthorizationServer>, PrepareError> {
    prepare_for(house, &[house.app.registered(true)], secret).await
}

async fn prepare_for(house: &House, clients: &[Client], secret: &SecretString) -> Result<Arc<AuthorizationServer>, PrepareError> {
    let users = open_users(&house.directory).await;
    let boxes = boxes(
        Arc::clone(&house.cache) as _,
        Arc::clone(&house.queue) as _,
        &users,
        Arc::clone(&house.clock) as _,
        Arc::new(OsRng),
    );
    AuthorizationServer::prepare(settings(clients), boxes, secret).await
}

/// Another replica on the same boxes.
pub(crate) async fn replica(house: &House) -> Router {
    authorization_server::router(prepare(house, &sealing_secret()).await.unwrap())
}

/// The same with other clients.
pub(crate) async fn replica_for(house: &House, clients: &[Client]) -> Router {
    authorization_server::router(prepare_for(house, clients, &sealing_secret()).await.unwrap())
}

/// A22: keys outlive a restart, and replicas share them.
#[tokio::test]
async fn a_restart_keeps_the_key() {
    let house = House::build().await;
    let first = house.get("/jwks").await.body;
    let second = House { router: replica(&house).await, ..house };
    assert_eq!(second.get("/jwks").await.body, first);
}

/// A23: the private key is sealed at rest; with another secret the server does not start, and says why.
#[tokio::test]
async fn another_sealing_secret_is_told_at_the_start() {
    let house = House::build().await;
    let refused = prepare(&house, &SecretString::from("another".to_owned())).await;
    let error = refused.unwrap_err();
    assert!(matches!(error, PrepareError::Sealed(_)));
    assert!(error.to_string().contains("provider.sealing_key"));
    for entry in std::fs::read_dir(house.directory.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        assert!(!bytes.windows(7).any(|window| window == b"PRIVATE"));
    }
}

/// Replicas that start at the same moment agree on one key.
#[tokio::test]
async fn replicas_that_start_at_once_agree() {
    let house = House::build().await;
    let empty = House { directory: tempfile::tempdir().unwrap(), ..house };
    let secret = sealing_secret();
    let (a, b) = tokio::join!(prepare(&empty, &secret), prepare(&empty, &secret));
    let mut sets = Vec::new();
    for server in [a.unwrap(), b.unwrap()] {
        let router = authorization_server::router(server);
        let mut browser = crate::browser::Browser::new(router);
        sets.push(browser.get("/jwks").await.body);
    }
    assert_eq!(sets[0], sets[1]);
}

/// A client that makes no sense is told at the start.
#[tokio::test]
async fn a_malformed_client_is_told_at_the_start() {
    let house = House::build().await;
    let users = open_users(&house.directory).await;
    let boxes = boxes(
        Arc::clone(&house.cache) as _,
        Arc::clone(&house.queue) as _,
        &users,
        Arc::clone(&house.clock) as _,
        Arc::new(OsRng),
    );
    let mut client = house.app.registered(true);
    client.redirect_uris.push("https://app.example/#fragment".to_owned());
    let refused = AuthorizationServer::prepare(settings(&[client]), boxes, &sealing_secret()).await;
    assert!(matches!(refused, Err(PrepareError::Settings(_))));
}
