//! Signing keys in SQL: numbered within their kind, so that one replica adds the next.

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::SqlDatabase;
use super::columns::{instant, milliseconds, optional_instant};
use crate::{SigningKeys, StoredKey, Unavailable};

#[async_trait]
impl SigningKeys for SqlDatabase {
    async fn all(&self) -> Result<Vec<StoredKey>, Unavailable> {
        let rows = sqlx::query(
            "SELECT kind, generation, kid, sealed, created_at, activates_at, expires_at FROM signing_keys \
             ORDER BY kind, generation DESC",
        )
        .fetch_all(&self.reads)
        .await?;
        Ok(rows.iter().map(key).collect::<Result<_, _>>()?)
    }

    async fn add(&self, key: &StoredKey, predecessors_expire_at: Timestamp) -> Result<bool, Unavailable> {
        let mut transaction = self.begin().await?;
        let added = sqlx::query(
            "INSERT INTO signing_keys (kind, generation, kid, sealed, created_at, activates_at, expires_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
        )
        .bind(&key.kind)
        .bind(key.generation)
        .bind(&key.kid)
        .bind(&key.sealed)
        .bind(milliseconds(key.created_at))
        .bind(milliseconds(key.activates_at))
        .bind(key.expires_at.map(milliseconds))
        .execute(&mut transaction)
        .await?;
        if added.rows_affected() == 0 {
            return Ok(false);
        }
        sqlx::query(
            "UPDATE signing_keys SET expires_at = $1 WHERE kind = $2 AND generation < $3 \
             AND (expires_at IS NULL OR expires_at > $1)",
        )
        .bind(milliseconds(predecessors_expire_at))
        .bind(&key.kind)
        .bind(key.generation)
        .execute(&mut transaction)
        .await?;
        transaction.commit().await?;
        Ok(true)
    }
}

fn key(row: &AnyRow) -> Result<StoredKey, sqlx::Error> {
    Ok(StoredKey {
        kind: row.try_get("kind")?,
        generation: row.try_get("generation")?,
        kid: row.try_get("kid")?,
        sealed: row.try_get("sealed")?,
        created_at: instant(row, "created_at")?,
        activates_at: instant(row, "activates_at")?,
        expires_at: optional_instant(row, "expires_at")?,
    })
}
