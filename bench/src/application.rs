//! The Application API at work, in a process of its own: its CPU and its memory are told apart from the provider's.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use protocol::OsRng;
use protocol::jose::SigningKey;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;
use url::Url;

use crate::Engines;
use crate::connection::{Connection, Origin};
use crate::failure::Failure;
use crate::house::engine;
use crate::process::Process;

/// How long it may take to answer for the first time.
const PATIENCE: Duration = Duration::from_secs(60);
/// Below it the proxy calls the bare handler with the user's token.
pub(crate) const PROXIED: &str = "/bench";

/// Where an application will be, and what it proves itself by: its provider is told first.
pub(crate) struct Plot {
    /// Its identifier at the provider.
    pub(crate) client_id: &'static str,
    pub(crate) origin: Origin,
    key: SigningKey,
    held: TcpListener,
}

impl Plot {
    /// A free port, and a new key.
    pub(crate) fn new(client_id: &'static str) -> Result<Self, Failure> {
        let held = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(Failure::io("no port"))?;
        let address = held.local_addr().map_err(Failure::io("no port"))?;
        Ok(Self { client_id, origin: Origin::local(address), key: SigningKey::generate(&OsRng), held })
    }

    /// The client, as the provider's configuration has it.
    pub(crate) fn client(&self) -> Value {
        json!({
            "client_id": self.client_id, "name": self.client_id, "scope": "openid profile email offline_access",
            "authentication": { "method": "private_key_jwt", "keys": { "jwks": { "keys": [self.key.public_jwk()] } } },
            "redirect_uris": [format!("{}/callback", self.origin.url)],
            "post_logout_redirect_uris": [format!("{}/signed-out", self.origin.url)],
            "resources": [self.origin.url], "id_token_signed_response_alg": "ES256",
        })
    }
}

/// Where an application keeps its sessions and puts its events.
#[derive(Clone)]
pub(crate) enum Store {
    /// In files of its own.
    Embedded,
    /// In Redis, by its URL.
    Redis(String),
}

impl Store {
    /// The one of `engines`: files, or a database of Redis that nobody else uses, by its `number`.
    pub(crate) fn of(engines: Engines, number: u8) -> Result<Self, Failure> {
        match engines {
            Engines::Embedded => Ok(Self::Embedded),
            Engines::PostgresRedis => {
                let text = engine("CLOAKROOM_TEST_REDIS")?;
                let mut url = Url::parse(&text).map_err(|error| Failure::Odd("the URL of Redis", error.to_string()))?;
                url.set_path(&number.to_string());
                Ok(Self::Redis(url.to_string()))
            }
        }
    }
}

/// A running application.
pub(crate) struct Application {
    pub(crate) origin: Origin,
    pub(crate) process: Process,
    directory: TempDir,
}

impl Application {
    /// Starts `server` with the role `application` alone, and waits until it answers.
    pub(crate) async fn start(
        server: &Path,
        plot: Plot,
        store: &Store,
        provider: &Origin,
        upstream: &Origin,
    ) -> Result<Self, Failure> {
        let directory = TempDir::new().map_err(Failure::io("no temporary directory"))?;
        let key = directory.path().join("client.pem");
        let pem = plot.key.to_pem().map_err(|_| Failure::Key("the application"))?;
        fs::write(&key, pem.expose_secret()).map_err(Failure::io("the application's key"))?;
        let engine = match store {
            Store::Embedded => "embedded".to_owned(),
            Store::Redis(url) => url.clone(),
        };
        let listen: SocketAddr = plot.origin.address;
        let configuration = json!({
            "roles": ["application"],
            "cache": engine,
            "queue": engine,
            // As in production.
            "flow": "counted",
            "data_directory": directory.path().join("data"),
            "application": {
                "listen": listen, "origin": plot.origin.url, "issuer": provider.url, "client_id": plot.client_id,
                "client_key_file": key, "resource": plot.origin.url,
                "routes": [{ "path": PROXIED, "upstream": format!("{}/upstream", upstream.url) }],
            },
        });
        let file = directory.path().join("cloakroom.toml");
        let text = toml::to_string(&configuration).map_err(|error| Failure::Odd("the configuration", error.to_string()))?;
        fs::write(&file, text).map_err(Failure::io("the configuration"))?;
        let said = File::create(directory.path().join("log")).map_err(Failure::io("the log"))?;
        drop(plot.held);
        let mut command = Command::new(server);
        command.env_clear().arg("--config").arg(file).stdin(Stdio::null()).stdout(Stdio::null()).stderr(said);
        let process = Process::start(&server.display().to_string(), &mut command)?;
        let mut application = Self { origin: plot.origin, process, directory };
        application.wait().await?;
        Ok(application)
    }

    async fn wait(&mut self) -> Result<(), Failure> {
        let began = Instant::now();
        while Connection::open(&self.origin).await.is_err() {
            if self.process.has_ended() {
                return Err(Failure::Ended("the application", self.last_words()));
            }
            if began.elapsed() > PATIENCE {
                return Err(Failure::Silent("the application"));
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    /// The file of its embedded Cache.
    pub(crate) fn cache_file(&self) -> PathBuf {
        self.directory.path().join("data/cache.db")
    }

    /// The end of what it has logged.
    pub(crate) fn last_words(&self) -> String {
        let text = fs::read_to_string(self.directory.path().join("log")).unwrap_or_default();
        text.lines().rev().take(3).collect::<Vec<_>>().join(" / ")
    }
}
