//! A database of its own for each test, on each engine.

use std::io::Write as _;
use std::sync::{Arc, Once};

use protocol::OsRng;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _, PgConnection, postgres::PgConnectOptions};
use tempfile::TempDir;
use url::Url;
use user_database::SqlDatabase;
use uuid::Uuid;

/// Says once a run what is left out.
static SAID: Once = Once::new();

/// Turns each named rule, a function of a [`Home`], into a test per engine.
macro_rules! on_every_engine {
    ($($rule:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $rule() {
                let home = crate::engines::Home::sqlite();
                super::$rule(&home).await;
                home.remove().await;
            })+
        }

        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $rule() {
                let Some(home) = crate::engines::Home::postgres().await else { return };
                super::$rule(&home).await;
                home.remove().await;
            })+
        }
    };
}

pub(crate) use on_every_engine;

/// Where a database lives while its test runs.
pub(crate) enum Home {
    Sqlite(TempDir),
    Postgres { maintenance: Url, name: String },
}

impl Home {
    pub(crate) fn sqlite() -> Self {
        Self::Sqlite(tempfile::tempdir().unwrap())
    }

    /// A new database on the server under test; none where the run is for the embedded engines only.
    pub(crate) async fn postgres() -> Option<Self> {
        let Ok(maintenance) = std::env::var("CLOAKROOM_TEST_POSTGRES") else {
            assert!(
                std::env::var("CLOAKROOM_TEST_ENGINES").is_ok_and(|engines| engines == "embedded"),
                "there is no PostgreSQL to test on: `make test` starts one and names it in CLOAKROOM_TEST_POSTGRES \
                 (CLOAKROOM_TEST_ENGINES=embedded leaves it out)"
            );
            SAID.call_once(|| {
                // Past the harness, which keeps what a passing test prints to itself.
                writeln!(std::io::stderr(), "CLOAKROOM_TEST_ENGINES=embedded: the PostgreSQL tests are not run").unwrap();
            });
            return None;
        };
        let maintenance: Url = maintenance.parse().unwrap();
        let name = format!("user_database_{}", Uuid::now_v7().simple());
        administer(&maintenance, format!("CREATE DATABASE {name} TEMPLATE template0")).await;
        Some(Self::Postgres { maintenance, name })
    }

    pub(crate) fn url(&self) -> String {
        match self {
            Self::Sqlite(directory) => format!("sqlite://{}", directory.path().join("users.db").display()),
            Self::Postgres { maintenance, name } => {
                let mut url = maintenance.clone();
                url.set_path(name);
                url.into()
            }
        }
    }

    pub(crate) async fn open(&self) -> Arc<SqlDatabase> {
        SqlDatabase::open(&self.url(), Arc::new(OsRng)).await.unwrap()
    }

    /// Everything that whoever steals the database would have, as bytes to search.
    pub(crate) async fn dump(&self) -> Vec<u8> {
        match self {
            Self::Sqlite(directory) => {
                let files = std::fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().path());
                files.flat_map(|file| std::fs::read(file).unwrap()).collect()
            }
            Self::Postgres { .. } => {
                let mut connection = PgConnectOptions::from_url(&self.url().parse().unwrap()).unwrap().connect().await.unwrap();
                let tables: Vec<String> = sqlx::query_scalar("SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'")
                    .fetch_all(&mut connection)
                    .await
                    .unwrap();
                // Bytes as the characters they are, so that a text among them would be seen.
                connection.execute("SET bytea_output = 'escape'").await.unwrap();
                let mut dump = Vec::new();
                for table in tables {
                    let rows: Vec<String> = sqlx::query_scalar(AssertSqlSafe(format!("SELECT t::text FROM {table} t")))
                        .fetch_all(&mut connection)
                        .await
                        .unwrap();
                    dump.extend(rows.join("\n").into_bytes());
                }
                connection.close().await.unwrap();
                dump
            }
        }
    }

    pub(crate) async fn remove(self) {
        match self {
            Self::Sqlite(directory) => directory.close().unwrap(),
            Self::Postgres { maintenance, name } => {
                administer(&maintenance, format!("DROP DATABASE {name} WITH (FORCE)")).await;
            }
        }
    }
}

async fn administer(maintenance: &Url, statement: String) {
    let mut connection: PgConnection = PgConnectOptions::from_url(maintenance).unwrap().connect().await.unwrap();
    connection.execute(AssertSqlSafe(statement)).await.unwrap();
    connection.close().await.unwrap();
}
