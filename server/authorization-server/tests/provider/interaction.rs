use crate::house::{House, PASSWORD};

/// Attack 43, A19: two tabs of one browser each end at their own client, in whatever order.
#[tokio::test]
async fn two_interactions_in_one_browser_do_not_disturb_each_other() {
    let house = House::build().await;
    let mut browser = house.browser();
    let first = browser.open(&house.app.begin(&house, &[("state", "first")]).await).await;
    let second = browser.open(&house.plain.begin(&house, &[("state", "second")]).await).await;
    let consent = browser.log_in(&second).await;
    let done = browser.press(&consent, "allow").await;
    assert_eq!(done.sent("state").as_deref(), Some("second"));
    // The login page of the first tab still works; signing in there again is fine.
    let consent = browser.log_in(&first).await;
    let done = browser.press(&consent, "allow").await;
    assert_eq!(done.sent("state").as_deref(), Some("first"));
    assert!(done.location().as_str().starts_with(&house.app.redirect_uri()));
}

/// A login page that was left open goes on by itself once its browser is signed in.
#[tokio::test]
async fn a_login_page_that_is_no_longer_needed_leads_on() {
    let house = House::build().await;
    let mut browser = house.browser();
    let waiting = browser.open(&house.app.begin(&house, &[]).await).await;
    house.app.code(&house, &mut browser, &[]).await;
    let on = browser.open(&waiting.field("action")).await;
    assert!(on.sent("code").is_some());
}

/// Attack 12: an interaction belongs to the browser that began it.
#[tokio::test]
async fn the_interaction_of_another_browser_is_refused() {
    let house = House::build().await;
    let (mut victim, mut attacker) = (house.browser(), house.browser());
    let page = attacker.open(&house.app.begin(&house, &[]).await).await;
    let opened = victim.open(&page.field("action")).await;
    assert_eq!((opened.status.as_u16(), opened.page()), (403, "problem OtherBrowser"));
    let sent = victim.log_in(&page).await;
    assert_eq!(sent.page(), "problem OtherBrowser");
    assert!(victim.cookies.is_empty());
    // Nor with the ticket of an interaction of its own under the other's name.
    victim.open(&house.app.begin(&house, &[]).await).await;
    let own = victim.cookies.values().next().unwrap().clone();
    let name = attacker.cookies.keys().next().unwrap().clone();
    victim.cookies.insert(name, own);
    assert_eq!(victim.open(&page.field("action")).await.page(), "problem OtherBrowser");
}

/// A19, Attack 43: a login that comes too late ends on a page that explains.
#[tokio::test]
async fn a_late_login_is_explained() {
    let house = House::build().await;
    let mut browser = house.browser();
    let page = browser.open(&house.app.begin(&house, &[]).await).await;
    house.wait(15 * 60);
    let late = browser.log_in(&page).await;
    assert_eq!((late.status.as_u16(), late.page()), (400, "problem RequestExpired"));
    assert_eq!(browser.open(&page.field("action")).await.page(), "problem RequestExpired");
}

/// The login page outlives the pushed request: fourteen minutes are not too long to find a password.
#[tokio::test]
async fn a_slow_login_is_in_time() {
    let house = House::build().await;
    let mut browser = house.browser();
    let page = browser.open(&house.app.begin(&house, &[]).await).await;
    house.wait(14 * 60);
    let consent = browser.log_in(&page).await;
    assert!(browser.press(&consent, "allow").await.sent("code").is_some());
}

/// A form that is sent twice leads to the same place twice, and gives one code.
#[tokio::test]
async fn a_form_that_is_sent_twice_leads_to_the_same_place() {
    let house = House::build().await;
    let mut browser = house.browser();
    let login = browser.open(&house.app.begin(&house, &[]).await).await;
    let page = browser.log_in(&login).await;
    let mut twin = browser.clone();
    let (first, second) = tokio::join!(browser.press(&page, "allow"), twin.press(&page, "allow"));
    let code = first.sent("code").unwrap();
    assert_eq!(second.sent("code").as_deref(), Some(code.as_str()));
    assert_eq!(house.app.redeem(&house, &code, &[]).await.status, 200);
}

/// Of two tabs that complete one pushed request at once, one does.
#[tokio::test]
async fn a_pushed_request_is_completed_once() {
    let house = House::build().await;
    let mut browser = house.browser();
    let url = house.app.begin(&house, &[]).await;
    let (first, second) = (browser.open(&url).await, browser.open(&url).await);
    house.plain.code(&house, &mut browser, &[]).await;
    let consent = (browser.open(&first.field("action")).await, browser.open(&second.field("action")).await);
    let mut twin = browser.clone();
    let (a, b) = tokio::join!(browser.press(&consent.0, "allow"), twin.press(&consent.1, "allow"));
    let outcomes = [&a, &b].map(|answer| answer.headers.contains_key("location"));
    assert_eq!(outcomes.iter().filter(|led| **led).count(), 1, "{a:?} {b:?}");
    let other = if outcomes[0] { &b } else { &a };
    assert_eq!(other.page(), "problem RequestExpired");
}

/// B9's twin here: cookies of interactions never pile up.
#[tokio::test]
async fn a_browser_has_sixteen_interactions_at_the_most() {
    let house = House::build().await;
    let mut browser = house.browser();
    for _ in 0..20 {
        browser.open(&house.app.begin(&house, &[]).await).await;
        house.wait(1);
    }
    assert_eq!(browser.cookies.len(), 16);
    let page = browser.open(&house.app.begin(&house, &[]).await).await;
    assert_eq!(browser.log_in_as(&page, "demo", PASSWORD).await.page(), "consent");
}
