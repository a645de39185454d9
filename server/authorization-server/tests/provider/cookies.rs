use crate::house::House;

/// B2's twin here: host-bound, over TLS only, out of scripts' reach, and sent with navigations only.
#[tokio::test]
async fn every_cookie_is_host_bound_secure_and_out_of_reach() {
    let house = House::build().await;
    let mut browser = house.browser();
    let page = browser.get(&house.app.begin(&house, &[]).await).await;
    let mut seen = browser.set.clone();
    let page = browser.follow(page).await;
    browser.log_in(&page).await;
    let page = browser.open(&house.app.begin(&house, &[("prompt", "login")]).await).await;
    let csrf = page.field("csrf");
    browser.post(&page.field("action"), &[("csrf", &csrf), ("username", "demo"), ("password", crate::house::PASSWORD)]).await;
    seen.extend(browser.set.clone());
    assert!(seen.len() >= 2, "{seen:?}");
    for line in &seen {
        assert!(line.starts_with("__Host-"), "{line}");
        for attribute in ["; Secure", "; HttpOnly", "; SameSite=Lax", "; Path=/"] {
            assert!(line.contains(attribute), "{line}");
        }
        assert!(!line.contains("Domain"), "{line}");
        let value = line.split_once('=').unwrap().1.split(';').next().unwrap();
        // A device's cookie is sealed: nonce, instant and tag.
        let expected = if line.starts_with("__Host-device.") { 64 } else { 43 };
        assert_eq!(value.len(), expected, "256 bits: {line}");
    }
}
