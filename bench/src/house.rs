//! Cloakroom at work: a release build with an instance of its own, which ends with this value.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderValue, StatusCode};
use protocol::OsRng;
use protocol::entropy::opaque;
use protocol::jose::SigningKey;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;

use crate::Engines;
use crate::connection::{Connection, Origin};
use crate::failure::Failure;
use crate::process::Process;

/// How long it may take to answer for the first time.
const PATIENCE: Duration = Duration::from_secs(60);
/// The resource server that tokens are for.
pub(crate) const API: &str = "https://api.example";
/// Where codes are sent; nobody is there.
pub(crate) const CALLBACK: &str = "https://web.example/callback";

/// A running instance.
pub(crate) struct House {
    /// The Authorization Server.
    pub(crate) provider: Origin,
    pub(crate) process: Process,
    /// What the client `assertions` signs with.
    pub(crate) client_key: SigningKey,
    secret: String,
    directory: TempDir,
}

impl House {
    /// Starts `server` on private ports, with its data in a temporary directory, and waits until it answers.
    ///
    /// It knows `applications` as clients.
    pub(crate) async fn start(server: &Path, engines: Engines, applications: &[Value]) -> Result<Self, Failure> {
        let directory = TempDir::new().map_err(Failure::io("no temporary directory"))?;
        let (client_key, secret) = (SigningKey::generate(&OsRng), opaque(&OsRng));
        let [application, provider, resource] = free_ports()?.map(Origin::local);
        let (database, cache, queue) = match engines {
            Engines::Embedded => ("embedded".to_owned(), "embedded".to_owned(), "embedded".to_owned()),
            Engines::PostgresRedis => {
                (engine("CLOAKROOM_TEST_POSTGRES")?, engine("CLOAKROOM_TEST_REDIS")?, engine("CLOAKROOM_TEST_REDIS")?)
            }
        };
        let mut clients = clients(&secret, &client_key);
        clients.extend_from_slice(applications);
        let configuration = json!({
            "database": database,
            "cache": cache,
            "queue": queue,
            // As in production.
            "flow": "counted",
            "data_directory": directory.path().join("data"),
            "application": { "listen": application.address, "origin": application.url },
            "provider": { "listen": provider.address, "issuer": provider.url, "clients": clients },
            "resource": { "listen": resource.address, "origin": resource.url },
        });
        let file = directory.path().join("cloakroom.toml");
        let text = toml::to_string(&configuration).map_err(|error| Failure::Odd("the configuration", error.to_string()))?;
        fs::write(&file, text).map_err(Failure::io("the configuration"))?;
        let said = File::create(directory.path().join("log")).map_err(Failure::io("the log"))?;
        let mut command = Command::new(server);
        // The settings of whoever runs this are not those of the instance.
        command.env_clear().arg("--config").arg(file).stdin(Stdio::null()).stdout(Stdio::null()).stderr(said);
        let process = Process::start(&server.display().to_string(), &mut command)?;
        let mut house = Self { provider, process, client_key, secret, directory };
        house.wait().await?;
        Ok(house)
    }

    /// The credentials of a client that has the secret.
    pub(crate) fn basic(&self, client_id: &str) -> Result<HeaderValue, Failure> {
        let credentials = STANDARD.encode(format!("{client_id}:{}", self.secret));
        Ok(HeaderValue::from_str(&format!("Basic {credentials}")).map_err(http::Error::from)?)
    }

    async fn wait(&mut self) -> Result<(), Failure> {
        let began = Instant::now();
        while !self.answers().await {
            if self.process.has_ended() {
                return Err(Failure::Ended("Cloakroom", self.last_words()));
            }
            if began.elapsed() > PATIENCE {
                return Err(Failure::Silent("Cloakroom"));
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    async fn answers(&self) -> bool {
        let Ok(mut connection) = Connection::open(&self.provider).await else { return false };
        connection.get("discovery", "/.well-known/openid-configuration").await.is_ok_and(|answer| answer.status == StatusCode::OK)
    }

    /// The end of what it has logged.
    pub(crate) fn last_words(&self) -> String {
        let text = fs::read_to_string(self.directory.path().join("log")).unwrap_or_default();
        text.lines().rev().take(3).collect::<Vec<_>>().join(" / ")
    }
}

/// A client for each way of asking.
fn clients(secret: &str, key: &SigningKey) -> Vec<Value> {
    let basic = json!({ "method": "client_secret_basic", "secret": secret });
    let machine = |client_id: &str, algorithm: &str, authentication: &Value| {
        json!({
            "client_id": client_id, "name": client_id, "authentication": authentication, "grant_types": ["client_credentials"],
            "scope": "orders:read orders:write", "resources": [API], "access_token_signed_response_alg": algorithm,
        })
    };
    let assertions = json!({ "method": "private_key_jwt", "keys": { "jwks": { "keys": [key.public_jwk()] } } });
    vec![
        machine("es256", "ES256", &basic),
        machine("eddsa", "EdDSA", &basic),
        machine("rs256", "RS256", &basic),
        machine("assertions", "ES256", &assertions),
        json!({
            "client_id": "web", "name": "Web", "authentication": basic, "scope": "openid profile offline_access",
            "redirect_uris": [CALLBACK], "resources": [API], "id_token_signed_response_alg": "ES256",
        }),
        json!({ "client_id": "api", "name": "API", "authentication": basic, "scope": "orders:read", "serves": [API] }),
    ]
}

pub(crate) fn engine(variable: &'static str) -> Result<String, Failure> {
    std::env::var(variable).map_err(|_| Failure::NoEngine(variable))
}

/// Held open at once, so that they differ.
fn free_ports() -> Result<[SocketAddr; 3], Failure> {
    let open = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(Failure::io("no port"));
    let held = [open()?, open()?, open()?];
    let [a, b, c] = held.each_ref().map(|listener| listener.local_addr().map_err(Failure::io("no port")));
    Ok([a?, b?, c?])
}
