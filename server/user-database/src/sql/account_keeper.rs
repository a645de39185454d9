//! The keeping of accounts in SQL.

use async_trait::async_trait;
use jiff::Timestamp;
use uuid::Uuid;

use super::SqlDatabase;
use super::accounts::account;
use super::columns::milliseconds;
use super::lending::Transaction;
use super::links::withdraw;
use crate::{Account, AccountKeeper, Unavailable};

#[async_trait]
impl AccountKeeper for SqlDatabase {
    async fn list(&self, after: &str, limit: u32) -> Result<Vec<Account>, Unavailable> {
        let rows = sqlx::query(
            "SELECT subject, username, password_hash, name, email, email_verified, created_at, disabled, sessions_since \
             FROM accounts WHERE username > $1 ORDER BY username LIMIT $2",
        )
        .bind(after)
        .bind(i64::from(limit))
        .fetch_all(&self.reads)
        .await?;
        Ok(rows.iter().map(account).collect::<Result<_, _>>()?)
    }

    async fn set_name(&self, subject: Uuid, name: &str) -> Result<bool, Unavailable> {
        let rename = sqlx::query("UPDATE accounts SET name = $2 WHERE subject = $1").bind(subject.to_string()).bind(name);
        Ok(self.write(rename).await? > 0)
    }

    async fn set_password(&self, subject: Uuid, password_hash: &str, now: Timestamp) -> Result<bool, Unavailable> {
        let mut transaction = self.begin().await?;
        let changed = sqlx::query("UPDATE accounts SET password_hash = $2, sessions_since = $3 WHERE subject = $1")
            .bind(subject.to_string())
            .bind(password_hash)
            .bind(milliseconds(now))
            .execute(&mut transaction)
            .await?;
        end_grants(&mut transaction, subject, now).await?;
        withdraw(&mut transaction, subject).await?;
        transaction.commit().await?;
        Ok(changed.rows_affected() > 0)
    }

    async fn set_disabled(&self, subject: Uuid, disabled: bool, now: Timestamp) -> Result<bool, Unavailable> {
        let mut transaction = self.begin().await?;
        let changed = if disabled {
            let disable = "UPDATE accounts SET disabled = 1, sessions_since = $2 WHERE subject = $1";
            let disable = sqlx::query(disable).bind(subject.to_string()).bind(milliseconds(now));
            let changed = disable.execute(&mut transaction).await?;
            end_grants(&mut transaction, subject, now).await?;
            withdraw(&mut transaction, subject).await?;
            changed
        } else {
            let enable = sqlx::query("UPDATE accounts SET disabled = 0 WHERE subject = $1").bind(subject.to_string());
            enable.execute(&mut transaction).await?
        };
        transaction.commit().await?;
        Ok(changed.rows_affected() > 0)
    }

    async fn remove(&self, subject: Uuid) -> Result<bool, Unavailable> {
        // What belongs to the account goes with it: logins, consents, grants and their refresh tokens.
        let removed = sqlx::query("DELETE FROM accounts WHERE subject = $1").bind(subject.to_string());
        Ok(self.write(removed).await? > 0)
    }
}

/// Ends the grants of an account.
pub(super) async fn end_grants(transaction: &mut Transaction, subject: Uuid, now: Timestamp) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE grants SET revoked_at = $2 WHERE subject = $1 AND revoked_at IS NULL")
        .bind(subject.to_string())
        .bind(milliseconds(now))
        .execute(&mut *transaction)
        .await
        .map(drop)
}
