//! A PostgreSQL that stands still, or is started anew: nobody hangs, no place is lost, and nothing has to be done about it.

use std::sync::Arc;

use futures::future::{join_all, poll_immediate};
use protocol::OsRng;
use test_engines::{Postgres, are_wanted, until_it_answers};
use user_database::{Accounts as _, SqlDatabase, Unavailable};

use crate::samples::account;

/// More than a process has connections.
const MANY: usize = 25;

async fn open(postgres: &Postgres) -> Arc<SqlDatabase> {
    SqlDatabase::open(&postgres.url(), Arc::new(OsRng)).await.unwrap()
}

async fn all<T>(ask: impl AsyncFn() -> Result<T, Unavailable>) -> Vec<Result<T, Unavailable>> {
    join_all((0..MANY).map(|_| ask())).await
}

/// Runs `what` while the clock of the runtime jumps whenever nothing happens, so that nobody waits for what never comes.
async fn without_waiting<T>(what: impl Future<Output = T>) -> T {
    tokio::time::pause();
    let done = what.await;
    tokio::time::resume();
    done
}

/// SIGSTOP: whoever asks is told, be it a question or a transaction; SIGCONT: everything works again.
#[tokio::test]
async fn a_database_that_stands_still_hangs_nobody_and_keeps_no_place() {
    if !are_wanted() {
        return;
    }
    let postgres = Postgres::start().await;
    let database = open(&postgres).await;
    for round in 0..3 {
        assert!(all(async || database.ping().await).await.iter().all(Result::is_ok), "round {round}");
        postgres.stall();
        let asked = async {
            let questions = all(async || database.by_login("ada").await).await;
            let transactions = all(async || database.add(&account("grace")).await).await;
            assert!(questions.iter().all(Result::is_err) && transactions.iter().all(Result::is_err));
        };
        without_waiting(asked).await;
        postgres.go_on();
        let name = format!("ada-{round}");
        until_it_answers(async || database.add(&account(&name)).await).await;
        assert!(all(async || database.by_login(&name).await).await.iter().all(|found| matches!(found, Ok(Some(_)))));
    }
    database.close().await;
}

/// A browser that hangs up leaves its question in the middle of an answer that does not come.
#[tokio::test]
async fn whoever_gives_up_while_the_database_stands_still_takes_no_place_along() {
    if !are_wanted() {
        return;
    }
    let postgres = Postgres::start().await;
    let database = open(&postgres).await;
    assert!(all(async || database.ping().await).await.iter().all(Result::is_ok));
    postgres.stall();
    for _ in 0..MANY {
        let ada = account("ada");
        assert!(poll_immediate(database.by_login("ada")).await.is_none());
        assert!(poll_immediate(database.add(&ada)).await.is_none());
    }
    // By the time that this one is told, so is what was given up.
    assert!(without_waiting(database.ping()).await.is_err());
    assert!(without_waiting(database.ping()).await.is_err());
    postgres.go_on();
    until_it_answers(async || database.ping().await).await;
    assert!(all(async || database.ping().await).await.iter().all(Result::is_ok));
    database.close().await;
}

/// What was acknowledged before PostgreSQL ended without a word is there after it, and the same handle goes on.
#[tokio::test]
async fn a_database_that_is_started_anew_has_what_was_acknowledged() {
    if !are_wanted() {
        return;
    }
    let mut postgres = Postgres::start().await;
    let database = open(&postgres).await;
    for number in 0..MANY {
        assert!(database.add(&account(&format!("before-{number}"))).await.unwrap());
    }
    postgres.stop();
    assert!(without_waiting(database.add(&account("meanwhile"))).await.is_err());
    postgres.start_again().await;
    until_it_answers(async || database.ping().await).await;
    for number in 0..MANY {
        assert!(database.by_login(&format!("before-{number}")).await.unwrap().is_some(), "{number}");
    }
    assert!(database.add(&account("after")).await.unwrap());
    // One that stands still, too, can be started anew.
    postgres.stall();
    assert!(without_waiting(database.ping()).await.is_err());
    postgres.start_again().await;
    until_it_answers(async || database.by_login("after").await).await.unwrap();
    database.close().await;
}
