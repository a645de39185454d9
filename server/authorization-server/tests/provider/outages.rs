use std::sync::atomic::Ordering;

use crate::app::token;
use crate::house::House;

/// A box that does not answer is 503 for clients, with nothing of its insides.
#[tokio::test]
async fn without_the_cache_clients_are_told_to_come_again() {
    let house = House::build().await;
    house.cache.broken.store(true, Ordering::SeqCst);
    for answer in [
        house.app.push(&house, &[]).await,
        house.app.redeem(&house, "code", &[]).await,
        house.app.refresh(&house, "token", &[]).await,
        house.app.revoke(&house, "token").await,
    ] {
        assert_eq!((answer.status.as_u16(), answer.error().as_str()), (503, "temporarily_unavailable"), "{answer:?}");
        assert_eq!(answer.header("cache-control"), "no-store");
        assert!(!answer.body.contains("secret-host-name"));
        assert!(answer.json()["error_description"].as_str().unwrap().contains("incident"));
    }
}

#[tokio::test]
async fn without_the_cache_people_see_a_page() {
    let house = House::build().await;
    let mut browser = house.browser();
    let url = house.app.begin(&house, &[]).await;
    let page = browser.open(&url).await;
    house.cache.broken.store(true, Ordering::SeqCst);
    for answer in [browser.get(&url).await, browser.log_in(&page).await, browser.get(&page.field("action")).await] {
        assert_eq!((answer.status.as_u16(), answer.page()), (503, "problem Unavailable"));
        assert_eq!(answer.field("incident").len(), 12);
        assert!(!answer.body.contains("secret-host-name"));
    }
    house.cache.broken.store(false, Ordering::SeqCst);
    assert_eq!(browser.log_in(&page).await.page(), "consent");
}

/// The database gone in the middle: nothing is half-written.
#[tokio::test]
async fn without_the_database_nothing_is_issued() {
    let house = House::build().await;
    let mut browser = house.browser();
    let tokens = house.app.tokens(&house, &mut browser).await;
    let code = house.app.code(&house, &mut browser, &[]).await;
    let page = house.browser().open(&house.app.begin(&house, &[]).await).await;
    assert_eq!(page.page(), "login");
    house.users.close().await;
    let redeemed = house.app.redeem(&house, &code, &[]).await;
    assert_eq!((redeemed.status.as_u16(), redeemed.error().as_str()), (503, "temporarily_unavailable"));
    let refreshed = house.app.refresh(&house, token(&tokens, "refresh_token"), &[]).await;
    assert_eq!(refreshed.status, 503);
    assert_eq!(house.userinfo(token(&tokens, "access_token")).await.status, 503);
    let url = house.app.begin(&house, &[]).await;
    assert_eq!(browser.get(&url).await.page(), "problem Unavailable");
    // The code was not used up: the same database, opened again, still gives the tokens.
    let again = crate::start::replica(&house).await;
    let answer = house.app.redeem_at(&house, &again, &code).await;
    assert_eq!(answer.status, 200, "{answer:?}");
}

/// An event that cannot be recorded stops what it would have recorded.
#[tokio::test]
async fn without_the_queue_a_refused_login_is_a_page_that_explains() {
    let house = House::build().await;
    let mut browser = house.browser();
    let page = browser.open(&house.app.begin(&house, &[]).await).await;
    house.queue.broken.store(true, Ordering::SeqCst);
    assert_eq!(browser.log_in_as(&page, "demo", "wrong").await.page(), "problem Unavailable");
    house.queue.broken.store(false, Ordering::SeqCst);
    assert_eq!(browser.log_in_as(&page, "demo", "wrong").await.status, 422);
}

/// The account cannot be looked up: the refresh token is not used up, however late the client comes back.
#[tokio::test]
async fn a_refresh_that_cannot_be_judged_costs_no_token() {
    let house = House::build().await;
    let tokens = house.app.tokens(&house, &mut house.browser()).await;
    let refresh = token(&tokens, "refresh_token");
    house.accounts.broken.store(true, Ordering::SeqCst);
    assert_eq!(house.app.refresh(&house, refresh, &[]).await.status, 503);
    house.accounts.broken.store(false, Ordering::SeqCst);
    house.wait(60);
    assert_eq!(house.app.refresh(&house, refresh, &[]).await.status, 200);
}

/// A consent that nobody could audit is not given.
#[tokio::test]
async fn without_the_queue_no_consent_is_remembered() {
    let house = House::build().await;
    let mut browser = house.browser();
    let login = browser.open(&house.app.begin(&house, &[]).await).await;
    let page = browser.log_in(&login).await;
    house.queue.broken.store(true, Ordering::SeqCst);
    assert_eq!(browser.press(&page, "allow").await.page(), "problem Unavailable");
    house.queue.broken.store(false, Ordering::SeqCst);
    assert_eq!(browser.open(&house.app.begin(&house, &[]).await).await.page(), "consent");
}
