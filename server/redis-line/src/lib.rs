//! The line from Cache and Queue to a Redis: one connection at a time, made anew by itself.
//!
//! A connection is given up when it breaks, when an answer does not come in time, and when its server does not lead any more: it
//! says `READONLY` after a failover, or that it is a replica. Another is made to the same address, which by then may lead
//! elsewhere, and what may be asked twice is asked once more. Every second the server is asked whether it still leads, so that
//! this is noticed even where nobody writes. Why this is ours: docs/decisions/0018-the-line-to-redis.md.

use std::sync::Arc;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{Client, Cmd, FromRedisValue, IntoConnectionInfo as _, ProtocolVersion, PushInfo, RedisError, ScriptInvocation};
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::timeout;

mod fault;
mod keeper;

use fault::Fault;
use keeper::State;

/// How long Redis may take to answer, and how long to connect: a blink gives [`Trouble`], never a request that hangs.
pub const PATIENCE: Duration = Duration::from_secs(2);

/// How long a question may take with all that belongs to it: a connection made anew, and the same question once more.
const PATIENCE_IN_ALL: Duration = Duration::from_secs(4);

/// How long connecting may take at the start, with its repeats.
const PATIENCE_AT_START: Duration = Duration::from_secs(3);

/// How many connections may fail to come about while somebody waits for one.
const FAILURES: u64 = 2;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// The URL names no Redis.
    #[error("the URL of Redis cannot be read: {0}")]
    Url(#[source] RedisError),
    /// There is no connection, and none could be made.
    #[error("Redis at {address} cannot be reached: {reason}")]
    Away {
        /// Host and port.
        address: String,
        /// What went wrong last.
        reason: String,
    },
    /// Neither an answer nor a connection came in time.
    #[error("Redis at {0} did not answer in time")]
    Late(String),
    /// What the server or the connection said.
    #[error(transparent)]
    Redis(#[from] RedisError),
}

/// What can be asked over a line: a command, or a script that is sent along where the server does not know it.
pub trait Question: Sync {
    /// Asks it once over `connection`.
    fn put<T: FromRedisValue + Send>(
        &self,
        connection: &mut MultiplexedConnection,
    ) -> impl Future<Output = Result<T, RedisError>> + Send;
}

impl Question for Cmd {
    fn put<T: FromRedisValue + Send>(
        &self,
        connection: &mut MultiplexedConnection,
    ) -> impl Future<Output = Result<T, RedisError>> + Send {
        self.query_async(connection)
    }
}

impl Question for ScriptInvocation<'_> {
    fn put<T: FromRedisValue + Send>(
        &self,
        connection: &mut MultiplexedConnection,
    ) -> impl Future<Output = Result<T, RedisError>> + Send {
        self.invoke_async(connection)
    }
}

/// The line to one Redis. Copies share it; it ends with the last of them.
#[derive(Clone)]
pub struct Line(Arc<Shared>);

struct Shared {
    client: Client,
    address: String,
    state: Arc<watch::Sender<State>>,
    keeper: AbortHandle,
}

/// A connection of the line among those that followed each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing(u64);

/// Which questions are asked again after a connection was given up under them.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Repeat {
    /// Those that are known to have done nothing.
    Undone,
    /// All: twice is as good as once.
    Unanswered,
}

impl Line {
    /// Connects to the Redis at `url`, and keeps connecting for as long as the line is there. It needs a runtime.
    ///
    /// # Errors
    /// [`Trouble`] where the URL cannot be read, nothing answers within three seconds, or what answers is a replica.
    pub async fn open(url: &str) -> Result<Self, Trouble> {
        let info = url.into_connection_info().map_err(Trouble::Url)?;
        // With RESP3 a lost connection is noticed, and made anew, before the next command needs it.
        let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
        let info = info.set_redis_settings(settings);
        let address = info.addr().to_string();
        let client = Client::open(info).map_err(Trouble::Url)?;
        let state = Arc::new(watch::Sender::new(State::default()));
        let keeper = tokio::spawn(keeper::keep(client.clone(), address.clone(), Arc::clone(&state))).abort_handle();
        let line = Self(Arc::new(Shared { client, address, state, keeper }));
        match timeout(PATIENCE_AT_START, line.connection()).await {
            Ok(Ok(_)) => Ok(line),
            Ok(Err(trouble)) => Err(trouble),
            Err(_) => Err(line.late()),
        }
    }

    /// Asks what must not be done twice. It is asked again only where the server said that it did nothing.
    ///
    /// # Errors
    /// [`Trouble`] where no answer came within four seconds, or the answer is an error; it may have been done all the same.
    pub async fn once<T: FromRedisValue + Send>(&self, question: &impl Question) -> Result<T, Trouble> {
        self.in_time(question, Repeat::Undone).await
    }

    /// Asks what may be done twice: once more where the connection broke under it, or fell silent.
    ///
    /// # Errors
    /// [`Trouble`] where no answer came within four seconds, or the answer is an error; it may have been done all the same.
    pub async fn at_least_once<T: FromRedisValue + Send>(&self, question: &impl Question) -> Result<T, Trouble> {
        self.in_time(question, Repeat::Unanswered).await
    }

    /// Waits until there is a connection, and tells which.
    pub async fn stands(&self) -> Standing {
        let mut state = self.0.state.subscribe();
        // Its sender is ours, so that it does not end before we do.
        let number = state.wait_for(|state| state.present.is_some()).await.ok().and_then(|state| state.number());
        Standing(number.unwrap_or_default())
    }

    /// Waits until the connection of `standing` was given up.
    pub async fn falls(&self, standing: Standing) {
        let mut state = self.0.state.subscribe();
        let _ = state.wait_for(|state| state.number() != Some(standing.0)).await;
    }

    /// Another connection to the same server, to which `told` is said what the server tells unasked. It does not heal.
    ///
    /// # Errors
    /// What went wrong; a replica that answers is an error too.
    pub async fn beside(&self, told: impl Fn(PushInfo) + Send + Sync + 'static) -> Result<MultiplexedConnection, RedisError> {
        keeper::connect(&self.0.client, told).await
    }

    async fn in_time<T: FromRedisValue + Send>(&self, question: &impl Question, repeat: Repeat) -> Result<T, Trouble> {
        timeout(PATIENCE_IN_ALL, self.ask(question, repeat)).await.unwrap_or_else(|_| Err(self.late()))
    }

    async fn ask<T: FromRedisValue + Send>(&self, question: &impl Question, repeat: Repeat) -> Result<T, Trouble> {
        let mut again = true;
        loop {
            let (mut connection, number) = self.connection().await?;
            let error = match question.put(&mut connection).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let fault = Fault::of(&error);
            if fault == Fault::Answer {
                return Err(error.into());
            }
            keeper::give_up(&self.0.state, number, &error.to_string());
            if !again || (fault == Fault::Lost && repeat == Repeat::Undone) {
                return Err(error.into());
            }
            again = false;
        }
    }

    /// The present connection, or the next one; trouble where two did not come about, or none came in time.
    async fn connection(&self) -> Result<(MultiplexedConnection, u64), Trouble> {
        let mut state = self.0.state.subscribe();
        let enough = state.borrow().failures + FAILURES;
        let settled = state.wait_for(|state| state.present.is_some() || state.failures >= enough);
        let Ok(Ok(settled)) = timeout(PATIENCE, settled).await else { return Err(self.late()) };
        match &settled.present {
            Some(present) => Ok((present.connection.clone(), present.number)),
            None => Err(Trouble::Away { address: self.0.address.clone(), reason: settled.reason.clone() }),
        }
    }

    fn late(&self) -> Trouble {
        Trouble::Late(self.0.address.clone())
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}

/// Asks the server of `connection` whether it leads.
///
/// # Errors
/// What went wrong, or that it is a replica. A server that does not say what it is, is believed to lead.
pub async fn leads(connection: &mut MultiplexedConnection) -> Result<(), RedisError> {
    fault::leads(connection).await
}
