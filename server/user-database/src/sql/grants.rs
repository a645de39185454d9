//! Grants in SQL, and the rotation of their refresh tokens.

use async_trait::async_trait;
use jiff::Timestamp;
use protocol::dpop::Thumbprint;
use protocol::secret::RefreshToken;
use sqlx::Row as _;
use sqlx::any::AnyRow;
use uuid::Uuid;

use super::SqlDatabase;
use super::columns::{instant, milliseconds, optional_parsed, parsed, scope};
use crate::{Grant, Grants, Rotation, Unavailable};

mod rotation;

#[async_trait]
impl Grants for SqlDatabase {
    async fn add(&self, grant: &Grant, first: Option<&RefreshToken>) -> Result<bool, Unavailable> {
        let statement = sqlx::query(
            "INSERT INTO grants (id, subject, client_id, scope, auth_time, session, created_at, expires_at, dpop_jkt, resource) \
             SELECT $1, subject, $3, $4, $5, $6, $7, $8, $9, $10 FROM accounts \
             WHERE subject = $2 AND disabled = 0 AND sessions_since <= $5",
        )
        .bind(grant.id.to_string())
        .bind(grant.subject.to_string())
        .bind(&grant.client_id)
        .bind(grant.scope.to_string())
        .bind(milliseconds(grant.auth_time))
        .bind(&grant.session)
        .bind(milliseconds(grant.created_at))
        .bind(milliseconds(grant.expires_at))
        .bind(grant.dpop_jkt.as_ref().map(Thumbprint::as_str))
        .bind(grant.resource.as_deref());
        let Some(first) = first else {
            return Ok(self.write(statement).await? > 0);
        };
        let mut transaction = self.begin().await?;
        if statement.execute(&mut transaction).await?.rows_affected() == 0 {
            transaction.rollback().await?;
            return Ok(false);
        }
        rotation::add_token(&mut transaction, grant.id, first).await?;
        transaction.commit().await?;
        Ok(true)
    }

    async fn live(&self, id: Uuid, now: Timestamp) -> Result<Option<Grant>, Unavailable> {
        let row = sqlx::query(
            "SELECT id, subject, client_id, scope, auth_time, session, created_at, expires_at, dpop_jkt, resource \
             FROM grants WHERE id = $1 AND revoked_at IS NULL AND expires_at > $2",
        )
        .bind(id.to_string())
        .bind(milliseconds(now))
        .fetch_optional(&self.reads)
        .await?;
        Ok(row.as_ref().map(grant).transpose()?)
    }

    async fn rotate(
        &self,
        presented: &RefreshToken,
        client_id: &str,
        successor: &RefreshToken,
        now: Timestamp,
    ) -> Result<Rotation, Unavailable> {
        rotation::rotate(self, presented, client_id, successor, now).await
    }

    async fn rotate_of(
        &self,
        grant: &Grant,
        presented: &RefreshToken,
        successor: &RefreshToken,
        now: Timestamp,
    ) -> Result<Rotation, Unavailable> {
        rotation::rotate_of(self, grant, presented, successor, now).await
    }

    async fn bind(&self, id: Uuid, key: &Thumbprint) -> Result<bool, Unavailable> {
        let bound = sqlx::query("UPDATE grants SET dpop_jkt = $2 WHERE id = $1 AND (dpop_jkt IS NULL OR dpop_jkt = $2)")
            .bind(id.to_string())
            .bind(key.as_str());
        Ok(self.write(bound).await? > 0)
    }

    async fn revoke(&self, id: Uuid, now: Timestamp) -> Result<bool, Unavailable> {
        let revoked = sqlx::query("UPDATE grants SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL AND expires_at > $2")
            .bind(id.to_string())
            .bind(milliseconds(now));
        Ok(self.write(revoked).await? > 0)
    }

    async fn of_unused_refresh_token(
        &self,
        token: &RefreshToken,
        client_id: &str,
        now: Timestamp,
    ) -> Result<Option<Grant>, Unavailable> {
        let row = sqlx::query(
            "SELECT g.id, g.subject, g.client_id, g.scope, g.auth_time, g.session, g.created_at, g.expires_at, \
             g.dpop_jkt, g.resource FROM refresh_tokens r JOIN grants g ON g.id = r.grant_id \
             WHERE r.digest = $1 AND g.client_id = $2 AND r.used_at IS NULL AND g.revoked_at IS NULL AND g.expires_at > $3",
        )
        .bind(rotation::digest(token))
        .bind(client_id)
        .bind(milliseconds(now))
        .fetch_optional(&self.reads)
        .await?;
        Ok(row.as_ref().map(grant).transpose()?)
    }

    async fn of_refresh_token(&self, token: &RefreshToken, client_id: &str) -> Result<Option<Grant>, Unavailable> {
        let row = sqlx::query(
            "SELECT g.id, g.subject, g.client_id, g.scope, g.auth_time, g.session, g.created_at, g.expires_at, \
             g.dpop_jkt, g.resource FROM refresh_tokens r JOIN grants g ON g.id = r.grant_id \
             WHERE r.digest = $1 AND g.client_id = $2",
        )
        .bind(rotation::digest(token))
        .bind(client_id)
        .fetch_optional(&self.reads)
        .await?;
        Ok(row.as_ref().map(grant).transpose()?)
    }
}

fn grant(row: &AnyRow) -> Result<Grant, sqlx::Error> {
    Ok(Grant {
        id: parsed(row, "id")?,
        subject: parsed(row, "subject")?,
        client_id: row.try_get("client_id")?,
        scope: scope(row, "scope")?,
        auth_time: instant(row, "auth_time")?,
        session: row.try_get("session")?,
        created_at: instant(row, "created_at")?,
        expires_at: instant(row, "expires_at")?,
        dpop_jkt: optional_parsed(row, "dpop_jkt")?,
        resource: row.try_get("resource")?,
    })
}
