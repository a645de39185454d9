//! What the user of a device sees, and what others cannot make them do.

use authorization_server::RegistrationPolicy;
use http::HeaderMap;
use queue::Event;
use serde_json::json;

use super::gadget::{GRANT, SCOPE, allow, ask, begin, codes, enter, house, open, poll, poll_as, press, type_into, with_devices};
use crate::answer::Answer;
use crate::browser::Browser;
use crate::house::{DEMO, House, PASSWORD};
use crate::methods::{SECRET, basic, send};

/// RFC 8628 §3.3: the page says who asks whom for what, and shows the code to be compared.
#[tokio::test]
async fn the_question_says_who_asks_whom_for_what() {
    let house = house().await;
    let mut browser = house.browser();
    let given = begin(&house).await;
    let page = enter(&mut browser, &given.user_code).await;
    assert_eq!((page.status.as_u16(), page.page()), (200, "device-consent"));
    assert_eq!(page.field("user_code"), given.user_code);
    assert_eq!((page.field("client"), page.field("host")), ("The tv client".to_owned(), "None".to_owned()));
    assert_eq!(
        (page.field("email").as_str(), page.field("scopes").as_str()),
        ("demo@example.com", "email offline_access openid")
    );
    assert_eq!(page.field("unverified"), "false");
    // A client that people know by an address is shown with it.
    let till = codes(&send(&house, "/device_authorization", &basic("till", SECRET), &[("scope", SCOPE)]).await);
    assert_eq!(enter(&mut browser, &till.user_code).await.field("host"), "Some(\"till.example\")");
}

/// Attacks 34, 42: no page of it is framed, kept, scripted, or leads a form elsewhere.
#[tokio::test]
async fn the_pages_have_the_headers_of_all_pages() {
    let house = house().await;
    let mut browser = house.browser();
    let given = begin(&house).await;
    let entry = open(&mut browser, "/device").await;
    let question = type_into(&mut browser, &entry, &given.user_code).await;
    let done = press(&mut browser, &question, "allow").await;
    for page in [entry, question, done] {
        assert_eq!((page.header("x-frame-options"), page.header("cache-control")), ("DENY", "no-store"), "{page:?}");
        let policy = page.header("content-security-policy");
        for part in ["script-src 'none'", "form-action 'self';", "frame-ancestors 'none'"] {
            assert!(policy.contains(part), "{part} in {policy}");
        }
    }
}

/// RFC 8628 §3.3.1, §5.4: the address with the code in it fills the code in, and decides nothing.
#[tokio::test]
async fn the_address_with_the_code_still_asks_to_compare_and_to_confirm() {
    let house = house().await;
    let given = begin(&house).await;
    let mut browser = house.browser();
    let page = open(&mut browser, &given.complete).await;
    assert_eq!((page.page(), page.field("user_code")), ("user-code", given.user_code.clone()));
    assert_eq!(poll(&house, &given).await.error(), "authorization_pending");
    let question = type_into(&mut browser, &page, &page.field("user_code")).await;
    assert_eq!(question.page(), "device-consent");
    house.wait(5);
    assert_eq!(poll(&house, &given).await.error(), "authorization_pending");
    press(&mut browser, &question, "allow").await;
    assert_eq!(poll(&house, &given).await.status, 200);
}

/// RFC 8628 §6.1: case and separators do not matter.
#[tokio::test]
async fn a_code_may_be_typed_in_many_ways() {
    let house = house().await;
    let mut browser = house.browser();
    let given = begin(&house).await;
    let plain = given.user_code.replace('-', "");
    let spaced = plain.to_lowercase().split("").collect::<Vec<_>>().join(" ");
    for typed in [plain.clone(), plain.to_lowercase(), given.user_code.replace('-', "."), spaced] {
        let page = enter(&mut browser, &typed).await;
        assert_eq!((page.page(), page.field("user_code")), ("device-consent", given.user_code.clone()), "{typed}");
    }
}

/// Attack 41: unknown, expired, decided by somebody else, or no code at all: the same page.
#[tokio::test]
async fn nobody_learns_which_codes_there_are() {
    let house = house().await;
    let mut stranger = house.browser();
    let page = stranger.open("/device").await;
    stranger.log_in_as(&page, "other", PASSWORD).await;
    let (expired, used) = (begin(&house).await, begin(&house).await);
    house.wait(1);
    allow(&mut house.browser(), &used).await;
    let denied = begin(&house).await;
    let mut browser = house.browser();
    let question = enter(&mut browser, &denied.user_code).await;
    press(&mut browser, &question, "deny").await;
    poll(&house, &used).await;
    house.wait(599);
    let seen = |answer: &Answer| (answer.status.as_u16(), answer.page().to_owned(), answer.field("fault"));
    let expected = (422, "user-code".to_owned(), "Some(Unknown)".to_owned());
    for code in [&expired.user_code, &used.user_code, &denied.user_code, "BBBB-BBBB", "BBB", "12345678", "<b>"] {
        assert_eq!(seen(&enter(&mut stranger, code).await), expected, "{code}");
    }
    assert_eq!(seen(&enter(&mut stranger, "").await), expected);
    // What was typed is there to be mended, as far as it is any use.
    assert_eq!(enter(&mut stranger, &"long ".repeat(20)).await.field("user_code").len(), 32);
}

/// A device whose client is registered no more has a code that is no code.
#[tokio::test]
async fn a_removed_client_has_no_devices() {
    let house = House::with(|settings| {
        with_devices(settings);
        settings.registration = RegistrationPolicy::Open;
    })
    .await;
    let (client_id, uri, token) = register(&house).await;
    let given = codes(&ask(&house, &client_id, &[]).await);
    let mut browser = house.browser();
    assert_eq!(enter(&mut browser, &given.user_code).await.page(), "device-consent");
    let mut headers = HeaderMap::new();
    headers.insert("authorization", format!("Bearer {token}").parse().unwrap());
    assert_eq!(house.call("DELETE", &uri, headers, String::new()).await.status, 204);
    assert_eq!(enter(&mut browser, &given.user_code).await.field("fault"), "Some(Unknown)");
    assert_eq!(poll_as(&house, &client_id, &given).await.error(), "invalid_client");
}

/// Registers a device; gives its identifier, and where and by what it looks after its registration.
async fn register(house: &House) -> (String, String, String) {
    let body = json!({ "client_name": "Lamp", "grant_types": [GRANT], "token_endpoint_auth_method": "none", "scope": "openid" });
    let mut headers = HeaderMap::new();
    headers.insert("content-type", "application/json".parse().unwrap());
    let answer = house.call("POST", "/register", headers, body.to_string()).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let registered = answer.json();
    assert_eq!((&registered["redirect_uris"], &registered["response_types"]), (&json!([]), &json!([])));
    let text = |name: &str| registered[name].as_str().unwrap().to_owned();
    let uri = text("registration_client_uri").replace(crate::house::ISSUER, "");
    (text("client_id"), uri, text("registration_access_token"))
}

/// RFC 7591, attack 39: a device that registered itself needs no redirect URI, and its users are told that nobody vouches for it.
#[tokio::test]
async fn a_device_that_registered_itself_is_shown_as_a_stranger() {
    let house = House::with(|settings| settings.registration = RegistrationPolicy::Open).await;
    let (client_id, ..) = register(&house).await;
    let given = codes(&ask(&house, &client_id, &[("scope", "openid")]).await);
    let mut browser = house.browser();
    let page = enter(&mut browser, &given.user_code).await;
    assert_eq!((page.field("client").as_str(), page.field("unverified").as_str()), ("Lamp", "true"));
    press(&mut browser, &page, "allow").await;
    assert_eq!(poll_as(&house, &client_id, &given).await.status, 200);
}

async fn send_form(browser: &mut Browser, site: &str, path: &str, csrf: &str, code: &str) -> Answer {
    browser.post_from(site, path, &[("csrf", csrf), ("user_code", code), ("action", "allow")]).await
}

/// Attack 35: no other site enters a code or says yes.
#[tokio::test]
async fn a_form_of_another_site_is_refused() {
    let house = house().await;
    let mut browser = house.browser();
    let given = begin(&house).await;
    let entry = open(&mut browser, "/device").await;
    let question = type_into(&mut browser, &entry, &given.user_code).await;
    for site in ["cross-site", "same-site", "none"] {
        for (path, page) in [("/device", &entry), ("/device/consent", &question)] {
            let answer = send_form(&mut browser, site, path, &page.field("csrf"), &given.user_code).await;
            assert_eq!((answer.status.as_u16(), answer.page()), (403, "problem OtherBrowser"), "{site} {path}");
        }
    }
    assert_eq!(poll(&house, &given).await.error(), "authorization_pending");
}

/// Attack 40: a yes is bound to the session, to the user and to the device; any other leads back to the code, and decides nothing.
#[tokio::test]
async fn a_yes_for_another_device_session_or_user_counts_for_nothing() {
    let house = house().await;
    let (given, other) = (begin(&house).await, begin(&house).await);
    let (mut browser, mut attacker) = (house.browser(), house.browser());
    let question = enter(&mut browser, &given.user_code).await;
    let for_other = enter(&mut browser, &other.user_code).await;
    let login = attacker.open("/device").await;
    attacker.log_in_as(&login, "other", PASSWORD).await;
    let of_attacker = enter(&mut attacker, &given.user_code).await;
    let entry = open(&mut browser, "/device").await;
    for forged in [for_other.field("csrf"), of_attacker.field("csrf"), entry.field("csrf"), String::new()] {
        let answer = send_form(&mut browser, "same-origin", "/device/consent", &forged, &given.user_code).await;
        assert_eq!((answer.status.as_u16(), answer.page()), (403, "user-code"));
        assert_eq!((answer.field("fault"), answer.field("user_code")), ("Some(Stale)".to_owned(), given.user_code.clone()));
    }
    let forged = send_form(&mut browser, "same-origin", "/device", &question.field("csrf"), &given.user_code).await;
    assert_eq!((forged.page(), forged.field("fault").as_str()), ("user-code", "Some(Stale)"));
    // Somebody else signs in in the same browser while the question is open.
    let mut shared = browser.clone();
    let login = shared.open(&house.app.begin(&house, &[("prompt", "login")]).await).await;
    shared.log_in_as(&login, "other", PASSWORD).await;
    assert_eq!(press(&mut shared, &question, "allow").await.field("fault"), "Some(Stale)");
    assert_eq!(poll(&house, &given).await.error(), "authorization_pending");
    assert!(!house.queue.kinds().contains(&"consent_granted"), "nothing was allowed, and nothing is in the audit log");
}

/// RFC 8628 §5.4: of two users with one code, whoever is first decides, and the other is told that it is no code any more.
#[tokio::test]
async fn a_code_is_decided_once() {
    let house = house().await;
    let given = begin(&house).await;
    let (mut first, mut second) = (house.browser(), house.browser());
    let login = second.open("/device").await;
    second.log_in_as(&login, "other", PASSWORD).await;
    let questions = (enter(&mut first, &given.user_code).await, enter(&mut second, &given.user_code).await);
    press(&mut first, &questions.0, "allow").await;
    let late = press(&mut second, &questions.1, "allow").await;
    assert_eq!((late.page(), late.field("fault").as_str()), ("user-code", "Some(Unknown)"));
    let tokens = poll(&house, &given).await.json();
    assert_eq!(crate::app::claims(crate::app::token(&tokens, "access_token"))["sub"], DEMO.to_string());
}

/// Of two users who say yes in the same moment one is believed, and it is the one whose tokens the device gets.
#[tokio::test]
async fn of_two_answers_at_once_one_counts() {
    let house = house().await;
    let (mut first, mut second) = (house.browser(), house.browser());
    let login = second.open("/device").await;
    second.log_in_as(&login, "other", PASSWORD).await;
    for _ in 0..10 {
        let given = begin(&house).await;
        let questions = (enter(&mut first, &given.user_code).await, enter(&mut second, &given.user_code).await);
        let (a, b) = tokio::join!(press(&mut first, &questions.0, "allow"), press(&mut second, &questions.1, "allow"));
        let told = [a.page(), b.page()];
        let tokens = poll(&house, &given).await.json();
        let subject = crate::app::claims(crate::app::token(&tokens, "access_token"))["sub"].clone();
        let expected = if subject == DEMO.to_string() { ["device-done", "user-code"] } else { ["user-code", "device-done"] };
        assert_eq!(told, expected);
    }
}

/// A form that is sent twice, or a no after a yes, changes nothing: the first answer stands.
#[tokio::test]
async fn the_first_answer_stands() {
    let house = house().await;
    let given = begin(&house).await;
    let mut browser = house.browser();
    let question = enter(&mut browser, &given.user_code).await;
    for button in ["allow", "allow", "deny"] {
        let done = press(&mut browser, &question, button).await;
        assert_eq!((done.page(), done.field("allowed").as_str()), ("device-done", "true"));
    }
    assert_eq!(house.queue.kinds(), ["consent_granted"]);
    assert_eq!(poll(&house, &given).await.status, 200);
    assert_eq!(enter(&mut browser, &given.user_code).await.page(), "device-done", "whoever decided may look again");
}

/// A form whose button was lost, by a script that submits it say, asks again.
#[tokio::test]
async fn a_form_without_a_button_decides_nothing() {
    let house = house().await;
    let given = begin(&house).await;
    let mut browser = house.browser();
    let question = enter(&mut browser, &given.user_code).await;
    assert_eq!(press(&mut browser, &question, "").await.page(), "device-consent");
    assert_eq!(poll(&house, &given).await.error(), "authorization_pending");
    // A browser that is opened again at the question begins with the code.
    assert_eq!(browser.open("/device/consent").await.page(), "user-code");
}

/// A18: what the user says is audited, as in the code flow.
#[tokio::test]
async fn a_yes_and_a_no_are_audited() {
    let house = house().await;
    let mut browser = house.browser();
    let (subject, client_id) = (DEMO.to_string(), "tv".to_owned());
    allow(&mut browser, &begin(&house).await).await;
    let scope = "email offline_access openid".to_owned();
    let granted = Event::ConsentGranted { subject: subject.clone(), client_id: client_id.clone(), scope };
    let given = begin(&house).await;
    let question = enter(&mut browser, &given.user_code).await;
    press(&mut browser, &question, "deny").await;
    assert_eq!(house.queue.events(), [granted, Event::ConsentDenied { subject, client_id }]);
}

/// Where the Queue does not answer, nothing is allowed that nobody would hear of.
#[tokio::test]
async fn without_the_queue_nothing_is_allowed() {
    let house = house().await;
    let mut browser = house.browser();
    let given = begin(&house).await;
    let question = enter(&mut browser, &given.user_code).await;
    house.queue.broken.store(true, std::sync::atomic::Ordering::SeqCst);
    assert_eq!(press(&mut browser, &question, "allow").await.page(), "problem Unavailable");
    assert_eq!(poll(&house, &given).await.error(), "authorization_pending");
}
