//! The audit log in SQL.

use async_trait::async_trait;
use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::SqlDatabase;
use super::columns::{instant, milliseconds, parsed};
use crate::{AuditRecord, AuditTrail, Unavailable};

#[async_trait]
impl AuditTrail for SqlDatabase {
    async fn record(&self, record: &AuditRecord) -> Result<bool, Unavailable> {
        let recorded = sqlx::query(
            "INSERT INTO audit_records (id, at, kind, subject, details) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (id) DO NOTHING",
        )
        .bind(record.id.to_string())
        .bind(milliseconds(record.at))
        .bind(writable(&record.kind))
        .bind(record.subject.as_deref().map(writable))
        .bind(record.details.to_string());
        Ok(self.write(recorded).await? > 0)
    }

    async fn recent(&self, subject: Option<&str>, limit: u32) -> Result<Vec<AuditRecord>, Unavailable> {
        let query = match subject {
            None => sqlx::query("SELECT id, at, kind, subject, details FROM audit_records ORDER BY at DESC, id DESC LIMIT $1"),
            Some(subject) => sqlx::query(
                "SELECT id, at, kind, subject, details FROM audit_records WHERE subject = $1 \
                 ORDER BY at DESC, id DESC LIMIT $2",
            )
            .bind(writable(subject)),
        };
        let rows = query.bind(i64::from(limit)).fetch_all(&self.reads).await?;
        Ok(rows.iter().map(record).collect::<Result<_, _>>()?)
    }
}

/// Replaces NUL, which PostgreSQL's text cannot hold: an event that somebody's odd bytes are part of is still recorded.
fn writable(text: &str) -> String {
    text.replace('\0', "\u{FFFD}")
}

fn record(row: &AnyRow) -> Result<AuditRecord, sqlx::Error> {
    Ok(AuditRecord {
        id: parsed(row, "id")?,
        at: instant(row, "at")?,
        kind: row.try_get("kind")?,
        subject: row.try_get("subject")?,
        details: parsed(row, "details")?,
    })
}
