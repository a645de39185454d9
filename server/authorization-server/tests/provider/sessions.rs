use std::sync::atomic::Ordering;

use crate::app::{claims, token};
use crate::house::{House, PASSWORD};

/// Signing in a second time asks nothing.
#[tokio::test]
async fn with_session_and_consent_the_code_comes_at_once() {
    let house = House::build().await;
    let mut browser = house.browser();
    house.app.code(&house, &mut browser, &[]).await;
    let answer = browser.get(&house.app.begin(&house, &[]).await).await;
    assert_eq!(answer.status, 302);
    assert!(answer.location().as_str().starts_with(&house.app.redirect_uri()));
    assert!(answer.sent("code").is_some());
    assert_eq!(answer.sent("iss").as_deref(), Some(crate::house::ISSUER));
}

/// Attack 36: the session's ticket changes at every login, and the old one is void.
#[tokio::test]
async fn a_login_changes_the_ticket() {
    let house = House::build().await;
    let mut browser = house.browser();
    // A ticket planted beforehand is never taken up.
    browser.cookies.insert("__Host-provider".into(), "planted".into());
    house.app.code(&house, &mut browser, &[]).await;
    let before = browser.cookies["__Host-provider"].clone();
    assert_ne!(before, "planted");
    let page = browser.open(&house.app.begin(&house, &[("prompt", "login")]).await).await;
    browser.log_in(&page).await;
    assert_ne!(browser.cookies["__Host-provider"], before);
    let mut old = house.browser();
    old.cookies.insert("__Host-provider".into(), before);
    assert_eq!(old.get("/").await.field("user"), "nobody");
    assert_eq!(browser.get("/").await.field("user"), "The demo account");
}

/// A4: prompt=login really asks again, and auth_time is later; the sid stays, since the session's user does.
#[tokio::test]
async fn prompt_login_authenticates_again() {
    let house = House::build().await;
    let mut browser = house.browser();
    let first = house.app.tokens(&house, &mut browser).await;
    house.wait(100);
    let page = browser.open(&house.app.begin(&house, &[("prompt", "login")]).await).await;
    assert_eq!(page.page(), "login");
    let done = browser.log_in(&page).await;
    let second = house.app.redeem(&house, &done.sent("code").unwrap(), &[]).await.json();
    let [first, second] = [&first, &second].map(|tokens| claims(token(tokens, "id_token")));
    assert_eq!(second["auth_time"].as_i64().unwrap(), first["auth_time"].as_i64().unwrap() + 100);
    assert_eq!(second["sid"], first["sid"]);
}

/// A4: max_age re-authenticates when the login is older.
#[tokio::test]
async fn max_age_authenticates_again_when_the_login_is_older() {
    let house = House::build().await;
    let mut browser = house.browser();
    house.app.code(&house, &mut browser, &[]).await;
    house.wait(10);
    assert!(browser.open(&house.app.begin(&house, &[("max_age", "10")]).await).await.sent("code").is_some());
    assert_eq!(browser.open(&house.app.begin(&house, &[("max_age", "1")]).await).await.page(), "login");
    let none = browser.open(&house.app.begin(&house, &[("max_age", "1"), ("prompt", "none")]).await).await;
    assert_eq!(none.sent("error").as_deref(), Some("login_required"));
    let zero = browser.open(&house.app.begin(&house, &[("max_age", "0")]).await).await;
    assert_eq!(zero.page(), "login");
    assert!(browser.log_in(&zero).await.sent("code").is_some());
}

/// A4: id_token_hint says who must be signed in.
#[tokio::test]
async fn the_hint_of_another_user_is_login_required() {
    let house = House::build().await;
    let mut browser = house.browser();
    let tokens = house.app.tokens(&house, &mut browser).await;
    let hint = [("id_token_hint", token(&tokens, "id_token")), ("prompt", "none")];
    assert!(browser.open(&house.app.begin(&house, &hint).await).await.sent("code").is_some());
    let page = browser.open(&house.app.begin(&house, &[("prompt", "login")]).await).await;
    browser.log_in_as(&page, "other", PASSWORD).await;
    let refused = browser.open(&house.app.begin(&house, &hint).await).await;
    assert_eq!(refused.sent("error").as_deref(), Some("login_required"));
    // Without prompt=none the right user may sign in, and the wrong one is told to the client.
    let page = browser.open(&house.app.begin(&house, &hint[..1]).await).await;
    assert_eq!(page.page(), "login");
    let wrong = browser.log_in_as(&page, "other", PASSWORD).await;
    assert_eq!(wrong.sent("error").as_deref(), Some("login_required"));
}

/// A20: A session ends after eight idle hours, and after a day in any case.
#[tokio::test]
async fn a_session_ends_idle_or_old() {
    const HOUR: i64 = 3600;
    let house = House::build().await;
    let mut idle = house.browser();
    let mut busy = house.browser();
    house.app.code(&house, &mut idle, &[]).await;
    house.app.code(&house, &mut busy, &[]).await;
    for _ in 0..3 {
        house.wait(7 * HOUR);
        assert_eq!(busy.get("/").await.field("user"), "The demo account");
    }
    assert_eq!(idle.get("/").await.field("user"), "nobody");
    house.wait(3 * HOUR);
    assert_eq!(busy.get("/").await.field("user"), "nobody");
}

/// The front page says who is signed in.
#[tokio::test]
async fn the_front_page_knows_its_user() {
    let house = House::build().await;
    let mut browser = house.browser();
    assert_eq!(browser.get("/").await.field("user"), "nobody");
    house.app.code(&house, &mut browser, &[]).await;
    assert_eq!(browser.get("/").await.field("user"), "The demo account");
}

/// An account that is disabled has no session any more, cannot sign in, and gets no further tokens.
#[tokio::test]
async fn a_disabled_account_is_out_at_once() {
    let house = House::build().await;
    let mut browser = house.browser();
    let tokens = house.app.tokens(&house, &mut browser).await;
    house.accounts.disabled.store(true, Ordering::SeqCst);
    assert_eq!(browser.get("/").await.field("user"), "nobody");
    assert_eq!(house.userinfo(token(&tokens, "access_token")).await.status, 401);
    assert_eq!(house.app.refresh(&house, token(&tokens, "refresh_token"), &[]).await.error(), "invalid_grant");
    let page = browser.open(&house.app.begin(&house, &[]).await).await;
    let refused = browser.log_in(&page).await;
    assert_eq!((refused.status.as_u16(), refused.field("fault").as_str()), (422, "Some(Credentials)"));
}

/// A23: whoever reads the Cache finds no ticket and no subject in it.
#[tokio::test]
async fn the_cache_shows_nothing_of_a_session() {
    let house = House::build().await;
    let mut browser = house.browser();
    let code = house.app.code(&house, &mut browser, &[]).await;
    let secrets: Vec<String> = browser.cookies.values().cloned().chain([code, crate::house::DEMO.to_string()]).collect();
    for entry in std::fs::read_dir(house.directory.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().unwrap().to_string_lossy().starts_with("cache") {
            let bytes = std::fs::read(path).unwrap();
            for secret in &secrets {
                assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()));
            }
        }
    }
}

/// A new password, or being disabled, ends the sessions that began before it.
#[tokio::test]
async fn a_new_password_ends_the_sessions_that_began_before() {
    let house = House::build().await;
    let mut browser = house.browser();
    house.app.tokens(&house, &mut browser).await;
    let url = house.app.begin(&house, &[("prompt", "none")]).await;
    assert!(browser.open(&url).await.sent("code").is_some());
    house.wait(1);
    user_database::AccountKeeper::set_password(&*house.users, crate::house::DEMO, "$argon2id$new", house.now()).await.unwrap();
    let url = house.app.begin(&house, &[("prompt", "none")]).await;
    assert_eq!(browser.open(&url).await.sent("error").as_deref(), Some("login_required"));
}

/// A4: prompt=login and prompt=consent together ask both, one after the other, and once each.
#[tokio::test]
async fn login_and_consent_together_ask_both() {
    let house = House::build().await;
    let mut browser = house.browser();
    house.app.code(&house, &mut browser, &[]).await;
    for prompt in ["login consent", "consent login", "select_account consent"] {
        let page = browser.open(&house.app.begin(&house, &[("prompt", prompt)]).await).await;
        assert_eq!(page.page(), "login", "{prompt}");
        let page = browser.log_in(&page).await;
        assert_eq!(page.page(), "consent", "{prompt}");
        assert!(browser.press(&page, "allow").await.sent("code").is_some(), "{prompt}");
    }
}

/// A4: max_age=1 leads to a later auth_time, which the ID token tells.
#[tokio::test]
async fn max_age_leads_to_a_later_auth_time() {
    let house = House::build().await;
    let mut browser = house.browser();
    let first = claims(token(&house.app.tokens(&house, &mut browser).await, "id_token"));
    house.wait(2);
    let page = browser.open(&house.app.begin(&house, &[("max_age", "1")]).await).await;
    let code = browser.log_in(&page).await.sent("code").unwrap();
    let second = claims(token(&house.app.redeem(&house, &code, &[]).await.json(), "id_token"));
    assert_eq!(second["auth_time"].as_i64(), first["auth_time"].as_i64().map(|at| at + 2));
}
