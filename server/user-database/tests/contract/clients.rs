//! Clients: an identifier means one client, and a client that is removed leaves nothing that works.

use futures::future::join_all;
use protocol::Scope;
use serde_json::json;
use user_database::{Clients, Consents, Grants, SqlDatabase, StoredClient};

use crate::engines::{Home, on_every_engine};
use crate::samples::{CLIENT, at, grant, scope, subject, token};

on_every_engine![
    a_client_reads_back_whole,
    an_identifier_is_taken_once,
    of_many_who_want_one_identifier_at_once_one_gets_it,
    clients_are_listed_in_order_and_page_by_page,
    a_client_is_written_anew_only_where_there_is_one,
    a_client_that_is_removed_takes_along_what_it_was_granted,
    whatever_is_asked_for_gets_an_answer,
];

fn client(client_id: &str) -> StoredClient {
    StoredClient {
        client_id: client_id.to_owned(),
        metadata: json!({ "client_name": "Zoë's \"shop\" <b>", "redirect_uris": ["https://shop.example/cb"] }),
        secret_digest: Some("a-digest".to_owned()),
        registration_digest: None,
        by_operator: true,
        created_at: at(0),
    }
}

async fn find(database: &SqlDatabase, client_id: &str) -> Option<StoredClient> {
    Clients::find(database, client_id).await.unwrap()
}

async fn a_client_reads_back_whole(home: &Home) {
    let database = home.open().await;
    let by_itself = StoredClient {
        secret_digest: None,
        registration_digest: Some("another".to_owned()),
        by_operator: false,
        ..client("by-itself")
    };
    for client in [client("shop"), by_itself] {
        assert!(Clients::add(&*database, &client).await.unwrap());
        assert_eq!(find(&database, &client.client_id).await, Some(client));
    }
    assert!(find(&database, "SHOP").await.is_none() && find(&database, "").await.is_none());
}

async fn an_identifier_is_taken_once(home: &Home) {
    let database = home.open().await;
    assert!(Clients::add(&*database, &client("shop")).await.unwrap());
    let other = StoredClient { metadata: json!({}), ..client("shop") };
    assert!(!Clients::add(&*database, &other).await.unwrap());
    assert_eq!(find(&database, "shop").await, Some(client("shop")));
}

async fn of_many_who_want_one_identifier_at_once_one_gets_it(home: &Home) {
    let replicas = [home.open().await, home.open().await];
    let added = join_all((0..20).map(|i| {
        let database = replicas[i % replicas.len()].clone();
        tokio::spawn(async move { Clients::add(&*database, &client("wanted")).await.unwrap() })
    }))
    .await;
    assert_eq!(added.into_iter().filter(|added| *added.as_ref().unwrap()).count(), 1);
}

async fn clients_are_listed_in_order_and_page_by_page(home: &Home) {
    let database = home.open().await;
    for client_id in ["c", "a", "b"] {
        Clients::add(&*database, &client(client_id)).await.unwrap();
    }
    let listed = async |after: &str, limit| {
        let clients = Clients::list(&*database, after, limit).await.unwrap();
        clients.into_iter().map(|client| client.client_id).collect::<Vec<_>>()
    };
    assert_eq!(listed("", 2).await, ["a", "b"]);
    assert_eq!(listed("b", 2).await, ["c"]);
    assert_eq!(listed("c", 2).await, [""; 0]);
}

async fn a_client_is_written_anew_only_where_there_is_one(home: &Home) {
    let database = home.open().await;
    assert!(!database.replace(&client("shop")).await.unwrap());
    assert!(find(&database, "shop").await.is_none());
    Clients::add(&*database, &client("shop")).await.unwrap();
    let changed = StoredClient { metadata: json!({ "client_name": "New" }), secret_digest: None, ..client("shop") };
    assert!(database.replace(&changed).await.unwrap());
    assert_eq!(find(&database, "shop").await, Some(changed));
}

async fn a_client_that_is_removed_takes_along_what_it_was_granted(home: &Home) {
    let database = home.open().await;
    let subject = subject(&database).await;
    Clients::add(&*database, &client(CLIENT)).await.unwrap();
    let (gone, kept) = (grant(subject), user_database::Grant { client_id: "other".to_owned(), ..grant(subject) });
    Grants::add(&*database, &gone, Some(&token("1"))).await.unwrap();
    Grants::add(&*database, &kept, Some(&token("2"))).await.unwrap();
    for client_id in [CLIENT, "other"] {
        database.allow(subject, client_id, &scope("openid"), at(0)).await.unwrap();
    }
    assert!(Clients::remove(&*database, CLIENT).await.unwrap());
    assert!(!Clients::remove(&*database, CLIENT).await.unwrap());
    assert!(find(&database, CLIENT).await.is_none());
    assert!(database.live(gone.id, at(1)).await.unwrap().is_none());
    assert!(database.of_refresh_token(&token("1"), CLIENT).await.unwrap().is_none());
    assert_eq!(database.allowed(subject, CLIENT).await.unwrap(), Scope::default());
    assert!(database.live(kept.id, at(1)).await.unwrap().is_some());
    assert_eq!(database.allowed(subject, "other").await.unwrap(), scope("openid"));
}

async fn whatever_is_asked_for_gets_an_answer(home: &Home) {
    let database = home.open().await;
    for client_id in ["\0", "a\0b", "'; DROP TABLE clients; --", "🧥", &"x".repeat(100_000)] {
        assert!(find(&database, client_id).await.is_none());
    }
}
