//! The adapter over sqlx: the same statements on SQLite and on PostgreSQL, a file per port.
//!
//! SQLite has one writer at a time, so writes queue for one connection, in order, and reads have their own; on
//! PostgreSQL both are one pool. Writes of one statement that wait are committed together (`sql/writing.rs`). What writes more than one statement begins as a writer (`BEGIN IMMEDIATE`), so that
//! SQLite never has to refuse to promote a reader.

use std::sync::Arc;

use protocol::Rng;
use sqlx::Connection as _;

use crate::Unavailable;

mod account_keeper;
mod accounts;
mod audit;
mod clients;
mod columns;
mod consents;
mod engine;
mod grants;
mod lending;
mod links;
mod migrations;
mod postgres;
mod prune;
mod sessions;
mod signing_keys;
mod sqlite;
mod writing;

use engine::Engine;
use lending::{Lender, Transaction};
pub use prune::REPLAY_MEMORY;
use writing::{Statement, Writer};

/// The User Database on SQLite or PostgreSQL, chosen by URL.
pub struct SqlDatabase {
    engine: Engine,
    reads: Lender,
    transactions: Lender,
    writer: Writer,
    rng: Arc<dyn Rng>,
}

impl SqlDatabase {
    /// Connects to `url` and brings its tables up to date; any number of replicas may do so at once.
    ///
    /// `sqlite:<path>` or `sqlite://<path>`: the file is made where it is missing, readable by its owner only.
    /// `postgres://…` or `postgresql://…`: the database must be there. `rng` gives the nonces of what is sealed.
    ///
    /// # Errors
    /// [`Unavailable`], within about 5 s, where the URL is of another kind, or the database cannot be reached, opened
    /// or brought up to date. The words say which, and never hold the URL's password.
    pub async fn open(url: &str, rng: Arc<dyn Rng>) -> Result<Arc<Self>, Unavailable> {
        let (engine, address) = engine::choose(url)?;
        let mut connection = engine.connect(&address).await?;
        migrations::run(engine, &mut connection).await?;
        connection.close().await?;
        let reads = Lender::of(engine.reads(address.clone()));
        let alone = engine.writes(address).map(Lender::of);
        let writer = alone.clone().map_or_else(|| Writer::beside(reads.clone()), Writer::queue);
        let transactions = alone.unwrap_or_else(|| reads.clone());
        tracing::debug!(?engine, "the User Database is open");
        Ok(Arc::new(Self { engine, reads, transactions, writer, rng }))
    }

    /// Asks whether the database answers.
    ///
    /// # Errors
    /// [`Unavailable`] where it does not, within about 5 s.
    pub async fn ping(&self) -> Result<(), Unavailable> {
        sqlx::query("SELECT 1").execute(&self.reads).await?;
        Ok(())
    }

    /// Waits for what is under way and lets the database go; whatever is asked afterwards is [`Unavailable`].
    pub async fn close(&self) {
        self.transactions.close().await;
        self.reads.close().await;
    }

    /// Runs a statement that writes, and answers how many rows it changed.
    async fn write(&self, statement: Statement) -> Result<u64, Unavailable> {
        self.writer.write(statement).await
    }

    /// Begins a transaction that is going to write; dropped without a commit, it leaves nothing behind.
    async fn begin(&self) -> Result<Transaction, sqlx::Error> {
        self.transactions.begin(self.engine.begin_writing()).await
    }
}
