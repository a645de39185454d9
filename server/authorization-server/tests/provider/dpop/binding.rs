use super::wallet::{Wallet, redeem, refused, send};
use crate::app::{claims, token, with};
use crate::house::{House, form};

const DENIED: (u16, &str) = (400, "invalid_grant");

fn told(answer: &(u16, String)) -> (u16, &str) {
    (answer.0, answer.1.as_str())
}

/// RFC 9449 §5, §6.1: who proves a key gets a token that is bound to it, and is told so.
#[tokio::test]
async fn a_proof_at_the_token_endpoint_binds_the_access_token() {
    let (house, wallet) = (House::build().await, Wallet::new());
    let tokens = wallet.tokens(&house, &house.app).await;
    assert_eq!(tokens["token_type"], "DPoP");
    assert_eq!(claims(token(&tokens, "access_token"))["cnf"]["jkt"], wallet.thumbprint().as_str());
    assert_eq!(wallet.userinfo(&house, token(&tokens, "access_token")).await.status, 200);
    let unbound = house.app.tokens(&house, &mut house.browser()).await;
    assert_eq!(unbound["token_type"], "Bearer");
    assert_eq!(claims(token(&unbound, "access_token")).get("cnf"), None);
}

/// RFC 9449 §5.1.
#[tokio::test]
async fn discovery_names_the_algorithms_of_proofs() {
    let metadata = House::build().await.get("/.well-known/openid-configuration").await.json();
    assert_eq!(metadata["dpop_signing_alg_values_supported"], serde_json::json!(["ES256", "PS256", "EdDSA"]));
}

/// A8, attack 10: a code for which a key was named is worth nothing with another, or with none; a wrong try spends nothing.
#[tokio::test]
async fn a_code_is_bound_to_the_key_of_dpop_jkt() {
    let (house, wallet) = (House::build().await, Wallet::new());
    let jkt = wallet.thumbprint();
    let code = house.app.code(&house, &mut house.browser(), &[("dpop_jkt", jkt.as_str())]).await;
    assert_eq!(told(&refused(&Wallet::new().redeem(&house, &house.app, &code).await)), DENIED);
    assert_eq!(refused(&redeem(&house, &house.app, &code, &[]).await), (400, "invalid_request".to_owned()));
    assert_eq!(wallet.redeem(&house, &house.app, &code).await.status, 200);
}

/// RFC 9449 §10: the same for a request that came through the browser.
#[tokio::test]
async fn a_plain_request_may_name_the_key() {
    let (house, wallet) = (House::build().await, Wallet::new());
    let url = house.plain.plainly(&[("dpop_jkt", wallet.thumbprint().as_str())]);
    let mut browser = house.browser();
    let login = browser.open(&url).await;
    let consent = browser.log_in(&login).await;
    let code = browser.press(&consent, "allow").await.sent("code").unwrap();
    assert_eq!(told(&refused(&Wallet::new().redeem(&house, &house.plain, &code).await)), DENIED);
    assert_eq!(wallet.redeem(&house, &house.plain, &code).await.status, 200);
}

/// RFC 9449 §10.1: a proof at the pushed request binds the code as dpop_jkt does.
#[tokio::test]
async fn a_proof_at_the_pushed_request_binds_the_code() {
    let (house, wallet) = (House::build().await, Wallet::new());
    let pushed = wallet.push(&house, &house.app, &[]).await;
    assert_eq!(pushed.status, 201, "{pushed:?}");
    let request_uri = pushed.json()["request_uri"].as_str().unwrap().to_owned();
    let mut browser = house.browser();
    let login = browser.open(&format!("/authorize?{}", form(&[("client_id", "app"), ("request_uri", &request_uri)]))).await;
    let consent = browser.log_in(&login).await;
    let code = browser.press(&consent, "allow").await.sent("code").unwrap();
    assert_eq!(told(&refused(&Wallet::new().redeem(&house, &house.app, &code).await)), DENIED);
    assert_eq!(redeem(&house, &house.app, &code, &[]).await.status, 400);
    assert_eq!(wallet.redeem(&house, &house.app, &code).await.status, 200);
}

/// RFC 9449 §10.1: both at once must be the same key.
#[tokio::test]
async fn dpop_jkt_and_the_proof_beside_it_agree() {
    let (house, wallet) = (House::build().await, Wallet::new());
    let other = Wallet::new().thumbprint();
    let refusal = wallet.push(&house, &house.app, &[("dpop_jkt", other.as_str())]).await;
    assert_eq!(refused(&refusal), (400, "invalid_request".to_owned()));
    assert_eq!(wallet.push(&house, &house.app, &[("dpop_jkt", wallet.thumbprint().as_str())]).await.status, 201);
}

#[tokio::test]
async fn what_is_no_thumbprint_is_no_dpop_jkt() {
    let house = House::build().await;
    for odd in ["nonsense", &"A".repeat(44), &format!("{}=", "A".repeat(42))] {
        assert_eq!(house.app.push(&house, &[("dpop_jkt", odd)]).await.error(), "invalid_request", "{odd}");
        let answer = house.browser().get(&house.plain.plainly(&[("dpop_jkt", odd)])).await;
        assert_eq!(answer.sent("error").as_deref(), Some("invalid_request"), "{odd}");
    }
}

/// A12, RFC 9449 §5.2: a client that is registered for bound tokens gets no others.
#[tokio::test]
async fn a_client_of_bound_tokens_must_prove_a_key() {
    let house = House::with(|settings| settings.clients[0].dpop_bound_access_tokens = true).await;
    let wallet = Wallet::new();
    let code = house.app.code(&house, &mut house.browser(), &[]).await;
    let refusal = house.app.redeem(&house, &code, &[]).await;
    assert_eq!(refused(&refusal), (400, "invalid_request".to_owned()));
    let tokens = wallet.redeem(&house, &house.app, &code).await.json();
    assert_eq!(tokens["token_type"], "DPoP");
    let refusal = house.app.refresh(&house, token(&tokens, "refresh_token"), &[]).await;
    assert_eq!(refused(&refusal), (400, "invalid_request".to_owned()));
    assert_eq!(wallet.refresh(&house, &house.app, token(&tokens, "refresh_token")).await.status, 200);
}

/// A13: a proof that is wrong at `/par` is told as JSON, and nothing is kept.
#[tokio::test]
async fn a_pushed_request_with_a_wrong_proof_is_refused() {
    let (house, wallet) = (House::build().await, Wallet::new());
    let for_another = wallet.proof(&house, "POST", "/token", None, None);
    let answer = send(&house, &house.app, "/par", &with(&house.app.request(), &[]), &[&for_another]).await;
    assert_eq!(refused(&answer), (400, "invalid_dpop_proof".to_owned()));
    assert_eq!(answer.header("cache-control"), "no-store");
}

/// RFC 9449 §6.2: introspection tells what a token is bound to.
#[tokio::test]
async fn introspection_shows_the_binding() {
    let (house, wallet) = (House::build().await, Wallet::new());
    let tokens = wallet.tokens(&house, &house.app).await;
    let asked = [("token", token(&tokens, "access_token").to_owned())];
    let about = house.app.post(&house, "/introspect", &asked).await.json();
    assert_eq!(about["token_type"], "DPoP");
    assert_eq!(about["cnf"], serde_json::json!({ "jkt": wallet.thumbprint() }));
}

/// RFC 9449 §5: every grant gives bound tokens to whoever proves a key.
#[tokio::test]
async fn a_client_that_acts_for_itself_may_bind_its_token() {
    let machine = crate::machines::machine("app");
    let grant_types = machine.grant_types;
    let house = House::with(|settings| settings.clients[0].grant_types = grant_types).await;
    let wallet = Wallet::new();
    let proof = wallet.proof(&house, "POST", "/token", None, None);
    let parameters = [("grant_type", "client_credentials".to_owned()), ("scope", "notes".to_owned())];
    let answer = send(&house, &house.app, "/token", &parameters, &[&proof]).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.json()["token_type"], "DPoP");
    assert_eq!(claims(token(&answer.json(), "access_token"))["cnf"]["jkt"], wallet.thumbprint().as_str());
}
