//! Who makes the connections of a line, one after the other, and asks of each whether its server still leads.

use std::sync::{Arc, Weak};
use std::time::Duration;

use redis::aio::{MultiplexedConnection, SendError};
use redis::{AsyncConnectionConfig, Client, PushInfo, PushKind, RedisError};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use crate::{PATIENCE, fault};

/// How often the server is asked whether it still leads.
const ASK_EVERY: Duration = Duration::from_secs(1);

/// How long to wait before the next connection where one did not come about, or did not last: from the first, doubled up to the
/// second.
const PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_millis(250));

/// A connection that was good for so long is followed by the next at once.
const LASTING: Duration = Duration::from_secs(1);

/// Where a line stands.
#[derive(Default)]
pub(crate) struct State {
    /// The connection, where there is one.
    pub(crate) present: Option<Present>,
    /// How many connections did not come about.
    pub(crate) failures: u64,
    /// Why there is none, or why there was none the last time.
    pub(crate) reason: String,
}

/// A connection, and its number among those that followed each other.
pub(crate) struct Present {
    pub(crate) connection: MultiplexedConnection,
    pub(crate) number: u64,
}

impl State {
    /// The number of the present connection.
    pub(crate) fn number(&self) -> Option<u64> {
        self.present.as_ref().map(|present| present.number)
    }
}

/// Gives up the connection of that number, unless another has followed it. Whoever waits for an answer over it waits on.
pub(crate) fn give_up(state: &watch::Sender<State>, number: u64, reason: &str) {
    state.send_if_modified(|state| {
        let is_present = state.number() == Some(number);
        if is_present {
            state.present = None;
            reason.clone_into(&mut state.reason);
        }
        is_present
    });
}

/// Keeps a connection in `state`, for ever.
pub(crate) async fn keep(client: Client, address: String, state: Arc<watch::Sender<State>>) {
    let mut pause = PAUSES.0;
    // That there is none at the beginning, whoever opens the line is told and tells.
    let (mut stood, mut told) = (false, false);
    for number in 1..=u64::MAX {
        let began = Instant::now();
        let when_broken = ended(&state, number);
        match connect(&client, when_broken).await {
            Ok(connection) => {
                if std::mem::take(&mut told) {
                    tracing::info!(%address, "there is a line to Redis again");
                }
                stood = true;
                let present = Present { connection: connection.clone(), number };
                state.send_modify(|state| state.present = Some(present));
                attend(connection, number, &state).await;
                let reason = state.borrow().reason.clone();
                tracing::warn!(%address, reason, "the line to Redis is given up, and made anew");
            }
            Err(error) => {
                if stood && !std::mem::replace(&mut told, true) {
                    tracing::warn!(%address, %error, "there is no line to Redis; it is tried again and again");
                }
                state.send_modify(|state| {
                    state.failures += 1;
                    state.reason = error.to_string();
                });
            }
        }
        if began.elapsed() >= LASTING {
            pause = PAUSES.0;
        } else {
            sleep(pause).await;
            pause = (pause * 2).min(PAUSES.1);
        }
    }
}

/// What gives a connection up when it tells that it has ended. It holds nothing that would keep the line alive.
fn ended(state: &Arc<watch::Sender<State>>, number: u64) -> impl Fn(PushInfo) + Send + Sync + 'static {
    let state: Weak<_> = Arc::downgrade(state);
    move |told| {
        if told.kind == PushKind::Disconnection
            && let Some(state) = state.upgrade()
        {
            give_up(&state, number, "the connection ended");
        }
    }
}

/// Asks now and then whether the server still leads, until the connection is given up.
async fn attend(mut connection: MultiplexedConnection, number: u64, state: &watch::Sender<State>) {
    let mut watched = state.subscribe();
    let given_up = watched.wait_for(|state| state.number() != Some(number));
    let doubt = async {
        loop {
            sleep(ASK_EVERY).await;
            if let Err(error) = fault::leads(&mut connection).await {
                return error;
            }
        }
    };
    tokio::select! {
        _ = given_up => {}
        error = doubt => give_up(state, number, &error.to_string()),
    }
}

/// Connects, and asks whether the server leads.
pub(crate) async fn connect(
    client: &Client,
    told: impl Fn(PushInfo) + Send + Sync + 'static,
) -> Result<MultiplexedConnection, RedisError> {
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(PATIENCE))
        .set_response_timeout(Some(PATIENCE))
        .set_push_sender(move |push: PushInfo| {
            told(push);
            Ok::<_, SendError>(())
        });
    let connecting = async {
        let mut connection = client.get_multiplexed_async_connection_with_config(&config).await?;
        fault::leads(&mut connection).await?;
        Ok(connection)
    };
    // The looking up of the name included.
    let late = |_| Err(std::io::Error::from(std::io::ErrorKind::TimedOut).into());
    timeout(PATIENCE, connecting).await.unwrap_or_else(late)
}
