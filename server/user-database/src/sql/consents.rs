//! Consents in SQL: a row per scope token.

use async_trait::async_trait;
use jiff::Timestamp;
use protocol::Scope;
use uuid::Uuid;

use super::SqlDatabase;
use super::columns::{milliseconds, unreadable};
use crate::{Consents, Unavailable};

#[async_trait]
impl Consents for SqlDatabase {
    async fn allowed(&self, subject: Uuid, client_id: &str) -> Result<Scope, Unavailable> {
        let tokens: Vec<String> = sqlx::query_scalar("SELECT token FROM consents WHERE subject = $1 AND client_id = $2")
            .bind(subject.to_string())
            .bind(client_id)
            .fetch_all(&self.reads)
            .await?;
        Ok(Scope::parse(&tokens.join(" ")).map_err(|source| unreadable("token", source))?)
    }

    async fn allow(&self, subject: Uuid, client_id: &str, scope: &Scope, at: Timestamp) -> Result<(), Unavailable> {
        let mut transaction = self.begin().await?;
        for token in scope.iter() {
            sqlx::query(
                "INSERT INTO consents (subject, client_id, token, allowed_at) VALUES ($1, $2, $3, $4) \
                 ON CONFLICT (subject, client_id, token) DO NOTHING",
            )
            .bind(subject.to_string())
            .bind(client_id)
            .bind(token)
            .bind(milliseconds(at))
            .execute(&mut *transaction)
            .await?;
        }
        Ok(transaction.commit().await?)
    }
}
