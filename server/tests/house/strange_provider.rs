//! B7, B12, B13: a provider that misbehaves in one way at a time leads to the page that says so, without a loop and without a
//! session.

use std::sync::Arc;

use crate::strange::{CLIENT_ID, CLIENT_SECRET, Change, Manner, Signature, Strange};
use crate::support::{Browser, Page, Running, clock, configuration, move_in};
use application_api::proxy::Route;
use jiff::SignedDuration;
use protocol::OsRng;
use protocol::jose::SigningKey;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// A house that knows nobody but the strange provider.
pub(crate) struct Place {
    pub(crate) house: Running,
    pub(crate) strange: Arc<Strange>,
    _directory: tempfile::TempDir,
}

impl Place {
    pub(crate) async fn open(changes: Value) -> Self {
        Self::open_with(changes, Vec::new()).await
    }

    pub(crate) async fn open_with(changes: Value, routes: Vec<Route>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let (mut configuration, doors) = configuration(directory.path()).await;
        let clock = clock();
        let strange = Strange::open(clock.clone()).await;
        let mut entry = json!({
            "name": "strange", "title": "Strange", "issuer": strange.issuer, "client_id": CLIENT_ID,
            "authentication": "client_secret_post", "client_secret": CLIENT_SECRET,
        });
        entry.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        configuration.application.providers.push(serde_json::from_value(entry).unwrap());
        configuration.application.listed_providers_only = true;
        configuration.application.routes = routes;
        let house = move_in(configuration, doors, clock).await;
        Self { house, strange, _directory: directory }
    }

    pub(crate) fn origin(&self) -> &str {
        &self.house.configuration.application.origin
    }

    async fn sign_in(&self, browser: &mut Browser) -> Page {
        browser.get(&format!("{}/login?return_to=/flow", self.origin())).await
    }
}

pub(crate) fn change(change: impl Fn(&mut Value) + Send + Sync + 'static) -> Change {
    Arc::new(change)
}

/// Sets a member; `null` removes it.
pub(crate) fn with(name: &'static str, value: Value) -> Change {
    change(move |changed| {
        if value.is_null() {
            changed.as_object_mut().unwrap().remove(name);
        } else {
            changed[name] = value.clone();
        }
    })
}

fn claims(name: &'static str, value: Value) -> Manner {
    Manner { claims: with(name, value), ..Manner::default() }
}

fn signed(signature: Signature) -> Manner {
    Manner { signature, ..Manner::default() }
}

const UNREACHABLE: (&str, StatusCode) = ("/problem/provider-unreachable", StatusCode::SERVICE_UNAVAILABLE);
const REFUSED: (&str, StatusCode) = ("/problem/provider-error", StatusCode::BAD_GATEWAY);
const INVALID: (&str, StatusCode) = ("/problem/invalid-response", StatusCode::BAD_REQUEST);
const DENIED: (&str, StatusCode) = ("/problem/denied", StatusCode::FORBIDDEN);

/// Leads through a sign-in with the provider in that manner, and to the page that is expected.
async fn ends_on(place: &Place, told: &str, manner: Manner, (path, status): (&str, StatusCode)) {
    place.strange.behave(manner);
    let mut browser = Browser::default();
    let tokens = place.strange.asked("/token");
    let page = place.sign_in(&mut browser).await;
    assert_eq!((page.url.path(), page.status), (path, status), "{told}: {:?}", browser.hops);
    assert!(browser.hops.len() <= 4, "{told}: {:?}", browser.hops);
    assert!(!browser.cookies.contains_key("__Host-session"), "{told}");
    assert!(place.strange.asked("/token") <= tokens + 1, "{told}: one token request at the most");
    let offered = page.body.contains("/login?return_to=%2Fflow") || path == INVALID.0;
    assert!(offered, "{told}: the way back is kept: {}", page.body);
}

/// The provider as it should be, so that what the rows below change is what matters.
#[tokio::test]
async fn a_proper_provider_is_signed_in_with() {
    let place = Place::open(json!({})).await;
    let mut browser = Browser::default();
    let page = place.sign_in(&mut browser).await;
    assert_eq!((page.url.path(), page.status), ("/flow", StatusCode::OK), "{:?}", browser.hops);
    let home = browser.get(place.origin()).await;
    assert!(home.body.contains("Grace Hopper") && home.body.contains("grace@example.com"), "{}", home.body);
}

/// B12: trouble at the provider, row by row.
#[tokio::test]
async fn a_provider_in_trouble_leads_to_the_page_that_says_so() {
    let error = |code: &'static str| Manner {
        response: change(move |response| {
            response.as_object_mut().unwrap().remove("code");
            response["error"] = json!(code);
            response["error_description"] = json!("<script>alert(1)</script>");
        }),
        ..Manner::default()
    };
    let broken = |path| Manner { answers: Some((path, StatusCode::INTERNAL_SERVER_ERROR)), ..Manner::default() };
    let babbling = |path| Manner { babbles: Some(path), ..Manner::default() };
    // Before anything is known of it.
    for (told, manner, expected) in [
        ("metadata 500", broken("/.well-known/openid-configuration"), UNREACHABLE),
        (
            "metadata 404",
            Manner { answers: Some(("/.well-known/openid-configuration", StatusCode::NOT_FOUND)), ..Manner::default() },
            REFUSED,
        ),
        ("metadata no JSON", babbling("/.well-known/openid-configuration"), REFUSED),
        (
            "B7: metadata of another issuer",
            Manner { metadata: with("issuer", json!("https://evil.example")), ..Manner::default() },
            REFUSED,
        ),
        (
            "metadata without a token endpoint",
            Manner { metadata: with("token_endpoint", Value::Null), ..Manner::default() },
            INVALID,
        ),
        ("keys 500", broken("/jwks"), UNREACHABLE),
        ("keys no JSON", babbling("/jwks"), REFUSED),
    ] {
        let place = Place::open(json!({})).await;
        ends_on(&place, told, manner, expected).await;
        place.strange.behave(Manner::default());
        place.house.clock.advance(SignedDuration::from_mins(61));
        let page = place.sign_in(&mut Browser::default()).await;
        assert_eq!(page.url.path(), "/flow", "{told}: and all is well when it is over");
    }
    let place = Place::open(json!({})).await;
    for (told, manner, expected) in [
        ("denied", error("access_denied"), DENIED),
        ("server_error", error("server_error"), REFUSED),
        ("temporarily_unavailable", error("temporarily_unavailable"), UNREACHABLE),
        ("an error of its own", error("computer_says_no"), REFUSED),
        ("a script for an error", error("<script>"), REFUSED),
        ("token 500", broken("/token"), UNREACHABLE),
        ("token no JSON", babbling("/token"), INVALID),
        ("token refused", Manner { token: with("error", json!("invalid_grant")), ..Manner::default() }, REFUSED),
        ("token in trouble", Manner { token: with("error", json!("temporarily_unavailable")), ..Manner::default() }, UNREACHABLE),
        ("userinfo 500", broken("/userinfo"), UNREACHABLE),
        ("userinfo 401", Manner { answers: Some(("/userinfo", StatusCode::UNAUTHORIZED)), ..Manner::default() }, INVALID),
        ("userinfo no JSON", babbling("/userinfo"), INVALID),
        ("B13: userinfo of another user", Manner { userinfo: with("sub", json!("ada")), ..Manner::default() }, INVALID),
        (
            "B11: response of another issuer",
            Manner { response: with("iss", json!("https://evil.example")), ..Manner::default() },
            INVALID,
        ),
        ("B11: response of no issuer", Manner { response: with("iss", Value::Null), ..Manner::default() }, INVALID),
        ("no code", Manner { response: with("code", Value::Null), ..Manner::default() }, INVALID),
        ("no state", Manner { response: with("state", Value::Null), ..Manner::default() }, INVALID),
        (
            "another state",
            Manner { response: with("state", json!("made-up")), ..Manner::default() },
            ("/problem/sign-in-expired", StatusCode::BAD_REQUEST),
        ),
        ("a token of an unknown type", Manner { token: with("token_type", json!("mac")), ..Manner::default() }, INVALID),
        ("a token bound to no key of ours", Manner { token: with("token_type", json!("DPoP")), ..Manner::default() }, INVALID),
    ] {
        if told == "another state" {
            place.strange.behave(manner);
            let mut browser = Browser::default();
            let page = place.sign_in(&mut browser).await;
            assert_eq!((page.url.path(), page.status), expected, "{told}: {:?}", browser.hops);
            continue;
        }
        ends_on(&place, told, manner, expected).await;
    }
    let mut browser = Browser::default();
    place.strange.behave(error("<script>"));
    place.sign_in(&mut browser).await;
    let page = browser.seen.split('\n').filter(|line| line.contains("<html")).collect::<String>();
    assert!(!page.contains("<script>"), "nothing that the provider says is repeated as it stands");
}

/// B13, attacks 14, 15, 16: an ID token that is wrong in one way is no ID token, and what came with it is revoked.
#[tokio::test]
async fn an_id_token_that_is_wrong_in_one_way_signs_nobody_in() {
    let place = Place::open(json!({})).await;
    let now = 1_800_000_000;
    let other = json!("https://evil.example");
    let rows = [
        ("none at all", Manner { token: with("id_token", Value::Null), ..Manner::default() }),
        ("no JWT", Manner { token: with("id_token", json!("a.b.c")), ..Manner::default() }),
        ("alg none", signed(Signature::None)),
        ("HS256 with the public key", signed(Signature::PublicKey)),
        ("HS256 with the client secret", signed(Signature::ClientSecret)),
        ("an unknown key", signed(Signature::UnknownKey)),
        ("altered", signed(Signature::Broken)),
        ("iss", claims("iss", other.clone())),
        ("no iss", claims("iss", Value::Null)),
        ("aud", claims("aud", json!("somebody-else"))),
        ("no aud", claims("aud", json!([]))),
        ("a second aud", claims("aud", json!([CLIENT_ID, "somebody-else"]))),
        ("azp", claims("azp", json!("somebody-else"))),
        ("exp", claims("exp", json!(now - 61))),
        ("no exp", claims("exp", Value::Null)),
        ("iat", claims("iat", json!(now + 61))),
        ("no iat", claims("iat", Value::Null)),
        ("nonce", claims("nonce", json!("another"))),
        ("no nonce", claims("nonce", Value::Null)),
        ("no sub", claims("sub", Value::Null)),
        ("at_hash", claims("at_hash", json!("AAAAAAAAAAAAAAAAAAAAAA"))),
    ];
    for (told, manner) in rows {
        let revoked = place.strange.asked("/revoke");
        ends_on(&place, told, manner, INVALID).await;
        assert_eq!(place.strange.asked("/revoke"), revoked + 1, "{told}: the refresh token does not lie about");
    }
}

/// B13: what is a little different and allowed is accepted: clocks that differ by less than a minute, `azp` that is us, a key
/// without a name where only one fits, an audience in a list.
#[tokio::test]
async fn an_id_token_within_what_is_allowed_signs_in() {
    let place = Place::open(json!({})).await;
    let now = 1_800_000_000;
    for (told, manner) in [
        ("exp", claims("exp", json!(now - 59))),
        ("iat", claims("iat", json!(now + 59))),
        ("azp", claims("azp", json!(CLIENT_ID))),
        ("aud", claims("aud", json!([CLIENT_ID]))),
        ("no kid", signed(Signature::NoKid)),
    ] {
        place.strange.behave(manner);
        let mut browser = Browser::default();
        let page = place.sign_in(&mut browser).await;
        assert_eq!((page.url.path(), page.status), ("/flow", StatusCode::OK), "{told}: {:?}", browser.hops);
    }
}

/// B13: without a name, a key must be the only one that fits.
#[tokio::test]
async fn a_key_without_a_name_must_be_the_only_one_that_fits() {
    let place = Place::open(json!({})).await;
    place.strange.keys.lock().unwrap().push(SigningKey::generate(&OsRng));
    ends_on(&place, "two keys of a kind", signed(Signature::NoKid), INVALID).await;
}

/// B7, attack 21: a rotated key is fetched; a flood of unknown ones leads to one fetch an interval.
#[tokio::test]
async fn an_unknown_key_leads_to_one_fetch_an_interval() {
    let place = Place::open(json!({})).await;
    assert_eq!(place.sign_in(&mut Browser::default()).await.url.path(), "/flow");
    let fetched = || place.strange.asked("/jwks");
    assert_eq!(fetched(), 1);
    place.strange.rotate();
    assert_eq!(place.sign_in(&mut Browser::default()).await.url.path(), "/flow", "a rotated key is picked up at once");
    assert_eq!(fetched(), 2);
    place.house.clock.advance(SignedDuration::from_secs(29));
    for _ in 0..10 {
        ends_on(&place, "unknown key", signed(Signature::UnknownKey), INVALID).await;
    }
    assert_eq!(fetched(), 2, "not again within the interval");
    place.house.clock.advance(SignedDuration::from_secs(2));
    for _ in 0..10 {
        ends_on(&place, "unknown key", signed(Signature::UnknownKey), INVALID).await;
    }
    assert_eq!(fetched(), 3, "and once after it");
}

/// B12: a provider that never answers is given up in time, with the page that offers to try again.
#[tokio::test]
async fn a_provider_that_never_answers_is_given_up() {
    let silent = |path| Manner { silent: Some(path), ..Manner::default() };
    let at = async |path| {
        let place = Place::open(json!({})).await;
        ends_on(&place, path, silent(path), UNREACHABLE).await;
    };
    tokio::join!(at("/.well-known/openid-configuration"), at("/jwks"), at("/token"), at("/userinfo"));
}

/// B10: a provider that is to bind tokens, and does not, is not signed in with; where it merely may, a bearer token will do.
#[tokio::test]
async fn a_bearer_token_in_place_of_a_bound_one_is_refused_where_it_must_be_bound() {
    let place = Place::open(json!({"dpop": "always"})).await;
    ends_on(&place, "always", Manner::default(), INVALID).await;
    let place = Place::open(json!({"dpop": "auto"})).await;
    let able = with("dpop_signing_alg_values_supported", json!(["RS256", "ES256"]));
    place.strange.behave(Manner { metadata: able, ..Manner::default() });
    assert_eq!(place.sign_in(&mut Browser::default()).await.url.path(), "/flow");
}

/// B8: where requests must be pushed, a provider that takes none is told.
#[tokio::test]
async fn a_provider_without_par_is_refused_where_requests_must_be_pushed() {
    let place = Place::open(json!({"par": "always"})).await;
    ends_on(&place, "always", Manner::default(), REFUSED).await;
    let place = Place::open(json!({"userinfo": "always"})).await;
    ends_on(&place, "userinfo", Manner { metadata: with("userinfo_endpoint", Value::Null), ..Manner::default() }, INVALID).await;
}

/// RFC 8707 §2.2: a token for a resource server need not be good at userinfo; then the ID token says who it is.
#[tokio::test]
async fn a_token_for_a_resource_server_alone_may_be_turned_away_at_userinfo() {
    let turned_away = || Manner { answers: Some(("/userinfo", StatusCode::UNAUTHORIZED)), ..Manner::default() };
    let place = Place::open(json!({"resources": ["https://api.example"]})).await;
    place.strange.behave(turned_away());
    let mut browser = Browser::default();
    assert_eq!(place.sign_in(&mut browser).await.url.path(), "/flow");
    assert!(browser.get(place.origin()).await.body.contains("Grace of the ID token"));
    let place = Place::open(json!({"resources": ["https://api.example"], "userinfo": "always"})).await;
    ends_on(&place, "always", turned_away(), INVALID).await;
}

/// Names and parameters as the configuration has them.
#[tokio::test]
async fn claims_and_parameters_are_those_of_the_configuration() {
    let place = Place::open(json!({
        "userinfo": "never", "claims": {"name": ["display", "name"], "email": ["upn"]},
        "parameters": {"prompt": "select_account", "hd": "strange.example"}, "scope": "openid",
    }))
    .await;
    place.strange.behave(claims("upn", json!("grace@strange.example")));
    let mut browser = Browser::default();
    assert_eq!(place.sign_in(&mut browser).await.url.path(), "/flow");
    assert_eq!(place.strange.asked("/userinfo"), 0);
    let asked = browser.hops.iter().find(|hop| hop.contains("/authorize?")).unwrap();
    assert!(asked.contains("&prompt=select_account") && asked.contains("&hd=strange.example"), "{asked}");
    assert!(asked.contains("&scope=openid&") && !asked.contains("resource="), "{asked}");
    let home = browser.get(place.origin()).await;
    assert!(home.body.contains("Grace of the ID token") && home.body.contains("grace@strange.example"), "{}", home.body);
}

/// B17: a provider with no place for signing out leaves the user on our own page, which says that the session there may live.
#[tokio::test]
async fn signing_out_of_a_provider_without_such_a_place_ends_here() {
    let place = Place::open(json!({})).await;
    place.strange.behave(Manner { metadata: with("end_session_endpoint", Value::Null), ..Manner::default() });
    let mut browser = Browser::default();
    place.sign_in(&mut browser).await;
    let page = browser.post(&format!("{}/sign-out", place.origin()), &[]).await;
    assert_eq!((page.url.path(), page.url.query()), ("/signed-out", Some("provider=open")));
    assert!(page.body.contains("you may still be signed in"), "{}", page.body);
    assert_eq!(place.strange.asked("/revoke"), 1, "and its refresh token is revoked");
    let session = browser.fetch(Method::GET, &format!("{}/session", place.origin())).await;
    assert_eq!(session.status, StatusCode::UNAUTHORIZED);
}

/// B17: a provider that fails to revoke keeps nobody signed in.
#[tokio::test]
async fn a_provider_that_fails_at_signing_out_keeps_nobody_signed_in() {
    let place = Place::open(json!({})).await;
    let mut browser = Browser::default();
    place.sign_in(&mut browser).await;
    place.strange.behave(Manner { answers: Some(("/revoke", StatusCode::INTERNAL_SERVER_ERROR)), ..Manner::default() });
    let page = browser.post(&format!("{}/sign-out", place.origin()), &[]).await;
    assert!(page.url.as_str().starts_with(&format!("{}/end_session?", place.strange.issuer)), "{}", page.url);
    assert!(!browser.cookies.contains_key("__Host-session"));
}

/// B17: a provider closes connections that were idle, and a request may be on its way just then. To revoke twice does no harm
/// (RFC 7009 §2.2), so that no token is left alive for it.
#[tokio::test]
async fn a_connection_that_is_lost_leaves_no_token_unrevoked() {
    let place = Place::open(json!({})).await;
    let mut browser = Browser::default();
    place.sign_in(&mut browser).await;
    place.strange.behave(Manner { loses: Some("/revoke"), ..Manner::default() });
    let page = browser.post(&format!("{}/sign-out", place.origin()), &[]).await;
    assert!(page.url.as_str().starts_with(&format!("{}/end_session?", place.strange.issuer)), "{}", page.url);
    assert_eq!(place.strange.asked("/revoke"), 2);
}

/// B8: nor does it stop a sign-in, whose request is pushed once more.
#[tokio::test]
async fn a_connection_that_is_lost_stops_no_sign_in() {
    let place = Place::open(json!({})).await;
    place.strange.behave(Manner {
        loses: Some("/par"),
        metadata: change(|metadata| {
            let issuer = metadata["issuer"].as_str().unwrap().to_owned();
            metadata["pushed_authorization_request_endpoint"] = json!(format!("{issuer}/par"));
        }),
        ..Manner::default()
    });
    let page = place.sign_in(&mut Browser::default()).await;
    assert_eq!((page.url.path(), page.status), ("/flow", StatusCode::OK));
    assert_eq!(place.strange.asked("/par"), 2);
}

/// B17, RFC 7009 §2.1: to many providers two sign-ins of one user are one grant, so that a second one revokes nothing of the first;
/// what another user was given is revoked.
#[tokio::test]
async fn signing_in_once_more_revokes_what_another_user_was_given_and_nothing_else() {
    let place = Place::open(json!({})).await;
    let mut browser = Browser::default();
    place.sign_in(&mut browser).await;
    let first = browser.cookies["__Host-session"].clone();
    let renew = format!("{}/login?renew=1", place.origin());
    browser.get(&renew).await;
    assert_ne!(browser.cookies["__Host-session"], first, "a session of its own");
    assert_eq!(place.strange.asked("/revoke"), 0);

    let ada = || with("sub", json!("ada"));
    place.strange.behave(Manner { claims: ada(), userinfo: ada(), ..Manner::default() });
    browser.get(&renew).await;
    let session = browser.fetch(Method::GET, &format!("{}/session", place.origin())).await;
    assert!(session.body.contains("\"subject\":\"ada\""), "{}", session.body);
    assert_eq!(place.strange.asked("/revoke"), 1);
}
