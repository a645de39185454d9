//! Housekeeping: what no answer depends on any more is removed.

use jiff::{SignedDuration, Timestamp};

use super::SqlDatabase;
use super::columns::milliseconds;
use crate::{ROTATION_GRACE, Unavailable};

/// How long a used refresh token is remembered, so that its replay revokes the grant: 7 days.
///
/// A token older than that gives whoever replays it nothing either; only the alarm is no longer raised.
pub const REPLAY_MEMORY: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How much longer than the grace a sealed successor is kept, for replicas whose clocks differ.
const SKEW: SignedDuration = SignedDuration::from_secs(50);

/// Rows removed at once: few enough that no sign-in waits long behind them.
const BATCH: u32 = 500;

/// Tokens of grants that are over.
const TOKENS_OF_ENDED_GRANTS: &str = "DELETE FROM refresh_tokens WHERE digest IN (SELECT r.digest FROM refresh_tokens r \
     JOIN grants g ON g.id = r.grant_id WHERE g.expires_at <= $1 OR g.revoked_at IS NOT NULL LIMIT $2)";

/// Tokens that were used so long ago that nobody listens for their replay.
const OLD_USED_TOKENS: &str = "DELETE FROM refresh_tokens WHERE digest IN \
     (SELECT digest FROM refresh_tokens WHERE used_at <= $1 LIMIT $2)";

/// Sealed successors that no grace needs any more: with an old token and a dump, they would lead link by link to the live one.
const OLD_SUCCESSORS: &str = "UPDATE refresh_tokens SET successor = NULL WHERE digest IN \
     (SELECT digest FROM refresh_tokens WHERE used_at <= $1 AND successor IS NOT NULL LIMIT $2)";

/// Grants that are over: expired, or revoked, which is all the same to whoever asks.
const ENDED_GRANTS: &str = "DELETE FROM grants WHERE id IN \
     (SELECT id FROM grants WHERE expires_at <= $1 OR revoked_at IS NOT NULL LIMIT $2)";

/// Signing keys whose last token is dead.
const EXPIRED_KEYS: &str = "DELETE FROM signing_keys WHERE kid IN \
     (SELECT kid FROM signing_keys WHERE expires_at <= $1 LIMIT $2)";

/// Sessions that have run out.
const ENDED_SESSIONS: &str = "DELETE FROM sessions WHERE sid IN (SELECT sid FROM sessions WHERE ends_at <= $1 LIMIT $2)";

/// Links that have expired, used or not.
const EXPIRED_LINKS: &str = "DELETE FROM mailed_links WHERE digest IN \
     (SELECT digest FROM mailed_links WHERE expires_at <= $1 LIMIT $2)";

/// Clients that registered themselves and that nobody allows anything.
const UNUSED_CLIENTS: &str = "DELETE FROM clients WHERE client_id IN (SELECT c.client_id FROM clients c \
     WHERE c.by_operator = 0 AND c.created_at <= $1 AND NOT EXISTS (SELECT 1 FROM consents a WHERE a.client_id = c.client_id) \
     AND NOT EXISTS (SELECT 1 FROM grants g WHERE g.client_id = c.client_id) LIMIT $2)";

impl SqlDatabase {
    /// Removes grants that are expired or revoked at `now` with their refresh tokens, and used refresh tokens older
    /// than [`REPLAY_MEMORY`], and signing keys and sessions that have expired; forgets sealed successors whose grace is over. Answers how
    /// many rows went.
    ///
    /// May run at any time, on several replicas at once, beside everything else. A minute apart is right: so much longer than
    /// they are needed are sealed successors kept.
    ///
    /// # Errors
    /// [`Unavailable`] where the database does not answer; what was removed until then stays removed.
    pub async fn prune(&self, now: Timestamp) -> Result<u64, Unavailable> {
        let mut removed = 0;
        let steps = [
            (TOKENS_OF_ENDED_GRANTS, now),
            (OLD_USED_TOKENS, before(now, REPLAY_MEMORY)),
            (ENDED_GRANTS, now),
            (EXPIRED_KEYS, now),
            (ENDED_SESSIONS, now),
            (EXPIRED_LINKS, now),
        ];
        for (statement, until) in steps {
            removed += self.remove_all(statement, until, now).await?;
        }
        self.remove_all(OLD_SUCCESSORS, before(now, ROTATION_GRACE.saturating_add(SKEW)), now).await?;
        tracing::debug!(removed, "the User Database was pruned");
        Ok(removed)
    }

    /// Removes the clients that registered themselves before `until`, were added by no operator, and that nobody allows anything.
    /// Answers how many there were.
    ///
    /// # Errors
    /// [`Unavailable`] where the database does not answer; what was removed until then stays removed.
    pub async fn prune_clients(&self, until: Timestamp, now: Timestamp) -> Result<u64, Unavailable> {
        let removed = self.remove_all(UNUSED_CLIENTS, until, now).await?;
        if removed > 0 {
            tracing::info!(removed, "clients that registered themselves and were never used are gone");
        }
        Ok(removed)
    }

    async fn remove_all(&self, statement: &'static str, until: Timestamp, now: Timestamp) -> Result<u64, sqlx::Error> {
        let mut removed = 0;
        loop {
            let batch = self.remove_batch(statement, until, now).await?;
            removed += batch;
            if batch < u64::from(BATCH) {
                return Ok(removed);
            }
        }
    }

    async fn remove_batch(&self, statement: &'static str, until: Timestamp, now: Timestamp) -> Result<u64, sqlx::Error> {
        let mut transaction = self.begin().await?;
        // The row's lock is held to the end: two replicas never wait for each other crosswise over the same batch.
        sqlx::query("UPDATE upkeep SET last_at = $1 WHERE task = 'prune'")
            .bind(milliseconds(now))
            .execute(&mut transaction)
            .await?;
        let removed = sqlx::query(statement).bind(milliseconds(until)).bind(i64::from(BATCH)).execute(&mut transaction).await?;
        transaction.commit().await?;
        Ok(removed.rows_affected())
    }
}

fn before(now: Timestamp, span: SignedDuration) -> Timestamp {
    now.saturating_sub(span).unwrap_or(Timestamp::MIN)
}
