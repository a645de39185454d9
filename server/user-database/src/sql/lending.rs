//! Connections that are handed from one question to the next.
//!
//! sqlx's pool asks each connection that comes back whether it still answers: one more round trip for every question. Here one
//! that has just answered is laid aside as it is. Only one that something went wrong with, that was left in the middle of an
//! answer, or that has been out for long goes back to the pool and through its test.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures::future::BoxFuture;
use futures::stream::{self, BoxStream};
use futures::{StreamExt as _, TryStreamExt as _};
use sqlx::any::{Any, AnyArguments, AnyQueryResult, AnyRow, AnyStatement, AnyTypeInfo};
use sqlx::pool::PoolConnection;
use sqlx::query::Query;
use sqlx::{AnyConnection, AnyPool, Connection as _, Describe, Either, Error, Execute, Executor, SqlStr};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// After this long without use, a connection is tried before it is trusted.
const STALE: Duration = Duration::from_secs(1);

/// After this long outside, a connection goes back, so that the pool may replace or close it.
const LONG: Duration = Duration::from_mins(10);

/// How long a connection may take to come about, or to become free, and a write in the queue to be done.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// Lends the connections of a pool, whoever asks first being first.
#[derive(Clone, Debug)]
pub(super) struct Lender(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    pool: AnyPool,
    turns: Arc<Semaphore>,
    aside: Mutex<Vec<Outside>>,
}

/// A connection outside the pool.
#[derive(Debug)]
struct Outside {
    connection: PoolConnection<Any>,
    since: Instant,
    used: Instant,
}

/// A connection in somebody's hands. Dropped, it goes back to the pool; [`Lent::lay_aside`] keeps it for the next.
struct Lent {
    outside: Outside,
    lender: Lender,
    _turn: OwnedSemaphorePermit,
}

/// A transaction; dropped without a commit, it leaves nothing behind.
pub(super) struct Transaction(Lent);

impl Lender {
    /// Lends the connections of `pool`, which nobody else may use.
    pub(super) fn of(pool: AnyPool) -> Self {
        let turns = usize::try_from(pool.options().get_max_connections()).unwrap_or(1);
        Self(Arc::new(Shared { pool, turns: Arc::new(Semaphore::new(turns)), aside: Mutex::default() }))
    }

    /// Begins a transaction by `statement`.
    pub(super) async fn begin(&self, statement: &'static str) -> Result<Transaction, Error> {
        let mut lent = self.lend().await?;
        // Dropped, it is closed, and with it the transaction. It stays so once that is over: then it is seldom dropped.
        lent.outside.connection.close_on_drop();
        sqlx::query(statement).execute(lent.connection()).await?;
        Ok(Transaction(lent))
    }

    /// Runs `statement` as soon as a connection is free, and answers how many rows it changed; `None` where it is not `wanted` any
    /// more by then.
    pub(super) async fn execute_if(
        &self,
        wanted: impl Fn() -> bool,
        statement: Query<'_, Any, AnyArguments>,
    ) -> Result<Option<u64>, Error> {
        let mut lent = self.lend().await?;
        let done = if wanted() { Some(statement.execute(lent.connection()).await?.rows_affected()) } else { None };
        lent.lay_aside();
        Ok(done)
    }

    /// Waits for what is under way and lets the connections go; whatever is asked afterwards fails.
    pub(super) async fn close(&self) {
        self.0.turns.close();
        self.aside().clear();
        self.0.pool.close().await;
    }

    /// A connection, as soon as one is free.
    async fn lend(&self) -> Result<Lent, Error> {
        let patience = self.0.pool.options().get_acquire_timeout();
        tokio::time::timeout(patience, self.lend_in_time()).await.unwrap_or(Err(Error::PoolTimedOut))
    }

    async fn lend_in_time(&self) -> Result<Lent, Error> {
        let turn = Arc::clone(&self.0.turns).acquire_owned().await.map_err(|_| Error::PoolClosed)?;
        let mut aside = self.aside().pop();
        if let Some(outside) = &mut aside
            && outside.used.elapsed() >= STALE
            && outside.connection.ping().await.is_err()
        {
            aside = None;
        }
        let outside = if let Some(outside) = aside {
            outside
        } else {
            let (connection, now) = (self.0.pool.acquire().await?, Instant::now());
            Outside { connection, since: now, used: now }
        };
        Ok(Lent { outside, lender: self.clone(), _turn: turn })
    }

    fn aside(&self) -> MutexGuard<'_, Vec<Outside>> {
        self.0.aside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// To be asked as a connection or a pool is.
impl<'l> Executor<'l> for &'l Lender {
    type Database = Any;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, Result<Either<AnyQueryResult, AnyRow>, Error>>
    where
        'l: 'e,
        E: 'q + Execute<'q, Any>,
    {
        let all = async move {
            let mut lent = self.lend().await?;
            let all: Vec<_> = lent.connection().fetch_many(query).try_collect().await?;
            lent.lay_aside();
            Ok::<_, Error>(stream::iter(all.into_iter().map(Ok)))
        };
        stream::once(all).try_flatten().boxed()
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<AnyRow>, Error>>
    where
        'l: 'e,
        E: 'q + Execute<'q, Any>,
    {
        Box::pin(async move {
            let mut lent = self.lend().await?;
            let row = lent.connection().fetch_optional(query).await?;
            lent.lay_aside();
            Ok(row)
        })
    }

    fn prepare_with<'e>(self, sql: SqlStr, parameters: &'e [AnyTypeInfo]) -> BoxFuture<'e, Result<AnyStatement, Error>>
    where
        'l: 'e,
    {
        Box::pin(async move {
            let mut lent = self.lend().await?;
            let statement = lent.connection().prepare_with(sql, parameters).await?;
            lent.lay_aside();
            Ok(statement)
        })
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<Describe<Any>, Error>>
    where
        'l: 'e,
    {
        Box::pin(async move {
            let mut lent = self.lend().await?;
            let description = lent.connection().describe(sql).await?;
            lent.lay_aside();
            Ok(description)
        })
    }
}

impl Drop for Shared {
    /// The way back to the pool needs a runtime; where the pool itself goes, there is no way back.
    fn drop(&mut self) {
        let aside = self.aside.get_mut().unwrap_or_else(PoisonError::into_inner);
        aside.drain(..).for_each(|outside| drop(outside.connection.detach()));
    }
}

impl Lent {
    fn connection(&mut self) -> &mut AnyConnection {
        &mut self.outside.connection
    }

    /// Keeps the connection for whoever asks next: it has answered all that it was asked.
    fn lay_aside(self) {
        let Self { mut outside, lender, _turn } = self;
        if outside.since.elapsed() < LONG && !lender.0.pool.is_closed() {
            outside.used = Instant::now();
            lender.aside().push(outside);
        }
    }
}

impl Deref for Transaction {
    type Target = AnyConnection;

    fn deref(&self) -> &AnyConnection {
        &self.0.outside.connection
    }
}

impl DerefMut for Transaction {
    fn deref_mut(&mut self) -> &mut AnyConnection {
        self.0.connection()
    }
}

impl Transaction {
    /// Makes all of it last.
    pub(super) async fn commit(self) -> Result<(), Error> {
        self.end("COMMIT").await
    }

    /// Undoes all of it.
    pub(super) async fn rollback(self) -> Result<(), Error> {
        self.end("ROLLBACK").await
    }

    async fn end(mut self, statement: &'static str) -> Result<(), Error> {
        sqlx::query(statement).execute(&mut *self).await?;
        self.0.lay_aside();
        Ok(())
    }
}
