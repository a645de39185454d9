//! Writes of one statement each.
//!
//! PostgreSQL takes them side by side. SQLite has one writer, so they queue for it, and those that wait are committed together:
//! what a commit costs, pages of the log and changes of thread, is shared. Each is answered after the commit and not before. A
//! statement that breaks a constraint undoes itself and nobody else; any other trouble undoes all that were to be committed with
//! it, and each of them is told so.

use std::sync::Arc;

use sqlx::any::{Any, AnyArguments};
use sqlx::error::ErrorKind;
use sqlx::query::Query;
use tokio::sync::{mpsc, oneshot};

use super::lending::{Lender, PATIENCE, Transaction};
use crate::Unavailable;

/// A statement with its values.
pub(super) type Statement = Query<'static, Any, AnyArguments>;

/// The most statements of one commit: none waits long for those after it.
const TOGETHER: usize = 64;

/// Who takes writes of one statement.
#[derive(Clone)]
pub(super) enum Writer {
    /// Connections that write side by side.
    Beside(Lender),
    /// The queue for the one that writes.
    Queue(mpsc::UnboundedSender<Waiting>),
}

/// A statement in the queue, and who waits for it.
pub(super) struct Waiting {
    statement: Statement,
    answer: oneshot::Sender<Answer>,
}

/// How many rows changed.
type Answer = Result<u64, Unavailable>;

impl Writer {
    /// Writes side by side over the connections of `lender`.
    pub(super) fn beside(lender: Lender) -> Self {
        Self::Beside(lender)
    }

    /// Writes one after the other over the connection of `lender`. It needs a runtime, and ends with the last of its copies.
    pub(super) fn queue(lender: Lender) -> Self {
        let (sender, queue) = mpsc::unbounded_channel();
        tokio::spawn(work(lender, queue));
        Self::Queue(sender)
    }

    /// Runs a statement and answers how many rows it changed, once that lasts. One that is given up before its turn is not run.
    pub(super) async fn write(&self, statement: Statement) -> Answer {
        let sender = match self {
            Self::Beside(lender) => return Ok(statement.execute(lender).await?.rows_affected()),
            Self::Queue(sender) => sender,
        };
        let (answer, answered) = oneshot::channel();
        sender.send(Waiting { statement, answer }).map_err(|_| sqlx::Error::PoolClosed)?;
        let answered = tokio::time::timeout(PATIENCE, answered).await.map_err(|_| sqlx::Error::PoolTimedOut)?;
        answered.map_err(|_| sqlx::Error::WorkerCrashed)?
    }
}

/// Takes what is queued until nobody can queue any more.
async fn work(lender: Lender, mut queue: mpsc::UnboundedReceiver<Waiting>) {
    while let Some(first) = queue.recv().await {
        if first.answer.is_closed() {
            continue;
        }
        if queue.is_empty() {
            // Committed by itself.
            let Waiting { statement, answer } = first;
            let done = lender.execute_if(|| !answer.is_closed(), statement).await;
            if let Some(done) = done.transpose() {
                let _ = answer.send(done.map_err(Unavailable::from));
            }
        } else {
            together(&lender, first, &mut queue).await;
        }
    }
}

/// Runs `first` and what waits behind it, and commits all of it at once.
async fn together(lender: &Lender, first: Waiting, queue: &mut mpsc::UnboundedReceiver<Waiting>) {
    let mut transaction = match lender.begin("BEGIN IMMEDIATE").await {
        Ok(transaction) => transaction,
        Err(error) => return drop(first.answer.send(Err(error.into()))),
    };
    // It may have been given up while the connection was not free.
    let (mut done, mut next) = (Vec::new(), Some(first).filter(|first| !first.answer.is_closed()));
    while let Some(Waiting { statement, answer }) = next.take() {
        let outcome = run(statement, &mut transaction).await;
        match outcome {
            Ok(Ok(rows)) => done.push((answer, rows)),
            Ok(Err(refused)) => drop(answer.send(Err(refused.into()))),
            Err(trouble) => {
                done.push((answer, 0));
                let undone = transaction.rollback().await;
                return fail(done, undone.err().unwrap_or(trouble));
            }
        }
        while next.is_none() && done.len() < TOGETHER {
            let Ok(waiting) = queue.try_recv() else { break };
            next = Some(waiting).filter(|waiting| !waiting.answer.is_closed());
        }
    }
    match transaction.commit().await {
        Ok(()) => done.into_iter().for_each(|(answer, rows)| drop(answer.send(Ok(rows)))),
        Err(error) => fail(done, error),
    }
}

/// Runs a statement of a transaction. The inner error is a constraint that it breaks: it has undone itself, and the transaction
/// stands. After any other, nobody can say what stands.
async fn run(statement: Statement, transaction: &mut Transaction) -> Result<Result<u64, sqlx::Error>, sqlx::Error> {
    match statement.execute(transaction).await {
        Ok(done) => Ok(Ok(done.rows_affected())),
        Err(error) if breaks_constraint(&error) => Ok(Err(error)),
        Err(error) => Err(error),
    }
}

fn breaks_constraint(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| !matches!(error.kind(), ErrorKind::Other))
}

/// Tells everybody what kept their writes from being committed.
fn fail(waiting: Vec<(oneshot::Sender<Answer>, u64)>, error: sqlx::Error) {
    let error = Arc::new(error);
    for (answer, _) in waiting {
        let _ = answer.send(Err(Unavailable::because(Arc::clone(&error))));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures::future::join_all;
    use tempfile::TempDir;

    use super::super::engine;
    use super::*;

    /// A queue for a file with one table; the queue is not looked at before somebody waits.
    async fn queue() -> (TempDir, Lender, Writer) {
        let directory = tempfile::tempdir().unwrap();
        let (engine, address) = engine::choose(&format!("sqlite:{}", directory.path().join("file").display())).unwrap();
        let lender = Lender::of(engine.writes(address).unwrap());
        sqlx::query("CREATE TABLE numbers (number BIGINT NOT NULL PRIMARY KEY)").execute(&lender).await.unwrap();
        (directory, lender.clone(), Writer::queue(lender))
    }

    async fn numbers(lender: &Lender) -> Vec<i64> {
        sqlx::query_scalar("SELECT number FROM numbers ORDER BY number").fetch_all(lender).await.unwrap()
    }

    fn add(number: i64) -> Statement {
        sqlx::query("INSERT INTO numbers (number) VALUES ($1)").bind(number)
    }

    #[tokio::test]
    async fn what_breaks_a_constraint_fails_alone() {
        let (_directory, lender, writer) = queue().await;
        let answers = join_all([1, 2, 2, 3].map(|number| writer.write(add(number)))).await;
        assert_eq!(answers.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, true, false, true]);
        assert_eq!(numbers(&lender).await, [1, 2, 3]);
    }

    #[tokio::test]
    async fn other_trouble_is_told_to_all_that_were_to_be_committed_with_it() {
        let (_directory, lender, writer) = queue().await;
        let trouble = sqlx::query("INSERT INTO nowhere (number) VALUES ($1)").bind(1);
        let answers = join_all([add(1), add(2), trouble, add(3)].map(|statement| writer.write(statement))).await;
        assert_eq!(answers.iter().map(Result::is_ok).collect::<Vec<_>>(), [false, false, false, true]);
        assert_eq!(numbers(&lender).await, [3], "what came after is not concerned");
    }

    #[tokio::test]
    async fn more_than_are_committed_together_are_all_done() {
        let (_directory, lender, writer) = queue().await;
        let answers = join_all((0..200).map(|number| writer.write(add(number)))).await;
        assert!(answers.iter().all(|answer| matches!(answer, Ok(1))), "{answers:?}");
        assert_eq!(numbers(&lender).await.len(), 200);
    }

    /// The clock of the runtime jumps, so nobody waits the five seconds.
    #[tokio::test]
    async fn whoever_waits_for_too_long_is_told_and_has_nothing_done() {
        let (_directory, lender, writer) = queue().await;
        let held = lender.begin("BEGIN IMMEDIATE").await.unwrap();
        tokio::time::pause();
        assert!(writer.write(add(1)).await.is_err());
        tokio::time::resume();
        // Whether its turn comes only now, or was over before.
        held.rollback().await.unwrap();
        assert!(writer.write(add(2)).await.is_ok());
        assert_eq!(numbers(&lender).await, [2]);
    }

    #[tokio::test]
    async fn a_queue_that_is_closed_answers() {
        let (_directory, lender, writer) = queue().await;
        lender.close().await;
        let answers = tokio::time::timeout(Duration::from_secs(5), join_all([1, 2].map(|number| writer.write(add(number)))));
        assert!(answers.await.unwrap().iter().all(Result::is_err));
    }
}
