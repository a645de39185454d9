//! Links that were sent by e-mail, in SQL.

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::Row as _;
use sqlx::any::AnyRow;
use uuid::Uuid;

use super::SqlDatabase;
use super::account_keeper::end_grants;
use super::accounts::insert;
use super::columns::{instant, milliseconds, optional_instant, parsed, unreadable};
use super::lending::Transaction;
use crate::{Account, Link, LinkPurpose, Links, Opening, Unavailable};

#[async_trait]
impl Links for SqlDatabase {
    async fn issue(&self, link: &Link) -> Result<bool, Unavailable> {
        let mut transaction = self.begin().await?;
        let issued = sqlx::query(
            "INSERT INTO mailed_links (purpose, mailbox, address, digest, subject, sign_in, asked_at, expires_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (purpose, mailbox) DO UPDATE SET address = excluded.address, \
             digest = excluded.digest, subject = excluded.subject, sign_in = excluded.sign_in, asked_at = excluded.asked_at, \
             expires_at = excluded.expires_at, used_at = NULL WHERE mailed_links.asked_at < excluded.asked_at",
        )
        .bind(word(link.purpose))
        .bind(link.address.to_lowercase())
        .bind(&link.address)
        .bind(&link.digest)
        .bind(link.subject.to_string())
        .bind(link.sign_in.as_deref())
        .bind(milliseconds(link.asked_at))
        .bind(milliseconds(link.expires_at))
        .execute(&mut transaction)
        .await?;
        let known: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM mailed_links WHERE digest = $1")
            .bind(&link.digest)
            .fetch_one(&mut transaction)
            .await?;
        transaction.commit().await?;
        Ok(issued.rows_affected() > 0 || known > 0)
    }

    async fn find(&self, digest: &str, now: Timestamp) -> Result<Option<Link>, Unavailable> {
        let row = sqlx::query(
            "SELECT purpose, digest, address, subject, sign_in, asked_at, expires_at, used_at FROM mailed_links \
             WHERE digest = $1 AND expires_at > $2",
        )
        .bind(digest)
        .bind(milliseconds(now))
        .fetch_optional(&self.reads)
        .await?;
        Ok(row.as_ref().map(link).transpose()?)
    }

    async fn open_account(&self, digest: &str, account: &Account, now: Timestamp) -> Result<Opening, Unavailable> {
        let mut transaction = self.begin().await?;
        if use_up(&mut transaction, digest, LinkPurpose::SignUp, now).await?.is_none() {
            return Ok(Opening::Spent);
        }
        if !insert(&mut transaction, account).await? {
            return Ok(Opening::Taken);
        }
        transaction.commit().await?;
        Ok(Opening::Opened)
    }

    async fn reset_password(&self, digest: &str, password_hash: &str, now: Timestamp) -> Result<bool, Unavailable> {
        let mut transaction = self.begin().await?;
        let Some(subject) = use_up(&mut transaction, digest, LinkPurpose::PasswordReset, now).await? else { return Ok(false) };
        let changed = sqlx::query(
            "UPDATE accounts SET password_hash = $2, sessions_since = $3, email_verified = 1 WHERE subject = $1 AND disabled = 0",
        )
        .bind(subject.to_string())
        .bind(password_hash)
        .bind(milliseconds(now))
        .execute(&mut transaction)
        .await?;
        if changed.rows_affected() == 0 {
            return Ok(false);
        }
        end_grants(&mut transaction, subject, now).await?;
        transaction.commit().await?;
        Ok(true)
    }
}

/// Marks the link as used, where it can be; gives its subject. Whoever comes second waits for the first one's end.
async fn use_up(
    transaction: &mut Transaction,
    digest: &str,
    purpose: LinkPurpose,
    now: Timestamp,
) -> Result<Option<Uuid>, sqlx::Error> {
    let row = sqlx::query(
        "UPDATE mailed_links SET used_at = $3 WHERE digest = $1 AND purpose = $2 AND used_at IS NULL AND expires_at > $3 \
         RETURNING subject",
    )
    .bind(digest)
    .bind(word(purpose))
    .bind(milliseconds(now))
    .fetch_optional(&mut *transaction)
    .await?;
    row.as_ref().map(|row| parsed(row, "subject")).transpose()
}

/// The links of an account that nobody has used yet are worth nothing from now on.
pub(super) async fn withdraw(transaction: &mut Transaction, subject: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM mailed_links WHERE subject = $1 AND used_at IS NULL")
        .bind(subject.to_string())
        .execute(&mut *transaction)
        .await
        .map(drop)
}

fn word(purpose: LinkPurpose) -> &'static str {
    match purpose {
        LinkPurpose::SignUp => "sign_up",
        LinkPurpose::PasswordReset => "password_reset",
    }
}

/// Some word that this version does not know.
#[derive(Debug, thiserror::Error)]
#[error("no purpose of a link")]
struct NoPurpose;

fn link(row: &AnyRow) -> Result<Link, sqlx::Error> {
    let purposes = [LinkPurpose::SignUp, LinkPurpose::PasswordReset];
    let written: &str = row.try_get("purpose")?;
    let purpose = purposes.into_iter().find(|purpose| word(*purpose) == written);
    Ok(Link {
        purpose: purpose.ok_or_else(|| unreadable("purpose", NoPurpose))?,
        digest: row.try_get("digest")?,
        address: row.try_get("address")?,
        subject: parsed(row, "subject")?,
        sign_in: row.try_get("sign_in")?,
        asked_at: instant(row, "asked_at")?,
        expires_at: instant(row, "expires_at")?,
        used_at: optional_instant(row, "used_at")?,
    })
}
