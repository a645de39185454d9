//! What an error says of the connection that it came over.

use redis::aio::MultiplexedConnection;
use redis::{ErrorKind, RedisError, ServerErrorKind, Value};

/// What an error says of the connection that it came over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// An answer like another: the connection is as good as before.
    Answer,
    /// The server takes no writes, since it does not lead, or is cut off from those that follow it. Nothing was done.
    Demoted,
    /// No answer came, or none that can be read. It may have been done.
    Lost,
}

/// How the answers begin of a server that takes no writes: it became a replica; it is one, and its own primary is away; nobody
/// follows it (`min-replicas-to-write`), as on the wrong side of a network that fell apart.
const DEMOTED: [&str; 3] = ["READONLY", "MASTERDOWN", "NOREPLICAS"];

impl Fault {
    pub(crate) fn of(error: &RedisError) -> Self {
        if says_demoted(error) {
            Self::Demoted
        } else if error.is_timeout() || error.is_io_error() || error.is_unrecoverable_error() {
            Self::Lost
        } else {
            Self::Answer
        }
    }
}

fn says_demoted(error: &RedisError) -> bool {
    // Redis before 7 tells of it within the error of the script that it stopped: "… -READONLY You can't write …".
    let within = |detail: &str| DEMOTED.iter().any(|code| detail.contains(&format!("-{code} ")));
    matches!(error.kind(), ErrorKind::Server(ServerErrorKind::ReadOnly | ServerErrorKind::MasterDown))
        || error.code().is_some_and(|code| DEMOTED.contains(&code))
        || error.code() == Some("ERR") && error.detail().is_some_and(within)
}

/// Asks the server whether it leads. One that does not say what it is, because it does not know the question or we may not ask
/// it, is believed to.
pub(crate) async fn leads(connection: &mut MultiplexedConnection) -> Result<(), RedisError> {
    let role = match redis::cmd("ROLE").query_async::<Vec<Value>>(connection).await {
        Ok(answer) => answer.into_iter().next(),
        Err(error) if Fault::of(&error) == Fault::Answer => {
            return redis::cmd("PING").exec_async(connection).await.or_else(unless_lost);
        }
        Err(error) => return Err(error),
    };
    let follows = |role: &[u8]| matches!(role, b"slave" | b"replica");
    match role {
        Some(Value::BulkString(role)) if follows(&role) => Err(a_replica()),
        Some(Value::SimpleString(role)) if follows(role.as_bytes()) => Err(a_replica()),
        _ => Ok(()),
    }
}

/// A server that is still reading its file says so, and answers.
fn unless_lost(error: RedisError) -> Result<(), RedisError> {
    if Fault::of(&error) == Fault::Answer { Ok(()) } else { Err(error) }
}

fn a_replica() -> RedisError {
    (ErrorKind::Server(ServerErrorKind::ReadOnly), "it is a replica, and takes no writes").into()
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    /// As a server sends it.
    fn said(line: &str) -> RedisError {
        let answer = redis::parse_redis_value(format!("-{line}\r\n").as_bytes()).unwrap();
        answer.extract_error().unwrap_err()
    }

    #[test]
    fn a_server_that_takes_no_writes_is_known_by_what_it_says() {
        for line in [
            "READONLY You can't write against a read only replica.",
            "READONLY You can't write against a read only replica. script: 4ca23d, on @user_script:4.",
            "ERR Error running script (call to f_4ca23d): @user_script:3: -READONLY You can't write against a read only replica.",
            "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
            "NOREPLICAS Not enough good replicas to write.",
        ] {
            assert_eq!(Fault::of(&said(line)), Fault::Demoted, "{line}");
        }
    }

    /// Another connection would get the same.
    #[test]
    fn an_answer_that_is_an_error_costs_no_connection() {
        for line in [
            "ERR unknown command",
            "ERR the word READONLY in a message",
            "WRONGTYPE Operation against a key holding the wrong kind of value",
            "OOM command not allowed when used memory > 'maxmemory'.",
            "LOADING Redis is loading the dataset in memory",
            "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.",
            "NOPERM this user has no permissions to run the 'role' command",
        ] {
            assert_eq!(Fault::of(&said(line)), Fault::Answer, "{line}");
        }
    }

    #[test]
    fn a_connection_that_breaks_or_falls_silent_is_lost() {
        for kind in
            [io::ErrorKind::TimedOut, io::ErrorKind::BrokenPipe, io::ErrorKind::ConnectionReset, io::ErrorKind::UnexpectedEof]
        {
            assert_eq!(Fault::of(&io::Error::from(kind).into()), Fault::Lost, "{kind:?}");
        }
    }
}
