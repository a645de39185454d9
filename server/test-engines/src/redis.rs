//! A Redis of a test's own.

use std::process::{Child, Command, Stdio};

use ::redis::{Client, FromRedisValue, RedisResult};

use crate::processes::signal;
use crate::{free_port, until};

/// A Redis of the test's own, whose writes are on the disk before they are answered; killed with the value.
pub struct Redis {
    port: u16,
    directory: tempfile::TempDir,
    process: Option<Child>,
}

impl Redis {
    /// Starts one, and waits until it answers.
    pub async fn start() -> Self {
        let (port, directory) = (free_port(), tempfile::tempdir().unwrap());
        let mut redis = Self { port, directory, process: None };
        redis.start_again().await;
        redis
    }

    /// Starts it where it was, with what it has on its disk, and waits until it answers.
    pub async fn start_again(&mut self) {
        self.begin_again();
        let ours = format!("process_id:{}\r", self.process.as_ref().map_or(0, Child::id));
        until("Redis answers, and not another on its port", async || {
            self.says::<String>(&["INFO", "server"]).await.is_ok_and(|said| said.contains(&ours))
        })
        .await;
    }

    /// The same without waiting.
    pub fn begin_again(&mut self) {
        self.kill();
        let port = self.port.to_string();
        let settings = ["--port", &port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "yes", "--appendfsync", "always"];
        let mut command = Command::new("redis-server");
        command.args(settings).args(["--repl-diskless-sync-delay", "0"]).arg("--dir").arg(self.directory.path());
        command.stdout(Stdio::null()).stderr(Stdio::null());
        self.process = Some(command.spawn().expect("redis-server cannot be started: `make test` installs it"));
    }

    /// Ends it without a word (`kill -9`).
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    /// It answers no more, and nobody is told (`SIGSTOP`).
    pub fn stall(&self) {
        signal("STOP", self.process.iter().map(Child::id));
    }

    /// It goes on where it stood (`SIGCONT`).
    pub fn go_on(&self) {
        signal("CONT", self.process.iter().map(Child::id));
    }

    /// Where it listens, on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where it is.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/0", self.port)
    }

    /// What it answers to a command.
    ///
    /// # Errors
    /// What it says, or that it does not answer.
    pub async fn says<T: FromRedisValue>(&self, command: &[&str]) -> RedisResult<T> {
        let mut connection = Client::open(self.url())?.get_multiplexed_async_connection().await?;
        let (name, arguments) = command.split_first().unwrap();
        ::redis::cmd(name).arg(arguments).query_async(&mut connection).await
    }

    /// Makes it a replica of `primary`, and waits until it has all of it.
    pub async fn follow(&self, primary: &Self) {
        self.says::<String>(&["REPLICAOF", "127.0.0.1", &primary.port.to_string()]).await.unwrap();
        until("the replica has all of its primary", async || {
            let said = self.says::<String>(&["INFO", "replication"]).await.unwrap_or_default();
            let caught_up = primary.says::<String>(&["INFO", "replication"]).await.unwrap_or_default();
            said.contains("master_link_status:up") && caught_up.contains("state=online")
        })
        .await;
    }

    /// Hands the lead to `replica` once that has every write, which becomes the primary of this one (`FAILOVER`).
    pub async fn hand_over_to(&self, replica: &Self) {
        self.says::<String>(&["FAILOVER", "TO", "127.0.0.1", &replica.port.to_string()]).await.unwrap();
        until("the other one leads", async || replica.leads().await && !self.leads().await).await;
    }

    /// Takes the lead, whoever has it.
    pub async fn lead(&self) {
        self.says::<String>(&["REPLICAOF", "NO", "ONE"]).await.unwrap();
    }

    async fn leads(&self) -> bool {
        self.says::<String>(&["INFO", "replication"]).await.is_ok_and(|said| said.contains("role:master"))
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
    }
}
