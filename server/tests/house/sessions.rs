//! Sessions as front ends see them: who is signed in, for how long, and where else.

use std::time::Duration;

use jiff::SignedDuration;
use reqwest::{Method, StatusCode};
use serde_json::Value;

use crate::strange_provider::Place;
use crate::support::{Browser, Engines, Page, Running, house, house_on};

struct App {
    house: Running,
    origin: String,
}

impl App {
    async fn build() -> Self {
        Self::of(house().await)
    }

    fn of(house: Running) -> Self {
        let origin = house.configuration.application.origin.clone();
        Self { house, origin }
    }

    async fn signed_in(&self) -> Browser {
        let mut browser = Browser::default();
        browser.sign_in(&self.origin, "/").await;
        assert!(browser.cookies.contains_key("__Host-session"), "{:?}", browser.hops);
        browser
    }

    async fn ask(&self, browser: &mut Browser, method: Method, path: &str) -> Page {
        browser.fetch(method, &format!("{}{path}", self.origin)).await
    }

    async fn status(&self, browser: &mut Browser) -> StatusCode {
        self.ask(browser, Method::GET, "/session").await.status
    }
}

fn json(page: &Page) -> Value {
    serde_json::from_str(&page.body).unwrap_or_else(|_| panic!("not JSON: {} {}", page.status, page.body))
}

#[tokio::test]
async fn the_session_says_who_and_until_when() {
    let app = App::build().await;
    let mut browser = app.signed_in().await;
    let page = app.ask(&mut browser, Method::GET, "/session").await;
    assert_eq!((page.status, page.headers["cache-control"].to_str().unwrap()), (StatusCode::OK, "no-store"));
    let session = json(&page);
    assert_eq!((session["name"].as_str(), session["email"].as_str()), (Some("Ada Lovelace"), Some("ada@example.com")));
    let at = |name: &str| session[name].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    assert_eq!(at("ends_at").duration_since(at("signed_in_at")), SignedDuration::from_hours(12));
    assert_eq!(at("idle_ends_at").duration_since(at("signed_in_at")), SignedDuration::from_hours(2));
}

/// B5: a call without a session is told so in JSON, and led nowhere.
#[tokio::test]
async fn without_a_session_there_is_a_problem_and_no_redirect() {
    let app = App::build().await;
    for (method, path) in [
        (Method::GET, "/session"),
        (Method::GET, "/session/events"),
        (Method::GET, "/session/devices"),
        (Method::DELETE, "/session/devices"),
        (Method::DELETE, "/session/devices/some"),
    ] {
        let page = app.ask(&mut Browser::default(), method, path).await;
        assert_eq!(page.status, StatusCode::UNAUTHORIZED, "{path}");
        assert_eq!(page.headers["content-type"], "application/problem+json");
        assert!(!page.headers.contains_key("location") && !page.headers.contains_key("set-cookie"));
        assert_eq!(json(&page)["status"], 401);
    }
}

/// Attack 53: a call of another site, or one that any form could send, is refused and changes nothing.
#[tokio::test]
async fn a_call_without_the_header_or_from_elsewhere_is_refused() {
    let app = App::build().await;
    let mut browser = app.signed_in().await;
    for (method, path) in [
        (Method::GET, "/session"),
        (Method::GET, "/session/devices"),
        (Method::DELETE, "/session/devices"),
        (Method::POST, "/logout"),
    ] {
        let url = format!("{}{path}", app.origin);
        for headers in [
            &[("sec-fetch-site", "same-origin")][..],
            &[("sec-fetch-site", "cross-site"), ("x-csrf", "1")],
            &[("sec-fetch-site", "same-site"), ("x-csrf", "1")],
            &[("origin", "https://other.example"), ("x-csrf", "1")],
        ] {
            let page = browser.call(method.clone(), &url, headers).await;
            assert_eq!(page.status, StatusCode::FORBIDDEN, "{method} {path} {headers:?}");
        }
    }
    let bare = browser.call(Method::POST, &format!("{}/logout", app.origin), &[("x-csrf", "1")]).await;
    assert_eq!(bare.status, StatusCode::FORBIDDEN, "whoever changes something says where it comes from");
    let stream = browser.call(Method::GET, &format!("{}/session/events", app.origin), &[("sec-fetch-site", "cross-site")]).await;
    assert_eq!(stream.status, StatusCode::FORBIDDEN);
    assert_eq!(app.status(&mut browser).await, StatusCode::OK);
}

/// B15: a session ends when it was not used for a while, and at its age in any case.
#[tokio::test]
async fn a_session_ends_idle_or_old() {
    let app = App::build().await;
    let (mut idle, mut busy) = (app.signed_in().await, app.signed_in().await);
    for _ in 0..11 {
        app.house.clock.advance(SignedDuration::from_mins(65));
        assert_eq!(app.status(&mut busy).await, StatusCode::OK);
    }
    assert_eq!(app.status(&mut idle).await, StatusCode::UNAUTHORIZED);
    app.house.clock.advance(SignedDuration::from_mins(10));
    assert_eq!(app.status(&mut busy).await, StatusCode::UNAUTHORIZED);
}

/// B20: where the user is signed in, on either engine; ended sessions vanish.
#[tokio::test]
async fn devices_are_listed_and_signed_out_one_by_one() {
    for engines in [Engines::Embedded, Engines::Servers] {
        let Some(house) = house_on(engines).await else { continue };
        let app = App::of(house);
        let mut phone = app.signed_in().await;
        app.house.clock.advance(SignedDuration::from_mins(1));
        let mut desk = app.signed_in().await;
        let listed = json(&app.ask(&mut desk, Method::GET, "/session/devices").await);
        let devices = listed.as_array().unwrap();
        assert_eq!(devices.len(), 2);
        assert_eq!([&devices[0]["current"], &devices[1]["current"]], [true, false], "the newest first");
        assert_eq!(devices[1]["user_agent"], "Test Browser/1.0");
        let path = format!("/session/devices/{}", devices[1]["id"].as_str().unwrap());
        assert_eq!(app.ask(&mut desk, Method::DELETE, &path).await.status, StatusCode::NO_CONTENT);
        assert_eq!(app.status(&mut phone).await, StatusCode::UNAUTHORIZED);
        assert_eq!(app.status(&mut desk).await, StatusCode::OK);
        assert_eq!(app.ask(&mut desk, Method::DELETE, &path).await.status, StatusCode::NOT_FOUND);
        assert_eq!(json(&app.ask(&mut desk, Method::GET, "/session/devices").await).as_array().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn all_others_are_signed_out_at_once() {
    let app = App::build().await;
    let mut others = [app.signed_in().await, app.signed_in().await];
    let mut desk = app.signed_in().await;
    let answer = app.ask(&mut desk, Method::DELETE, "/session/devices").await;
    assert_eq!(json(&answer)["signed_out"], 2);
    for other in &mut others {
        assert_eq!(app.status(other).await, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(app.status(&mut desk).await, StatusCode::OK);
}

/// B20: the identifier of another user's session finds nothing.
#[tokio::test]
async fn nobody_signs_out_anothers_device() {
    let app = App::build().await;
    let mut ada = app.signed_in().await;
    let id = json(&app.ask(&mut ada, Method::GET, "/session/devices").await)[0]["id"].as_str().unwrap().to_owned();
    let mut grace = Browser::default();
    let login = grace.get(&format!("{}/login", app.origin)).await;
    let consent = grace.submit(&login, &[("username", "grace"), ("password", "grace-finds-bugs")], "sign-in").await;
    grace.log_in(consent).await;
    assert_eq!(json(&app.ask(&mut grace, Method::GET, "/session").await)["name"], "Grace Hopper");
    let refused = app.ask(&mut grace, Method::DELETE, &format!("/session/devices/{id}")).await;
    assert_eq!(refused.status, StatusCode::NOT_FOUND);
    assert_eq!(app.status(&mut ada).await, StatusCode::OK);
}

/// B17: `POST /logout` ends the session and leads to the provider, whose session ends as well.
#[tokio::test]
async fn signing_out_by_call_tells_where_to_go() {
    let app = App::build().await;
    let mut browser = app.signed_in().await;
    let cookies = browser.cookies.clone();
    assert!(cookies.contains_key("__Host-flow"), "the browser sees what it began");
    let answer = app.ask(&mut browser, Method::POST, "/logout").await;
    assert_eq!(answer.status, StatusCode::OK);
    let location = json(&answer)["location"].as_str().unwrap().to_owned();
    assert!(location.starts_with(&app.house.configuration.provider.issuer), "{location}");
    let kept = |name| browser.cookies.contains_key(name);
    assert!(!kept("__Host-session") && !kept("__Host-flow"), "{:?}", browser.cookies);
    assert_eq!(browser.get(&location).await.url.path(), "/signed-out");
    let mut replayed = Browser { cookies, ..Browser::default() };
    assert_eq!(app.status(&mut replayed).await, StatusCode::UNAUTHORIZED);
}

/// B18: an open page hears of the end of its session within a second, whoever ended it.
#[tokio::test]
async fn an_open_page_hears_that_its_session_is_over() {
    let app = App::build().await;
    let mut browser = app.signed_in().await;
    let cookie = format!("__Host-session={}", browser.cookies["__Host-session"]);
    let request = reqwest::Client::new().get(format!("{}/session/events", app.origin)).header("cookie", cookie);
    let mut stream = request.header("sec-fetch-site", "same-origin").send().await.unwrap();
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    let first = stream.chunk().await.unwrap().unwrap();
    assert!(first.starts_with(b"event: signed-in"), "{first:?}");
    app.ask(&mut browser, Method::POST, "/logout").await;
    let rest = tokio::time::timeout(Duration::from_secs(10), stream.text()).await.expect("the stream ends").unwrap();
    assert!(rest.contains("event: signed-out"), "{rest}");
}

/// B20: however many sessions a user begins, the book has room for a hundred: the one that was not used for the longest time ends.
#[tokio::test]
async fn a_user_has_a_hundred_sessions_at_the_most() {
    let place = Place::open(serde_json::json!({})).await;
    let session = format!("{}/session", place.origin());
    let mut browsers = Vec::new();
    for count in 0..101 {
        let mut browser = Browser::default();
        browser.get(&format!("{}/login?return_to=/flow", place.origin())).await;
        place.house.clock.advance(SignedDuration::from_mins(1));
        if count == 99 {
            let first: &mut Browser = &mut browsers[0];
            assert_eq!(first.fetch(Method::GET, &session).await.status, StatusCode::OK, "the hundredth ends no other");
        }
        browsers.push(browser);
    }
    let mut ended = Vec::new();
    for (number, browser) in browsers.iter_mut().enumerate() {
        if browser.fetch(Method::GET, &session).await.status == StatusCode::UNAUTHORIZED {
            ended.push(number);
        }
    }
    assert_eq!(ended, [1], "the first was used meanwhile, and the second never again");
    let devices = browsers[0].fetch(Method::GET, &format!("{session}/devices")).await;
    assert_eq!(json(&devices).as_array().map(Vec::len), Some(100), "{}", devices.body);
}
