//! A23, attacks 28 and 29: the token of a link is in the message, and nowhere else.

use super::mailbox::{ADA, NEW, asked_for_account, asked_for_password, send_password, token_in};
use crate::house::House;

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

/// A23, attack 28: neither the User Database, nor the Cache, nor the Queue holds a token, before and after its use.
#[tokio::test]
async fn a_dump_holds_no_token_of_a_link() {
    let house = House::build().await;
    let (mut sign_up, first) = asked_for_account(&house, ADA).await;
    let (mut reset, second) = asked_for_password(&house, "demo@example.com").await;
    sign_up.open(&first).await;
    let form = reset.open(&second).await;
    assert_eq!(send_password(&mut reset, &form, NEW).await.status, 303);
    let queue = serde_json::to_vec(&house.queue.envelopes()).unwrap();
    let files = std::fs::read_dir(house.directory.path()).unwrap();
    let files: Vec<u8> = files.flat_map(|entry| std::fs::read(entry.unwrap().path()).unwrap()).collect();
    for link in [&first, &second] {
        let token = token_in(link);
        assert!(!holds(&files, token) && !holds(&queue, token));
        let digest = protocol::seal::digest("mailed link", token.as_bytes());
        assert!(holds(&files, &digest), "the search finds what is there");
    }
    assert!(holds(&queue, ADA) && !holds(&queue, NEW));
}

/// A23: with a dump of the Queue and of the User Database, but without the provider's secret, nobody makes the token.
#[tokio::test]
async fn an_event_alone_gives_no_link() {
    let house = House::build().await;
    let (_, link) = asked_for_password(&house, "demo@example.com").await;
    let envelope = house.queue.envelopes().pop().unwrap();
    let desk = authorization_server::links::writer::Desk {
        accounts: house.users.clone(),
        links: house.users.clone(),
        clock: house.clock.clone(),
        rng: std::sync::Arc::new(protocol::OsRng),
    };
    let elsewhere = tempfile::tempdir().unwrap();
    let empty = crate::house::open_users(&elsewhere).await;
    let thief = authorization_server::links::writer::Desk { links: empty, ..desk };
    let secret = secrecy::SecretString::from("a guess at the secret".to_owned());
    let thief = authorization_server::links::writer::Writer::new(crate::house::settings(&[]), thief, secret);
    let forged = super::mailbox::link_in(&thief.write(&envelope).await.unwrap().unwrap());
    assert_ne!(forged, link);
    assert_eq!(house.browser().open(&forged).await.status, 410);
    assert_eq!(house.browser().open(&link).await.page(), "new-password");
}
