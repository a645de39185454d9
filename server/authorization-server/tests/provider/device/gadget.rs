//! A device that shows a code, and its user's browser.

use std::sync::Arc;

use authorization_server::{Authentication, AuthorizationServer, Client, Settings};
use axum::Router;
use cache::Cache;
use protocol::OsRng;

use crate::answer::Answer;
use crate::browser::Browser;
use crate::house::{House, boxes, sealing_secret, settings};
use crate::methods::{basic, client, secret, send};

pub(crate) const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// What the devices of the tests ask for.
pub(crate) const SCOPE: &str = "openid email offline_access";

/// What a device is given.
pub(crate) struct Codes {
    pub(crate) device_code: String,
    pub(crate) user_code: String,
    /// The address with the code in it.
    pub(crate) complete: String,
}

/// A public client without any redirect URI.
pub(crate) fn registered(client_id: &'static str) -> Client {
    Client {
        redirect_uris: Vec::new(),
        post_logout_redirect_uris: Vec::new(),
        grant_types: vec![GRANT.to_owned(), "refresh_token".to_owned()],
        ..client(client_id, Authentication::None)
    }
}

/// `tv` and `radio` are public; `till` keeps a secret, and signs people in by code as well.
pub(crate) fn with_devices(settings: &mut Settings) {
    settings.clients.extend([registered("tv"), registered("radio")]);
    let grant_types = ["authorization_code", GRANT].map(str::to_owned).to_vec();
    settings.clients.push(Client { grant_types, ..client("till", Authentication::ClientSecretBasic(secret())) });
}

pub(crate) async fn house() -> House {
    House::with(with_devices).await
}

/// The same house with another Cache, and another replica beside it.
pub(crate) async fn replica(house: &House, cache: Arc<dyn Cache>) -> Router {
    let clock = Arc::clone(&house.clock) as _;
    let boxes = boxes(cache, Arc::clone(&house.queue) as _, &house.users, clock, Arc::new(OsRng));
    let mut settings = settings(&[house.app.registered(true), house.plain.registered(false)]);
    with_devices(&mut settings);
    authorization_server::router(AuthorizationServer::prepare(settings, boxes, &sealing_secret()).await.unwrap())
}

/// A device authorization request of a public client; an empty value leaves a parameter out.
pub(crate) async fn ask(house: &House, client_id: &str, changes: &[(&str, &str)]) -> Answer {
    let fixed = [("client_id", client_id), ("scope", SCOPE)];
    let kept = fixed.into_iter().filter(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
    let pairs: Vec<_> = kept.chain(changes.iter().copied().filter(|(_, value)| !value.is_empty())).collect();
    house.post("/device_authorization", &pairs).await
}

pub(crate) fn codes(answer: &Answer) -> Codes {
    assert_eq!(answer.status, 200, "{answer:?}");
    let body = answer.json();
    let text = |name: &str| body[name].as_str().unwrap().to_owned();
    Codes { device_code: text("device_code"), user_code: text("user_code"), complete: text("verification_uri_complete") }
}

/// A device of the client `tv` that has just asked.
pub(crate) async fn begin(house: &House) -> Codes {
    codes(&ask(house, "tv", &[]).await)
}

/// The device asks whether its user has decided.
pub(crate) async fn poll(house: &House, codes: &Codes) -> Answer {
    poll_as(house, "tv", codes).await
}

pub(crate) async fn poll_as(house: &House, client_id: &str, codes: &Codes) -> Answer {
    let pairs = [("grant_type", GRANT), ("device_code", codes.device_code.as_str()), ("client_id", client_id)];
    house.post("/token", &pairs).await
}

/// The same for the client that keeps a secret.
pub(crate) async fn poll_with_secret(house: &House, codes: &Codes) -> Answer {
    let pairs = [("grant_type", GRANT), ("device_code", codes.device_code.as_str())];
    send(house, "/token", &basic("till", crate::methods::SECRET), &pairs).await
}

/// Status and error of an answer.
pub(crate) fn refused(answer: &Answer) -> (u16, String) {
    (answer.status.as_u16(), answer.error())
}

/// The page at `url`, after signing in where that is asked for.
pub(crate) async fn open(browser: &mut Browser, url: &str) -> Answer {
    let page = browser.open(url).await;
    if page.page() == "login" { browser.log_in(&page).await } else { page }
}

/// Types `code` into the page that asks for one.
pub(crate) async fn enter(browser: &mut Browser, code: &str) -> Answer {
    let page = open(browser, "/device").await;
    type_into(browser, &page, code).await
}

pub(crate) async fn type_into(browser: &mut Browser, page: &Answer, code: &str) -> Answer {
    assert_eq!(page.page(), "user-code", "{page:?}");
    let fields = [("csrf", page.field("csrf")), ("user_code", code.to_owned()), ("action", "continue".to_owned())];
    let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
    let answer = browser.post(&page.field("action"), &fields).await;
    browser.follow(answer).await
}

/// Presses a button of the page that asks whether the device may.
pub(crate) async fn press(browser: &mut Browser, page: &Answer, button: &str) -> Answer {
    assert_eq!(page.page(), "device-consent", "{page:?}");
    let fields = [("csrf", page.field("csrf")), ("user_code", page.field("user_code")), ("action", button.to_owned())];
    let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
    let answer = browser.post(&page.field("action"), &fields).await;
    browser.follow(answer).await
}

/// The user enters the code and says yes.
pub(crate) async fn allow(browser: &mut Browser, codes: &Codes) {
    let page = enter(browser, &codes.user_code).await;
    let done = press(browser, &page, "allow").await;
    assert_eq!((done.page(), done.field("allowed").as_str()), ("device-done", "true"), "{done:?}");
}

/// A device that its user has allowed.
pub(crate) async fn allowed(house: &House) -> Codes {
    let codes = begin(house).await;
    allow(&mut house.browser(), &codes).await;
    codes
}
