//! Accounts in SQL.

use std::collections::BTreeSet;

use async_trait::async_trait;
use protocol::Scope;
use sqlx::Row as _;
use sqlx::any::AnyRow;
use uuid::Uuid;

use super::SqlDatabase;
use super::columns::{instant, milliseconds, parsed, truth, unreadable};
use super::lending::Transaction;
use crate::{Account, Accounts, Unavailable};

#[async_trait]
impl Accounts for SqlDatabase {
    async fn by_login(&self, login: &str) -> Result<Option<Account>, Unavailable> {
        if login.contains('\0') {
            // PostgreSQL cannot even be asked for such a text; nobody has it.
            return Ok(None);
        }
        let row = sqlx::query(
            "SELECT a.subject, a.username, a.password_hash, a.name, a.email, a.email_verified, a.created_at, a.disabled, \
             a.sessions_since \
             FROM logins l JOIN accounts a ON a.subject = l.subject WHERE l.login = $1",
        )
        .bind(login.to_lowercase())
        .fetch_optional(&self.reads)
        .await?;
        Ok(row.as_ref().map(account).transpose()?)
    }

    async fn by_subject(&self, subject: Uuid) -> Result<Option<Account>, Unavailable> {
        let row = sqlx::query(
            "SELECT subject, username, password_hash, name, email, email_verified, created_at, disabled, sessions_since \
             FROM accounts WHERE subject = $1",
        )
        .bind(subject.to_string())
        .fetch_optional(&self.reads)
        .await?;
        Ok(row.as_ref().map(account).transpose()?)
    }

    async fn by_subject_with_consent(&self, subject: Uuid, client_id: &str) -> Result<Option<(Account, Scope)>, Unavailable> {
        let row = sqlx::query(
            "SELECT subject, username, password_hash, name, email, email_verified, created_at, disabled, sessions_since, \
             (SELECT string_agg(c.token, ' ') FROM consents c WHERE c.subject = accounts.subject AND c.client_id = $2) AS allowed \
             FROM accounts WHERE subject = $1",
        )
        .bind(subject.to_string())
        .bind(client_id)
        .fetch_optional(&self.reads)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let allowed: Option<&str> = row.try_get("allowed")?;
        let allowed = Scope::parse(allowed.unwrap_or_default()).map_err(|source| unreadable("allowed", source))?;
        Ok(Some((account(&row)?, allowed)))
    }

    async fn add(&self, account: &Account) -> Result<bool, Unavailable> {
        let mut transaction = self.begin().await?;
        if !insert(&mut transaction, account).await? {
            return Ok(false);
        }
        transaction.commit().await?;
        Ok(true)
    }
}

/// Adds an account with its logins; false where one of them is taken, and then the transaction is to be given up.
pub(super) async fn insert(transaction: &mut Transaction, account: &Account) -> Result<bool, sqlx::Error> {
    // In order, so that two who want the same two logins wait for each other one way only.
    let logins = BTreeSet::from([account.username.to_lowercase(), account.email.to_lowercase()]);
    let added = sqlx::query(
        "INSERT INTO accounts (subject, username, password_hash, name, email, email_verified, created_at, disabled, \
             sessions_since) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING",
    )
    .bind(account.subject.to_string())
    .bind(account.username.to_lowercase())
    .bind(&account.password_hash)
    .bind(&account.name)
    .bind(&account.email)
    .bind(i16::from(account.email_verified))
    .bind(milliseconds(account.created_at))
    .bind(i16::from(account.disabled))
    .bind(milliseconds(account.sessions_since))
    .execute(&mut *transaction)
    .await?;
    if added.rows_affected() == 0 {
        return Ok(false);
    }
    for login in logins {
        let taken = sqlx::query("INSERT INTO logins (login, subject) VALUES ($1, $2) ON CONFLICT DO NOTHING")
            .bind(login)
            .bind(account.subject.to_string())
            .execute(&mut *transaction)
            .await?;
        if taken.rows_affected() == 0 {
            return Ok(false);
        }
    }
    Ok(true)
}

pub(super) fn account(row: &AnyRow) -> Result<Account, sqlx::Error> {
    Ok(Account {
        subject: parsed(row, "subject")?,
        username: row.try_get("username")?,
        password_hash: row.try_get("password_hash")?,
        name: row.try_get("name")?,
        email: row.try_get("email")?,
        email_verified: truth(row, "email_verified")?,
        created_at: instant(row, "created_at")?,
        disabled: truth(row, "disabled")?,
        sessions_since: instant(row, "sessions_since")?,
    })
}
