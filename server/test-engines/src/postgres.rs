//! A PostgreSQL of a test's own.

use std::fs::Permissions;
use std::net::Ipv4Addr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use crate::processes::{children, signal};
use crate::{free_port, until_it_answers};

/// A PostgreSQL of the test's own, whose writes are on the disk before they are answered; killed with the value.
pub struct Postgres {
    port: u16,
    directory: tempfile::TempDir,
    process: Option<Child>,
}

impl Postgres {
    /// Starts one with an empty database `postgres` and the superuser `cloakroom`, and waits until it takes connections.
    pub async fn start() -> Self {
        let (port, directory) = (free_port(), tempfile::tempdir().unwrap());
        std::fs::set_permissions(directory.path(), Permissions::from_mode(0o777)).unwrap();
        let mut postgres = Self { port, directory, process: None };
        let mut command = postgres.program("initdb");
        command.arg("--pgdata").arg(postgres.data()).args([
            "--username=cloakroom",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
        ]);
        let made = command.args(["--no-sync"]).output().expect("initdb, which `make test` installs");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        postgres.start_again().await;
        postgres
    }

    /// Starts it where it was, with what it has on its disk, and waits until it takes connections.
    pub async fn start_again(&mut self) {
        self.stop();
        let mut command = self.program("postgres");
        command.arg("-D").arg(self.data()).args(["-p", &self.port.to_string(), "-k", ""]);
        command.args(["-c", "listen_addresses=127.0.0.1", "-c", "max_connections=60"]);
        self.process = Some(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        // It listens before it is ready, and then says so.
        until_it_answers(async || self.takes_connections().await).await;
    }

    /// Ends it at once, as `pg_ctl stop --mode=immediate` does: connections break, and what was under way is undone at the next start.
    pub fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            // One that stands still hears nothing.
            signal("CONT", family(&process));
            signal("QUIT", [process.id()]);
            process.wait().unwrap();
        }
    }

    /// It answers no more, and nobody is told (`SIGSTOP`, to each of its processes).
    pub fn stall(&self) {
        let process = self.process.as_ref().unwrap();
        // The first one makes no more of them, once it stands.
        signal("STOP", [process.id()]);
        signal("STOP", children(process.id()));
    }

    /// It goes on where it stood (`SIGCONT`).
    pub fn go_on(&self) {
        signal("CONT", self.process.iter().flat_map(family));
    }

    /// Where it listens, on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where its maintenance database is.
    #[must_use]
    pub fn url(&self) -> String {
        format!("postgres://cloakroom@127.0.0.1:{}/postgres", self.port)
    }

    fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// A program of PostgreSQL; as the user postgres where we are root, as whom it refuses to run.
    fn program(&self, name: &str) -> Command {
        let program = binaries().join(name);
        let is_root = std::fs::metadata("/proc/self").is_ok_and(|ours| std::os::unix::fs::MetadataExt::uid(&ours) == 0);
        let mut command = if is_root {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=postgres", "--regid=postgres", "--init-groups", "--"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        command.current_dir(self.directory.path());
        command
    }

    /// Asks for a connection as `pg_isready` does, without a user.
    async fn takes_connections(&self) -> Result<(), String> {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let asked = async {
            let mut stream = tokio::net::TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).await?;
            let words = b"user\0cloakroom\0database\0postgres\0\0";
            let length = u32::try_from(words.len() + 8).unwrap_or(u32::MAX);
            stream.write_all(&length.to_be_bytes()).await?;
            // Version 3.0 of the protocol.
            stream.write_all(&196_608_u32.to_be_bytes()).await?;
            stream.write_all(words).await?;
            stream.read_u8().await
        };
        match asked.await {
            Ok(b'R') => Ok(()),
            other => Err(format!("{other:?}")),
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A server and all that it started.
fn family(process: &Child) -> Vec<u32> {
    let mut family = children(process.id());
    family.push(process.id());
    family
}

/// Where the newest PostgreSQL of the machine has its programs, as `tools/services.sh` finds them; else they are looked for in PATH.
fn binaries() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = versions.filter_map(|entry| Some((entry.file_name().to_str()?.parse::<u32>().ok()?, entry.path().join("bin"))));
    newest.max().map(|(_, path)| path).unwrap_or_default()
}
