//! A23, attack 28: whoever steals every file that the boxes keep finds nothing in them that can be used.

use crate::app::{VERIFIER, token};
use crate::dpop::Wallet;
use crate::house::{House, PASSWORD};
use crate::methods::{SECRET, client, secret};
use crate::registration::{open, register, text, web};

/// All bytes that lie in the house's directory.
fn files(house: &House) -> Vec<u8> {
    let files = std::fs::read_dir(house.directory.path()).unwrap();
    files.flat_map(|entry| std::fs::read(entry.unwrap().path()).unwrap()).collect()
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

/// A23, attack 28.
#[tokio::test]
async fn a_dump_of_everything_holds_nothing_that_can_be_used() {
    let house = House::with(|settings| {
        open(settings);
        settings.clients.push(client("basic", authorization_server::Authentication::ClientSecretBasic(secret())));
    })
    .await;
    let (mut browser, wallet) = (house.browser(), Wallet::new());
    let registered = register(&house, &web()).await.json();
    let tokens = house.app.tokens(&house, &mut browser).await;
    let renewed = house.app.refresh(&house, token(&tokens, "refresh_token"), &[]).await.json();
    let bound = wallet.tokens(&house, &house.app).await;
    let code = house.app.code(&house, &mut browser, &[]).await;
    let waiting = house.app.push(&house, &[]).await.json()["request_uri"].as_str().unwrap().to_owned();
    let page = browser.open(&house.app.begin(&house, &[("prompt", "login"), ("state", "a-state-to-look-for")]).await).await;

    let mut usable = vec![code, waiting, PASSWORD.to_owned(), SECRET.to_owned(), VERIFIER.to_owned(), page.field("csrf")];
    for issued in [&tokens, &renewed, &bound] {
        usable.extend(["access_token", "refresh_token", "id_token"].map(|name| token(issued, name).to_owned()));
    }
    usable.extend(["client_secret", "registration_access_token"].map(|name| text(&registered, name).to_owned()));
    usable.extend(browser.cookies.values().cloned());
    usable.extend(["PRIVATE KEY", "a-state-to-look-for"].map(str::to_owned));
    let bytes = files(&house);
    for secret in &usable {
        assert!(!holds(&bytes, secret), "{secret}");
        // Nor a JWT without its signature.
        if let Some((unsigned, _)) = secret.rsplit_once('.') {
            assert!(!holds(&bytes, unsigned), "{unsigned}");
        }
    }
    for known in [text(&registered, "client_id"), "demo@example.com", "$argon2id$"] {
        assert!(holds(&bytes, known), "the search finds what is there: {known}");
    }
}
