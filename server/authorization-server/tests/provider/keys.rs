use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_trait::async_trait;
use authorization_server::keys::{KeyError, Rotated, Rotation};
use authorization_server::{AuthorizationServer, KeyStore};
use axum::Router;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use protocol::OsRng;
use protocol::jose::{self, Algorithm, JwkSet, SigningKey};
use protocol::secret::AccessToken;
use queue::Event;
use secrecy::SecretString;
use serde_json::{Value, json};
use user_database::{SigningKeys, StoredKey, Unavailable};

use crate::app::{App, claims, header, token};
use crate::browser::Browser;
use crate::house::{House, boxes, form, sealing_secret, settings};
use crate::start::prepare;

const DAY: i64 = 24 * 3600;

fn store(house: &House, secret: &SecretString) -> KeyStore {
    let (keys, clock) = (Arc::clone(&house.users) as _, Arc::clone(&house.clock) as _);
    KeyStore::new(keys, clock, Arc::new(OsRng), &settings(&[]), secret)
}

async fn set_of(router: &Router) -> JwkSet {
    serde_json::from_str(&Browser::new(router.clone()).get("/jwks").await.body).unwrap()
}

/// How many keys of each type are published.
async fn published(house: &House) -> BTreeMap<String, usize> {
    let set = house.get("/jwks").await.json();
    let mut count = BTreeMap::new();
    for key in set["keys"].as_array().unwrap() {
        *count.entry(key["kty"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    count
}

fn counts(all: usize) -> BTreeMap<String, usize> {
    ["EC", "OKP", "RSA"].map(|name| (name.to_owned(), all)).into()
}

/// An access token of a sign-in, and its `kid`.
async fn signed(house: &House) -> (String, String) {
    let tokens = house.app.tokens(house, &mut house.browser()).await;
    let access = token(&tokens, "access_token").to_owned();
    let kid = header(&access)["kid"].as_str().unwrap().to_owned();
    (access, kid)
}

/// A2, attack 20: a key for each algorithm, and no private or symmetric member.
#[tokio::test]
async fn the_key_set_holds_a_key_of_each_kind_and_is_public_in_every_sense() {
    let house = House::build().await;
    let first = house.get("/jwks").await;
    assert_eq!(first.header("cache-control"), "public, max-age=0", "the RSA key is still to come");
    house.server.tend_keys().await.unwrap();
    let answer = house.get("/jwks").await;
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    let set = answer.json();
    let mut algorithms = Vec::new();
    for key in set["keys"].as_array().unwrap() {
        for private in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
            assert!(key.get(private).is_none(), "{private}");
        }
        assert_eq!((key["kid"].as_str().unwrap().len(), key["use"].as_str()), (43, Some("sig")));
        algorithms.push((key["kty"].as_str().unwrap(), key["alg"].as_str()));
    }
    algorithms.sort_unstable();
    // The RSA key serves PS256 and RS256, so it names neither.
    assert_eq!(algorithms, [("EC", Some("ES256")), ("OKP", Some("EdDSA")), ("RSA", None)]);
    for entry in std::fs::read_dir(house.directory.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        assert!(!bytes.windows(7).any(|window| window == b"PRIVATE"), "A23");
    }
}

/// A2, OpenID Connect Core §3.1.3.6 and §15.1: each client has ID tokens of the algorithm that it registered, RS256 among them,
/// and `at_hash` by the hash function of that; the key of the first RSA client is made when it is needed.
#[tokio::test]
async fn the_client_chooses_the_algorithm_of_its_id_tokens() {
    let apps = [("rs", Algorithm::RS256), ("ps", Algorithm::PS256), ("es", Algorithm::ES256), ("ed", Algorithm::EdDSA)];
    let apps = apps.map(|(name, algorithm)| (App::new(name), algorithm));
    let house = House::with(|settings| {
        settings.clients.extend(apps.iter().map(|(app, algorithm)| {
            let mut client = app.registered(true);
            client.id_token_signed_response_alg = Some(*algorithm);
            client
        }));
    })
    .await;
    for (app, algorithm) in apps {
        let mut browser = house.browser();
        let tokens = app.tokens(&house, &mut browser).await;
        let (access, id) = (token(&tokens, "access_token"), token(&tokens, "id_token"));
        assert_eq!((header(id)["alg"].as_str(), header(access)["alg"].as_str()), (Some(algorithm.name()), Some("ES256")));
        let set = set_of(&house.router).await;
        jose::verify::<Value>(id, &set, &[algorithm], Some("jwt")).unwrap();
        assert_eq!(claims(id)["at_hash"], protocol::claims::at_hash(&AccessToken::new(access), algorithm));
        // And it is known again when it comes back.
        let query = form(&[("id_token_hint", id), ("post_logout_redirect_uri", &app.signed_out_uri())]);
        let left = browser.get(&format!("/end_session?{query}")).await;
        assert_eq!(left.header("location"), app.signed_out_uri(), "{algorithm:?}");
    }
}

/// A2: the next key is published a day ahead, signs after thirty, and the old one stays until its last token is dead.
#[tokio::test]
async fn keys_change_on_schedule() {
    let house = House::build().await;
    house.server.tend_keys().await.unwrap();
    let (_, first) = signed(&house).await;
    house.wait(29 * DAY - 1);
    house.server.tend_keys().await.unwrap();
    assert_eq!(published(&house).await, counts(1), "not yet");
    house.wait(1);
    house.server.tend_keys().await.unwrap();
    house.server.tend_keys().await.unwrap();
    assert_eq!(published(&house).await, counts(2), "the next one, once");
    assert_eq!(house.get("/jwks").await.header("cache-control"), "public, max-age=300", "no longer than it is published ahead");
    assert_eq!(signed(&house).await.1, first, "it does not sign yet");
    let order: Vec<_> = set_of(&house.router).await.keys.into_iter().filter_map(|key| key.common.key_id).collect();
    assert!(order[..3].contains(&first), "those that sign come first: {order:?}");
    house.wait(DAY - 1);
    let (last, kid) = signed(&house).await;
    assert_eq!(kid, first);
    house.wait(1);
    let (_, second) = signed(&house).await;
    assert_ne!(second, first, "changed over by the clock alone");
    assert_eq!(house.userinfo(&last).await.status, 200, "what the old one signed is good");
    // A session lives for a day, and its ID token may come as a hint at its end; clocks differ by a minute.
    house.wait(DAY + 59);
    house.server.tend_keys().await.unwrap();
    assert_eq!(published(&house).await, counts(2));
    house.wait(1);
    assert_eq!(published(&house).await, counts(1));
    house.users.prune(house.now()).await.unwrap();
    assert!(house.users.all().await.unwrap().iter().all(|key| key.kid != first));
}

/// Replicas that find the next keys due at the same moment add them once, and agree.
#[tokio::test]
async fn replicas_add_the_next_keys_once() {
    let house = House::build().await;
    house.server.tend_keys().await.unwrap();
    let other = prepare(&house, &sealing_secret()).await.unwrap();
    house.wait(29 * DAY);
    let (one, two) = tokio::join!(house.server.tend_keys(), other.tend_keys());
    one.unwrap();
    two.unwrap();
    assert_eq!(house.users.all().await.unwrap().len(), 6);
    assert_eq!(published(&house).await, counts(2));
    let same = |set: JwkSet| set.keys.into_iter().filter_map(|key| key.common.key_id).collect::<Vec<_>>();
    let others = same(set_of(&authorization_server::router(other)).await);
    assert_eq!(same(set_of(&house.router).await), others);
}

/// By command: published now, signs as the schedule says; the next command finds it waiting.
#[tokio::test]
async fn a_rotation_by_command_is_picked_up_by_whoever_serves() {
    let house = House::build().await;
    let (_, first) = signed(&house).await;
    let done = store(&house, &sealing_secret()).rotate(Rotation::Ahead).await.unwrap();
    let added: Vec<&StoredKey> =
        done.iter().filter_map(|done| if let Rotated::Added(key) = done { Some(key) } else { None }).collect();
    assert_eq!(added.iter().map(|key| key.kind.as_str()).collect::<Vec<_>>(), ["P-256", "Ed25519"]);
    assert!(added.iter().all(|key| key.activates_at.as_second() == house.now().as_second() + DAY));
    let again = store(&house, &sealing_secret()).rotate(Rotation::Ahead).await.unwrap();
    assert!(again.iter().all(|done| matches!(done, Rotated::Waiting(_))), "{again:?}");
    house.server.tend_keys().await.unwrap();
    assert_eq!(signed(&house).await.1, first);
    house.wait(DAY);
    assert_eq!(signed(&house).await.1, added[0].kid);
}

/// After a leak: the old keys and all that they signed are void as soon as a replica has looked.
#[tokio::test]
async fn a_revoking_rotation_withdraws_the_old_keys() {
    let house = House::build().await;
    let (stolen, first) = signed(&house).await;
    store(&house, &sealing_secret()).rotate(Rotation::Revoking).await.unwrap();
    house.server.tend_keys().await.unwrap();
    assert!(!house.get("/jwks").await.body.contains(&first));
    let refused = house.userinfo(&stolen).await;
    assert_eq!((refused.status.as_u16(), refused.error().as_str()), (401, "invalid_token"));
    let (fresh, second) = signed(&house).await;
    assert_ne!(second, first);
    assert_eq!(house.userinfo(&fresh).await.status, 200);
}

/// A23: under another secret a rotation is refused, before it leaves a key behind that nobody who serves could open.
#[tokio::test]
async fn a_rotation_under_another_secret_is_refused() {
    let house = House::build().await;
    let before = house.users.all().await.unwrap();
    for rotation in [Rotation::Ahead, Rotation::Revoking] {
        let refused = store(&house, &SecretString::from("another".to_owned())).rotate(rotation).await;
        assert!(matches!(refused, Err(KeyError::Sealed(_))), "{refused:?}");
    }
    assert_eq!(house.users.all().await.unwrap(), before);
}

/// The User Database's keys; counts who looks, and can be taken away.
struct WatchedKeys {
    inner: Arc<dyn SigningKeys>,
    looks: AtomicUsize,
    broken: AtomicBool,
}

#[async_trait]
impl SigningKeys for WatchedKeys {
    async fn all(&self) -> Result<Vec<StoredKey>, Unavailable> {
        self.looks.fetch_add(1, Ordering::SeqCst);
        if self.broken.load(Ordering::SeqCst) {
            return Err(Unavailable("taken away".into()));
        }
        self.inner.all().await
    }

    async fn add(&self, key: &StoredKey, predecessors_expire_at: Timestamp) -> Result<bool, Unavailable> {
        self.inner.add(key, predecessors_expire_at).await
    }
}

/// Another replica, whose looks at the keys are watched.
async fn watched(house: &House) -> (Arc<WatchedKeys>, Router) {
    let inner = Arc::clone(&house.users) as Arc<dyn SigningKeys>;
    let keys = Arc::new(WatchedKeys { inner, looks: AtomicUsize::new(0), broken: AtomicBool::new(false) });
    let (cache, queue) = (Arc::clone(&house.cache) as _, Arc::clone(&house.queue) as _);
    let mut boxes = boxes(cache, queue, &house.users, Arc::clone(&house.clock) as _, Arc::new(OsRng));
    boxes.signing_keys = Arc::clone(&keys) as _;
    let server = AuthorizationServer::prepare(settings(&[house.app.registered(true)]), boxes, &sealing_secret()).await.unwrap();
    keys.looks.store(0, Ordering::SeqCst);
    (keys, authorization_server::router(server))
}

async fn userinfo(replica: &Router, access: &str) -> u16 {
    let headers = [("authorization", &*format!("Bearer {access}"))];
    Browser::new(replica.clone()).send("GET", "/userinfo", &headers, String::new()).await.status.as_u16()
}

/// A token that another replica signed with a key that it has just added is good here as well.
#[tokio::test]
async fn a_key_that_another_replica_added_is_looked_up_when_its_token_comes() {
    let house = House::build().await;
    let (keys, replica) = watched(&house).await;
    house.wait(60);
    store(&house, &sealing_secret()).rotate(Rotation::Revoking).await.unwrap();
    house.server.tend_keys().await.unwrap();
    let (access, _) = signed(&house).await;
    for _ in 0..3 {
        assert_eq!(userinfo(&replica, &access).await, 200);
    }
    assert_eq!(keys.looks.load(Ordering::SeqCst), 1);
}

/// Attack 21: a flood of unknown keys makes one look in thirty seconds.
#[tokio::test]
async fn a_flood_of_unknown_keys_makes_one_look_an_interval() {
    let house = House::build().await;
    let (keys, replica) = watched(&house).await;
    let flood = async || {
        for _ in 0..20 {
            let forged = SigningKey::generate(&OsRng).sign("at+jwt", &json!({"sub": "1"})).unwrap();
            assert_eq!(userinfo(&replica, &forged).await, 401);
        }
    };
    flood().await;
    assert_eq!(keys.looks.load(Ordering::SeqCst), 0, "it looked at its start");
    for expected in [1, 2] {
        house.wait(30);
        flood().await;
        assert_eq!(keys.looks.load(Ordering::SeqCst), expected);
    }
}

/// Whose key cannot be looked up is told to come again and is not refused; whose key is known notices nothing.
#[tokio::test]
async fn without_the_database_an_unknown_key_is_an_outage() {
    let house = House::build().await;
    let (known, _) = signed(&house).await;
    let (keys, replica) = watched(&house).await;
    house.wait(60);
    store(&house, &sealing_secret()).rotate(Rotation::Revoking).await.unwrap();
    house.server.tend_keys().await.unwrap();
    let (access, _) = signed(&house).await;
    keys.broken.store(true, Ordering::SeqCst);
    for _ in 0..5 {
        assert_eq!(userinfo(&replica, &access).await, 503);
        assert_eq!(userinfo(&replica, &known).await, 200);
    }
    assert_eq!(keys.looks.load(Ordering::SeqCst), 1, "and the database is not asked for each");
    keys.broken.store(false, Ordering::SeqCst);
    house.wait(1);
    assert_eq!(userinfo(&replica, &access).await, 200);
}

/// Attacks 14 and 15, at an endpoint that reads our own tokens.
#[tokio::test]
async fn a_forged_access_token_opens_nothing() {
    let house = House::build().await;
    let (access, kid) = signed(&house).await;
    let mut parts = access.splitn(3, '.');
    let (_, body, signature) = (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap());
    let attacker = SigningKey::generate(&OsRng);
    let public = house.get("/jwks").await.json()["keys"][0].clone();
    let headers = [
        json!({"typ": "at+jwt", "alg": "none"}),
        json!({"typ": "at+jwt", "alg": "HS256", "kid": kid}),
        json!({"typ": "at+jwt", "alg": "ES384", "kid": kid}),
        json!({"typ": "at+jwt", "alg": "EdDSA", "kid": public["kid"]}),
        json!({"typ": "at+jwt", "alg": "ES256", "kid": kid, "crit": ["exp"]}),
        json!({"typ": "at+jwt", "alg": "ES256", "kid": "../../../../dev/null"}),
        json!({"typ": "at+jwt", "alg": "ES256", "kid": attacker.kid(), "jwk": attacker.public_jwk()}),
        json!({"typ": "at+jwt", "alg": "ES256", "kid": kid, "jku": "http://localhost/jwks", "x5u": "http://localhost/x"}),
    ];
    for head in headers {
        for signature in [signature, "", "AAAA"] {
            let forged = format!("{}.{body}.{signature}", URL_SAFE_NO_PAD.encode(head.to_string()));
            let refused = house.userinfo(&forged).await;
            assert_eq!((refused.status.as_u16(), refused.error().as_str()), (401, "invalid_token"), "{head}");
        }
    }
    let forged = attacker.sign("at+jwt", &claims(&access)).unwrap();
    assert_eq!(house.userinfo(&forged).await.status, 401);
    assert_eq!(house.userinfo(&access).await.status, 200);
}

/// A2: that a key was added is in the audit log, once; what the Queue does not take is told later, and the keys serve meanwhile.
#[tokio::test]
async fn a_key_that_was_added_is_audited() {
    let house = House::build().await;
    house.queue.broken.store(true, Ordering::SeqCst);
    house.server.tend_keys().await.unwrap();
    house.queue.broken.store(false, Ordering::SeqCst);
    assert_eq!(house.queue.kinds(), [""; 0]);
    for _ in 0..2 {
        house.server.tend_keys().await.unwrap();
    }
    let told = house.queue.events().into_iter().map(|event| match event {
        Event::SigningKeyAdded { kid, key_type, signs_from } => (kid, key_type, signs_from),
        other => panic!("{other:?}"),
    });
    let told: BTreeSet<_> = told.collect();
    let stored = house.users.all().await.unwrap();
    let expected: BTreeSet<_> = stored.into_iter().map(|key| (key.kid, key.kind, key.activates_at)).collect();
    assert_eq!((told, house.queue.events().len()), (expected, 3));
}
