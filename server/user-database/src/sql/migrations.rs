//! Brings the tables up to date, from the SQL that the binary carries.

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::{AnyConnection, Connection as _};

use super::engine::Engine;
use crate::Unavailable;

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// Runs what was not run yet, one replica at a time.
///
/// On PostgreSQL the migrator waits for an advisory lock. On SQLite it takes none, so the whole run is one writing
/// transaction there: whoever comes second waits, and then finds everything done. (`Migrator::run` does the same as
/// `run_direct`, but its future cannot be sent between threads.)
pub(super) async fn run(engine: Engine, connection: &mut AnyConnection) -> Result<(), Unavailable> {
    match engine {
        Engine::Sqlite => {
            let mut transaction = connection.begin_with(engine.begin_writing()).await?;
            MIGRATIONS.run_direct(None, &mut *transaction, false).await?;
            transaction.commit().await?;
        }
        Engine::Postgres => MIGRATIONS.run_direct(None, connection, false).await?,
    }
    Ok(())
}

impl From<MigrateError> for Unavailable {
    fn from(source: MigrateError) -> Self {
        Self::because(format!("its tables cannot be brought up to date: {source}"))
    }
}
