//! Sessions in SQL.

use std::collections::BTreeSet;

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::any::{Any, AnyRow};
use sqlx::{Executor, Row as _};
use uuid::Uuid;

use super::SqlDatabase;
use super::columns::{instant, milliseconds, parsed};
use crate::{Session, Sessions, Unavailable};

#[async_trait]
impl Sessions for SqlDatabase {
    async fn enter(&self, session: &Session) -> Result<(), Unavailable> {
        let mut transaction = self.begin().await?;
        sqlx::query(
            "INSERT INTO sessions (sid, subject, record, began_at, ends_at, user_agent, address) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (sid) DO UPDATE SET subject = excluded.subject, \
             record = excluded.record, began_at = excluded.began_at, ends_at = excluded.ends_at, \
             user_agent = excluded.user_agent, address = excluded.address",
        )
        .bind(&session.sid)
        .bind(session.subject.to_string())
        .bind(&session.record)
        .bind(milliseconds(session.began_at))
        .bind(milliseconds(session.ends_at))
        .bind(session.user_agent.as_deref())
        .bind(session.address.as_deref())
        .execute(&mut transaction)
        .await?;
        for client_id in &session.clients {
            add_client(&mut transaction, &session.sid, client_id).await?;
        }
        Ok(transaction.commit().await?)
    }

    async fn join(&self, sid: &str, client_id: &str) -> Result<bool, Unavailable> {
        let joined: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM session_clients WHERE sid = $1 AND client_id = $2")
            .bind(sid)
            .bind(client_id)
            .fetch_one(&self.reads)
            .await?;
        if joined > 0 {
            return Ok(true);
        }
        let mut transaction = self.begin().await?;
        // Holds the row, so that the session cannot end between the question and the entry.
        let held = sqlx::query("UPDATE sessions SET sid = sid WHERE sid = $1").bind(sid).execute(&mut transaction).await?;
        if held.rows_affected() == 0 {
            return Ok(false);
        }
        add_client(&mut transaction, sid, client_id).await?;
        transaction.commit().await?;
        Ok(true)
    }

    async fn get(&self, sid: &str) -> Result<Option<Session>, Unavailable> {
        let row = sqlx::query("SELECT sid, subject, record, began_at, ends_at, user_agent, address FROM sessions WHERE sid = $1")
            .bind(sid)
            .fetch_optional(&self.reads)
            .await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(session(&row, clients(&self.reads, sid).await?)?))
    }

    async fn of_subject(&self, subject: Uuid, now: Timestamp) -> Result<Vec<Session>, Unavailable> {
        let rows = sqlx::query(
            "SELECT sid, subject, record, began_at, ends_at, user_agent, address FROM sessions \
             WHERE subject = $1 AND ends_at > $2 ORDER BY began_at DESC, sid",
        )
        .bind(subject.to_string())
        .bind(milliseconds(now))
        .fetch_all(&self.reads)
        .await?;
        let mut sessions = Vec::with_capacity(rows.len());
        for row in &rows {
            let clients = clients(&self.reads, row.try_get("sid")?).await?;
            sessions.push(session(row, clients)?);
        }
        Ok(sessions)
    }

    async fn strike(&self, sid: &str) -> Result<Option<Session>, Unavailable> {
        let mut transaction = self.begin().await?;
        let held = sqlx::query("UPDATE sessions SET sid = sid WHERE sid = $1").bind(sid).execute(&mut transaction).await?;
        if held.rows_affected() == 0 {
            return Ok(None);
        }
        let clients = clients(&mut transaction, sid).await?;
        let row = sqlx::query(
            "DELETE FROM sessions WHERE sid = $1 RETURNING sid, subject, record, began_at, ends_at, user_agent, address",
        )
        .bind(sid)
        .fetch_one(&mut transaction)
        .await?;
        let struck = session(&row, clients)?;
        transaction.commit().await?;
        Ok(Some(struck))
    }
}

async fn add_client<'c>(executor: impl Executor<'c, Database = Any>, sid: &str, client_id: &str) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO session_clients (sid, client_id) VALUES ($1, $2) ON CONFLICT (sid, client_id) DO NOTHING")
        .bind(sid)
        .bind(client_id)
        .execute(executor)
        .await
        .map(drop)
}

async fn clients<'c>(executor: impl Executor<'c, Database = Any>, sid: &str) -> Result<BTreeSet<String>, sqlx::Error> {
    let clients: Vec<String> =
        sqlx::query_scalar("SELECT client_id FROM session_clients WHERE sid = $1").bind(sid).fetch_all(executor).await?;
    Ok(clients.into_iter().collect())
}

fn session(row: &AnyRow, clients: BTreeSet<String>) -> Result<Session, sqlx::Error> {
    Ok(Session {
        sid: row.try_get("sid")?,
        subject: parsed(row, "subject")?,
        record: row.try_get("record")?,
        began_at: instant(row, "began_at")?,
        ends_at: instant(row, "ends_at")?,
        user_agent: row.try_get("user_agent")?,
        address: row.try_get("address")?,
        clients,
    })
}
