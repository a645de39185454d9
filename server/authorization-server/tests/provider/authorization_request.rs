use crate::app::token;
use crate::house::{House, ISSUER};

/// A7: before the redirect URI is validated an error is a page, and never a redirect (RFC 6749 §4.1.2.1; attacks 1 to 5).
#[tokio::test]
async fn nobody_is_sent_to_an_address_that_is_not_registered() {
    let house = House::build().await;
    for uri in [
        "",
        "https://plain.example",
        "https://plain.example/callback/",
        "https://plain.example/callback?x=1",
        "https://plain.example/callback#",
        "https://plain.example/callback%20",
        "https://plain.example/CALLBACK",
        "https://plain.example:443/callback",
        "HTTPS://plain.example/callback",
        "http://plain.example/callback",
        "https://plain.example.evil/callback",
        "https://evil.example@plain.example/callback",
        "https://plain.example/callback@evil.example",
        "https://plain.example%25@evil.example/callback",
        "https://plain.example/callback/..;/evil",
        "javascript:alert(1)",
        "//plain.example/callback",
    ] {
        let answer = house.browser().get(&house.plain.plainly(&[("redirect_uri", uri), ("scope", "")])).await;
        assert_eq!((answer.status.as_u16(), answer.page()), (400, "problem RequestInvalid"), "{uri}");
        assert!(answer.headers.get("location").is_none(), "{uri}");
    }
}

/// A7, attack 5: who is not known is sent nowhere.
#[tokio::test]
async fn an_unknown_or_missing_client_is_a_page() {
    let house = House::build().await;
    for client_id in ["", "nobody"] {
        let answer = house.browser().get(&house.plain.plainly(&[("client_id", client_id)])).await;
        assert_eq!(answer.page(), "problem RequestInvalid", "{client_id}");
    }
}

/// Attack 6: which of two values counts is never guessed; where it is not clear whom to tell, nobody is told.
#[tokio::test]
async fn a_client_an_address_or_a_state_that_comes_twice_is_a_page() {
    let house = House::build().await;
    for twice in ["state=a", "redirect_uri=https%3A%2F%2Fevil.example", "client_id=app", "nonce=x&state=a"] {
        let answer = house.browser().get(&format!("{}&{twice}", house.plain.plainly(&[]))).await;
        assert_eq!(answer.page(), "problem RequestInvalid", "{twice}");
    }
    let elsewhere = house.plain.plainly(&[("redirect_uri", "https://evil.example/")]);
    assert_eq!(house.browser().get(&format!("{elsewhere}&nonce=x")).await.page(), "problem RequestInvalid");
}

/// Attack 6, RFC 6749 §4.1.2.1: that any other parameter came twice is told to the client, whichever of the values would do.
#[tokio::test]
async fn a_parameter_that_comes_twice_is_told_to_the_client() {
    let house = House::build().await;
    let url = house.plain.plainly(&[]);
    for twice in ["nonce=the-nonce", "scope=openid", "response_type=code", "code_challenge_method=S256", "x=1&x=1"] {
        let mut browser = house.browser();
        let query = format!("{}&{twice}", url.trim_start_matches("/authorize?"));
        let headers = [("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "cross-site")];
        let by_form = browser.send("POST", "/authorize", &headers, query.clone()).await;
        for answer in [browser.get(&format!("/authorize?{query}")).await, browser.follow(by_form).await] {
            assert!(answer.location().as_str().starts_with(&house.plain.redirect_uri()), "{twice} {answer:?}");
            let told = (answer.sent("error"), answer.sent("state"), answer.sent("code"));
            assert_eq!(told, (Some("invalid_request".to_owned()), Some("the-state".to_owned()), None), "{twice}");
        }
    }
}

/// A6, attacks 11, 13 and 33; RFC 6749 §4.1.2.1, RFC 9207 §2: once client and address are right, errors go to the client, with state and iss.
#[tokio::test]
async fn what_is_wrong_with_a_request_is_told_to_its_client() {
    let house = House::build().await;
    for (changes, expected) in [
        (&[("response_type", "")][..], "invalid_request"),
        (&[("response_type", "id_token")], "unsupported_response_type"),
        (&[("response_mode", "fragment")], "invalid_request"),
        (&[("response_mode", "form_post")], "invalid_request"),
        (&[("response_type", "code id_token")], "unsupported_response_type"),
        (&[("response_type", "none")], "unsupported_response_type"),
        (&[("code_challenge", "")], "invalid_request"),
        (&[("code_challenge_method", "plain")], "invalid_request"),
        (&[("code_challenge_method", "")], "invalid_request"),
        (&[("code_challenge", "tooshort")], "invalid_request"),
        (&[("scope", "")], "invalid_scope"),
        (&[("scope", "unheard-of")], "invalid_scope"),
        (&[("scope", "openid \"")], "invalid_scope"),
        (&[("prompt", "none consent")], "invalid_request"),
        (&[("prompt", "dance")], "invalid_request"),
        (&[("max_age", "soon")], "invalid_request"),
        (&[("resource", "https://elsewhere.example")], "invalid_target"),
        (&[("id_token_hint", "a.b.c")], "invalid_request"),
        (&[("request", "a.b.c")], "request_not_supported"),
        (&[("request_uri", "https://plain.example/request")], "request_uri_not_supported"),
    ] {
        let answer = house.browser().get(&house.plain.plainly(changes)).await;
        assert_eq!(answer.status, 302, "{changes:?}");
        assert!(answer.location().as_str().starts_with(&house.plain.redirect_uri()), "{changes:?}");
        assert_eq!(answer.sent("error").as_deref(), Some(expected), "{changes:?}");
        assert_eq!(answer.sent("state").as_deref(), Some("the-state"));
        assert_eq!(answer.sent("iss").as_deref(), Some(ISSUER));
    }
}

/// A3: what the provider does not know of never breaks a request.
#[tokio::test]
async fn unknown_parameters_and_hints_do_no_harm() {
    let house = House::build().await;
    let changes = [
        ("display", "popup"),
        ("ui_locales", "de fr"),
        ("claims_locales", "de"),
        ("acr_values", "1 2"),
        ("extra", "thing"),
        ("login_hint", "demo"),
        ("scope", "email offline_access unheard-of openid profile"),
        ("nonce", ""),
    ];
    let answer = house.browser().open(&house.plain.plainly(&changes)).await;
    assert_eq!(answer.page(), "login");
    assert_eq!(answer.field("username"), "demo");
}

/// A3: nor do odd values of those that it knows and need not heed; encodings that make no sense are read as far as they do.
#[tokio::test]
async fn odd_values_do_no_harm() {
    let house = House::build().await;
    let long = "x".repeat(2000);
    for (name, value) in [
        ("display", "hologram"),
        ("ui_locales", "\u{0}\u{ff}"),
        ("ui_locales", long.as_str()),
        ("acr_values", "\" <script>"),
        ("login_hint", "a\u{7}b"),
        ("login_hint", long.as_str()),
        ("prompt", " "),
        ("response_mode", "query"),
        ("scope", "profile   openid profile"),
        ("registration", "{"),
        ("id_token_hint", ""),
        ("dpop_jkt", ""),
    ] {
        let page = house.browser().open(&house.plain.plainly(&[(name, value)])).await;
        assert_eq!(page.page(), "login", "{name}={value}");
        assert_eq!(page.field("username"), "", "{name}={value}");
    }
    for odd in ["&%zz=%", "&=", "&&&", "&state2=%ff", "&+=+"] {
        let page = house.browser().open(&format!("{}{odd}", house.plain.plainly(&[]))).await;
        assert_eq!(page.page(), "login", "{odd}");
    }
}

/// A4: an ID token of another client, and a token that is none, say nothing about who should be signed in.
#[tokio::test]
async fn a_hint_that_is_no_id_token_of_the_client_is_refused() {
    let house = House::build().await;
    let tokens = house.app.tokens(&house, &mut house.browser()).await;
    for hint in [token(&tokens, "id_token"), token(&tokens, "access_token")] {
        let answer = house.browser().get(&house.plain.plainly(&[("id_token_hint", hint)])).await;
        assert_eq!(answer.sent("error").as_deref(), Some("invalid_request"));
    }
    let access = house.app.push(&house, &[("id_token_hint", token(&tokens, "access_token"))]).await;
    assert_eq!(access.error(), "invalid_request");
    // Its own counts, also after it has expired.
    house.wait(3600);
    assert_eq!(house.app.push(&house, &[("id_token_hint", token(&tokens, "id_token"))]).await.status, 201);
}

/// A4: with prompt=none there is no page, whatever else is asked for.
#[tokio::test]
async fn prompt_none_never_shows_a_page() {
    let house = House::build().await;
    let mut known = house.browser();
    house.plain.code(&house, &mut known, &[]).await;
    for more in [("max_age", "0"), ("scope", "openid notes"), ("login_hint", "other"), ("display", "page")] {
        for mut browser in [house.browser(), known.clone()] {
            let answer = browser.get(&house.plain.plainly(&[("prompt", "none"), more])).await;
            assert_eq!(answer.status, 302, "{more:?}");
            assert!(answer.location().as_str().starts_with(&house.plain.redirect_uri()), "{more:?}");
            assert_eq!(answer.sent("error").is_some(), answer.sent("code").is_none(), "{more:?}");
        }
    }
}

/// A3, attack 8, OpenID Connect Core §3.1.2.1: the authorization endpoint takes GET and POST.
#[tokio::test]
async fn a_request_may_come_as_a_form_of_another_site() {
    let house = House::build().await;
    let mut browser = house.browser();
    let body = house.plain.plainly(&[]).split_once('?').unwrap().1.to_owned();
    let headers = [("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "cross-site")];
    let answer = browser.send("POST", "/authorize", &headers, body).await;
    assert_eq!(answer.status, 303);
    let page = browser.follow(answer).await;
    assert_eq!(page.page(), "login");
}

/// A4: prompt=none is silent or an error, and never a page.
#[tokio::test]
async fn without_a_session_prompt_none_is_login_required() {
    let house = House::build().await;
    let answer = house.browser().get(&house.plain.plainly(&[("prompt", "none")])).await;
    assert_eq!(answer.status, 302);
    assert_eq!(answer.sent("error").as_deref(), Some("login_required"));
}
