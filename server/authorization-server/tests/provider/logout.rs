use crate::app::{claims, token};
use crate::house::{House, form};

struct SignedIn {
    house: House,
    browser: crate::browser::Browser,
    id_token: String,
    sid: String,
}

async fn signed_in() -> SignedIn {
    let house = House::build().await;
    let mut browser = house.browser();
    let tokens = house.app.tokens(&house, &mut browser).await;
    let id_token = token(&tokens, "id_token").to_owned();
    let sid = claims(&id_token)["sid"].as_str().unwrap().to_owned();
    SignedIn { house, browser, id_token, sid }
}

fn end_session(pairs: &[(&str, &str)]) -> String {
    format!("/end_session?{}", form(pairs))
}

/// RP-Initiated Logout §2, A20: the client's user asks; the session ends and the browser goes home with its state.
#[tokio::test]
async fn a_client_that_knows_the_session_ends_it_without_a_question() {
    for name in ["logout_hint", "id_token_hint"] {
        let mut known = signed_in().await;
        let value = if name == "logout_hint" { known.sid.clone() } else { known.id_token.clone() };
        let home = known.house.app.signed_out_uri();
        let url = end_session(&[(name, &value), ("client_id", "app"), ("post_logout_redirect_uri", &home), ("state", "a&b")]);
        let answer = known.browser.get(&url).await;
        assert_eq!(answer.status, 302, "{name}");
        assert!(answer.location().as_str().starts_with(&home));
        assert_eq!(answer.sent("state").as_deref(), Some("a&b"));
        assert!(!known.browser.cookies.contains_key("__Host-provider"));
        assert_eq!(known.browser.get("/").await.field("user"), "nobody");
        // A4: prompt=none after logout.
        let silent = known.browser.open(&known.house.app.begin(&known.house, &[("prompt", "none")]).await).await;
        assert_eq!(silent.sent("error").as_deref(), Some("login_required"));
    }
}

/// A20: The session is void at the server, not only forgotten by the browser.
#[tokio::test]
async fn the_ticket_of_an_ended_session_is_void() {
    let mut known = signed_in().await;
    let mut copy = known.browser.clone();
    known.browser.get(&end_session(&[("client_id", "app"), ("logout_hint", &known.sid)])).await;
    assert_eq!(copy.get("/").await.field("user"), "nobody");
}

/// RP-Initiated Logout §2: an expired hint still says whom it is about; a client is found in it.
#[tokio::test]
async fn an_expired_hint_is_good_enough() {
    let mut known = signed_in().await;
    known.house.wait(3600);
    let home = known.house.app.signed_out_uri();
    let url = end_session(&[("id_token_hint", &known.id_token), ("post_logout_redirect_uri", &home)]);
    assert_eq!(known.browser.get(&url).await.location().as_str(), home);
}

/// Without evidence the user is asked; the answer counts from our own page only.
#[tokio::test]
async fn without_evidence_the_user_is_asked() {
    let mut known = signed_in().await;
    let home = known.house.app.signed_out_uri();
    for hint in ["", "of-another-session"] {
        let pairs = [("logout_hint", hint), ("client_id", "app"), ("post_logout_redirect_uri", &home), ("state", "s")];
        let page = known.browser.get(&end_session(&pairs)).await;
        assert_eq!((page.status.as_u16(), page.page()), (200, "sign-out"), "{hint}");
        assert_eq!(known.browser.get("/").await.field("user"), "The demo account");
    }
    let page = known.browser.get(&end_session(&[("client_id", "app"), ("post_logout_redirect_uri", &home)])).await;
    let (action, csrf) = (page.field("action"), page.field("csrf"));
    for (site, csrf) in [("cross-site", csrf.as_str()), ("same-origin", "forged")] {
        let refused = known.browser.post_from(site, &action, &[("csrf", csrf)]).await;
        assert_eq!(refused.page(), "sign-out", "{site}");
    }
    assert_eq!(known.browser.get("/").await.field("user"), "The demo account");
    let done = known.browser.press(&page, "sign-out").await;
    assert_eq!((done.status.as_u16(), done.location().as_str()), (303, home.as_str()));
    assert_eq!(known.browser.get("/").await.field("user"), "nobody");
}

/// A sid is evidence only together with a client that is registered here.
#[tokio::test]
async fn a_sid_without_a_client_is_no_evidence() {
    let mut known = signed_in().await;
    let page = known.browser.get(&end_session(&[("logout_hint", &known.sid)])).await;
    assert_eq!(page.page(), "sign-out");
}

/// The ID token of another user is no evidence about this one.
#[tokio::test]
async fn the_hint_of_another_user_asks() {
    let mut known = signed_in().await;
    let page = known.browser.open(&known.house.app.begin(&known.house, &[("prompt", "login")]).await).await;
    known.browser.log_in_as(&page, "other", crate::house::PASSWORD).await;
    let asked = known.browser.get(&end_session(&[("id_token_hint", &known.id_token)])).await;
    assert_eq!(asked.page(), "sign-out");
}

/// Attack 7, RP-Initiated Logout §3, §4: nobody is sent to a post-logout address that the client did not register; it is told as an
/// error, on a page, and the session goes on.
#[tokio::test]
async fn an_unregistered_address_is_an_error_and_not_followed() {
    let other = "https://plain.example/signed-out";
    for uri in ["https://evil.example/", "https://app.example/signed-out/", "https://app.example/signed-out?x", other] {
        let mut known = signed_in().await;
        let pairs = [("client_id", "app"), ("logout_hint", &known.sid), ("post_logout_redirect_uri", uri)];
        let answer = known.browser.get(&end_session(&pairs)).await;
        assert_eq!((answer.status.as_u16(), answer.page()), (400, "problem RequestInvalid"), "{uri}");
        let hinted = [("id_token_hint", known.id_token.as_str()), ("post_logout_redirect_uri", uri), ("state", "s")];
        let answer = known.browser.get(&end_session(&hinted)).await;
        assert_eq!((answer.status.as_u16(), answer.page()), (400, "problem RequestInvalid"), "{uri}");
        assert_eq!(known.browser.get("/").await.field("user"), "The demo account");
    }
    // And without a client there is nobody to return to.
    let mut known = signed_in().await;
    let home = known.house.app.signed_out_uri();
    let page = known.browser.get(&end_session(&[("post_logout_redirect_uri", &home)])).await;
    assert_eq!(known.browser.press(&page, "sign-out").await.page(), "signed-out");
}

/// RP-Initiated Logout §2: client_id and hint must agree; a forged hint is an error.
#[tokio::test]
async fn a_hint_that_does_not_fit_is_an_error() {
    let mut known = signed_in().await;
    let crossed = end_session(&[("client_id", "plain"), ("id_token_hint", &known.id_token)]);
    let unknown = end_session(&[("client_id", "nobody")]);
    let forged = end_session(&[("id_token_hint", "a.b.c")]);
    let foreign = signed_in().await;
    let foreign = end_session(&[("id_token_hint", &foreign.id_token)]);
    for url in [crossed, unknown, forged, foreign] {
        let answer = known.browser.get(&url).await;
        assert_eq!((answer.status.as_u16(), answer.page()), (400, "problem RequestInvalid"), "{url}");
    }
    assert_eq!(known.browser.get("/").await.field("user"), "The demo account");
}

/// Who is not signed in goes straight home.
#[tokio::test]
async fn without_a_session_the_browser_goes_home() {
    let house = House::build().await;
    let home = house.app.signed_out_uri();
    let url = end_session(&[("client_id", "app"), ("post_logout_redirect_uri", &home)]);
    assert_eq!(house.browser().get(&url).await.location().as_str(), home);
    assert_eq!(house.browser().get("/end_session").await.page(), "signed-out");
}

/// RP-Initiated Logout §2: a client may send a form.
#[tokio::test]
async fn a_client_may_send_a_form() {
    let mut known = signed_in().await;
    let home = known.house.app.signed_out_uri();
    let pairs = [("client_id", "app"), ("id_token_hint", &known.id_token), ("post_logout_redirect_uri", &home)];
    // With a form of another site the browser sends no Lax cookie.
    let answer = known.house.browser().post_from("cross-site", "/end_session", &pairs).await;
    assert_eq!(answer.status, 303);
    let home_again = known.browser.follow(answer).await;
    assert_eq!(home_again.location().as_str(), home);
    assert_eq!(known.browser.get("/").await.field("user"), "nobody");
}
