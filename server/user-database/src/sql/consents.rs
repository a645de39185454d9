//! Consents in SQL: a row per scope token.

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::Timestamp;
use protocol::Scope;
use sqlx::Row as _;
use uuid::Uuid;

use super::SqlDatabase;
use super::columns::{instant, milliseconds, scope, unreadable};
use crate::{Connection, Consents, Unavailable};

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
            .execute(&mut transaction)
            .await?;
        }
        Ok(transaction.commit().await?)
    }

    async fn connections(&self, subject: Uuid, now: Timestamp) -> Result<Vec<Connection>, Unavailable> {
        let rows = sqlx::query(
            "SELECT client_id, token AS scope, allowed_at AS since FROM consents WHERE subject = $1 UNION ALL \
             SELECT client_id, scope, created_at AS since FROM grants \
             WHERE subject = $1 AND revoked_at IS NULL AND expires_at > $2",
        )
        .bind(subject.to_string())
        .bind(milliseconds(now))
        .fetch_all(&self.reads)
        .await?;
        let mut connections: BTreeMap<String, Connection> = BTreeMap::new();
        for row in &rows {
            let (client_id, scope, since): (String, _, _) =
                (row.try_get("client_id")?, scope(row, "scope")?, instant(row, "since")?);
            let known = connections.remove(&client_id).unwrap_or_else(|| Connection {
                client_id: client_id.clone(),
                scope: Scope::default(),
                since,
            });
            let connection = Connection { scope: known.scope.union(&scope), since: known.since.min(since), ..known };
            connections.insert(client_id, connection);
        }
        Ok(connections.into_values().collect())
    }

    async fn withdraw(&self, subject: Uuid, client_id: &str, now: Timestamp) -> Result<(), Unavailable> {
        let mut transaction = self.begin().await?;
        let grants = "UPDATE grants SET revoked_at = $3 WHERE subject = $1 AND client_id = $2 AND revoked_at IS NULL";
        let grants = sqlx::query(grants).bind(subject.to_string()).bind(client_id).bind(milliseconds(now));
        grants.execute(&mut transaction).await?;
        for statement in [
            "DELETE FROM consents WHERE subject = $1 AND client_id = $2",
            "DELETE FROM session_clients WHERE client_id = $2 AND sid IN (SELECT sid FROM sessions WHERE subject = $1)",
        ] {
            sqlx::query(statement).bind(subject.to_string()).bind(client_id).execute(&mut transaction).await?;
        }
        Ok(transaction.commit().await?)
    }
}
