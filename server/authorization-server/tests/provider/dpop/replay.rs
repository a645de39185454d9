use std::sync::Arc;
use std::sync::atomic::Ordering;

use authorization_server::AuthorizationServer;
use cache::Cache;
use cache::redis::RedisCache;
use protocol::OsRng;

use super::wallet::{Wallet, redeem, refused, userinfo};
use crate::app::token;
use crate::house::{House, boxes, sealing_secret, settings};

/// What a replayed proof is told.
fn replayed() -> (u16, String) {
    (400, "invalid_dpop_proof".to_owned())
}

/// Attack 25: a proof is good once, whatever it is sent along with, for as long as its age would allow.
#[tokio::test]
async fn a_proof_is_good_once() {
    let (house, wallet) = (House::build().await, Wallet::new());
    let mut browser = house.browser();
    let [first, second] = [house.app.code(&house, &mut browser, &[]).await, house.app.code(&house, &mut browser, &[]).await];
    let proof = wallet.proof(&house, "POST", "/token", None, None);
    assert_eq!(redeem(&house, &house.app, &first, &[&proof]).await.status, 200);
    assert_eq!(refused(&redeem(&house, &house.app, &second, &[&proof]).await), replayed());
    house.wait(50);
    assert_eq!(refused(&redeem(&house, &house.app, &second, &[&proof]).await), replayed());
    house.wait(11);
    assert_eq!(refused(&redeem(&house, &house.app, &second, &[&proof]).await), replayed(), "too old by now");
}

/// Attack 25: of twenty uses of one proof at once, one is taken.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_twenty_uses_at_once_one_is_taken() {
    let (house, wallet) = (Arc::new(House::build().await), Wallet::new());
    let tokens = wallet.tokens(&house, &house.app).await;
    let access = token(&tokens, "access_token").to_owned();
    let proof = wallet.proof(&house, "GET", "/userinfo", Some(&access), None);
    let mut uses = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let (house, access, proof) = (Arc::clone(&house), access.clone(), proof.clone());
        uses.spawn(async move { userinfo(&house, "DPoP", &access, &[&proof]).await.status.as_u16() });
    }
    let statuses = uses.join_all().await;
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1);
    assert_eq!(statuses.iter().filter(|status| **status == 401).count(), 19);
}

/// A12: what one replica has seen, the other refuses.
#[tokio::test]
async fn a_proof_is_refused_across_replicas() {
    let house = House::build().await;
    let second = crate::start::replica(&house).await;
    replayed_elsewhere(house, second).await;
}

/// A12: the same where the replicas share a Redis.
#[tokio::test]
async fn a_proof_is_refused_across_replicas_over_redis() {
    if std::env::var("CLOAKROOM_TEST_ENGINES").is_ok_and(|engines| engines == "embedded") {
        eprintln!("left out: CLOAKROOM_TEST_ENGINES=embedded asks for the embedded engines only");
        return;
    }
    let url = std::env::var("CLOAKROOM_TEST_REDIS").expect(
        "CLOAKROOM_TEST_REDIS is not set: `make test` starts a Redis and sets it \
         (CLOAKROOM_TEST_ENGINES=embedded leaves the tests on Redis out)",
    );
    let house = House::build().await;
    let prefix = format!("cloakroom-test:{}:", uuid::Uuid::new_v4());
    let mut routers = Vec::new();
    for _ in 0..2 {
        // A connection each, as replicas have.
        let cache = RedisCache::connect_with_prefix(&url, &prefix, Arc::clone(&house.clock) as _).await.unwrap();
        routers.push(on(&house, Arc::new(cache)).await);
    }
    let [first, second] = routers.try_into().unwrap();
    replayed_elsewhere(House { router: first, ..house }, second).await;
}

async fn on(house: &House, cache: Arc<dyn Cache>) -> axum::Router {
    let boxes = boxes(cache, Arc::clone(&house.queue) as _, &house.users, Arc::clone(&house.clock) as _, Arc::new(OsRng));
    let settings = settings(&[house.app.registered(true)]);
    authorization_server::router(AuthorizationServer::prepare(settings, boxes, &sealing_secret()).await.unwrap())
}

async fn replayed_elsewhere(house: House, second: axum::Router) {
    let wallet = Wallet::new();
    let mut browser = house.browser();
    let codes = [house.app.code(&house, &mut browser, &[]).await, house.app.code(&house, &mut browser, &[]).await];
    let proof = wallet.proof(&house, "POST", "/token", None, None);
    let tokens = redeem(&house, &house.app, &codes[0], &[&proof]).await.json();
    let access = token(&tokens, "access_token");
    let shown = wallet.proof(&house, "GET", "/userinfo", Some(access), None);
    assert_eq!(userinfo(&house, "DPoP", access, &[&shown]).await.status, 200);

    let elsewhere = House { router: second, ..house };
    assert_eq!(refused(&redeem(&elsewhere, &elsewhere.app, &codes[1], &[&proof]).await), replayed());
    assert_eq!(refused(&userinfo(&elsewhere, "DPoP", access, &[&shown]).await), (401, "invalid_dpop_proof".to_owned()));
    // Its own proofs are taken there.
    assert_eq!(wallet.userinfo(&elsewhere, access).await.status, 200);
    assert_eq!(wallet.redeem(&elsewhere, &elsewhere.app, &codes[1]).await.status, 200);
}

/// Nobody uses up the identifiers of another: jti counts for each key by itself.
#[tokio::test]
async fn a_jti_is_not_spent_by_a_stranger() {
    let (house, wallet, stranger) = (House::build().await, Wallet::new(), Wallet::new());
    let code = house.app.code(&house, &mut house.browser(), &[]).await;
    let [theirs, ours] = [&stranger, &wallet].map(|wallet| wallet.odd_proof(&house, "jti", "the-same".into()));
    assert_eq!(redeem(&house, &house.app, "nonsense", &[&theirs]).await.error(), "invalid_grant");
    assert_eq!(redeem(&house, &house.app, &code, &[&ours]).await.status, 200);
}

/// Whether a proof is new cannot be told without the Cache, so that nothing is given.
#[tokio::test]
async fn without_the_cache_no_proof_is_taken() {
    let (house, wallet) = (House::build().await, Wallet::new());
    let tokens = wallet.tokens(&house, &house.app).await;
    house.cache.broken.store(true, Ordering::SeqCst);
    let answer = wallet.userinfo(&house, token(&tokens, "access_token")).await;
    assert_eq!(refused(&answer), (503, "temporarily_unavailable".to_owned()));
}
