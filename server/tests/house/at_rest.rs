//! B14: what a dump of the Cache holds.

use reqwest::{Method, StatusCode};

use crate::support::{Browser, house};

/// B14: neither a ticket nor a token, nor who is signed in and where: not in a live session, nor in what an ended one leaves.
#[tokio::test]
async fn a_dump_of_the_cache_opens_nothing_and_names_nobody() {
    let house = house().await;
    let origin = house.configuration.application.origin.clone();
    let (mut phone, mut desk) = (Browser::default(), Browser::default());
    phone.sign_in(&origin, "/").await;
    desk.sign_in(&origin, "/").await;
    let mut third = Browser::default();
    third.sign_in(&origin, "/").await;
    let devices = desk.fetch(Method::GET, &format!("{origin}/session/devices")).await.body;
    let devices: serde_json::Value = serde_json::from_str(&devices).unwrap();
    let oldest = devices.as_array().unwrap().iter().rfind(|device| device["current"] == false).unwrap();
    let path = format!("{origin}/session/devices/{}", oldest["id"].as_str().unwrap());
    assert_eq!(desk.fetch(Method::DELETE, &path).await.status, StatusCode::NO_CONTENT);
    // A sign-in that is still under way.
    let mut under_way = Browser::default();
    under_way.get(&format!("{origin}/login")).await;

    let mut dump = Vec::new();
    for file in std::fs::read_dir(&house.configuration.data_directory).unwrap() {
        let file = file.unwrap();
        if file.file_name().to_string_lossy().starts_with("cache.db") {
            dump.extend(std::fs::read(file.path()).unwrap());
        }
    }
    let holds = |needle: &str| dump.windows(needle.len()).any(|window| window == needle.as_bytes());
    assert!(holds("session:"), "the dump is one of the Cache");
    let mut secrets = house.refresh_tokens.lock().unwrap().clone();
    assert_eq!(secrets.len(), 3);
    let tickets = [&phone, &desk, &third, &under_way].into_iter().flat_map(|browser| browser.cookies.clone());
    secrets.extend(
        tickets.filter(|(name, _)| name == "__Host-session" || name.starts_with("__Host-sign-in")).map(|(_, value)| value),
    );
    for secret in &secrets {
        assert!(!holds(secret), "a secret lies open in the Cache");
    }
    // The beginning of a JWT, and what an identity is made of.
    for told in ["eyJhbGciOi", "ada@example.com", "Ada Lovelace", "Test Browser/1.0"] {
        assert!(!holds(told), "{told} lies open in the Cache");
    }
}
