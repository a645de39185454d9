//! The pages and server functions as a browser gets them, with ports that answer as told.
#![cfg(feature = "ssr")]
#![allow(clippy::unwrap_used, reason = "a test that cannot read an answer has failed")]

use std::sync::Arc;

use app::application::Notice;
use app::attack::{Actor, Attack, AttackReport, Step};
use app::error::PageError;
use app::guard::{Needs, require, require_recent, require_scope, require_session};
use app::model::{CurrentUser, Device, OutboxMessage, ProviderChoice, ResourceAnswer};
use app::ports::{Attacks, Development, Devices, Outcome, Ports, Resource, Sessions, SignIn, Visit};
use app::{ForEverybody, Site};
use async_trait::async_trait;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use leptos::config::LeptosOptions;
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use tower::ServiceExt;

/// Answers every port: who is here, and nothing else that matters.
#[derive(Clone)]
struct Fake {
    viewer: Result<Option<CurrentUser>, PageError>,
    providers: Vec<ProviderChoice>,
}

#[async_trait]
impl SignIn for Fake {
    async fn begin(&self, visit: &Visit) -> Outcome {
        let location = HeaderValue::from_str(&format!("https://provider.example/?{}", visit.query)).ok();
        Outcome { cookies: vec![HeaderValue::from_static("a=1"), HeaderValue::from_static("b=2")], location, status: None }
    }
    async fn complete(&self, _: &Visit, provider: Option<&str>) -> Outcome {
        let location = provider.map(|provider| HeaderValue::from_str(&format!("/of-{provider}")).unwrap());
        Outcome { location, status: Some(StatusCode::UNAUTHORIZED), ..Outcome::default() }
    }
    async fn sign_out(&self, _: &Visit) -> Outcome {
        let location = Some(HeaderValue::from_static("/signed-out"));
        Outcome { location, status: Some(StatusCode::SEE_OTHER), ..Outcome::default() }
    }
    fn providers(&self) -> Vec<ProviderChoice> {
        self.providers.clone()
    }
    async fn sign_out_origins(&self) -> Vec<String> {
        vec!["http://localhost:4000".to_owned()]
    }
}

#[async_trait]
impl Sessions for Fake {
    async fn current_user(&self, _: &Visit) -> Result<Option<CurrentUser>, PageError> {
        self.viewer.clone()
    }
}

#[async_trait]
impl Devices for Fake {
    async fn list(&self, visit: &Visit) -> Result<Vec<Device>, PageError> {
        let count = visit.query.strip_prefix("devices=").map_or(3, |count| count.parse().unwrap());
        if count == 0 {
            return Err(PageError::Unavailable);
        }
        Ok((1..=count).map(device).collect())
    }
    async fn sign_out(&self, _: &Visit, device: &str) -> Outcome {
        Outcome { cookies: vec![Notice::DeviceSignedOut.cookie()], ..seen_out(&format!("/out-{device}")) }
    }
    async fn sign_out_others(&self, _: &Visit) -> Outcome {
        seen_out("/out-others")
    }
}

fn seen_out(location: &str) -> Outcome {
    let location = Some(HeaderValue::from_str(location).unwrap());
    Outcome { location, status: Some(StatusCode::SEE_OTHER), ..Outcome::default() }
}

fn device(number: i64) -> Device {
    Device {
        id: format!("id-{number}"),
        current: number == 1,
        user_agent: (number < 3).then(|| "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0".to_owned()),
        address: (number == 2).then(|| "192.0.2.7".to_owned()),
        signed_in_at: "2026-01-01T10:00:00Z".to_owned(),
        signed_in_seconds: 3_600 * number,
        seen_at: "2026-01-01T10:30:00Z".to_owned(),
        seen_seconds: 60 * number,
    }
}

#[async_trait]
impl Resource for Fake {
    async fn ask(&self, _: &Visit) -> Result<ResourceAnswer, PageError> {
        let request = "GET http://localhost:5000/profile".to_owned();
        Ok(ResourceAnswer { request, status: 200, body: "{\n  \"sub\": \"<b>1</b>\"\n}".to_owned(), milliseconds: 12 })
    }
}

#[async_trait]
impl Development for Fake {
    async fn outbox(&self) -> Result<Vec<OutboxMessage>, PageError> {
        Ok(vec![OutboxMessage {
            file: "1.eml".to_owned(),
            at: "2026-01-01T10:00:00Z".to_owned(),
            to: "ada@example.org".to_owned(),
            subject: "New sign-in".to_owned(),
            body: "Hello Ada,\n\nyou signed in <now>.".to_owned(),
        }])
    }
    fn demo_accounts(&self) -> Vec<(String, String)> {
        Vec::new()
    }
}

fn ada() -> CurrentUser {
    CurrentUser {
        subject: "1".to_owned(),
        name: "Ada <Example>".to_owned(),
        email: Some("ada@example.org".to_owned()),
        issuer: "http://localhost:4000".to_owned(),
        signed_in_at: "2026-01-01T10:00:00Z".to_owned(),
        age_seconds: 125,
        acr: None,
        authenticated_seconds_ago: Some(125),
        scopes: vec!["openid".to_owned(), "profile".to_owned()],
    }
}

fn site(viewer: Result<Option<CurrentUser>, PageError>, development: bool) -> Site {
    site_with(viewer, development, &["default"])
}

fn site_with(viewer: Result<Option<CurrentUser>, PageError>, development: bool, providers: &[&str]) -> Site {
    let options = LeptosOptions::builder().output_name("cloakroom").site_pkg_dir("pkg").build();
    Site::new(options, ports(viewer, development, providers))
}

fn ports(viewer: Result<Option<CurrentUser>, PageError>, development: bool, providers: &[&str]) -> Ports {
    let choice = |name: &&str| ProviderChoice { name: (*name).to_owned(), title: format!("<{name}>") };
    let fake = Arc::new(Fake { viewer, providers: providers.iter().map(choice).collect() });
    Ports {
        sign_in: fake.clone(),
        sessions: fake.clone(),
        devices: fake.clone(),
        resource: fake.clone(),
        flows: None,
        development: development.then_some(fake as Arc<dyn Development>),
        attacks: None,
    }
}

/// An attack that got through, and one that nobody remembers.
struct Breached;

#[async_trait]
impl Attacks for Breached {
    async fn make(&self, name: &str) -> Outcome {
        let location = HeaderValue::from_str(&format!("/flow?attack={name}")).ok();
        Outcome { location, status: Some(StatusCode::SEE_OTHER), ..Outcome::default() }
    }

    fn report(&self, name: &str) -> Option<AttackReport> {
        let step =
            Step { actor: Actor::Attacker, purpose: "<tries>", request: "GET /session".to_owned(), answer: "200".to_owned() };
        (name == "remembered").then(|| AttackReport { attack: Attack::ForgedCookie, steps: vec![step], repelled: false })
    }
}

struct Answer {
    status: StatusCode,
    headers: http::HeaderMap,
    body: String,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

async fn ask(site: &Site, method: Method, uri: &str, headers: &[(&str, &str)]) -> Answer {
    send(site, method, uri, headers, "").await
}

async fn send(site: &Site, method: Method, uri: &str, headers: &[(&str, &str)], body: &'static str) -> Answer {
    let fallback = site.clone();
    let router = site.router().fallback(move |request: Request<Body>| {
        let site = fallback.clone();
        async move { site.page(request).await }
    });
    let mut request = Request::builder().method(method).uri(uri);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    answered(router.oneshot(request.body(Body::from(body)).unwrap()).await.unwrap()).await
}

async fn answered(response: Response<Body>) -> Answer {
    let (parts, body) = response.into_parts();
    let body = String::from_utf8(to_bytes(body, usize::MAX).await.unwrap().to_vec()).unwrap();
    Answer { status: parts.status, headers: parts.headers, body }
}

const HTML: (&str, &str) = ("accept", "text/html,application/xhtml+xml");

async fn page(site: &Site, uri: &str) -> Answer {
    ask(site, Method::GET, uri, &[HTML]).await
}

#[tokio::test]
async fn every_page_is_one_document_with_one_heading_a_title_and_no_script_but_what_follows_the_session() {
    let paths = [
        "/",
        "/flow",
        "/sign-in",
        "/signed-out",
        "/outbox",
        "/problem/denied",
        "/nowhere",
        "/resource",
        "/identity",
        "/sessions",
    ];
    let (nobody, somebody) = (site(Ok(None), true), site(Ok(Some(ada())), true));
    for path in paths {
        for (site, signed_in) in [(&nobody, false), (&somebody, true)] {
            let answer = page(site, path).await;
            assert_eq!(answer.body.matches("<h1").count(), 1, "{path}: {}", answer.body);
            assert!(answer.body.contains("· Cloakroom</title>"), "{path}: {}", answer.body);
            assert!(answer.body.contains("href=\"/pkg/cloakroom.css\""), "{path}");
            assert_eq!(answer.header("cache-control"), "no-store");
            let policy = answer.header("content-security-policy");
            let island = answer.body.contains("<leptos-island");
            assert_eq!(policy.contains("wasm-unsafe-eval"), island, "{path}: {policy}");
            if !signed_in {
                assert!(!island && !answer.body.contains("<script"), "{path}: {}", answer.body);
                assert!(policy.contains("script-src 'none'") && policy.contains("connect-src 'none'"), "{path}: {policy}");
            } else if !island {
                assert_eq!(answer.body.matches("<script").count(), 1, "{path}: {}", answer.body);
                assert!(answer.body.contains("data-user=\"http://localhost:4000 1\""), "{path}: {}", answer.body);
            }
            assert!(!answer.body.contains(" style="), "{path}");
        }
    }
}

/// B23: a page says that it is the same for everybody, and may be compressed, only where nobody is signed in.
#[tokio::test]
async fn only_a_page_for_nobody_in_particular_is_for_everybody() {
    for (viewer, public) in [(Ok(None), true), (Ok(Some(ada())), false), (Err(PageError::Unavailable), false)] {
        let site = site(viewer, true);
        for path in ["/", "/sign-in", "/flow", "/nowhere"] {
            let answer = site.page(Request::get(path).body(Body::empty()).unwrap()).await;
            assert_eq!(answer.extensions().get::<ForEverybody>().is_some(), public, "{path}");
        }
    }
}

#[tokio::test]
async fn the_home_page_shows_who_is_signed_in_and_their_name_is_text() {
    let answer = page(&site(Ok(Some(ada())), false), "/").await;
    assert_eq!(answer.status, StatusCode::OK);
    for words in ["Hello, Ada &lt;Example&gt;", "ada@example.org", "2 minutes ago", "localhost:4000", "action=\"/sign-out\""] {
        assert!(answer.body.contains(words), "{words} in {}", answer.body);
    }
    assert!(!answer.body.contains("<Example>"));
    assert_eq!(answer.header("referrer-policy"), "same-origin");
    assert!(answer.header("content-security-policy").contains("form-action 'self' http://localhost:4000"));
}

#[tokio::test]
async fn every_link_that_leaves_the_pages_says_so() {
    for path in ["/", "/flow", "/sign-in?return_to=/flow", "/signed-out", "/resource", "/problem/sign-in-expired"] {
        let body = page(&site(Ok(None), false), path).await.body;
        for link in body.split("<a ").skip(1).filter_map(|rest| rest.split('>').next()) {
            assert_eq!(link.contains("href=\"/login"), link.contains("rel=\"external\""), "{path}: {link}");
        }
        assert!(body.contains("href=\"/login"), "{path}");
    }
}

/// B6, attack 59.
#[tokio::test]
async fn the_way_back_is_kept_when_it_is_ours_and_dropped_when_it_is_not() {
    let site = site(Ok(None), false);
    let kept = page(&site, "/sign-in?return_to=%2Fresource%3Fask%3D1").await.body;
    assert!(kept.contains("href=\"/login?return_to=%2Fresource%3Fask%3D1\""), "{kept}");
    for evil in ["//evil.example", "https:evil.example", "%2F%5Cevil.example", "%2F%2Fevil.example"] {
        let body = page(&site, &format!("/sign-in?return_to={evil}")).await.body;
        assert!(body.contains("href=\"/login\"") && !body.contains("evil.example"), "{body}");
    }
}

#[tokio::test]
async fn the_resource_page_asks_a_visitor_to_sign_in_and_come_back() {
    let answer = page(&site(Ok(None), false), "/resource?ask=1").await;
    assert!(answer.body.contains("href=\"/login?return_to=%2Fresource%3Fask%3D1\""), "{}", answer.body);
}

#[tokio::test]
async fn the_resource_page_shows_the_answer_without_a_script() {
    let site = site(Ok(Some(ada())), false);
    let answer = page(&site, "/resource?ask=1").await;
    for words in ["GET http://localhost:5000/profile", "HTTP 200", "12 ms", "&lt;b&gt;1&lt;/b&gt;"] {
        assert!(answer.body.contains(words), "{words} in {}", answer.body);
    }
    assert!(!page(&site, "/resource").await.body.contains("12 ms"));
}

/// B19: the Cache being down clears no cookie and redirects nobody.
#[tokio::test]
async fn pages_that_need_the_session_say_when_it_cannot_be_looked_up() {
    let site = site(Err(PageError::Unavailable), false);
    for path in ["/", "/resource", "/sessions"] {
        let answer = page(&site, path).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{path}");
        assert_eq!(answer.header("retry-after"), "5");
        assert!(answer.headers.get("set-cookie").is_none() && answer.headers.get("location").is_none());
    }
    assert_eq!(page(&site, "/flow").await.status, StatusCode::OK, "the flow needs no session");
}

#[tokio::test]
async fn every_problem_has_a_page_with_its_status_and_a_way_on() {
    let site = site(Ok(None), false);
    for problem in app::application::PROBLEMS {
        let answer = page(&site, &format!("/problem/{}?return_to=/flow&error=server_error", problem.kind)).await;
        assert_eq!(answer.status.as_u16(), problem.status);
        assert_eq!(answer.header("retry-after"), if problem.status == 503 { "5" } else { "" });
        // Who is signed in and was not granted something would be led straight back.
        let renew = if problem.kind == "no-access" { "renew=1&amp;" } else { "" };
        assert!(answer.body.contains(&format!("href=\"/login?{renew}return_to=%2Fflow\"")), "{}", answer.body);
        assert!(answer.body.contains("server_error"), "{}", answer.body);
    }
}

/// B5: whoever opens a guarded page is led to sign in and back to it; a script gets 401 and is led nowhere.
#[tokio::test]
async fn a_guarded_page_leads_to_a_sign_in_that_meets_it() {
    let aged = |seconds| site(Ok(Some(CurrentUser { authenticated_seconds_ago: seconds, ..ada() })), false);
    for (site, location) in [
        (site(Ok(None), false), "/login?return_to=%2Fidentity%3Fa%3D%252F"),
        (aged(Some(301)), "/login?max_age=300&return_to=%2Fidentity%3Fa%3D%252F"),
        (aged(None), "/login?max_age=300&return_to=%2Fidentity%3Fa%3D%252F"),
    ] {
        let answer = page(&site, "/identity?a=%2F").await;
        assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, location));
        assert!(!answer.body.contains("Subject"), "{}", answer.body);
        let script = ask(&site, Method::GET, "/identity", &[HTML, ("sec-fetch-mode", "cors"), ("sec-fetch-dest", "empty")]).await;
        assert_eq!((script.status, script.header("location")), (StatusCode::UNAUTHORIZED, ""));
    }
    let open = page(&aged(Some(300)), "/identity").await;
    assert_eq!((open.status, open.header("location")), (StatusCode::OK, ""));
    assert!(open.body.contains("5 minutes ago") && open.body.contains("<code>1</code>"), "{}", open.body);
    let unknown = page(&site(Err(PageError::Unavailable), false), "/identity").await;
    assert_eq!((unknown.status, unknown.header("location")), (StatusCode::SERVICE_UNAVAILABLE, ""));
}

/// B5: a handler's refusal leads people on, and tells everything else by problem details.
#[tokio::test]
async fn a_guarded_handler_refuses_in_the_way_of_who_asks() {
    let aged = |seconds| site(Ok(Some(CurrentUser { authenticated_seconds_ago: seconds, ..ada() })), false);
    let trouble = || site(Err(PageError::Unavailable), false);
    let step_up = "/login?max_age=300&return_to=%2Fidentity.json%3Fa";
    for (site, status, kind, location, retry) in [
        (site(Ok(None), false), StatusCode::UNAUTHORIZED, "signed-out", "/login?return_to=%2Fidentity.json%3Fa", ""),
        (aged(Some(301)), StatusCode::UNAUTHORIZED, "step-up-required", step_up, ""),
        (trouble(), StatusCode::SERVICE_UNAVAILABLE, "unavailable", "/problem/unavailable?return_to=%2Fidentity.json%3Fa", "5"),
    ] {
        let script = ask(&site, Method::GET, "/identity.json?a", &[]).await;
        assert_eq!((script.status, script.header("location"), script.header("retry-after")), (status, "", retry));
        assert_eq!((script.header("content-type"), script.header("cache-control")), ("application/problem+json", "no-store"));
        assert!(script.body.contains(&format!("urn:cloakroom:problem:{kind}")), "{}", script.body);
        let person = ask(&site, Method::GET, "/identity.json?a", &[HTML]).await;
        assert_eq!((person.status, person.header("location")), (StatusCode::SEE_OTHER, location));
    }
    let given = ask(&aged(Some(300)), Method::GET, "/identity.json", &[]).await;
    assert_eq!((given.status, given.header("cache-control")), (StatusCode::OK, "no-store"));
    assert!(given.body.contains("\"scopes\":[\"openid\",\"profile\"]"), "{}", given.body);
}

/// A router of somebody's own, beside the site: the user as an argument, one perhaps, and a scope that is needed.
async fn own(viewer: Result<Option<CurrentUser>, PageError>, path: &str, headers: &[(&str, &str)]) -> Answer {
    let orders = get(async |user: CurrentUser| user.name)
        .route_layer(from_fn_with_state((ports(viewer.clone(), false, &[]), Needs::session().scope("openid orders")), require));
    let router = Router::new()
        .route("/mine", get(async |user: CurrentUser| user.name))
        .route("/greeting", get(async |user: Option<CurrentUser>| user.map_or("stranger".to_owned(), |user| user.name)))
        .route("/orders", orders)
        .with_state(ports(viewer, false, &[]));
    let mut request = Request::get(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    answered(router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap()).await
}

#[tokio::test]
async fn a_handler_takes_the_user_as_an_argument() {
    let nobody = own(Ok(None), "/mine?a=b", &[]).await;
    assert_eq!((nobody.status, nobody.header("content-type")), (StatusCode::UNAUTHORIZED, "application/problem+json"));
    let led = own(Ok(None), "/mine?a=b", &[HTML]).await;
    assert_eq!((led.status, led.header("location")), (StatusCode::SEE_OTHER, "/login?return_to=%2Fmine%3Fa%3Db"));
    assert_eq!(own(Ok(Some(ada())), "/mine", &[]).await.body, "Ada <Example>");
    assert_eq!(own(Ok(None), "/greeting", &[]).await.body, "stranger");
    assert_eq!(own(Ok(Some(ada())), "/greeting", &[]).await.body, "Ada <Example>");
    // B19: that it cannot be found out is not the same as nobody.
    for path in ["/mine", "/greeting", "/orders"] {
        let unknown = own(Err(PageError::Unavailable), path, &[]).await;
        assert_eq!((unknown.status, unknown.header("retry-after")), (StatusCode::SERVICE_UNAVAILABLE, "5"), "{path}");
    }
}

#[tokio::test]
async fn a_scope_that_was_not_granted_is_told_and_no_sign_in_begins_by_itself() {
    let refused = own(Ok(Some(ada())), "/orders", &[]).await;
    assert_eq!((refused.status, refused.header("location")), (StatusCode::FORBIDDEN, ""));
    assert!(refused.body.contains("urn:cloakroom:problem:no-access"), "{}", refused.body);
    let person = own(Ok(Some(ada())), "/orders", &[HTML]).await;
    assert_eq!((person.status, person.header("location")), (StatusCode::SEE_OTHER, "/problem/no-access?return_to=%2Forders"));
    let granted = CurrentUser { scopes: vec!["orders".to_owned(), "openid".to_owned()], ..ada() };
    assert_eq!(own(Ok(Some(granted)), "/orders", &[]).await.status, StatusCode::OK);
}

#[server(prefix = "/api", endpoint = "guarded-by-a-session", input = GetUrl)]
async fn needs_session() -> Result<String, PageError> {
    Ok(require_session().await?.name)
}

#[server(prefix = "/api", endpoint = "guarded-by-a-scope", input = GetUrl)]
async fn needs_scope() -> Result<String, PageError> {
    Ok(require_scope("openid orders").await?.name)
}

#[server(prefix = "/api", endpoint = "guarded-by-an-age", input = GetUrl)]
async fn needs_age() -> Result<String, PageError> {
    Ok(require_recent(60).await?.name)
}

#[tokio::test]
async fn a_server_function_is_guarded_by_its_first_line() {
    let granted = CurrentUser { scopes: vec!["orders".to_owned(), "openid".to_owned()], ..ada() };
    let fresh = CurrentUser { authenticated_seconds_ago: Some(60), ..ada() };
    let name = "\"Ada <Example>\"";
    for (function, viewer, status, body) in [
        ("a-session", Ok(Some(ada())), StatusCode::OK, name),
        ("a-session", Ok(None), StatusCode::UNAUTHORIZED, "\"SignedOut\""),
        ("a-session", Err(PageError::Unavailable), StatusCode::SERVICE_UNAVAILABLE, "\"Unavailable\""),
        ("a-scope", Ok(Some(granted)), StatusCode::OK, name),
        ("a-scope", Ok(Some(ada())), StatusCode::FORBIDDEN, "\"NoAccess\""),
        ("a-scope", Ok(None), StatusCode::UNAUTHORIZED, "\"SignedOut\""),
        ("an-age", Ok(Some(fresh)), StatusCode::OK, name),
        ("an-age", Ok(Some(ada())), StatusCode::UNAUTHORIZED, "{\"Stale\":{\"max_age\":60}}"),
    ] {
        let request = Request::get(format!("/api/guarded-by-{function}")).body(Body::empty()).unwrap();
        let answer = answered(site(viewer, false).function(request).await).await;
        assert_eq!((answer.status, answer.body.as_str()), (status, body), "{function}");
    }
}

#[tokio::test]
async fn an_unknown_path_is_404_and_the_outbox_is_one_outside_development() {
    let production = site(Ok(None), false);
    for path in ["/nowhere", "/problem/nothing", "/outbox", "/flow/deeper"] {
        assert_eq!(page(&production, path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let development = page(&site(Ok(None), true), "/outbox").await;
    assert_eq!(development.status, StatusCode::OK);
    assert!(development.body.contains("New sign-in") && development.body.contains("&lt;now&gt;"), "{}", development.body);
}

#[tokio::test]
async fn a_trailing_slash_leads_to_the_page_without_it() {
    let answer = page(&site(Ok(None), false), "/flow/?a=b").await;
    assert_eq!(answer.status, StatusCode::PERMANENT_REDIRECT);
    assert_eq!(answer.header("location"), "/flow?a=b");
}

/// Exchange 1: the port sees the raw query, and its redirect goes out with every cookie.
#[tokio::test]
async fn login_is_a_redirect_with_the_cookies_that_the_port_set() {
    let uri = "/login?return_to=%2Fflow&return_to=%2F&odd[=%";
    let answer = ask(&site(Ok(None), false), Method::GET, uri, &[HTML, ("referer", "http://localhost:3000/")]).await;
    assert_eq!(answer.status, StatusCode::FOUND);
    assert_eq!(answer.header("location"), "https://provider.example/?return_to=%2Fflow&return_to=%2F&odd[=%");
    assert_eq!(answer.headers.get_all("set-cookie").iter().count(), 2);
}

#[tokio::test]
async fn a_function_that_leads_nowhere_never_falls_back_to_the_referer() {
    let site = site(Ok(None), false);
    let referer = ("referer", "http://localhost:3000/flow");
    let navigation = ask(&site, Method::GET, "/callback?code=a", &[HTML, referer]).await;
    assert_eq!((navigation.status, navigation.header("location")), (StatusCode::SEE_OTHER, "/sign-in"));
    let fetch = [("accept", "text/html"), referer, ("sec-fetch-mode", "cors"), ("sec-fetch-dest", "empty")];
    let fetch = ask(&site, Method::GET, "/callback?code=a", &fetch).await;
    assert_eq!((fetch.status, fetch.header("location")), (StatusCode::UNAUTHORIZED, ""));
    assert_eq!(fetch.body, "\"SignedOut\"");
}

#[tokio::test]
async fn a_plain_form_signs_out_with_303() {
    let form = [HTML, ("content-type", "application/x-www-form-urlencoded")];
    let answer = ask(&site(Ok(Some(ada())), false), Method::POST, "/sign-out", &form).await;
    assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/signed-out"));
}

/// A person who opens a button's address is told, and led home; a script gets the status alone.
#[tokio::test]
async fn a_method_that_a_path_does_not_take_is_a_page_with_a_way_home() {
    let site = site(Ok(Some(ada())), false);
    for (method, path) in [(Method::GET, "/sign-out"), (Method::POST, "/flow"), (Method::POST, "/login"), (Method::PUT, "/")] {
        let answer = ask(&site, method.clone(), path, &[HTML]).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
        assert!(answer.body.contains("cannot be opened like that") && answer.body.contains("href=\"/\""), "{}", answer.body);
        assert_ne!(answer.header("allow"), "");
        let script = ask(&site, method, path, &[]).await;
        assert_eq!((script.status, script.body.as_str()), (StatusCode::METHOD_NOT_ALLOWED, ""));
    }
}

#[tokio::test]
async fn an_unknown_function_is_404() {
    let site = site(Ok(None), false);
    for method in [Method::GET, Method::POST] {
        let script = ask(&site, method.clone(), "/api/nothing", &[]).await;
        assert_eq!((script.status, script.body.as_str()), (StatusCode::NOT_FOUND, ""));
        let person = ask(&site, method, "/api/nothing", &[HTML]).await;
        assert_eq!(person.status, StatusCode::NOT_FOUND);
        assert!(person.body.contains("There is no such page"), "{}", person.body);
    }
}

#[tokio::test]
async fn data_functions_answer_json_that_is_not_stored() {
    let somebody = ask(&site(Ok(Some(ada())), false), Method::GET, "/api/current-user", &[]).await;
    assert_eq!(somebody.status, StatusCode::OK);
    assert!(somebody.body.contains("\"email\":\"ada@example.org\""), "{}", somebody.body);
    assert_eq!(somebody.header("cache-control"), "no-store");
    let nobody = ask(&site(Ok(None), false), Method::GET, "/api/current-user", &[]).await;
    assert_eq!(nobody.body, "null");
    let trouble = ask(&site(Err(PageError::Unavailable), false), Method::GET, "/api/current-user", &[HTML]).await;
    assert_eq!((trouble.status, trouble.header("retry-after")), (StatusCode::SERVICE_UNAVAILABLE, "5"));
    let unreadable = ask(&site(Ok(None), false), Method::POST, "/api/ask-resource", &[("content-type", "text/plain")]).await;
    assert_eq!(unreadable.status, StatusCode::BAD_REQUEST);
}

/// B2: plain HTTP on localhost is for browsers that keep the cookie there; the page says which does not, and says it nowhere else.
#[tokio::test]
async fn the_sign_in_page_says_where_a_browser_refuses_the_cookie() {
    assert!(
        page(&site(Ok(None), true), "/sign-in").await.body.contains("Safari does not, so a sign-in cannot be completed in it")
    );
    assert!(!page(&site(Ok(None), false), "/sign-in").await.body.contains("Safari"));
    // Whoever comes back without it is told as well, in any mode.
    let lost = page(&site(Ok(None), false), "/problem/other-browser").await;
    assert!(lost.body.contains("cleared or blocked"), "{}", lost.body);
}

/// B11: with several providers the page has a plain way in for each; with a single one there is nothing to choose.
#[tokio::test]
async fn the_sign_in_page_offers_each_provider() {
    let several = site_with(Ok(None), false, &["default", "acme"]);
    let page = ask(&several, Method::GET, "/sign-in?return_to=%2Fflow%3Fa%3D1", &[]).await;
    for (name, title) in [("default", "&lt;default&gt;"), ("acme", "&lt;acme&gt;")] {
        let link = format!("href=\"/login?provider={name}&amp;return_to=%2Fflow%3Fa%3D1\"");
        assert!(page.body.contains(&link) && page.body.contains(&format!("Sign in with {title}")), "{}", page.body);
    }
    assert!(page.header("content-security-policy").contains("script-src 'none'"));
    let page = ask(&site(Ok(None), false), Method::GET, "/sign-in?return_to=%2Fflow", &[]).await;
    assert!(page.body.contains("href=\"/login?return_to=%2Fflow\"") && !page.body.contains("provider="), "{}", page.body);
}

/// B11: each provider has its own redirect URI, and the path says which.
#[tokio::test]
async fn a_callback_knows_whose_redirect_uri_it_came_to() {
    let site = site(Ok(None), false);
    let html = [("accept", "text/html")];
    assert_eq!(ask(&site, Method::GET, "/callback/acme?code=a&state=b", &html).await.header("location"), "/of-acme");
    assert_eq!(ask(&site, Method::GET, "/callback?code=a&state=b", &html).await.header("location"), "/sign-in");
    assert_eq!(ask(&site, Method::GET, "/callback/acme/more", &html).await.status, StatusCode::NOT_FOUND);
}

/// A provider that was not told of the sign-out may know its user still: the page does not say otherwise.
#[tokio::test]
async fn the_signed_out_page_says_where_the_session_is_over() {
    let site = site(Ok(None), false);
    assert!(ask(&site, Method::GET, "/signed-out", &[]).await.body.contains("here and at the sign-in provider"));
    let page = ask(&site, Method::GET, "/signed-out?provider=open", &[]).await;
    assert!(page.body.contains("you may still be signed in"), "{}", page.body);
}

/// B20: when, where, and which of them is this one; what ends the others is a plain form.
#[tokio::test]
async fn the_page_of_sessions_lists_browsers_in_plain_words() {
    let answer = page(&site(Ok(Some(ada())), false), "/sessions").await;
    assert_eq!((answer.status, answer.header("referrer-policy")), (StatusCode::OK, "same-origin"));
    let (here, elsewhere) = answer.body.split_once("id=\"elsewhere\"").unwrap();
    assert!(here.contains("Firefox on Linux") && here.contains("1 hour ago") && !here.contains("value=\"id-"), "{here}");
    for words in [
        "Firefox on Linux",
        "An unknown browser",
        "2 hours ago",
        "3 minutes ago",
        "from 192.0.2.7",
        "value=\"id-2\"",
        "value=\"id-3\"",
    ] {
        assert!(elsewhere.contains(words), "{words} in {elsewhere}");
    }
    assert!(elsewhere.contains("action=\"/sessions/sign-out-others\"") && elsewhere.contains("the 2 browsers"), "{elsewhere}");
}

#[tokio::test]
async fn the_page_of_sessions_offers_no_more_than_there_is() {
    let site = site(Ok(Some(ada())), false);
    let alone = page(&site, "/sessions?devices=1").await.body;
    assert!(alone.contains("You are signed in nowhere else.") && !alone.contains("sign-out-others"), "{alone}");
    let two = page(&site, "/sessions?devices=2").await.body;
    assert!(two.contains("value=\"id-2\"") && !two.contains("sign-out-others"), "{two}");
    let trouble = page(&site, "/sessions?devices=0").await;
    assert_eq!((trouble.status, trouble.header("retry-after")), (StatusCode::SERVICE_UNAVAILABLE, "5"));
}

#[tokio::test]
async fn the_page_of_sessions_asks_a_visitor_to_sign_in_and_come_back() {
    let answer = page(&site(Ok(None), false), "/sessions").await;
    assert!(answer.body.contains("href=\"/login?return_to=%2Fsessions\""), "{}", answer.body);
}

/// The forms arrive at the port, with and without what they name, and their answers go out as they are.
#[tokio::test]
async fn the_forms_of_the_page_of_sessions_reach_the_port() {
    let site = site(Ok(Some(ada())), false);
    let form = [HTML, ("content-type", "application/x-www-form-urlencoded"), ("referer", "http://localhost:3000/sessions")];
    for (path, body, location) in [
        ("/sessions/sign-out", "device=id-2", "/out-id-2"),
        ("/sessions/sign-out", "", "/out-"),
        ("/sessions/sign-out", "other=1", "/out-"),
        ("/sessions/sign-out-others", "", "/out-others"),
    ] {
        let answer = send(&site, Method::POST, path, &form, body).await;
        assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, location), "{body}");
    }
}

/// What was done is told once, and no link can make the page say it.
#[tokio::test]
async fn a_notice_is_told_once() {
    let site = site(Ok(Some(ada())), false);
    let told = ask(&site, Method::GET, "/sessions", &[HTML, ("cookie", "a=b; __Host-told=device")]).await;
    assert!(told.body.contains("That browser is signed out."), "{}", told.body);
    assert!(told.header("set-cookie").starts_with("__Host-told=;") && told.header("set-cookie").ends_with("Max-Age=0"));
    let plain = page(&site, "/sessions?__Host-told=device").await;
    assert!(!plain.body.contains("id=\"notice\"") && plain.headers.get("set-cookie").is_none(), "{}", plain.body);
}

/// B18, B23: the script that follows the session is a file that the page names by its hash, runs by its nonce, and keeps for ever.
#[tokio::test]
async fn the_script_that_follows_the_session_is_there_under_its_hash() {
    let site = site(Ok(Some(ada())), false);
    let home = page(&site, "/").await;
    let tag = home.body.split("<script").nth(1).unwrap().split('>').next().unwrap();
    let attribute = |name: &str| tag.split_once(&format!("{name}=\"")).unwrap().1.split('"').next().unwrap();
    assert_eq!(attribute("type"), "module");
    let policy = home.header("content-security-policy");
    assert!(policy.contains(&format!("script-src 'nonce-{}';", attribute("nonce"))), "{policy}");
    assert!(policy.contains("connect-src 'self';"), "{policy}");
    let script = ask(&site, Method::GET, attribute("src"), &[]).await;
    assert_eq!((script.status, script.header("content-type")), (StatusCode::OK, "text/javascript; charset=utf-8"));
    assert_eq!(script.header("cache-control"), "public, max-age=31536000, immutable");
    assert_eq!(script.header("x-content-type-options"), "nosniff");
    assert!(script.body.contains("/session/events"), "{}", script.body);
}

/// B19: where it cannot be found out who is here, nothing claims to follow a session.
#[tokio::test]
async fn a_page_in_an_outage_runs_no_script() {
    let answer = page(&site(Err(PageError::Unavailable), false), "/").await;
    assert!(!answer.body.contains("<script") && answer.header("content-security-policy").contains("script-src 'none'"));
}

#[tokio::test]
async fn the_sign_in_page_tells_a_visitor_why_a_page_is_gone_and_nobody_else() {
    let told = page(&site(Ok(None), false), "/sign-in?ended=1&return_to=%2Fflow").await;
    assert!(
        told.body.contains("<h1>You were signed out</h1>") && told.body.contains("/login?return_to=%2Fflow"),
        "{}",
        told.body
    );
    for (viewer, path) in [(Ok(Some(ada())), "/sign-in?ended=1"), (Ok(None), "/sign-in")] {
        assert!(page(&site(viewer, false), path).await.body.contains("<h1>Sign in</h1>"), "{path}");
    }
}

/// An attack that got through is told as loudly as one that did not, and with no defence that would have stopped it.
#[tokio::test]
async fn an_attack_that_got_through_is_told() {
    let options = LeptosOptions::builder().output_name("cloakroom").site_pkg_dir("pkg").build();
    let attacks = Some(Arc::new(Breached) as Arc<dyn Attacks>);
    let site = Site::new(options, Ports { attacks, ..ports(Ok(None), true, &["default"]) });
    let told = page(&site, "/flow?attack=remembered").await.body;
    assert!(told.contains("It got through") && told.contains("&lt;tries&gt;"), "{told}");
    assert!(!told.contains("Stopped at exchange") && !told.contains(Attack::ForgedCookie.description().defence));
    assert!(page(&site, "/flow?attack=forgotten").await.body.contains("not remembered any more"));
    let quiet = page(&site, "/flow").await.body;
    assert!(quiet.contains("Try to break it") && !quiet.contains("It got through"));
}
