//! A9: PKCE, also for those who may do without.

use authorization_server::{Authentication, Client, Settings};

use crate::answer::Answer;
use crate::app::{App, VERIFIER, borrowed, claims, token, with};
use crate::house::House;
use crate::methods::{SECRET, basic, client, secret, send};

/// Keeps a secret, and cannot do PKCE.
const OLD: &str = "old";
/// What takes a challenge out of a request.
const STRIPPED: [(&str, &str); 2] = [("code_challenge", ""), ("code_challenge_method", "")];

fn relaxed(settings: &mut Settings) {
    let registered = client(OLD, Authentication::ClientSecretBasic(secret()));
    settings.clients.push(Client { require_pkce: false, ..registered });
}

async fn house() -> House {
    House::with(relaxed).await
}

/// A code for the request with `changes`, which is sent through the browser.
async fn code(house: &House, changes: &[(&str, &str)]) -> String {
    let mut browser = house.browser();
    let login = browser.open(&App::new(OLD).plainly(changes)).await;
    let consent = browser.log_in(&login).await;
    let sent = browser.press(&consent, "allow").await;
    sent.sent("code").unwrap_or_else(|| panic!("no code: {sent:?}"))
}

async fn redeem(house: &House, code: &str, verifier: &str) -> Answer {
    let uri = App::new(OLD).redirect_uri();
    let fixed = [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", &uri)];
    let verifier = [("code_verifier", verifier)].into_iter().filter(|(_, verifier)| !verifier.is_empty());
    let pairs: Vec<_> = fixed.into_iter().chain(verifier).collect();
    send(house, "/token", &basic(OLD, SECRET), &pairs).await
}

/// RFC 9700 §2.1.1: a client that proves who it is may be let off, for instance to be certified for OpenID Connect alone.
#[tokio::test]
async fn a_client_that_may_do_without_pkce_signs_people_in() {
    let house = house().await;
    let tokens = redeem(&house, &code(&house, &STRIPPED).await, "").await;
    assert_eq!(tokens.status, 200, "{tokens:?}");
    assert_eq!(claims(token(&tokens.json(), "id_token"))["nonce"], "the-nonce");
    // OpenID Connect Core §3.1.2.1: nor needs it a nonce.
    let bare = [&STRIPPED[..], &[("nonce", "")]].concat();
    assert_eq!(house.browser().open(&App::new(OLD).plainly(&bare)).await.page(), "login");
    let pushed = with(&App::new(OLD).request(), &STRIPPED);
    assert_eq!(send(&house, "/par", &basic(OLD, SECRET), &borrowed(&pushed)).await.status, 201);
}

/// RFC 7636 §4.6: whoever sent a challenge is held to it, and a wrong try spends nothing.
#[tokio::test]
async fn a_challenge_without_a_verifier_is_refused() {
    let house = house().await;
    let code = code(&house, &[]).await;
    assert_eq!(redeem(&house, &code, "").await.error(), "invalid_request");
    let wrong = redeem(&house, &code, "another-verifier-of-43-characters-or-longer").await;
    assert_eq!((wrong.status.as_u16(), wrong.error().as_str()), (400, "invalid_grant"));
    assert_eq!(redeem(&house, &code, VERIFIER).await.status, 200);
}

/// Attack 11, RFC 9700 §4.8.2: where somebody takes the challenge out of the request, the client's verifier gives it away.
#[tokio::test]
async fn a_verifier_without_a_challenge_is_refused() {
    let house = house().await;
    let refused = redeem(&house, &code(&house, &STRIPPED).await, VERIFIER).await;
    assert_eq!((refused.status.as_u16(), refused.error().as_str()), (400, "invalid_grant"), "{refused:?}");
}

/// Attack 11: half a challenge, and a plain one, are none that anybody may do without.
#[tokio::test]
async fn a_challenge_that_is_not_whole_is_refused() {
    let house = house().await;
    for change in [("code_challenge", ""), ("code_challenge_method", ""), ("code_challenge_method", "plain")] {
        let sent = house.browser().open(&App::new(OLD).plainly(&[change])).await;
        assert_eq!(sent.sent("error").as_deref(), Some("invalid_request"), "{change:?}");
    }
}

/// Every other client must use PKCE, whether it proves who it is or not.
#[tokio::test]
async fn a_client_that_is_not_let_off_must_send_a_challenge() {
    let house = house().await;
    let sent = house.browser().open(&house.plain.plainly(&STRIPPED)).await;
    assert_eq!(sent.sent("error").as_deref(), Some("invalid_request"));
    let pushed = house.app.push(&house, &STRIPPED).await;
    assert_eq!((pushed.status.as_u16(), pushed.error().as_str()), (400, "invalid_request"));
}
