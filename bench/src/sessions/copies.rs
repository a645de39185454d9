//! The records of a session, many times over.

use std::path::PathBuf;

use redis::aio::MultiplexedConnection;
use rusqlite::Connection;

use crate::application::{Application, Store};
use crate::failure::Failure;

/// How many are copied in one transaction, or one pipeline.
const AT_ONCE: u32 = 5_000;

/// Copies in a Cache, and how many sessions there are.
pub(super) struct Copies {
    cache: Kept,
    count: u32,
    /// How large the Cache was with the one session.
    before: u64,
}

enum Kept {
    File(PathBuf),
    /// The keys of the one session's records; as they are now, those lie beside them, for one of them changes with each further
    /// session of the user.
    Redis(MultiplexedConnection, Vec<String>),
}

impl Copies {
    /// Finds the records of the only session that there is.
    pub(super) async fn of_the_only_session(store: &Store, application: &Application) -> Result<Self, Failure> {
        let cache = match store {
            Store::Embedded => {
                let file = application.cache_file();
                let connection = Connection::open(&file).map_err(|error| sqlite(&error))?;
                let only = "CREATE TABLE template AS SELECT key, value, expires_at FROM records WHERE key LIKE 'session%'";
                connection.execute_batch(only).map_err(|error| sqlite(&error))?;
                Kept::File(file)
            }
            Store::Redis(url) => {
                let client = redis::Client::open(url.as_str()).map_err(|error| redis_failed(&error))?;
                let mut connection = client.get_multiplexed_async_connection().await.map_err(|error| redis_failed(&error))?;
                let keys: Vec<String> = redis::cmd("KEYS")
                    .arg("cloakroom:session*")
                    .query_async(&mut connection)
                    .await
                    .map_err(|error| redis_failed(&error))?;
                let mut copying = redis::pipe();
                for key in &keys {
                    copying.cmd("COPY").arg(key).arg(template(key)).ignore();
                }
                copying.exec_async(&mut connection).await.map_err(|error| redis_failed(&error))?;
                Kept::Redis(connection, keys)
            }
        };
        let mut copies = Self { cache, count: 1, before: 0 };
        copies.before = copies.size().await?;
        Ok(copies)
    }

    /// Copies until there are `count`.
    pub(super) async fn reach(&mut self, count: u32) -> Result<(), Failure> {
        while self.count < count {
            let more = AT_ONCE.min(count - self.count);
            match &mut self.cache {
                Kept::File(file) => copy_rows(file, more)?,
                Kept::Redis(connection, keys) => copy_keys(connection, keys, self.count, more).await?,
            }
            self.count += more;
        }
        Ok(())
    }

    /// How large the Cache is: the file without what is free in it, or the memory that Redis has taken for its data.
    pub(super) async fn size(&mut self) -> Result<u64, Failure> {
        match &mut self.cache {
            Kept::File(file) => file_size(file),
            Kept::Redis(connection, _) => {
                let said: String =
                    redis::cmd("INFO").arg("memory").query_async(connection).await.map_err(|error| redis_failed(&error))?;
                let line = said.lines().find_map(|line| line.strip_prefix("used_memory_dataset:"));
                let size = line.and_then(|size| size.trim().parse().ok());
                size.ok_or_else(|| Failure::Odd("INFO memory", "no used_memory_dataset".to_owned()))
            }
        }
    }

    /// By how much the Cache has grown for each of them.
    pub(super) async fn size_of_each(&mut self) -> Result<u64, Failure> {
        Ok(self.size().await?.saturating_sub(self.before) / u64::from(self.count.saturating_sub(1).max(1)))
    }

    /// The words for it.
    pub(super) fn how_they_are_counted(&self) -> &'static str {
        match self.cache {
            Kept::File(_) => {
                "\nBytes are those of the pages that the file uses more; a session is its own record, and a page of the book for its user and for its \
                 session at the provider. All but eight are copies of one that was signed in.\n"
            }
            Kept::Redis(..) => {
                "\nBytes are those by which `used_memory_dataset` of Redis grows; a session is its own record, and a page of the book for its user and \
                 for its session at the provider. All but eight are copies of one that was signed in.\n"
            }
        }
    }
}

/// New keys are as long as the old ones, and lie anywhere among them.
fn copy_rows(file: &PathBuf, count: u32) -> Result<(), Failure> {
    let connection = Connection::open(file).map_err(|error| sqlite(&error))?;
    connection.busy_timeout(std::time::Duration::from_secs(30)).map_err(|error| sqlite(&error))?;
    let copy = "WITH RECURSIVE numbers (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < ?1)
         INSERT INTO records (key, value, expires_at)
         SELECT substr(key, 1, instr(key, ':')) || substr(hex(randomblob(32)), 1, length(key) - instr(key, ':')), value, expires_at
         FROM numbers, template";
    connection.execute(copy, [count]).map_err(|error| sqlite(&error))?;
    Ok(())
}

/// Where a record lies as it was with one session.
fn template(key: &str) -> String {
    format!("template:{key}")
}

async fn copy_keys(connection: &mut MultiplexedConnection, keys: &[String], from: u32, count: u32) -> Result<(), Failure> {
    let mut copying = redis::pipe();
    for number in from..from + count {
        for key in keys {
            // As long as the key that it stands for.
            let digits = format!("{number:08}");
            let kept = key.len().saturating_sub(digits.len());
            let copy = format!("{}{digits}", key.get(..kept).unwrap_or_default());
            copying.cmd("COPY").arg(template(key)).arg(copy).ignore();
        }
    }
    copying.exec_async(connection).await.map_err(|error| redis_failed(&error))
}

fn file_size(file: &PathBuf) -> Result<u64, Failure> {
    let connection = Connection::open(file).map_err(|error| sqlite(&error))?;
    let number = |pragma: &str| {
        let value: i64 = connection.pragma_query_value(None, pragma, |row| row.get(0)).map_err(|error| sqlite(&error))?;
        u64::try_from(value).map_err(|_| Failure::Engine("the embedded Cache", format!("{pragma} is {value}")))
    };
    Ok((number("page_count")? - number("freelist_count")?) * number("page_size")?)
}

fn sqlite(error: &rusqlite::Error) -> Failure {
    Failure::Engine("the embedded Cache", error.to_string())
}

fn redis_failed(error: &redis::RedisError) -> Failure {
    Failure::Engine("Redis", error.to_string())
}
