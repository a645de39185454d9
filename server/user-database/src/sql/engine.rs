//! Which engine a URL asks for, and what its connections are told.

use std::fmt;
use std::time::Duration;

use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::{AnyConnection, AnyPool, ConnectOptions as _, Connection as _, Executor as _};

use super::lending::PATIENCE;
use super::{postgres, sqlite};
use crate::Unavailable;

/// Connections that only read a SQLite file; each is a thread.
const SQLITE_READERS: u32 = 4;

/// Connections of one replica to PostgreSQL, whose own limit (100, unless raised) all replicas share.
const POSTGRES_CONNECTIONS: u32 = 10;

/// After this long without use, a connection to PostgreSQL is tried before it is trusted.
const STALE: Duration = Duration::from_secs(1);

/// An engine that the statements run on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Engine {
    Sqlite,
    Postgres,
}

/// Why the database cannot be opened.
#[derive(Debug, thiserror::Error)]
pub(super) enum CannotOpen {
    #[error("its URL begins with {0:?}; it should begin with sqlite: or postgres:")]
    Scheme(String),
    #[error("its SQLite URL is not sqlite: and the path of a file ({0})")]
    Path(&'static str),
    #[error("its PostgreSQL URL cannot be read")]
    Url(#[source] sqlx::Error),
    #[error("the SQLite file {path} cannot be made: {source}")]
    File { path: String, source: std::io::Error },
    #[error("{place} cannot be opened: {source}")]
    Refused { place: Place, source: sqlx::Error },
    #[error("{0} did not answer within 5 s")]
    Silent(Place),
}

/// The place a URL names, as an operator may read it: without user and password.
#[derive(Debug, Clone)]
pub(super) struct Place(pub(super) String);

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How to reach the database, and what to call it when it is not reached.
#[derive(Debug, Clone)]
pub(super) struct Address {
    pub(super) place: Place,
    pub(super) options: AnyConnectOptions,
}

/// Chooses the engine by the URL's scheme. A SQLite file that is missing is made here.
pub(super) fn choose(url: &str) -> Result<(Engine, Address), CannotOpen> {
    sqlx::any::install_default_drivers();
    let scheme = url.split_once(':').map_or("", |(scheme, _)| scheme);
    match scheme {
        "sqlite" => Ok((Engine::Sqlite, sqlite::address(url)?)),
        "postgres" | "postgresql" => Ok((Engine::Postgres, postgres::address(url)?)),
        other => Err(CannotOpen::Scheme(other.to_owned())),
    }
}

impl Engine {
    /// Connects once, outside the pools, so that trouble is told at once and in the engine's words.
    pub(super) async fn connect(self, address: &Address) -> Result<AnyConnection, CannotOpen> {
        let options = address.options.clone();
        let connect = async move {
            let mut connection = options.connect().await?;
            if self == Self::Sqlite {
                sqlite::enter_write_ahead_logging(&mut connection).await?;
            }
            Ok(connection)
        };
        match tokio::time::timeout(PATIENCE, connect).await {
            Ok(Ok(connection)) => Ok(connection),
            Ok(Err(source)) => Err(CannotOpen::Refused { place: address.place.clone(), source }),
            Err(_) => Err(CannotOpen::Silent(address.place.clone())),
        }
    }

    /// The pool that reads; on PostgreSQL it writes as well.
    pub(super) fn reads(self, address: Address) -> AnyPool {
        match self {
            Self::Sqlite => pool(SQLITE_READERS, sqlite::READER).connect_lazy_with(address.options),
            Self::Postgres => pool(POSTGRES_CONNECTIONS, postgres::SESSION)
                .before_acquire(|connection, meta| {
                    Box::pin(async move {
                        if meta.idle_for > STALE {
                            connection.ping().await?;
                        }
                        Ok(true)
                    })
                })
                .connect_lazy_with(address.options),
        }
    }

    /// The pool that writes, where the engine wants another one for that.
    pub(super) fn writes(self, address: Address) -> Option<AnyPool> {
        (self == Self::Sqlite).then(|| pool(1, sqlite::WRITER).connect_lazy_with(address.options))
    }

    /// The statement that begins a transaction which is going to write.
    pub(super) fn begin_writing(self) -> &'static str {
        match self {
            Self::Sqlite => "BEGIN IMMEDIATE",
            Self::Postgres => "BEGIN",
        }
    }
}

/// A pool whose connections are each told `settings` first.
fn pool(most: u32, settings: &'static str) -> AnyPoolOptions {
    AnyPoolOptions::new()
        .max_connections(most)
        .acquire_timeout(PATIENCE)
        .test_before_acquire(false)
        .after_connect(move |connection, _| Box::pin(async move { connection.execute(settings).await.map(drop) }))
}

impl From<CannotOpen> for Unavailable {
    fn from(source: CannotOpen) -> Self {
        Self::because(source)
    }
}
