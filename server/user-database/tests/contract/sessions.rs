//! The book of sessions.

use futures::future::join_all;
use user_database::{AccountKeeper, Clients, Sessions, StoredClient};

use crate::engines::{Home, on_every_engine};
use crate::samples::{CLIENT, at, session, subject};

on_every_engine![
    a_session_is_found_as_it_was_entered,
    signing_in_once_more_brings_the_entry_up_to_date_and_keeps_its_clients,
    clients_join_a_session_that_lasts_and_no_other,
    a_users_sessions_are_listed_newest_first_until_they_end,
    of_many_who_strike_a_session_out_one_gets_it,
    sessions_go_with_their_account,
    a_client_that_is_removed_hears_of_no_session,
];

async fn a_session_is_found_as_it_was_entered(home: &Home) {
    let database = home.open().await;
    let mut entered = session(subject(&database).await, "sid");
    entered.address = Some("2001:db8::1".to_owned());
    database.enter(&entered).await.unwrap();
    assert_eq!(Sessions::get(&*database, "sid").await.unwrap(), Some(entered));
    assert_eq!(Sessions::get(&*database, "another").await.unwrap(), None);
}

async fn signing_in_once_more_brings_the_entry_up_to_date_and_keeps_its_clients(home: &Home) {
    let database = home.open().await;
    let subject = subject(&database).await;
    database.enter(&session(subject, "sid")).await.unwrap();
    let mut again = session(subject, "sid");
    (again.record, again.began_at, again.ends_at) = ("elsewhere".to_owned(), at(60), at(3660));
    (again.user_agent, again.clients) = (None, ["another-client".to_owned()].into());
    database.enter(&again).await.unwrap();
    again.clients.insert(CLIENT.to_owned());
    assert_eq!(Sessions::get(&*database, "sid").await.unwrap(), Some(again));
}

async fn clients_join_a_session_that_lasts_and_no_other(home: &Home) {
    let database = home.open().await;
    assert!(!database.join("sid", "late").await.unwrap());
    database.enter(&session(subject(&database).await, "sid")).await.unwrap();
    let replicas = [database.clone(), home.open().await];
    let joined = join_all((0..20).map(|i| {
        let database = replicas[i % 2].clone();
        tokio::spawn(async move { database.join("sid", &format!("client-{}", i / 2)).await.unwrap() })
    }));
    assert!(joined.await.into_iter().all(Result::unwrap));
    assert_eq!(Sessions::get(&*database, "sid").await.unwrap().unwrap().clients.len(), 11);
    database.strike("sid").await.unwrap();
    assert!(!database.join("sid", "late").await.unwrap());
}

async fn a_users_sessions_are_listed_newest_first_until_they_end(home: &Home) {
    let database = home.open().await;
    let (one, other) = (subject(&database).await, subject(&database).await);
    for (index, sid) in ["first", "second"].into_iter().enumerate() {
        let began_at = at(index.try_into().unwrap());
        let mut entered = session(one, sid);
        (entered.began_at, entered.ends_at) = (began_at, began_at + jiff::SignedDuration::from_secs(10));
        database.enter(&entered).await.unwrap();
    }
    database.enter(&session(other, "of-another")).await.unwrap();
    let listed = async |now| {
        let sessions = database.of_subject(one, now).await.unwrap();
        sessions.into_iter().map(|session| session.sid).collect::<Vec<_>>()
    };
    assert_eq!(listed(at(2)).await, ["second", "first"]);
    assert_eq!(listed(at(10)).await, ["second"]);
    assert_eq!(listed(at(11)).await, [""; 0]);
}

async fn of_many_who_strike_a_session_out_one_gets_it(home: &Home) {
    let replicas = [home.open().await, home.open().await];
    let entered = session(subject(&replicas[0]).await, "sid");
    replicas[0].enter(&entered).await.unwrap();
    let struck = join_all((0..20).map(|i| {
        let database = replicas[i % 2].clone();
        tokio::spawn(async move { database.strike("sid").await.unwrap() })
    }));
    let struck: Vec<_> = struck.await.into_iter().filter_map(Result::unwrap).collect();
    assert_eq!(struck, [entered]);
}

async fn sessions_go_with_their_account(home: &Home) {
    let database = home.open().await;
    let subject = subject(&database).await;
    database.enter(&session(subject, "sid")).await.unwrap();
    assert!(AccountKeeper::remove(&*database, subject).await.unwrap());
    assert_eq!(Sessions::get(&*database, "sid").await.unwrap(), None);
    assert!(database.enter(&session(subject, "sid")).await.is_err(), "nobody is signed in without an account");
}

async fn a_client_that_is_removed_hears_of_no_session(home: &Home) {
    let database = home.open().await;
    let client = StoredClient {
        client_id: CLIENT.to_owned(),
        metadata: serde_json::json!({}),
        secret_digest: None,
        registration_digest: None,
        by_operator: true,
        created_at: at(0),
    };
    assert!(Clients::add(&*database, &client).await.unwrap());
    database.enter(&session(subject(&database).await, "sid")).await.unwrap();
    assert!(Clients::remove(&*database, CLIENT).await.unwrap());
    assert!(Sessions::get(&*database, "sid").await.unwrap().unwrap().clients.is_empty());
}
