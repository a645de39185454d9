//! Attacks 34, 35 and 42 on the forms and their addresses.

use super::mailbox::{ADA, NEW, asked_for_account, asked_for_password, send_account, send_address, token_in};
use crate::house::House;

/// Attack 42: the token leaves the address at once, and nobody learns it from where the browser came.
#[tokio::test]
async fn a_token_leaves_the_address_at_once() {
    let house = House::build().await;
    for (mut browser, link) in [asked_for_account(&house, ADA).await, asked_for_password(&house, "demo@example.com").await] {
        let token = token_in(&link).to_owned();
        let opened = browser.get(&link).await;
        assert_eq!((opened.status.as_u16(), opened.body.as_str()), (302, ""));
        assert_eq!((opened.header("referrer-policy"), opened.header("cache-control")), ("no-referrer", "no-store"));
        assert!(!opened.header("location").contains(&token), "{opened:?}");
        let cookie = browser.set.iter().find(|line| line.starts_with("__Host-link.")).unwrap().clone();
        for part in ["Secure", "HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=1800"] {
            assert!(cookie.contains(part), "{part} in {cookie}");
        }
        let page = browser.get(opened.header("location")).await;
        assert!(!page.body.contains(&token), "{page:?}");
        for (name, value) in [("x-frame-options", "DENY"), ("cache-control", "no-store")] {
            assert_eq!(page.header(name), value);
        }
        assert!(page.header("content-security-policy").contains("frame-ancestors 'none'"), "{page:?}");
    }
    for query in ["", "?token=", "?token=short", "?token=a&token=b", "?token=%00"] {
        let none = house.browser().get(&format!("/confirm{query}")).await;
        assert_eq!((none.status.as_u16(), none.page(), none.header("referrer-policy")), (410, "spent-link", "no-referrer"));
    }
}

/// Attack 35: a form counts from a page of ours only, in the browser that it was made for.
#[tokio::test]
async fn a_form_from_elsewhere_sends_nothing() {
    let house = House::build().await;
    for path in ["/sign-up", "/reset-password"] {
        let (mut browser, mut other) = (house.browser(), house.browser());
        let page = browser.get(path).await;
        let csrf = page.field("csrf");
        for site in ["cross-site", "same-site", "none"] {
            let refused = browser.post_from(site, path, &[("csrf", &csrf), ("email", ADA)]).await;
            assert_eq!((refused.status.as_u16(), refused.page()), (403, "problem OtherBrowser"), "{site}");
        }
        for (browser, csrf) in [(&mut house.browser(), csrf.as_str()), (&mut browser, ""), (&mut other, &csrf)] {
            let refused = browser.post(path, &[("csrf", csrf), ("email", ADA)]).await;
            assert_eq!((refused.status.as_u16(), refused.field("fault").as_str()), (403, "Some(Stale)"));
            assert_eq!(refused.field("email"), ADA, "it need not be typed again");
            let again = send_address(browser, &refused, ADA).await;
            assert_eq!(again.status, 303, "and can be sent again");
        }
        house.wait(24 * 3600);
    }
    assert_eq!(house.queue.kinds().len(), 6, "one for each that was sent again");
}

/// Attack 35, login CSRF: nobody is signed in to an account by a form of another site, or one of another browser.
#[tokio::test]
async fn nobody_is_signed_in_by_a_form_from_elsewhere() {
    let house = House::build().await;
    let (mut attacker, link) = asked_for_account(&house, ADA).await;
    let form = attacker.open(&link).await;
    let (action, csrf) = (form.field("action"), form.field("csrf"));
    let fields = [("csrf", csrf.as_str()), ("name", "Ada"), ("username", "ada"), ("new-password", NEW)];
    let mut victim = house.browser();
    let refused = victim.post(&action, &fields).await;
    assert_eq!((refused.status.as_u16(), refused.page()), (410, "spent-link"), "the victim has not opened the link");
    victim.open(&link).await;
    for site in ["cross-site", "same-site"] {
        assert_eq!(victim.post_from(site, &action, &fields).await.status, 403, "{site}");
    }
    let forged = [("csrf", "guessed"), ("name", "Ada"), ("username", "ada"), ("new-password", NEW)];
    assert_eq!(victim.post(&action, &forged).await.status, 403);
    assert_eq!(victim.get("/").await.field("user"), "nobody");
    assert_eq!(send_account(&mut attacker, &form, "ada", NEW).await.status, 303, "whoever has the mailbox goes on");
}

/// What is in the query is an identifier of ours or nothing.
#[tokio::test]
async fn a_sign_in_that_is_none_is_not_carried_on() {
    let house = House::build().await;
    for query in ["sign_in=", "sign_in=short", "sign_in=https://evil.example/", "sign_in=%22%3E%3Cscript%3E"] {
        let page = house.browser().get(&format!("/sign-up?{query}")).await;
        assert_eq!((page.field("sign_in").as_str(), page.field("back").as_str()), ("", "/account"), "{query}");
    }
    let page = house.browser().get("/sign-up?sign_in=a&sign_in=b").await;
    assert_eq!((page.status.as_u16(), page.page()), (400, "problem RequestInvalid"));
}
