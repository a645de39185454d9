//! Any provider, several at once (B10, B11): ours in every way that it lets clients authenticate, and the one of another house.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support::{Browser, Page, Running, clock, configuration, house_with, move_in};
use jiff::SignedDuration;
use reqwest::{Method, StatusCode, Url};
use serde_json::json;
use server::Configuration;

const SECRET: &str = "a-secret-of-the-tests-and-of-nobody-else";

fn list(configuration: &mut Configuration, provider: &serde_json::Value) {
    configuration.application.providers.push(serde_json::from_value(provider.clone()).unwrap());
}

fn register(configuration: &mut Configuration, client: &serde_json::Value) {
    configuration.provider.clients.push(serde_json::from_value(client.clone()).unwrap());
}

async fn ask_resource(browser: &mut Browser, origin: &str) -> Page {
    browser.get(&format!("{origin}/resource?ask=1")).await
}

/// How a client proves itself, as it is registered and as it is configured.
fn methods(application: &str) -> [(&'static str, serde_json::Value, serde_json::Value); 4] {
    let keys = json!({"jwks_uri": format!("{application}/jwks")});
    let by_secret = |method: &str| {
        let registered = json!({"method": method, "secret": SECRET});
        (registered, json!({"authentication": method, "client_secret": SECRET}))
    };
    let (basic, post) = (by_secret("client_secret_basic"), by_secret("client_secret_post"));
    [
        ("key", json!({"method": "private_key_jwt", "keys": keys}), json!({"authentication": "private_key_jwt"})),
        ("basic", basic.0, basic.1),
        ("post", post.0, post.1),
        ("none", json!({"method": "none"}), json!({"authentication": "none"})),
    ]
}

/// Lists our own provider once for each way: four methods, pushed or not, bound to a key or not. It accepts nothing else.
fn every_way(configuration: &mut Configuration) -> Vec<String> {
    let (origin, issuer) = (configuration.application.origin.clone(), configuration.provider.issuer.clone());
    let resource = configuration.resource.origin.clone();
    let mut names = Vec::new();
    for (method, registered, configured) in methods(&origin) {
        for (par, dpop) in [(true, true), (true, false), (false, true), (false, false)] {
            let name = format!("{method}{}{}", if par { "-par" } else { "" }, if dpop { "-dpop" } else { "" });
            register(
                configuration,
                &json!({
                    "client_id": name, "name": "Cloakroom", "authentication": registered, "resources": [resource],
                    "redirect_uris": [format!("{origin}/callback/{name}")],
                    "post_logout_redirect_uris": [format!("{origin}/signed-out")],
                    "scope": "openid profile email offline_access",
                    "require_pushed_authorization_requests": par, "dpop_bound_access_tokens": dpop,
                }),
            );
            let always = |yes: bool| if yes { "always" } else { "never" };
            let mut entry = json!({
                "name": name, "title": name, "issuer": issuer, "client_id": name, "resources": [resource],
                "par": always(par), "dpop": always(dpop),
            });
            entry.as_object_mut().unwrap().extend(configured.as_object().unwrap().clone());
            list(configuration, &entry);
            names.push(name);
        }
    }
    names
}

async fn signs_in_in_every_way(dpop_nonce: bool) {
    let mut names = Vec::new();
    let house = house_with(|configuration| {
        configuration.provider.dpop_nonce = dpop_nonce;
        names = every_way(configuration);
    })
    .await;
    let origin = &house.configuration.application.origin;
    let mut browser = Browser::default();
    for name in names {
        browser.hops.clear();
        let page = browser.get(&format!("{origin}/login?provider={name}&return_to=/resource?ask=1")).await;
        let page = browser.log_in(page).await;
        assert_eq!(page.url.path(), "/resource", "{name}: {:?}", browser.hops);
        assert!(page.body.contains("token_expires_in_seconds"), "{name}: {}", page.body);
        let asked = browser.hops.iter().find(|hop| hop.contains("/authorize?")).unwrap();
        assert_eq!(asked.contains("request_uri="), name.contains("-par"), "{asked}");
        assert_eq!(asked.contains("code_challenge="), !name.contains("-par"), "{asked}");
        let callback = format!("{origin}/callback/{name}?");
        assert!(browser.hops.iter().any(|hop| hop.contains(&callback)), "{:?}", browser.hops);
        house.clock.advance(SignedDuration::from_mins(6));
        let page = ask_resource(&mut browser, origin).await;
        assert!(page.body.contains("token_expires_in_seconds"), "{name}, refreshed: {}", page.body);
        browser.cookies.remove("__Host-session").unwrap();
    }
    for tell in [SECRET, "eyJhbGci", "eyJ0eXAi", "client_assertion", "access_token", "PRIVATE"] {
        assert!(!browser.seen.contains(tell), "B1: {tell} reached the browser");
    }
}

/// B8, B10: each client authentication, with and without PAR, with and without DPoP; the Resource API takes the token, and takes
/// it again after a refresh.
#[tokio::test]
async fn our_own_provider_is_signed_in_with_in_every_way() {
    signs_in_in_every_way(false).await;
}

/// B10: the same where every proof must hold a nonce that the provider gave.
#[tokio::test]
async fn a_nonce_that_the_provider_wants_is_given() {
    signs_in_in_every_way(true).await;
}

/// The short form binds tokens to a key where it is told to.
#[tokio::test]
async fn the_default_provider_binds_tokens_where_it_is_told_to() {
    let house = house_with(|configuration| {
        configuration.application.dpop = server::configuration::When::Always;
    })
    .await;
    let origin = &house.configuration.application.origin;
    let mut browser = Browser::default();
    let page = browser.sign_in(origin, "/resource?ask=1").await;
    assert!(page.body.contains("token_expires_in_seconds"), "{}", page.body);
}

/// A house, and another whose provider it lists as `other`; the Resource API is that of the other, too.
struct Street {
    house: Running,
    other: Running,
    directories: [tempfile::TempDir; 2],
}

impl Street {
    fn origin(&self) -> &str {
        &self.house.configuration.application.origin
    }

    fn issuers(&self) -> [&str; 2] {
        [&self.house.configuration.provider.issuer, &self.other.configuration.provider.issuer]
    }

    fn token_requests(&self) -> [usize; 2] {
        [&self.house, &self.other].map(|house| house.token_requests.load(Ordering::SeqCst))
    }

    async fn sign_in(&self, browser: &mut Browser, provider: &str, return_to: &str) -> Page {
        let page = browser.get(&format!("{}/login?provider={provider}&return_to={return_to}", self.origin())).await;
        browser.log_in(page).await
    }

    /// Takes a browser through `provider` up to the callback, which it does not visit.
    async fn up_to_callback(&self, browser: &mut Browser, provider: &str) -> Url {
        let login = format!("{}/login?provider={provider}", self.origin());
        let page = browser.get(&login).await;
        browser.log_in(page).await;
        browser.cookies.remove("__Host-session");
        let mut page = browser.hop(Method::GET, &Url::parse(&login).unwrap(), None, "none").await;
        for _ in 0..5 {
            let next = page.url.join(page.headers["location"].to_str().unwrap()).unwrap();
            if next.path().starts_with("/callback") {
                return next;
            }
            page = browser.hop(Method::GET, &next, None, "same-site").await;
        }
        panic!("no callback: {:?}", browser.hops);
    }
}

async fn street() -> Street {
    let directories = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let (mut ours, our_doors) = configuration(directories[0].path()).await;
    let (mut theirs, their_doors) = configuration(directories[1].path()).await;
    let (origin, resource) = (ours.application.origin.clone(), theirs.resource.origin.clone());
    register(
        &mut theirs,
        &json!({
            "client_id": "neighbour", "name": "Neighbour", "resources": [resource],
            "authentication": {"method": "client_secret_basic", "secret": SECRET},
            "redirect_uris": [format!("{origin}/callback/other")],
            "post_logout_redirect_uris": [format!("{origin}/signed-out")],
            "backchannel_logout_uri": format!("{origin}/backchannel-logout"),
            "scope": "openid profile email offline_access",
        }),
    );
    list(
        &mut ours,
        &json!({
            "name": "other", "title": "The other house", "issuer": theirs.provider.issuer, "client_id": "neighbour",
            "authentication": "client_secret_basic", "client_secret": SECRET, "resources": [resource],
        }),
    );
    ours.application.resource = Some(resource);
    let other = move_in(theirs, their_doors, clock()).await;
    let house = move_in(ours, our_doors, clock()).await;
    Street { house, other, directories }
}

/// B11: people choose, each provider has its own redirect URI, and what follows goes to the provider that they chose.
#[tokio::test]
async fn a_session_goes_on_with_the_provider_that_it_came_of() {
    let street = street().await;
    let [ours, theirs] = street.issuers();
    let mut browser = Browser::default();
    let page = browser.get(&format!("{}/login?return_to=/flow", street.origin())).await;
    assert_eq!((page.url.path(), page.url.query()), ("/sign-in", Some("return_to=%2Fflow")));
    assert!(page.body.contains("Sign in with The other house") && page.body.contains("Sign in with Cloakroom"), "{}", page.body);

    let page = street.sign_in(&mut browser, "other", "/resource?ask=1").await;
    assert!(page.body.contains("token_expires_in_seconds"), "{}", page.body);
    assert!(browser.hops.iter().any(|hop| hop.contains("/callback/other?")), "{:?}", browser.hops);
    street.house.clock.advance(SignedDuration::from_mins(6));
    street.other.clock.advance(SignedDuration::from_mins(6));
    assert!(ask_resource(&mut browser, street.origin()).await.body.contains("token_expires_in_seconds"));
    assert_eq!(street.token_requests(), [0, 2], "a code and a refresh token, both of theirs");
    // Step-up and renewal stay with it, too, though no provider is named.
    let renewed = browser.get(&format!("{}/login?renew=1", street.origin())).await;
    assert_eq!((renewed.url.path(), street.token_requests()), ("/", [0, 3]), "{:?}", browser.hops);

    browser.hops.clear();
    let page = browser.post(&format!("{}/sign-out", street.origin()), &[]).await;
    assert_eq!(page.url.path(), "/signed-out", "{:?}", browser.hops);
    let led = |issuer: &str| browser.hops.iter().any(|hop| hop.contains(&format!("{issuer}/end_session?")));
    assert!(led(theirs) && !led(ours), "{:?}", browser.hops);
}

/// B17: the second click of a double click leads to the provider that the session came of, too, for the browser follows it alone.
#[tokio::test]
async fn a_double_click_on_signing_out_leads_to_the_same_provider_twice() {
    let street = street().await;
    for (provider, issuer) in [("other", street.issuers()[1]), ("default", street.issuers()[0])] {
        let mut browser = Browser::default();
        street.sign_in(&mut browser, provider, "/").await;
        let url = Url::parse(&format!("{}/sign-out", street.origin())).unwrap();
        for _ in 0..2 {
            let mut click = Browser { cookies: browser.cookies.clone(), ..Browser::default() };
            let page = click.hop(Method::POST, &url, Some(String::new()), "same-origin").await;
            let location = page.headers["location"].to_str().unwrap();
            assert!(location.starts_with(&format!("{issuer}/end_session?")), "{location}");
        }
    }
}

/// B10, RFC 9449 §9: a resource server that wants a nonce of its own in the proof gets it, and every proof is good there.
#[tokio::test]
async fn a_resource_server_that_wants_a_nonce_gets_it() {
    let clock = clock();
    let (resource, asked) = demanding_resource(clock.clone()).await;
    let directory = tempfile::tempdir().unwrap();
    let (mut configuration, doors) = configuration(directory.path()).await;
    configuration.application.resource = Some(resource);
    configuration.application.dpop = server::configuration::When::Always;
    let house = move_in(configuration, doors, clock).await;
    let origin = &house.configuration.application.origin;
    let mut browser = Browser::default();
    let page = browser.sign_in(origin, "/resource?ask=1").await;
    assert!(page.body.contains("proven with the nonce"), "{}", page.body);
    assert_eq!(asked.load(Ordering::SeqCst), 2, "once without a nonce, once with it");
    assert!(ask_resource(&mut browser, origin).await.body.contains("proven with the nonce"));
    assert_eq!(asked.load(Ordering::SeqCst), 3, "it is remembered");
    assert_eq!(house.token_requests.load(Ordering::SeqCst), 1, "and no token was refused");
}

/// A resource server that takes a bound token with a proof of its key and a nonce, and nothing else.
async fn demanding_resource(clock: std::sync::Arc<protocol::ManualClock>) -> (String, std::sync::Arc<AtomicUsize>) {
    use axum::response::IntoResponse as _;
    use protocol::{Clock as _, dpop};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    let asked = std::sync::Arc::new(AtomicUsize::new(0));
    let (uri, counter) = (format!("{origin}/profile"), asked.clone());
    let answer = move |headers: axum::http::HeaderMap| {
        counter.fetch_add(1, Ordering::SeqCst);
        let token = headers["authorization"].to_str().unwrap().strip_prefix("DPoP ").unwrap().to_owned();
        let token = protocol::secret::AccessToken::new(token);
        let target = dpop::Target { method: "GET", uri: &uri, access_token: Some(&token) };
        let proven = dpop::judge(&dpop::presented(&headers).unwrap().unwrap(), &target, clock.now()).unwrap();
        let answer = if proven.nonce.as_deref() == Some("of-the-resource") {
            axum::Json(json!({"said": "proven with the nonce"})).into_response()
        } else {
            let challenge = "DPoP error=\"use_dpop_nonce\", algs=\"ES256\"";
            let headers = [("www-authenticate", challenge), ("dpop-nonce", "of-the-resource")];
            (StatusCode::UNAUTHORIZED, headers).into_response()
        };
        async move { answer }
    };
    let router = axum::Router::new().route("/profile", axum::routing::get(answer));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (origin, asked)
}

/// Back-Channel Logout §2.6: the provider is chosen by the token's `iss`, and its session ends here.
#[tokio::test]
async fn each_provider_ends_its_own_sessions() {
    let street = street().await;
    let session = format!("{}/session", street.origin());
    let (mut browser, mut at_ours) = (Browser::default(), Browser::default());
    street.sign_in(&mut browser, "other", "/").await;
    street.sign_in(&mut at_ours, "default", "/").await;
    assert_eq!(browser.fetch(Method::GET, &session).await.status, StatusCode::OK);
    let page = browser.get(&format!("{}/end_session", street.issuers()[1])).await;
    browser.submit(&page, &[], "sign-out").await;
    let out = async {
        while browser.fetch(Method::GET, &session).await.status != StatusCode::UNAUTHORIZED {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), out).await.expect("the session ends");
    assert_eq!(at_ours.fetch(Method::GET, &session).await.status, StatusCode::OK);
}

/// B11, attack 13: a response that comes to the redirect URI of another provider, or that names another issuer, is not listened
/// to: no token request is made anywhere, and nobody is signed in.
#[tokio::test]
async fn a_response_is_taken_at_its_own_redirect_uri_from_its_own_issuer_only() {
    let street = street().await;
    let [ours, theirs] = street.issuers();
    for (provider, path, issuer) in [
        ("other", "/callback", theirs),
        ("other", "/callback", ours),
        ("other", "/callback/other", ours),
        ("default", "/callback/other", ours),
        ("default", "/callback/other", theirs),
        ("default", "/callback", theirs),
    ] {
        let mut browser = Browser::default();
        let mut callback = street.up_to_callback(&mut browser, provider).await;
        callback.set_path(path);
        let kept: Vec<(String, String)> = callback.query_pairs().into_owned().filter(|(name, _)| name != "iss").collect();
        callback.query_pairs_mut().clear().extend_pairs(kept).append_pair("iss", issuer);
        let before = street.token_requests();
        let page = browser.get(callback.as_str()).await;
        let case = format!("{provider} at {path} from {issuer}");
        assert_eq!((page.url.path(), page.status), ("/problem/invalid-response", StatusCode::BAD_REQUEST), "{case}");
        assert_eq!(street.token_requests(), before, "{case}");
        assert!(!browser.cookies.contains_key("__Host-session"), "{case}");
    }
}

/// A name that no provider has is told, at either end.
#[tokio::test]
async fn an_unknown_provider_is_told() {
    let street = street().await;
    for path in ["/login?provider=nobody&return_to=/flow", "/callback/nobody?code=a&state=b", "/login?provider=../other"] {
        let mut browser = Browser::default();
        let page = browser.get(&format!("{}{path}", street.origin())).await;
        assert_eq!((page.url.path(), page.status), ("/problem/unknown-provider", StatusCode::NOT_FOUND), "{path}");
        assert_eq!(browser.hops.len(), 2, "{:?}", browser.hops);
    }
}

/// A provider that is configured no more has no sessions: its users are visitors, and may sign in with what is left.
#[tokio::test]
async fn a_provider_that_is_removed_ends_its_sessions() {
    let street = street().await;
    let (mut theirs, mut ours) = (Browser::default(), Browser::default());
    street.sign_in(&mut theirs, "other", "/").await;
    street.sign_in(&mut ours, "default", "/").await;
    let mut pending = Browser::default();
    let callback = street.up_to_callback(&mut pending, "other").await;

    let Street { house, other: _other, directories: _directories } = street;
    let mut configuration = house.configuration.clone();
    let clock = house.clock.clone();
    drop(house);
    configuration.application.providers.clear();
    let mut listeners = Vec::new();
    for address in [configuration.application.listen, configuration.provider.listen, configuration.resource.listen] {
        listeners.push(crate::sign_in::bind(address).await);
    }
    let house = move_in(configuration, listeners, clock).await;
    let origin = &house.configuration.application.origin;
    assert!(ours.get(origin).await.body.contains("Ada Lovelace"), "the others live on");
    let page = theirs.get(origin).await;
    assert!(page.status == StatusCode::OK && !page.body.contains("Ada Lovelace"));
    let page = pending.get(callback.as_str()).await;
    assert_eq!(page.url.path(), "/problem/unknown-provider");
    let page = theirs.post(&format!("{origin}/sign-out"), &[]).await;
    assert!(!theirs.cookies.contains_key("__Host-session"), "{}", page.url);
    theirs.sign_in(origin, "/").await;
    assert!(theirs.get(origin).await.body.contains("Ada Lovelace"));
}
