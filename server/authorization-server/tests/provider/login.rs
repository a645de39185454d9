use queue::Event;

use crate::house::{DEMO, House, PASSWORD};

/// The login page says who asks, offers what development offers, and works without a script.
#[tokio::test]
async fn the_login_page_says_who_asks() {
    let house = House::build().await;
    let page = house.browser().open(&house.app.begin(&house, &[]).await).await;
    assert_eq!(page.status, 200);
    assert_eq!(page.field("client"), "The app client");
    assert_eq!(page.field("fault"), "None");
    assert!(page.field("demo").contains("demo"));
}

/// Attacks 34 and 42: never framed, no script, nothing of others, never kept; and the form may lead on to the client.
#[tokio::test]
async fn the_pages_are_locked_down() {
    let house = House::build().await;
    let page = house.browser().open(&house.app.begin(&house, &[]).await).await;
    let policy = page.header("content-security-policy");
    for part in ["default-src 'none'", "script-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(policy.contains("form-action 'self' https://app.example;"), "{policy}");
    assert_eq!(page.header("x-frame-options"), "DENY");
    assert_eq!(page.header("x-content-type-options"), "nosniff");
    assert_eq!(page.header("cache-control"), "no-store");
    assert_eq!(page.header("referrer-policy"), "same-origin");
    assert_eq!(page.header("access-control-allow-origin"), "");
}

/// Attack 44, A17: the same answer for an unknown user, a wrong and an empty password.
#[tokio::test]
async fn unknown_user_wrong_password_and_empty_password_are_answered_alike() {
    let house = House::build().await;
    let mut seen = Vec::new();
    for (username, password) in [("nobody", PASSWORD), ("demo", "wrong"), ("demo", ""), ("nobody", "")] {
        let mut browser = house.browser();
        let page = browser.open(&house.app.begin(&house, &[]).await).await;
        let refused = browser.log_in_as(&page, username, password).await;
        assert_eq!(refused.status, 422);
        assert_eq!(refused.page(), "login");
        assert_eq!(refused.field("username"), username);
        assert!(!browser.cookies.contains_key("__Host-provider"));
        seen.push(refused.field("fault"));
    }
    seen.dedup();
    assert_eq!(seen, ["Some(Credentials)"]);
}

/// A refused login is told to the audit log, with the user where there is one, and never with what was typed.
#[tokio::test]
async fn a_refused_login_is_audited() {
    let house = House::build().await;
    for (username, subject) in [("demo", Some(DEMO.to_string())), ("nobody", None)] {
        let mut browser = house.browser();
        let page = browser.open(&house.app.begin(&house, &[]).await).await;
        browser.log_in_as(&page, username, "wrong").await;
        let expected = Event::SignInFailed { subject, client_id: Some("app".into()), address: None };
        assert_eq!(house.queue.events().last(), Some(&expected));
    }
}

/// After a refusal the same page signs in.
#[tokio::test]
async fn a_second_try_may_succeed() {
    let house = House::build().await;
    let mut browser = house.browser();
    let page = browser.open(&house.app.begin(&house, &[]).await).await;
    let refused = browser.log_in_as(&page, "demo", "wrong").await;
    let consent = browser.log_in(&refused).await;
    assert_eq!(consent.page(), "consent");
}

/// The e-mail address signs in as well, and case does not count.
#[tokio::test]
async fn the_email_address_is_a_name_too() {
    let house = House::build().await;
    let mut browser = house.browser();
    let page = browser.open(&house.app.begin(&house, &[]).await).await;
    let consent = browser.log_in_as(&page, " Demo@Example.COM ", PASSWORD).await;
    assert_eq!(consent.page(), "consent");
    assert_eq!(consent.field("user"), "The demo account");
}

/// The way back without signing in.
#[tokio::test]
async fn whoever_will_not_sign_in_returns_with_access_denied() {
    let house = House::build().await;
    let mut browser = house.browser();
    let page = browser.open(&house.app.begin(&house, &[]).await).await;
    let answer = browser.press(&page, "deny").await;
    assert_eq!(answer.status, 303);
    assert_eq!(answer.sent("error").as_deref(), Some("access_denied"));
    assert_eq!(answer.sent("state").as_deref(), Some("the-state"));
}

/// Attack 35, B4: a login that another site sends is refused, even with the right token in the form.
#[tokio::test]
async fn a_login_from_another_site_is_refused() {
    let house = House::build().await;
    let mut browser = house.browser();
    let page = browser.open(&house.app.begin(&house, &[]).await).await;
    let csrf = page.field("csrf");
    let fields = [("csrf", csrf.as_str()), ("username", "demo"), ("password", PASSWORD)];
    for site in ["cross-site", "same-site", "none"] {
        let answer = browser.post_from(site, &page.field("action"), &fields).await;
        assert_eq!((answer.status.as_u16(), answer.page()), (403, "problem OtherBrowser"), "{site}");
    }
    assert!(!browser.cookies.contains_key("__Host-provider"));
}

/// Attack 35: A form needs the token of its own interaction.
#[tokio::test]
async fn a_login_without_its_token_is_refused() {
    let house = House::build().await;
    let mut browser = house.browser();
    let page = browser.open(&house.app.begin(&house, &[]).await).await;
    let other = browser.open(&house.app.begin(&house, &[]).await).await;
    for csrf in ["", "x", &other.field("csrf")] {
        let fields = [("csrf", csrf), ("username", "demo"), ("password", PASSWORD)];
        assert_eq!(browser.post(&page.field("action"), &fields).await.status, 403, "{csrf}");
    }
}

/// Attack 8, A7: the redirect after credentials is a 303.
#[tokio::test]
async fn after_credentials_the_browser_goes_on_with_get() {
    let house = House::build().await;
    let mut browser = house.browser();
    let page = browser.open(&house.app.begin(&house, &[]).await).await;
    let csrf = page.field("csrf");
    let fields = [("csrf", csrf.as_str()), ("username", "demo"), ("password", PASSWORD)];
    assert_eq!(browser.post(&page.field("action"), &fields).await.status, 303);
}

/// Attack 49: a password of any size is answered, and no body larger than a form is read.
#[tokio::test]
async fn an_oversized_form_is_refused() {
    let house = House::build().await;
    let mut browser = house.browser();
    let page = browser.open(&house.app.begin(&house, &[]).await).await;
    let csrf = page.field("csrf");
    let long = "x".repeat(100_000);
    let answer = browser.post(&page.field("action"), &[("csrf", csrf.as_str()), ("password", &long)]).await;
    assert_eq!(answer.status, 413);
}
