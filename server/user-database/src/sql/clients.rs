//! Clients in SQL.

use async_trait::async_trait;
use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::SqlDatabase;
use super::columns::{instant, milliseconds, parsed, truth};
use crate::{Clients, StoredClient, Unavailable};

#[async_trait]
impl Clients for SqlDatabase {
    async fn find(&self, client_id: &str) -> Result<Option<StoredClient>, Unavailable> {
        if client_id.contains('\0') {
            // PostgreSQL cannot even be asked for such a text; no client has it.
            return Ok(None);
        }
        let row = sqlx::query(
            "SELECT client_id, metadata, secret_digest, registration_digest, by_operator, created_at \
             FROM clients WHERE client_id = $1",
        )
        .bind(client_id)
        .fetch_optional(&self.reads)
        .await?;
        Ok(row.as_ref().map(client).transpose()?)
    }

    async fn list(&self, after: &str, limit: u32) -> Result<Vec<StoredClient>, Unavailable> {
        let rows = sqlx::query(
            "SELECT client_id, metadata, secret_digest, registration_digest, by_operator, created_at \
             FROM clients WHERE client_id > $1 ORDER BY client_id LIMIT $2",
        )
        .bind(after)
        .bind(i64::from(limit))
        .fetch_all(&self.reads)
        .await?;
        Ok(rows.iter().map(client).collect::<Result<_, _>>()?)
    }

    async fn add(&self, client: &StoredClient) -> Result<bool, Unavailable> {
        let added = sqlx::query(
            "INSERT INTO clients (client_id, metadata, secret_digest, registration_digest, by_operator, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (client_id) DO NOTHING",
        )
        .bind(&client.client_id)
        .bind(client.metadata.to_string())
        .bind(client.secret_digest.as_deref())
        .bind(client.registration_digest.as_deref())
        .bind(i16::from(client.by_operator))
        .bind(milliseconds(client.created_at));
        Ok(self.write(added).await? > 0)
    }

    async fn replace(&self, client: &StoredClient) -> Result<bool, Unavailable> {
        let replaced =
            sqlx::query("UPDATE clients SET metadata = $2, secret_digest = $3, registration_digest = $4 WHERE client_id = $1")
                .bind(&client.client_id)
                .bind(client.metadata.to_string())
                .bind(client.secret_digest.as_deref())
                .bind(client.registration_digest.as_deref());
        Ok(self.write(replaced).await? > 0)
    }

    async fn remove(&self, client_id: &str) -> Result<bool, Unavailable> {
        let mut transaction = self.begin().await?;
        let removed = sqlx::query("DELETE FROM clients WHERE client_id = $1").bind(client_id).execute(&mut transaction).await?;
        if removed.rows_affected() == 0 {
            return Ok(false);
        }
        for statement in [
            "DELETE FROM grants WHERE client_id = $1",
            "DELETE FROM consents WHERE client_id = $1",
            "DELETE FROM session_clients WHERE client_id = $1",
        ] {
            sqlx::query(statement).bind(client_id).execute(&mut transaction).await?;
        }
        transaction.commit().await?;
        Ok(true)
    }
}

fn client(row: &AnyRow) -> Result<StoredClient, sqlx::Error> {
    Ok(StoredClient {
        client_id: row.try_get("client_id")?,
        metadata: parsed(row, "metadata")?,
        secret_digest: row.try_get("secret_digest")?,
        registration_digest: row.try_get("registration_digest")?,
        by_operator: truth(row, "by_operator")?,
        created_at: instant(row, "created_at")?,
    })
}
