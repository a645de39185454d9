//! Connections that are handed from one question to the next.
//!
//! sqlx's pool asks each connection that comes back whether it still answers: one more round trip for every question. Here one
//! that has just answered is laid aside as it is. Only one that something went wrong with, that was left in the middle of an
//! answer, or that has been idle is tried before it is used again.
//!
//! A server that stands still must not keep a connection, or its place, for ever. Whatever is asked of it has its time, and a
//! connection that did not answer in time is closed: nobody reads what it may still say.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures::future::{BoxFuture, join_all};
use futures::stream::{self, BoxStream};
use futures::{StreamExt as _, TryStreamExt as _};
use sqlx::any::{Any, AnyArguments, AnyQueryResult, AnyRow, AnyStatement, AnyTypeInfo};
use sqlx::pool::PoolConnection;
use sqlx::query::Query;
use sqlx::{AnyConnection, AnyPool, Connection as _, Describe, Either, Error, Execute, Executor, SqlStr};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::error::Elapsed;
use tokio::time::timeout;

/// After this long without use, a connection is tried before it is trusted.
const STALE: Duration = Duration::from_secs(1);

/// After this long a connection is closed, and the next one made when it is needed.
const LONG: Duration = Duration::from_mins(10);

/// How long a connection that is tried may take to answer, where another can take its place.
const TRIAL: Duration = Duration::from_secs(1);

/// How long a statement may take to be answered. PostgreSQL ends it before that (`postgres::SESSION`), where it can.
const ANSWER: Duration = Duration::from_secs(12);

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

/// A connection in somebody's hands. [`Lent::lay_aside`] keeps it for the next; dropped, it is tried first, or closed.
#[derive(Debug)]
struct Lent {
    outside: Option<Outside>,
    /// Whether it is closed rather than tried when it is dropped: with it goes its transaction.
    is_to_close: bool,
    lender: Lender,
    turn: Option<OwnedSemaphorePermit>,
}

/// A transaction; dropped without a commit, it leaves nothing behind.
#[derive(Debug)]
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
        lent.is_to_close = true;
        let begun = in_time(sqlx::query(statement).execute(lent.connection()?)).await;
        lent.answered(begun)?;
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
        let done = if wanted() {
            let executed = in_time(statement.execute(lent.connection()?)).await;
            Some(lent.answered(executed)?.rows_affected())
        } else {
            None
        };
        lent.lay_aside();
        Ok(done)
    }

    /// Waits for what is under way, as long as it may take, and lets the connections go; whatever is asked afterwards fails.
    pub(super) async fn close(&self) {
        self.0.turns.close();
        let aside: Vec<_> = self.aside().drain(..).collect();
        join_all(aside.into_iter().map(|outside| timeout(PATIENCE, outside.connection.close()))).await;
        let _ = timeout(ANSWER, self.0.pool.close()).await;
    }

    /// A connection, as soon as one is free.
    async fn lend(&self) -> Result<Lent, Error> {
        let patience = self.0.pool.options().get_acquire_timeout();
        timeout(patience, self.lend_in_time()).await.unwrap_or(Err(Error::PoolTimedOut))
    }

    async fn lend_in_time(&self) -> Result<Lent, Error> {
        let turn = Arc::clone(&self.0.turns).acquire_owned().await.map_err(|_| Error::PoolClosed)?;
        // Given up from here on, the connection is tried as any that was left in the middle of an answer.
        let mut lent = Lent { outside: None, is_to_close: false, lender: self.clone(), turn: Some(turn) };
        lent.outside = self.aside().pop();
        if let Some(outside) = &mut lent.outside
            && outside.used.elapsed() >= STALE
            && !matches!(timeout(TRIAL, outside.connection.ping()).await, Ok(Ok(())))
        {
            lent.let_go();
        }
        if lent.outside.is_none() {
            let (connection, now) = (self.0.pool.acquire().await?, Instant::now());
            lent.outside = Some(Outside { connection, since: now, used: now });
        }
        Ok(lent)
    }

    fn aside(&self) -> MutexGuard<'_, Vec<Outside>> {
        self.0.aside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Bounds a statement.
async fn in_time<T>(asked: impl Future<Output = Result<T, Error>>) -> Result<Result<T, Error>, Elapsed> {
    timeout(ANSWER, asked).await
}

fn late() -> Error {
    Error::Io(io::Error::new(io::ErrorKind::TimedOut, "a statement was not answered in time"))
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
            let all = in_time(lent.connection()?.fetch_many(query).try_collect::<Vec<_>>()).await;
            let all = lent.answered(all)?;
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
            let row = in_time(lent.connection()?.fetch_optional(query)).await;
            let row = lent.answered(row)?;
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
            let statement = in_time(lent.connection()?.prepare_with(sql, parameters)).await;
            let statement = lent.answered(statement)?;
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
            let description = in_time(lent.connection()?.describe(sql)).await;
            let description = lent.answered(description)?;
            lent.lay_aside();
            Ok(description)
        })
    }
}

/// To be asked as its connection is.
impl<'t> Executor<'t> for &'t mut Transaction {
    type Database = Any;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, Result<Either<AnyQueryResult, AnyRow>, Error>>
    where
        't: 'e,
        E: 'q + Execute<'q, Any>,
    {
        let all = async move {
            let all = in_time(self.0.connection()?.fetch_many(query).try_collect::<Vec<_>>()).await;
            Ok::<_, Error>(stream::iter(self.0.answered(all)?.into_iter().map(Ok)))
        };
        stream::once(all).try_flatten().boxed()
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<AnyRow>, Error>>
    where
        't: 'e,
        E: 'q + Execute<'q, Any>,
    {
        Box::pin(async move {
            let row = in_time(self.0.connection()?.fetch_optional(query)).await;
            self.0.answered(row)
        })
    }

    fn prepare_with<'e>(self, sql: SqlStr, parameters: &'e [AnyTypeInfo]) -> BoxFuture<'e, Result<AnyStatement, Error>>
    where
        't: 'e,
    {
        Box::pin(async move {
            let statement = in_time(self.0.connection()?.prepare_with(sql, parameters)).await;
            self.0.answered(statement)
        })
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<Describe<Any>, Error>>
    where
        't: 'e,
    {
        Box::pin(async move {
            let description = in_time(self.0.connection()?.describe(sql)).await;
            self.0.answered(description)
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
    /// The connection; none any more where it did not answer in time.
    fn connection(&mut self) -> Result<&mut AnyConnection, Error> {
        self.outside.as_mut().map(|outside| &mut *outside.connection).ok_or_else(late)
    }

    /// What came of a statement. A connection that gave no answer in time is closed.
    fn answered<T>(&mut self, answer: Result<Result<T, Error>, Elapsed>) -> Result<T, Error> {
        answer.unwrap_or_else(|_| {
            self.let_go();
            Err(late())
        })
    }

    /// Closes the connection without a word to the server, which would not hear it. Its place is free at once.
    fn let_go(&mut self) {
        if let Some(outside) = self.outside.take() {
            drop(outside.connection.detach());
        }
    }

    /// Keeps the connection for whoever asks next: it has answered all that it was asked.
    fn lay_aside(mut self) {
        if let Some(outside) = self.outside.take_if(|outside| outside.since.elapsed() < LONG) {
            self.lender.keep(outside);
        } else {
            // Closed like a transaction that was dropped.
            self.is_to_close = true;
        }
    }
}

impl Lender {
    fn keep(&self, mut outside: Outside) {
        outside.used = Instant::now();
        if !self.0.pool.is_closed() {
            self.aside().push(outside);
        }
    }
}

impl Drop for Lent {
    /// Somebody gave up in the middle of an answer or of a transaction, or something went wrong. The place is taken until it is
    /// known whether the connection is still good, but for no longer than [`PATIENCE`].
    fn drop(&mut self) {
        let Some(mut outside) = self.outside.take() else { return };
        let (is_to_close, lender, turn) = (self.is_to_close, self.lender.clone(), self.turn.take());
        tokio::spawn(async move {
            if is_to_close {
                let _ = timeout(PATIENCE, outside.connection.close()).await;
            } else if matches!(timeout(PATIENCE, outside.connection.ping()).await, Ok(Ok(()))) {
                lender.keep(outside);
            } else {
                drop(outside.connection.detach());
            }
            drop(turn);
        });
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
        sqlx::query(statement).execute(&mut self).await?;
        self.0.lay_aside();
        Ok(())
    }
}
