//! The login that leads back to a page of our own.

use queue::Event;

use super::gadget::{begin, house, open, press, type_into};
use crate::house::PASSWORD;

/// Whoever is not signed in signs in first, and comes back with their code.
#[tokio::test]
async fn the_login_leads_back_with_the_code() {
    let house = house().await;
    let given = begin(&house).await;
    let mut browser = house.browser();
    let login = browser.open(&given.complete).await;
    assert_eq!((login.page(), login.field("client").as_str()), ("login", "Device"));
    assert!(login.header("content-security-policy").contains("form-action 'self';"), "it leads nowhere else");
    let page = browser.log_in(&login).await;
    assert_eq!((page.page(), page.field("user_code")), ("user-code", given.user_code));
    // Without a code it leads back as well, and who is signed in is not asked again.
    let mut another = house.browser();
    let login = another.open("/device").await;
    let page = another.log_in(&login).await;
    assert_eq!((page.page(), page.field("user_code").as_str()), ("user-code", ""));
    assert_eq!(another.open("/device").await.page(), "user-code");
}

/// A login that is given up ends on our front page: there is no client to return to.
#[tokio::test]
async fn a_login_that_is_given_up_leads_home() {
    let house = house().await;
    let mut browser = house.browser();
    let login = browser.open("/device").await;
    let home = browser.press(&login, "deny").await;
    assert_eq!((home.page(), home.field("user").as_str()), ("home", "nobody"));
}

/// A17, A18: the same login as anywhere: refused passwords are told and audited, and the form is the page's own.
#[tokio::test]
async fn it_is_the_same_login_as_for_clients() {
    let house = house().await;
    let mut browser = house.browser();
    let login = browser.open("/device").await;
    let wrong = browser.log_in_as(&login, "demo", "guess").await;
    assert_eq!((wrong.status.as_u16(), wrong.field("fault").as_str()), (422, "Some(Credentials)"));
    let expected = Event::SignInFailed { subject: Some(crate::house::DEMO.to_string()), client_id: None, address: None };
    assert_eq!(house.queue.events(), [expected]);
    let forged = [("csrf", "x"), ("username", "demo"), ("password", PASSWORD), ("action", "sign-in")];
    assert_eq!(browser.post(&login.field("action"), &forged).await.page(), "problem OtherBrowser");
    // Attack 12: it belongs to the browser that began it.
    let mut other = house.browser();
    assert_eq!(other.log_in(&login).await.page(), "problem OtherBrowser");
    assert_eq!(browser.log_in(&wrong).await.page(), "user-code");
}

/// An interaction that ends on a page of ours has no consent: its address leads on.
#[tokio::test]
async fn there_is_no_consent_on_the_way_to_a_page_of_ours() {
    let house = house().await;
    let mut browser = house.browser();
    let login = browser.open("/device").await;
    let consent = login.field("action").replace("/login/", "/consent/");
    assert_eq!(browser.open(&consent).await.page(), "login");
    let page = browser.post(&consent, &[("csrf", &login.field("csrf")), ("action", "allow")]).await;
    assert_eq!(browser.follow(page).await.page(), "login");
    assert_eq!(browser.log_in(&login).await.page(), "user-code");
}

/// Whoever was signed out meanwhile signs in again and goes on with the code that they typed.
#[tokio::test]
async fn a_session_that_ended_meanwhile_is_begun_anew() {
    let house = house().await;
    let given = begin(&house).await;
    let mut browser = house.browser();
    let page = open(&mut browser, "/device").await;
    let question = type_into(&mut browser, &page, &given.user_code).await;
    browser.cookies.retain(|name, _| !name.starts_with("__Host-provider"));
    for answer in [type_into(&mut browser, &page, &given.user_code).await, press(&mut browser, &question, "allow").await] {
        assert_eq!(answer.page(), "login", "{answer:?}");
        let back = browser.clone().log_in(&answer).await;
        assert_eq!((back.page(), back.field("user_code")), ("user-code", given.user_code.clone()));
    }
}

/// Attack 59: nothing in the address says where the login leads.
#[tokio::test]
async fn no_text_from_outside_says_where_a_login_leads() {
    let house = house().await;
    for query in ["user_code=//evil.example", "return_to=https://evil.example", "user_code=%0d%0aLocation:%20x", "x=y"] {
        let mut browser = house.browser();
        let login = browser.open(&format!("/device?{query}")).await;
        let csrf = login.field("csrf");
        let fields = [("csrf", csrf.as_str()), ("username", "demo"), ("password", PASSWORD), ("action", "sign-in")];
        let answer = browser.post(&login.field("action"), &fields).await;
        assert_eq!(answer.header("location"), format!("{}/device", crate::house::ISSUER), "{query}");
    }
    let twice = house.browser().open("/device?user_code=a&user_code=b").await;
    assert_eq!((twice.status.as_u16(), twice.page()), (400, "problem RequestInvalid"));
}
