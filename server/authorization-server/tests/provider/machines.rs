//! RFC 6749 §4.4: clients that act for themselves.

use authorization_server::{Authentication, Client, Settings};
use protocol::Scope;
use protocol::jose::Algorithm;

use crate::answer::Answer;
use crate::app::{API, claims, header, token};
use crate::house::{House, ISSUER};
use crate::methods::{SECRET, basic, client, secret, send};

pub(crate) fn machine(client_id: &'static str) -> Client {
    Client {
        grant_types: vec!["client_credentials".to_owned()],
        scope: Scope::parse("openid profile offline_access notes write").unwrap(),
        ..client(client_id, Authentication::ClientSecretBasic(secret()))
    }
}

fn with_machine(settings: &mut Settings) {
    settings.clients.push(machine("machine"));
}

pub(crate) async fn ask(house: &House, client_id: &str, changes: &[(&str, &str)]) -> Answer {
    let pairs = [&[("grant_type", "client_credentials")], changes].concat();
    send(house, "/token", &basic(client_id, SECRET), &pairs).await
}

/// RFC 6749 §4.4.3, RFC 9068 §2.2: an access token whose subject is the client; neither ID token nor refresh token.
#[tokio::test]
async fn a_client_gets_a_token_for_itself() {
    let house = House::with(with_machine).await;
    let answer = ask(&house, "machine", &[]).await;
    assert_eq!((answer.status.as_u16(), answer.header("cache-control")), (200, "no-store"), "{answer:?}");
    let tokens = answer.json();
    assert!(tokens.get("id_token").is_none() && tokens.get("refresh_token").is_none());
    assert_eq!(tokens["scope"], "notes write", "nothing that is about a person");
    let access_token = token(&tokens, "access_token");
    assert_eq!(header(access_token)["typ"], "at+jwt");
    let claims = claims(access_token);
    assert_eq!((claims["sub"].as_str(), claims["client_id"].as_str()), (Some("machine"), Some("machine")));
    assert_eq!((claims["aud"].as_str(), claims["iss"].as_str()), (Some(API), Some(ISSUER)));
    assert!(claims.get("auth_time").is_none() && claims.get("gid").is_none());
}

/// RFC 9068 §2.1: access tokens are signed with what their resource servers understand, RS256 among it; the key of the first RSA
/// client is made when it is needed. Each is read again at introspection.
#[tokio::test]
async fn an_operator_chooses_the_algorithm_of_access_tokens() {
    let names = ["rs", "ps", "es", "ed"];
    let house = House::with(|settings| {
        for (name, algorithm) in names.into_iter().zip(Algorithm::ALL) {
            settings.clients.push(Client { access_token_signed_response_alg: algorithm, ..machine(name) });
        }
    })
    .await;
    for (name, algorithm) in names.into_iter().zip(Algorithm::ALL) {
        let tokens = ask(&house, name, &[]).await.json();
        let access_token = token(&tokens, "access_token");
        assert_eq!(header(access_token)["alg"], algorithm.name());
        let answer = send(&house, "/introspect", &basic(name, SECRET), &[("token", access_token)]).await.json();
        assert_eq!((answer["active"].as_bool(), answer["sub"].as_str()), (Some(true), Some(name)));
    }
}

/// A16, attack 24: scope and resource within what is registered, and nothing personal.
#[tokio::test]
async fn a_client_gets_no_more_than_it_is_registered_for() {
    let house = House::with(with_machine).await;
    assert_eq!(ask(&house, "machine", &[("scope", "notes")]).await.json()["scope"], "notes");
    for scope in ["openid", "notes openid", "notes admin", "offline_access", "no\"quotes"] {
        let answer = ask(&house, "machine", &[("scope", scope)]).await;
        assert_eq!((answer.status.as_u16(), answer.error().as_str()), (400, "invalid_scope"), "{scope}");
    }
    let second = ask(&house, "machine", &[("resource", "https://second.example")]).await.json();
    assert_eq!(claims(token(&second, "access_token"))["aud"], "https://second.example");
    assert_eq!(ask(&house, "machine", &[("resource", "https://third.example")]).await.error(), "invalid_target");
}

/// RFC 6749 §4.4, §5.2: only for clients that are registered for it; none is by itself, and none is public.
#[tokio::test]
async fn a_client_that_signs_people_in_does_not_act_for_itself() {
    let house = House::with(with_machine).await;
    let fields = [("grant_type", "client_credentials".to_owned())];
    let answer = house.app.post(&house, "/token", &fields).await;
    assert_eq!((answer.status.as_u16(), answer.error().as_str()), (400, "unauthorized_client"));
}

/// A14: a token without a user opens no userinfo.
#[tokio::test]
async fn a_token_without_a_user_opens_no_userinfo() {
    let house = House::with(with_machine).await;
    let tokens = ask(&house, "machine", &[]).await.json();
    assert!(house.userinfo(token(&tokens, "access_token")).await.status.is_client_error());
}
