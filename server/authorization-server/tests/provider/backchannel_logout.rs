use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use authorization_server::backchannel_logout::{Messenger, Pouch, Undelivered};
use authorization_server::{Outbound, Voucher};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use http::{HeaderMap, StatusCode};
use protocol::jose::{self, JwkSet, Keyring};
use protocol::{Clock as _, OsRng};
use queue::Event;
use serde_json::{Value, json};
use url::Url;

use crate::app::{claims, header, token};
use crate::browser::Browser;
use crate::house::{DEMO, House, ISSUER, PASSWORD, form, sealing_secret, settings};

/// A client that wants to hear of sign-outs, on a listener of its own.
#[derive(Clone, Default)]
struct Listening {
    received: Arc<Mutex<Vec<String>>>,
    /// What it answers, one after another; 200 from then on.
    answers: Arc<Mutex<VecDeque<StatusCode>>>,
}

impl Listening {
    fn answering(statuses: &[u16]) -> Self {
        let answers = statuses.iter().map(|status| StatusCode::from_u16(*status).unwrap()).collect();
        Self { answers: Arc::new(Mutex::new(answers)), ..Self::default() }
    }

    async fn serve(&self) -> Url {
        let hear = |State(this): State<Self>, headers: HeaderMap, body: Bytes| async move {
            assert_eq!(headers["content-type"], "application/x-www-form-urlencoded");
            let fields: Vec<_> = url::form_urlencoded::parse(&body).into_owned().collect();
            assert_eq!(fields.len(), 1);
            assert_eq!(fields[0].0, "logout_token");
            this.received.lock().unwrap().push(fields[0].1.clone());
            let status = this.answers.lock().unwrap().pop_front().unwrap_or(StatusCode::OK);
            (status, [("location", "/elsewhere")])
        };
        let router = Router::new().route("/logout", post(hear)).with_state(self.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        format!("http://{address}/logout").parse().unwrap()
    }

    fn received(&self) -> Vec<String> {
        self.received.lock().unwrap().clone()
    }
}

/// A house whose two clients both want to hear of sign-outs, at `uri`.
async fn house_with(uri: &Url) -> House {
    House::with(|settings| {
        for client in &mut settings.clients {
            client.backchannel_logout_uri = Some(uri.clone());
        }
    })
    .await
}

async fn messenger(house: &House, uri: &Url, voucher: Voucher, development: bool) -> Messenger {
    let mut settings = settings(&[house.app.registered(true), house.plain.registered(false)]);
    for client in &mut settings.clients {
        client.backchannel_logout_uri = Some(uri.clone());
        client.voucher = voucher;
    }
    let pouch = Pouch {
        signing_keys: Arc::clone(&house.users) as _,
        clients: Arc::clone(&house.users) as _,
        clock: Arc::clone(&house.clock) as _,
        rng: Arc::new(OsRng),
        outbound: Outbound::new(development, &[]).unwrap(),
    };
    Messenger::prepare(&settings, pouch, &sealing_secret()).await.unwrap()
}

fn ended(house: &House) -> Vec<Event> {
    let is_end = |event: &Event| matches!(event, Event::SessionEnded { .. });
    house.queue.events().into_iter().filter(is_end).collect()
}

fn end_of(client_id: &str, sid: &str) -> Event {
    Event::SessionEnded { subject: DEMO.to_string(), client_id: client_id.to_owned(), sid: sid.to_owned() }
}

fn sid(tokens: &Value) -> String {
    claims(token(tokens, "id_token"))["sid"].as_str().unwrap().to_owned()
}

async fn sign_out(browser: &mut Browser, sid: &str) {
    let answer = browser.get(&format!("/end_session?{}", form(&[("client_id", "app"), ("logout_hint", sid)]))).await;
    assert_eq!(answer.page(), "signed-out");
}

fn nowhere() -> Url {
    "https://nowhere.example/logout".parse().unwrap()
}

/// A20: a session's end is an event for each client that had a code in it, and for no other.
#[tokio::test]
async fn each_client_of_an_ended_session_is_to_be_told() {
    let house = house_with(&nowhere()).await;
    let mut browser = house.browser();
    let tokens = house.app.tokens(&house, &mut browser).await;
    let sid = sid(&tokens);
    house.plain.code(&house, &mut browser, &[]).await;
    // Signing in again at the same client, or anew, counts once.
    house.app.code(&house, &mut browser, &[]).await;
    house.app.code(&house, &mut browser, &[("prompt", "login")]).await;
    // Another browser has another session.
    house.app.code(&house, &mut house.browser(), &[]).await;
    assert_eq!(ended(&house), []);
    sign_out(&mut browser, &sid).await;
    assert_eq!(ended(&house), [end_of("app", &sid), end_of("plain", &sid)]);
    sign_out(&mut browser, &sid).await;
    assert_eq!(ended(&house).len(), 2, "what is over ends no second time");
}

/// Back-Channel Logout §2.2: a client without an address for it is not told; the session was no business of another client's.
#[tokio::test]
async fn a_client_that_did_not_ask_is_not_told() {
    let house = House::with(|settings| settings.clients[1].backchannel_logout_uri = Some(nowhere())).await;
    let mut browser = house.browser();
    let sid = sid(&house.app.tokens(&house, &mut browser).await);
    sign_out(&mut browser, &sid).await;
    assert_eq!(ended(&house), []);
}

/// The confirmed sign-out tells them as well, and only once it is confirmed.
#[tokio::test]
async fn a_confirmed_sign_out_tells_them_too() {
    let house = house_with(&nowhere()).await;
    let mut browser = house.browser();
    let sid = sid(&house.app.tokens(&house, &mut browser).await);
    let page = browser.get("/end_session").await;
    assert_eq!(ended(&house), []);
    browser.press(&page, "sign-out").await;
    assert_eq!(ended(&house), [end_of("app", &sid)]);
}

/// Another user who signs in at the same browser ends the session of the first.
#[tokio::test]
async fn another_users_login_ends_the_session_before() {
    let house = house_with(&nowhere()).await;
    let mut browser = house.browser();
    let sid = sid(&house.app.tokens(&house, &mut browser).await);
    let page = browser.open(&house.app.begin(&house, &[("prompt", "login")]).await).await;
    browser.log_in_as(&page, "other", PASSWORD).await;
    assert_eq!(ended(&house), [end_of("app", &sid)]);
}

/// Where the Queue does not answer, the session is not over, so that signing out can be tried again and nobody is forgotten.
#[tokio::test]
async fn without_the_queue_nobody_is_signed_out_by_half() {
    use std::sync::atomic::Ordering;
    let house = house_with(&nowhere()).await;
    let mut browser = house.browser();
    let sid = sid(&house.app.tokens(&house, &mut browser).await);
    house.queue.broken.store(true, Ordering::SeqCst);
    let url = format!("/end_session?{}", form(&[("client_id", "app"), ("logout_hint", &sid)]));
    assert_eq!(browser.get(&url).await.page(), "problem Unavailable");
    assert_eq!(browser.get("/").await.field("user"), "The demo account");
    house.queue.broken.store(false, Ordering::SeqCst);
    sign_out(&mut browser, &sid).await;
    assert_eq!(ended(&house), [end_of("app", &sid)]);
}

/// Back-Channel Logout §2.4, §2.5: what arrives at the client is a logout token as the specification has it.
#[tokio::test]
async fn the_logout_token_is_to_the_letter() {
    let client = Listening::default();
    let uri = client.serve().await;
    let house = house_with(&uri).await;
    let tokens = house.app.tokens(&house, &mut house.browser()).await;
    let sid = sid(&tokens);
    messenger(&house, &uri, Voucher::Operator, true).await.tell("app", &DEMO.to_string(), &sid).await.unwrap();
    let received = client.received();
    assert_eq!(received.len(), 1);
    let (jwt, now) = (&received[0], house.clock.now().as_second());
    assert_eq!(header(jwt)["typ"], "logout+jwt");
    assert_eq!(header(jwt)["alg"], header(token(&tokens, "id_token"))["alg"]);
    let told = claims(jwt);
    let jti = told["jti"].as_str().unwrap();
    assert!(jti.len() >= 32);
    let expected = json!({
        "iss": ISSUER, "sub": DEMO.to_string(), "aud": "app", "iat": now, "exp": now + 120, "jti": jti, "sid": sid,
        "events": { "http://schemas.openid.net/event/backchannel-logout": {} },
    });
    assert_eq!(told, expected, "and no nonce");
    let published: JwkSet = serde_json::from_value(house.get("/jwks").await.json()).unwrap();
    let verified: Value = Keyring::from(&published).verify(jwt, &jose::ACCEPTED, Some("logout+jwt")).unwrap();
    assert_eq!(verified, expected);
}

/// A logout token is nothing else: no hint, no access token.
#[tokio::test]
async fn a_logout_token_is_no_other_token() {
    let client = Listening::default();
    let uri = client.serve().await;
    let house = house_with(&uri).await;
    messenger(&house, &uri, Voucher::Operator, true).await.tell("app", &DEMO.to_string(), "a-sid").await.unwrap();
    let jwt = client.received().remove(0);
    assert_eq!(house.userinfo(&jwt).await.status, 401);
    let hinted = house.browser().get(&house.plain.plainly(&[("id_token_hint", &jwt)])).await;
    assert_eq!(hinted.sent("error").as_deref(), Some("invalid_request"));
    let ended = house.browser().get(&format!("/end_session?{}", form(&[("id_token_hint", &jwt)]))).await;
    assert_eq!(ended.page(), "problem RequestInvalid");
}

/// Back-Channel Logout §2.8: 200 is yes (and 204 as good), 400 is a final no; whatever else is no answer, and worth another try
/// with a token of its own.
#[tokio::test]
async fn a_refusal_is_final_and_trouble_is_not() {
    let client = Listening::answering(&[200, 204, 400, 500, 503, 302, 404]);
    let uri = client.serve().await;
    let house = house_with(&uri).await;
    let messenger = messenger(&house, &uri, Voucher::Operator, true).await;
    let mut outcomes = Vec::new();
    for _ in 0..7 {
        outcomes.push(messenger.tell("app", &DEMO.to_string(), "a-sid").await);
    }
    assert!(outcomes[0].is_ok() && outcomes[1].is_ok());
    let finals: Vec<_> = outcomes[2..].iter().map(|outcome| outcome.as_ref().unwrap_err().is_final()).collect();
    assert_eq!(finals, [true, false, false, false, false]);
    let received = client.received();
    assert_eq!(received.len(), 7, "no redirect was followed");
    let mut identifiers: Vec<_> = received.iter().map(|jwt| claims(jwt)["jti"].clone().to_string()).collect();
    identifiers.sort();
    identifiers.dedup();
    assert_eq!(identifiers.len(), 7);
}

#[tokio::test]
async fn a_client_that_is_not_there_is_tried_again() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("http://{}/logout", listener.local_addr().unwrap()).parse().unwrap();
    drop(listener);
    let house = House::build().await;
    let told = messenger(&house, &uri, Voucher::Operator, true).await.tell("app", &DEMO.to_string(), "a-sid").await;
    let error = told.unwrap_err();
    assert!(matches!(error, Undelivered::Unreachable(..)) && !error.is_final(), "{error}");
    assert!(!error.to_string().contains("/logout"), "an address may hold a secret: {error}");
}

/// Attack 30: a client that nobody vouches for cannot make us call inside.
#[tokio::test]
async fn an_address_inside_is_not_called() {
    let client = Listening::default();
    let uri = client.serve().await;
    let house = House::build().await;
    let told = messenger(&house, &uri, Voucher::Nobody, false).await.tell("app", &DEMO.to_string(), "a-sid").await;
    let error = told.unwrap_err();
    assert!(matches!(error, Undelivered::Forbidden(..)) && error.is_final(), "{error}");
    assert_eq!(client.received(), [""; 0]);
}

/// A client that was removed meanwhile is told nothing, and that is no failure.
#[tokio::test]
async fn a_client_that_is_gone_is_not_told() {
    let client = Listening::default();
    let uri = client.serve().await;
    let house = House::build().await;
    messenger(&house, &uri, Voucher::Operator, true).await.tell("gone", &DEMO.to_string(), "a-sid").await.unwrap();
    assert_eq!(client.received(), [""; 0]);
}
