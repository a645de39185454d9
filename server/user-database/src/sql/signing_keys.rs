//! Signing keys in SQL: numbered, so that there is one first.

use async_trait::async_trait;
use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::SqlDatabase;
use super::columns::{instant, milliseconds};
use crate::{SigningKeys, StoredKey, Unavailable};

#[async_trait]
impl SigningKeys for SqlDatabase {
    async fn all(&self) -> Result<Vec<StoredKey>, Unavailable> {
        let rows = sqlx::query("SELECT kid, sealed, created_at FROM signing_keys ORDER BY generation DESC")
            .fetch_all(&self.reads)
            .await?;
        Ok(rows.iter().map(key).collect::<Result<_, _>>()?)
    }

    async fn add_first(&self, key: &StoredKey) -> Result<bool, Unavailable> {
        let added = sqlx::query(
            "INSERT INTO signing_keys (generation, kid, sealed, created_at) VALUES (1, $1, $2, $3) \
             ON CONFLICT (generation) DO NOTHING",
        )
        .bind(&key.kid)
        .bind(&key.sealed)
        .bind(milliseconds(key.created_at))
        .execute(&self.writes)
        .await?;
        Ok(added.rows_affected() > 0)
    }
}

fn key(row: &AnyRow) -> Result<StoredKey, sqlx::Error> {
    Ok(StoredKey { kid: row.try_get("kid")?, sealed: row.try_get("sealed")?, created_at: instant(row, "created_at")? })
}
