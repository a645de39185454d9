//! Opening: by any number of replicas at once, and with words that help when it fails.

use std::str::FromStr as _;
use std::sync::Arc;

use futures::future::{Either, join_all, select};
use protocol::OsRng;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode};
use sqlx::{ConnectOptions as _, Connection as _};
use tokio::sync::Barrier;
use user_database::{Accounts, SqlDatabase};

use crate::engines::{Home, on_every_engine};
use crate::samples::account;

on_every_engine![
    replicas_that_start_at_once_all_open,
    an_open_database_answers_until_it_is_closed,
    a_write_that_is_given_up_leaves_nothing_half_done,
    a_database_that_a_newer_version_changed_is_left_alone,
];

async fn replicas_that_start_at_once_all_open(home: &Home) {
    let opened = open_at_once(&home.url()).await;
    for (i, database) in opened.into_iter().enumerate() {
        assert!(database.add(&account(&format!("replica-{i}"))).await.unwrap());
    }
}

/// A file that is in write-ahead logging already keeps nobody waiting before the migrations, so that they meet there.
#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn replicas_that_find_an_empty_file_at_once_make_its_tables_once() {
    for _ in 0..5 {
        let home = Home::sqlite();
        let options = SqliteConnectOptions::from_str(&home.url()).unwrap();
        let options = options.create_if_missing(true).journal_mode(SqliteJournalMode::Wal);
        let kept_open = options.connect().await.unwrap();
        for database in open_at_once(&home.url()).await {
            database.ping().await.unwrap();
            database.close().await;
        }
        kept_open.close().await.unwrap();
    }
}

async fn open_at_once(url: &str) -> Vec<Arc<SqlDatabase>> {
    let start = Arc::new(Barrier::new(8));
    let opening = (0..8).map(|_| {
        let (url, start) = (url.to_owned(), start.clone());
        tokio::spawn(async move {
            start.wait().await;
            SqlDatabase::open(&url, Arc::new(OsRng)).await.unwrap()
        })
    });
    join_all(opening).await.into_iter().map(Result::unwrap).collect()
}

async fn an_open_database_answers_until_it_is_closed(home: &Home) {
    let database = home.open().await;
    database.ping().await.unwrap();
    database.close().await;
    assert!(database.ping().await.is_err());
    assert!(database.by_login("anyone").await.is_err());
}

/// A request may be given up at any moment: what it had begun is undone, and whoever comes next finds a connection in order.
async fn a_write_that_is_given_up_leaves_nothing_half_done(home: &Home) {
    let database = home.open().await;
    for moments in 0..12 {
        let account = account(&format!("given-up-{moments}"));
        let mut adding = database.add(&account);
        for _ in 0..moments {
            // A moment is as long as another question takes.
            if let Either::Left(_) = select(&mut adding, Box::pin(database.ping())).await {
                break;
            }
        }
        drop(adding);
        // Whether the first try came through or was undone, there is nothing in the way of the second.
        database.add(&account).await.unwrap();
        for login in [&account.username, &account.email] {
            assert!(database.by_login(login).await.unwrap().is_some(), "{login}, after {moments} moments");
        }
    }
}

/// The server may end every connection at once, as it does when it is restarted.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn connections_that_the_server_ended_are_replaced() {
    let Some(home) = Home::postgres().await else { return };
    let database = home.open().await;
    let ask = || join_all((0..10).map(|_| database.ping()));
    assert!(ask().await.iter().all(Result::is_ok));
    let pool = sqlx::AnyPool::connect(&home.url()).await.unwrap();
    let end =
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
    sqlx::query(end).execute(&pool).await.unwrap();
    pool.close().await;
    // Each connection may be found out once.
    ask().await;
    assert!(ask().await.iter().all(Result::is_ok));
    home.remove().await;
}

async fn a_database_that_a_newer_version_changed_is_left_alone(home: &Home) {
    home.open().await.close().await;
    let pool = sqlx::AnyPool::connect(&home.url()).await.unwrap();
    sqlx::query("UPDATE _sqlx_migrations SET version = version + 998").execute(&pool).await.unwrap();
    pool.close().await;
    let refusal = refusal(&home.url()).await;
    assert!(refusal.contains("cannot be brought up to date") && refusal.contains("999"), "{refusal}");
}

async fn refusal(url: &str) -> String {
    SqlDatabase::open(url, Arc::new(OsRng)).await.err().expect(url).to_string()
}

#[tokio::test]
async fn a_url_of_another_kind_is_refused_by_its_scheme_alone() {
    for url in ["mysql://user:s3cret@localhost/db", "users.db", ""] {
        let refusal = refusal(url).await;
        assert!(refusal.contains("it should begin with sqlite: or postgres:"), "{refusal}");
        assert!(!refusal.contains("s3cret"), "{refusal}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named_at_once() {
    // A port that was free a moment ago, on which nobody listens.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let refusal = refusal(&format!("postgres://user:s3cret@127.0.0.1:{port}/users")).await;
    assert!(refusal.contains(&format!("PostgreSQL at 127.0.0.1:{port}, database users, cannot be opened")), "{refusal}");
    assert!(!refusal.contains("s3cret"), "{refusal}");
}

/// The clock of the runtime stands and jumps, so nobody waits the five seconds.
#[tokio::test(start_paused = true)]
async fn a_server_that_says_nothing_is_not_waited_for() {
    let mute = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = mute.local_addr().unwrap().port();
    let refusal = refusal(&format!("postgres://user@127.0.0.1:{port}/users")).await;
    assert!(refusal.contains("did not answer within 5 s"), "{refusal}");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_and_left_as_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("notes.txt");
    let text = "these are notes and not a database at all\n".repeat(100);
    std::fs::write(&file, &text).unwrap();
    let refusal = refusal(&format!("sqlite:{}", file.display())).await;
    assert!(refusal.contains("notes.txt") && refusal.contains("not a database"), "{refusal}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
}

#[tokio::test]
async fn a_place_where_no_file_can_be_made_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    std::fs::write(&file, "").unwrap();
    let refusal = refusal(&format!("sqlite:{}/users.db", file.display())).await;
    assert!(refusal.contains("cannot be made"), "{refusal}");
}

#[cfg(unix)]
#[tokio::test]
async fn the_files_are_their_owners_alone_and_their_directory_is_made() {
    use std::os::unix::fs::PermissionsExt as _;

    let directory = tempfile::tempdir().unwrap();
    let inner = directory.path().join("a b/100%");
    let database =
        SqlDatabase::open(&format!("sqlite://{}/users.db", directory.path().join("a b/100%25").display()), Arc::new(OsRng))
            .await
            .unwrap();
    assert!(database.add(&account("anyone")).await.unwrap());
    let files: Vec<_> = std::fs::read_dir(&inner).unwrap().map(Result::unwrap).collect();
    assert!(files.len() >= 2, "the database and its log");
    for file in files {
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", file.path());
    }
    assert_eq!(std::fs::metadata(&inner).unwrap().permissions().mode() & 0o777, 0o700);
}
