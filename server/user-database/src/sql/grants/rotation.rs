//! The rotation of refresh tokens (RFC 9700 §4.14.2): each is used once, and its use names its successor.
//!
//! The first use claims the row of the token: a write with the condition that it is unused, which both engines let one
//! transaction win. The others, and the client whose response was lost, then find it used, and within the grace open
//! the successor that was sealed under the token which they hold. The database alone can open nothing.

use jiff::Timestamp;
use protocol::seal::{self, Sealer};
use protocol::secret::RefreshToken;
use sqlx::Row as _;
use uuid::Uuid;

use super::super::SqlDatabase;
use super::super::columns::{milliseconds, optional_instant, unreadable};
use super::super::engine::Engine;
use super::super::lending::Transaction;
use crate::{Grant, Grants as _, ROTATION_GRACE, Rotation, Unavailable};

/// On SQLite nobody else writes meanwhile: the row of the token that is presented is there to be used up, and the row of its
/// successor is new.
const CLAIM_ALONE: &str = "INSERT INTO refresh_tokens (digest, grant_id, used_at, successor) \
     SELECT c.digest, $4, c.used_at, c.successor \
     FROM (SELECT $1 AS digest, $2 AS used_at, $3 AS successor UNION ALL SELECT $5, NULL, NULL) c \
     WHERE EXISTS (SELECT 1 FROM refresh_tokens r JOIN grants g ON g.id = r.grant_id WHERE r.digest = $1 AND r.used_at IS NULL \
     AND g.id = $4 AND g.revoked_at IS NULL AND g.expires_at > $2) AND NOT EXISTS (SELECT 1 FROM refresh_tokens WHERE digest = $5) \
     ON CONFLICT (digest) DO UPDATE SET used_at = excluded.used_at, successor = excluded.successor";

/// On PostgreSQL the row's lock decides: whoever waited for it looks again whether it is unused.
const CLAIM_BESIDE_OTHERS: &str = "WITH claimed AS (UPDATE refresh_tokens SET used_at = $2, successor = $3 WHERE digest = $1 \
     AND used_at IS NULL AND EXISTS (SELECT 1 FROM grants WHERE id = $4 AND revoked_at IS NULL AND expires_at > $2) \
     RETURNING grant_id) INSERT INTO refresh_tokens (digest, grant_id) SELECT $5, grant_id FROM claimed";

/// A token that was found, of a grant that has not expired.
enum Found {
    /// Nobody has used it.
    Unused(Grant),
    /// It was used `at`; the sealed successor may have been forgotten since.
    Used { grant: Grant, at: Timestamp, successor: Option<Vec<u8>>, revoked: bool },
    /// Nobody has used it, and nobody will.
    Revoked,
}

pub(super) async fn rotate(
    database: &SqlDatabase,
    presented: &RefreshToken,
    client_id: &str,
    successor: &RefreshToken,
    now: Timestamp,
) -> Result<Rotation, Unavailable> {
    match find(database, presented, client_id, now).await? {
        Some(Found::Unused(grant)) => rotate_of(database, &grant, presented, successor, now).await,
        found => without_claim(database, found, presented, now).await,
    }
}

/// The same for whoever has looked the grant of the token up already.
pub(super) async fn rotate_of(
    database: &SqlDatabase,
    grant: &Grant,
    presented: &RefreshToken,
    successor: &RefreshToken,
    now: Timestamp,
) -> Result<Rotation, Unavailable> {
    if claim(database, grant, presented, successor, now).await? {
        return Ok(Rotation::Rotated(grant.clone()));
    }
    // It was used before, another was quicker, or the grant was revoked meanwhile.
    let found = find(database, presented, &grant.client_id, now).await?;
    without_claim(database, found, presented, now).await
}

/// What becomes of a token that cannot be used up.
async fn without_claim(
    database: &SqlDatabase,
    found: Option<Found>,
    presented: &RefreshToken,
    now: Timestamp,
) -> Result<Rotation, Unavailable> {
    match found {
        None | Some(Found::Unused(_) | Found::Revoked) => Ok(Rotation::Unknown),
        Some(Found::Used { grant, at, successor, revoked }) if now.duration_since(at) < ROTATION_GRACE => {
            if revoked {
                Ok(Rotation::Unknown)
            } else {
                repeat(grant, presented, successor)
            }
        }
        Some(Found::Used { grant, revoked, .. }) => {
            if !revoked {
                database.revoke(grant.id, now).await?;
            }
            Ok(Rotation::Replayed(grant))
        }
    }
}

/// Looks a token up without holding anybody up: whoever guesses tokens never reaches the writer.
async fn find(
    database: &SqlDatabase,
    token: &RefreshToken,
    client_id: &str,
    now: Timestamp,
) -> Result<Option<Found>, sqlx::Error> {
    let row = sqlx::query(
        "SELECT g.id, g.subject, g.client_id, g.scope, g.auth_time, g.session, g.created_at, g.expires_at, \
         g.dpop_jkt, g.resource, g.revoked_at, r.used_at, r.successor FROM refresh_tokens r JOIN grants g ON g.id = r.grant_id \
         WHERE r.digest = $1 AND g.client_id = $2 AND g.expires_at > $3",
    )
    .bind(digest(token))
    .bind(client_id)
    .bind(milliseconds(now))
    .fetch_optional(&database.reads)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let grant = super::grant(&row)?;
    let revoked = optional_instant(&row, "revoked_at")?.is_some();
    Ok(Some(match optional_instant(&row, "used_at")? {
        None if revoked => Found::Revoked,
        None => Found::Unused(grant),
        Some(at) => Found::Used { grant, at, successor: row.try_get("successor")?, revoked },
    }))
}

/// Uses the token up and makes its successor live, unless it is used or its grant dead by now: one statement, so that both happen
/// or neither.
async fn claim(
    database: &SqlDatabase,
    grant: &Grant,
    presented: &RefreshToken,
    successor: &RefreshToken,
    now: Timestamp,
) -> Result<bool, Unavailable> {
    let sealed = sealer(presented).seal(&*database.rng, grant.id.as_bytes(), successor.expose().as_bytes());
    let claim = match database.engine {
        Engine::Sqlite => CLAIM_ALONE,
        Engine::Postgres => CLAIM_BESIDE_OTHERS,
    };
    let claim = sqlx::query(claim)
        .bind(digest(presented))
        .bind(milliseconds(now))
        .bind(sealed)
        .bind(grant.id.to_string())
        .bind(digest(successor));
    Ok(database.write(claim).await? > 0)
}

/// Adds an unused token to a grant.
pub(super) async fn add_token(transaction: &mut Transaction, grant: Uuid, token: &RefreshToken) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO refresh_tokens (digest, grant_id) VALUES ($1, $2)")
        .bind(digest(token))
        .bind(grant.to_string())
        .execute(&mut *transaction)
        .await
        .map(drop)
}

/// Opens the successor that the first use left. One that was forgotten already (by a replica whose clock is far ahead)
/// is not told, and nothing is revoked for it.
fn repeat(grant: Grant, presented: &RefreshToken, sealed: Option<Vec<u8>>) -> Result<Rotation, Unavailable> {
    let Some(sealed) = sealed else { return Ok(Rotation::Unknown) };
    let successor = sealer(presented).open(grant.id.as_bytes(), &sealed).map_err(|source| unreadable("successor", source))?;
    let successor = String::from_utf8(successor).map_err(|source| unreadable("successor", source))?;
    Ok(Rotation::Repeated { grant, successor: RefreshToken::new(successor) })
}

/// The name under which a token is found.
pub(super) fn digest(token: &RefreshToken) -> String {
    seal::digest("refresh token", token.expose().as_bytes())
}

fn sealer(predecessor: &RefreshToken) -> Sealer {
    Sealer::derive(predecessor.expose().as_bytes(), "refresh token successor")
}
