//! The commands that look after clients and accounts, as a script or a person calls them.

use std::sync::Arc;

use clap::Parser as _;
use protocol::OsRng;
use protocol::secret::{ClientSecret, Password};
use serde_json::Value;
use tempfile::TempDir;
use user_database::{AuditTrail as _, Clients as _, Session, Sessions, SqlDatabase};

use crate::cli::user::PasswordSource;
use crate::cli::{Cli, Command};
use crate::house::Nature;
use crate::{Configuration, Failure};

const PASSWORD: &str = "correct horse battery staple";

/// A data directory, and what is said when a command is called on it.
struct Desk {
    configuration: Configuration,
    directory: TempDir,
}

impl Desk {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let configuration = Configuration { data_directory: directory.path().to_owned(), ..Configuration::default() };
        Self { configuration, directory }
    }

    async fn call_with(&self, password: &str, arguments: &[&str]) -> Result<String, String> {
        let cli = Cli::try_parse_from(std::iter::once("cloakroom").chain(arguments.iter().copied()))
            .map_err(|error| error.to_string())?;
        let (mut out, nature) = (Vec::new(), Nature::default());
        let ask = |_: PasswordSource| Ok::<_, Failure>(Password::new(password));
        let done = match &cli.command {
            Some(Command::Client(command)) => super::clients::command(&self.configuration, command, &nature, &mut out).await,
            Some(Command::User(command)) => super::users::command(&self.configuration, command, &nature, &ask, &mut out).await,
            other => panic!("{other:?}"),
        };
        done.map(|()| String::from_utf8(out).unwrap()).map_err(|failure| failure.to_string())
    }

    async fn call(&self, arguments: &[&str]) -> Result<String, String> {
        self.call_with(PASSWORD, arguments).await
    }

    async fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.call(arguments).await.unwrap()).unwrap()
    }

    async fn database(&self) -> Arc<SqlDatabase> {
        let url = format!("sqlite:{}", self.directory.path().join("users.db").display());
        SqlDatabase::open(&url, Arc::new(OsRng)).await.unwrap()
    }

    async fn kinds(&self) -> Vec<String> {
        let database = self.database().await;
        let kinds = database.recent(None, 20).await.unwrap().into_iter().map(|record| record.kind).collect();
        database.close().await;
        kinds
    }
}

const SHOP: [&str; 7] = ["client", "add", "shop", "--name", "Shop", "--redirect-uri", "https://shop.example/callback"];

/// A23: a secret is printed once, and its digest is all that is kept.
#[tokio::test]
async fn a_client_is_added_and_its_secret_printed_once() {
    let desk = Desk::new();
    let added = desk.json(&[&SHOP[..], &["--json"]].concat()).await;
    let secret = added["client_secret"].as_str().unwrap();
    assert_eq!(secret.len(), 43);
    assert_eq!(
        (added["client_id"].as_str(), added["token_endpoint_auth_method"].as_str()),
        (Some("shop"), Some("client_secret_basic"))
    );
    for arguments in [&["client", "show", "shop"][..], &["client", "show", "shop", "--json"], &["client", "list"]] {
        let shown = desk.call(arguments).await.unwrap();
        assert!(shown.contains("shop") && !shown.contains(secret), "{shown}");
    }
    let database = desk.database().await;
    let digest = database.find("shop").await.unwrap().unwrap().secret_digest.unwrap();
    assert_eq!(digest, authorization_server::SecretDigest::of(&ClientSecret::new(secret)).as_str());
    database.close().await;
    let spoken = desk.call(&["client", "add", "other", "--method", "client_secret_post"]).await.unwrap();
    assert!(spoken.contains("client_secret") && spoken.contains("not shown again"), "{spoken}");
    assert_eq!(desk.kinds().await, ["client_added", "client_added"]);
}

#[tokio::test]
async fn a_client_with_keys_or_without_any_proof_has_no_secret() {
    let desk = Desk::new();
    let by_key = ["client", "add", "--jwks-uri", "https://shop.example/jwks", "--fapi2", "--json"];
    let by_key = desk.json(&by_key).await;
    assert_eq!(by_key["token_endpoint_auth_method"], "private_key_jwt");
    assert_eq!(
        (&by_key["require_pushed_authorization_requests"], &by_key["dpop_bound_access_tokens"]),
        (&true.into(), &true.into())
    );
    assert_eq!(by_key["client_id"].as_str().unwrap().len(), 43, "a random one");
    let public = desk
        .json(&["client", "add", "app", "--native", "--method", "none", "--redirect-uri", "http://127.0.0.1/cb", "--json"])
        .await;
    assert_eq!((public["application_type"].as_str(), public.get("client_secret")), (Some("native"), None));
}

/// A9, RFC 9700 §2.1.1: only a client that proves who it is may do without PKCE.
#[tokio::test]
async fn a_client_that_keeps_a_secret_may_do_without_pkce() {
    let desk = Desk::new();
    let old = desk.json(&["client", "add", "old", "--without-pkce", "--json"]).await;
    assert_eq!(old["require_pkce"], false);
    assert_eq!(desk.json(&["client", "show", "old", "--json"]).await["require_pkce"], false);
    let public = desk.call(&["client", "add", "app", "--method", "none", "--without-pkce"]).await.unwrap_err();
    assert!(public.contains("require_pkce cannot be false"), "{public}");
}

/// RFC 8628: a device needs no address to redirect to.
#[tokio::test]
async fn a_device_is_added_without_any_address() {
    let desk = Desk::new();
    let device_code = "urn:ietf:params:oauth:grant-type:device_code";
    let added =
        ["client", "add", "tv", "--method", "none", "--grant-type", device_code, "--grant-type", "refresh_token", "--json"];
    let added = desk.json(&added).await;
    assert_eq!(added["grant_types"], serde_json::json!([device_code, "refresh_token"]));
    assert_eq!((&added["redirect_uris"], &added["response_types"]), (&serde_json::json!([]), &serde_json::json!([])));
    assert_eq!(desk.json(&["client", "show", "tv", "--json"]).await["grant_types"], added["grant_types"]);
    let mistaken = desk.call(&["client", "add", "radio", "--grant-type", "device_code"]).await.unwrap_err();
    assert!(mistaken.contains("there is no grant_type device_code") && mistaken.contains(device_code), "{mistaken}");
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_in_words_that_help() {
    let desk = Desk::new();
    desk.call(&SHOP).await.unwrap();
    for (arguments, told) in [
        (&SHOP[..], "there is a client shop already"),
        (&["client", "add", "cloakroom"], "the configuration has a client cloakroom already"),
        (&["client", "add", "a", "--method", "private_key_jwt"], "needs --jwks-uri or --jwks"),
        (&["client", "add", "a", "--method", "none", "--jwks-uri", "https://a.example/"], "private_key_jwt"),
        (&["client", "add", "a", "--jwks", "/nowhere/set.json"], "/nowhere/set.json"),
        (&["client", "add", "a", "--fapi2"], "fapi2 needs the method private_key_jwt"),
        (&["client", "add", "a", "--grant-type", "password"], "there is no grant_type password"),
        (&["client", "add", "a", "--redirect-uri", "/callback"], "/callback"),
        (&["client", "show", "nobody"], "there is no client nobody"),
        (&["client", "rotate-secret", "nobody"], "there is no client nobody"),
        (&["client", "rotate-secret", "cloakroom"], "in the configuration"),
        (&["client", "remove", "nobody"], "there is no client nobody"),
        (&["client", "remove", "cloakroom"], "in the configuration"),
    ] {
        let error = desk.call(arguments).await.unwrap_err();
        assert!(error.contains(told), "{told} in {error}");
    }
    assert_eq!(desk.kinds().await, ["client_added"], "nothing else was done");
}

#[tokio::test]
async fn a_secret_is_rotated_and_a_client_removed() {
    let desk = Desk::new();
    let before = desk.json(&[&SHOP[..], &["--json"]].concat()).await["client_secret"].clone();
    let after = desk.json(&["client", "rotate-secret", "shop", "--json"]).await["client_secret"].clone();
    assert_ne!(before, after);
    let listed = desk.json(&["client", "list", "--json"]).await;
    let ids: Vec<_> = listed.as_array().unwrap().iter().map(|client| client["client_id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["cloakroom", "shop"], "those of the configuration too");
    desk.call(&["client", "remove", "shop"]).await.unwrap();
    assert!(desk.call(&["client", "show", "shop"]).await.is_err());
    assert_eq!(desk.kinds().await, ["client_removed", "client_secret_rotated", "client_added"]);
    let public = ["client", "add", "public", "--method", "none"];
    desk.call(&public).await.unwrap();
    assert!(desk.call(&["client", "rotate-secret", "public"]).await.unwrap_err().contains("has no secret"));
}

/// RFC 9700 §2.6: where people sign in, no code goes over plain http.
#[tokio::test]
async fn production_adds_no_client_that_reads_codes_in_the_clear() {
    let mut desk = Desk::new();
    let plain = ["client", "add", "shop", "--redirect-uri", "http://shop.example/callback"];
    desk.call(&plain).await.unwrap();
    desk.configuration.mode = crate::configuration::Mode::Production;
    let error = desk.call(&["client", "add", "other", "--redirect-uri", "http://shop.example/callback"]).await.unwrap_err();
    assert!(error.contains("must be https"), "{error}");
    desk.call(&["client", "add", "other", "--redirect-uri", "https://shop.example/callback"]).await.unwrap();
}

/// A2: the algorithm of a client's ID tokens.
#[tokio::test]
async fn a_client_chooses_what_its_id_tokens_are_signed_with() {
    let desk = Desk::new();
    for algorithm in ["RS256", "PS256", "ES256", "EdDSA"] {
        let added = desk.json(&["client", "add", "--id-token-alg", algorithm, "--json"]).await;
        assert_eq!(added["id_token_signed_response_alg"], algorithm);
    }
    assert!(desk.call(&["client", "add", "--id-token-alg", "HS256"]).await.is_err());
    let fapi = ["client", "add", "--fapi2", "--jwks-uri", "https://shop.example/jwks", "--id-token-alg"];
    let error = desk.call(&[&fapi[..], &["RS256"]].concat()).await.unwrap_err();
    assert!(error.contains("the profile fapi2 has no RS256"), "{error}");
    desk.call(&[&fapi[..], &["PS256"]].concat()).await.unwrap();
}

/// Attack 32: what a stranger called itself does not command the operator's terminal.
#[tokio::test]
async fn a_name_does_not_command_the_terminal() {
    let desk = Desk::new();
    desk.call(&["client", "add", "odd", "--name", "a\u{1b}[2Jb"]).await.unwrap();
    for arguments in [&["client", "list"][..], &["client", "show", "odd"]] {
        assert!(!desk.call(arguments).await.unwrap().contains('\u{1b}'));
    }
}

const ADA: [&str; 7] = ["user", "add", "Ada", "--email", "ada@example.com", "--name", "Ada Lovelace"];

#[tokio::test]
async fn an_account_is_added_and_signs_in_by_its_password() {
    let desk = Desk::new();
    desk.call(&ADA).await.unwrap();
    let listed = desk.json(&["user", "list", "--json"]).await;
    assert_eq!((&listed[0]["username"], &listed[0]["email_verified"]), (&"ada".into(), &false.into()));
    assert!(listed[0].get("password_hash").is_none());
    let spoken = desk.call(&["user", "list"]).await.unwrap();
    assert!(spoken.contains("Ada Lovelace <ada@example.com>") && !spoken.contains("argon2"), "{spoken}");
    let database = desk.database().await;
    let account = user_database::Accounts::by_login(&*database, "ada@example.com").await.unwrap().unwrap();
    assert!(account.password_hash.starts_with("$argon2id$") && !account.disabled);
    database.close().await;
}

/// A password never comes as an argument, which other people on the machine could read.
#[tokio::test]
async fn there_is_no_argument_for_a_password() {
    let desk = Desk::new();
    for option in ["--password", "-p"] {
        assert!(desk.call(&[&ADA[..], &[option, "x"]].concat()).await.is_err(), "{option}");
    }
    assert!(desk.call(&[&ADA[..], &["--password-stdin"]].concat()).await.is_ok());
}

#[tokio::test]
async fn an_account_is_looked_after_by_username_or_address() {
    let desk = Desk::new();
    desk.call(&ADA).await.unwrap();
    let state = async || desk.json(&["user", "list", "--json"]).await[0]["disabled"].clone();
    desk.call(&["user", "disable", "ada"]).await.unwrap();
    assert_eq!(state().await, true);
    desk.call(&["user", "enable", "ADA@example.com"]).await.unwrap();
    assert_eq!(state().await, false);
    let told = desk.call_with("another long password", &["user", "set-password", "ada"]).await.unwrap();
    assert!(told.contains("sessions and grants are over"), "{told}");
    desk.call(&["user", "remove", "ada"]).await.unwrap();
    assert_eq!(desk.call(&["user", "list"]).await.unwrap(), "There are no accounts.\n");
    let kinds = ["account_removed", "account_password_set", "account_enabled", "account_disabled", "account_added"];
    assert_eq!(desk.kinds().await, kinds);
}

/// A20: whichever way an account is put out, the clients of its sessions are told, once.
#[tokio::test]
async fn who_is_put_out_is_signed_out_at_the_clients() {
    for command in ["disable", "set-password", "remove"] {
        let desk = Desk::new();
        desk.call(&ADA).await.unwrap();
        let database = desk.database().await;
        let account = user_database::Accounts::by_login(&*database, "ada").await.unwrap().unwrap();
        for (sid, clients) in [("desk", &["shop", "mail"][..]), ("phone", &["shop"]), ("alone", &[])] {
            let now = Nature::default().clock.now();
            let session = Session {
                sid: sid.to_owned(),
                subject: account.subject,
                record: sid.to_owned(),
                began_at: now,
                ends_at: now + jiff::SignedDuration::from_hours(1),
                user_agent: None,
                address: None,
                clients: clients.iter().map(|client| (*client).to_owned()).collect(),
            };
            database.enter(&session).await.unwrap();
        }
        desk.call(&["user", command, "ada"]).await.unwrap();
        let queue = crate::house::open_queue(&desk.configuration).await.unwrap();
        assert_eq!(queue.depth().await.unwrap(), 3, "{command}");
        if command != "remove" {
            desk.call(&["user", command, "ada"]).await.unwrap();
            assert_eq!(queue.depth().await.unwrap(), 3, "{command} once more");
        }
        assert!(Sessions::get(&*database, "desk").await.unwrap().is_none());
        database.close().await;
    }
}

#[tokio::test]
async fn an_account_that_cannot_be_is_refused_in_words_that_help() {
    let desk = Desk::new();
    desk.call(&ADA).await.unwrap();
    for (arguments, told) in [
        (&ADA[..], "taken"),
        (&["user", "add", "other", "--email", "ADA@example.com"], "taken"),
        (&["user", "add", "ada@example.com", "--email", "other@example.com"], "taken"),
        (&["user", "add", "a b", "--email", "ab@example.com"], "username"),
        (&["user", "add", "bob", "--email", "nowhere"], "e-mail"),
        (&["user", "disable", "nobody"], "there is no account \"nobody\""),
        (&["user", "remove", "nobody"], "there is no account"),
        (&["user", "set-password", "nobody"], "there is no account"),
    ] {
        let error = desk.call(arguments).await.unwrap_err();
        assert!(error.contains(told), "{told} in {error}");
    }
    let error = desk.call_with("short", &["user", "set-password", "ada"]).await.unwrap_err();
    assert!(error.contains("8 characters") && !error.contains("short"), "{error}");
    assert_eq!(desk.kinds().await, ["account_added"]);
}
