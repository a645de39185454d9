use queue::Event;

use crate::house::{DEMO, House, PASSWORD};

/// A18: the page says who asks whom for what, and where it leads.
#[tokio::test]
async fn the_consent_page_says_who_asks_whom_for_what() {
    let house = House::build().await;
    let mut browser = house.browser();
    let login = browser.open(&house.app.begin(&house, &[]).await).await;
    let page = browser.log_in(&login).await;
    assert_eq!(page.page(), "consent");
    assert_eq!(page.field("client"), "The app client");
    assert_eq!(page.field("host"), "app.example");
    assert_eq!(page.field("email"), "demo@example.com");
    assert_eq!(page.field("scopes"), "email offline_access openid profile");
    assert!(page.header("content-security-policy").contains("form-action 'self' https://app.example"));
}

/// Attack 38, A18: consent is remembered; a new scope asks again.
#[tokio::test]
async fn a_new_scope_asks_again_and_an_old_one_does_not() {
    let house = House::build().await;
    let mut browser = house.browser();
    house.app.code(&house, &mut browser, &[]).await;
    let again = browser.open(&house.app.begin(&house, &[]).await).await;
    assert!(again.sent("code").is_some());
    let wider = browser.open(&house.app.begin(&house, &[("scope", "openid notes")]).await).await;
    assert_eq!(wider.page(), "consent");
    assert_eq!(wider.field("scopes"), "notes openid");
    // What was allowed to one client is not allowed to another.
    let other = browser.open(&house.plain.begin(&house, &[]).await).await;
    assert_eq!(other.page(), "consent");
}

/// A18, RFC 6749 §4.1.2.1: denial is access_denied; it is audited, and nothing is remembered.
#[tokio::test]
async fn a_denial_is_told_to_the_client_and_not_remembered() {
    let house = House::build().await;
    let mut browser = house.browser();
    let login = browser.open(&house.app.begin(&house, &[]).await).await;
    let page = browser.log_in(&login).await;
    let answer = browser.press(&page, "deny").await;
    assert_eq!(answer.status, 303);
    assert_eq!(answer.sent("error").as_deref(), Some("access_denied"));
    assert_eq!(answer.sent("code"), None);
    let expected = Event::ConsentDenied { subject: DEMO.to_string(), client_id: "app".into() };
    assert_eq!(house.queue.events().last(), Some(&expected));
    assert_eq!(browser.open(&house.app.begin(&house, &[]).await).await.page(), "consent");
}

#[tokio::test]
async fn consent_is_audited() {
    let house = House::build().await;
    house.app.code(&house, &mut house.browser(), &[]).await;
    let expected = Event::ConsentGranted {
        subject: DEMO.to_string(),
        client_id: "app".into(),
        scope: "email offline_access openid profile".into(),
    };
    assert_eq!(house.queue.events(), [expected]);
}

/// A4: prompt=consent asks although it was allowed; prompt=none says consent_required.
#[tokio::test]
async fn prompt_says_whether_consent_is_asked() {
    let house = House::build().await;
    let mut browser = house.browser();
    house.app.code(&house, &mut browser, &[("scope", "openid")]).await;
    let silent = browser.open(&house.app.begin(&house, &[("scope", "openid"), ("prompt", "none")]).await).await;
    assert!(silent.sent("code").is_some());
    let wider = browser.open(&house.app.begin(&house, &[("prompt", "none")]).await).await;
    assert_eq!(wider.sent("error").as_deref(), Some("consent_required"));
    let asked = browser.open(&house.app.begin(&house, &[("scope", "openid"), ("prompt", "consent")]).await).await;
    assert_eq!(asked.page(), "consent");
    assert!(browser.press(&asked, "allow").await.sent("code").is_some());
}

/// Attack 37: the consent page cannot be skipped by asking for what comes after it.
#[tokio::test]
async fn consent_cannot_be_skipped() {
    let house = House::build().await;
    let mut browser = house.browser();
    let login = browser.open(&house.app.begin(&house, &[]).await).await;
    let page = browser.log_in(&login).await;
    // Reloading either page leads back to consent.
    assert_eq!(browser.open(&login.field("action")).await.page(), "consent");
    assert_eq!(browser.press(&page, "").await.page(), "consent");
    assert_eq!(house.queue.kinds(), [""; 0]);
}

/// A18, Attack 40: a consent form counts for its own interaction and its own user only.
#[tokio::test]
async fn the_consent_form_of_another_interaction_or_user_is_refused() {
    let house = House::build().await;
    let mut browser = house.browser();
    let login = browser.open(&house.app.begin(&house, &[]).await).await;
    let page = browser.log_in(&login).await;
    let second = browser.open(&house.app.begin(&house, &[("scope", "openid notes")]).await).await;
    let crossed = browser.post(&second.field("action"), &[("csrf", &page.field("csrf")), ("action", "allow")]).await;
    assert_eq!(crossed.status, 403);
    // Somebody else signs in in another tab of the same browser; the form that was open is no longer theirs.
    let third = browser.open(&house.app.begin(&house, &[("prompt", "login")]).await).await;
    browser.log_in_as(&third, "other", PASSWORD).await;
    let stale = browser.press(&page, "allow").await;
    assert_eq!((stale.status.as_u16(), stale.page()), (403, "problem OtherBrowser"));
    assert!(house.queue.kinds().iter().all(|kind| !kind.starts_with("consent")));
}

/// A yes from another site is no yes.
#[tokio::test]
async fn consent_from_another_site_is_refused() {
    let house = House::build().await;
    let mut browser = house.browser();
    let login = browser.open(&house.app.begin(&house, &[]).await).await;
    let page = browser.log_in(&login).await;
    let fields = [("csrf", page.field("csrf")), ("action", "allow".to_owned())];
    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let answer = browser.post_from("cross-site", &page.field("action"), &fields).await;
    assert_eq!(answer.status, 403);
    assert_eq!(house.queue.kinds(), [""; 0]);
}
