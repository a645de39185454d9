//! express-openid-connect beside it: the same provider, the same load, in the same run.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;

use async_trait::async_trait;
use http::StatusCode;
use protocol::OsRng;
use protocol::entropy::opaque;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::Plan;
use crate::connection::Origin;
use crate::failure::Failure;
use crate::guest::{Caller, Guest};
use crate::load::{self, Visitor};
use crate::process::Process;
use crate::scenarios::Servers;

const NAME: &str = "express-openid-connect";

/// Where it will be, and its secret: its provider is told first.
pub(crate) struct Plot {
    origin: Origin,
    secret: String,
    held: TcpListener,
}

impl Plot {
    /// A free port, and a new secret.
    pub(crate) fn new() -> Result<Self, Failure> {
        let held = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(Failure::io("no port"))?;
        let address = held.local_addr().map_err(Failure::io("no port"))?;
        Ok(Self { origin: Origin::local(address), secret: opaque(&OsRng), held })
    }

    /// The client, as the provider's configuration has it.
    pub(crate) fn client(&self) -> Value {
        json!({
            "client_id": NAME, "name": NAME, "scope": "openid profile email offline_access",
            "authentication": { "method": "client_secret_basic", "secret": self.secret },
            "redirect_uris": [format!("{}/callback", self.origin.url)], "id_token_signed_response_alg": "ES256",
            "resources": [self.origin.url],
        })
    }
}

/// It, at work.
struct Peer {
    origin: Origin,
    process: Process,
}

impl Peer {
    async fn start(plot: Plot, directory: &Path, provider: &Origin) -> Result<Self, Failure> {
        drop(plot.held);
        let mut command = Command::new("node");
        command.arg(directory.join("server.mjs")).arg(plot.origin.address.port().to_string()).arg(&provider.url);
        command.env("NODE_ENV", "production").env("CLIENT_ID", NAME).env("CLIENT_SECRET", &plot.secret);
        command.env("COOKIE_SECRET", opaque(&OsRng)).env("NODE_NO_WARNINGS", "1");
        let (process, line) = Process::announced(NAME, &mut command).await?;
        if line == "listening" { Ok(Self { origin: plot.origin, process }) } else { Err(Failure::Ended(NAME, line)) }
    }

    async fn guest(&self, servers: &Servers) -> Result<Guest, Failure> {
        Guest::signed_in(&self.origin, &servers.house.provider).await
    }
}

/// Measures it; the table is beside that of the application.
pub(crate) async fn measure(plan: &Plan, servers: &Servers, plot: Plot, directory: &Path) -> Result<String, Failure> {
    let peer = Peer::start(plot, directory, &servers.house.provider).await?;
    let idle = peer.process.resident()?;
    let mut checkers: Vec<Box<dyn Visitor>> = Vec::new();
    let mut again: Vec<Box<dyn Visitor>> = Vec::new();
    let mut cookies = 0;
    for _ in 0..plan.connections {
        let guest = peer.guest(servers).await?;
        cookies = cookies.max(guest.cookie_bytes());
        checkers.push(Box::new(Checker(guest.caller().await?)));
        again.push(Box::new(Again(guest)));
    }
    let ours = Guest::signed_in(&servers.application.origin, &servers.house.provider).await?.cookie_bytes();
    let mut text = "\n| express-openid-connect 3.4.0 on express 5.3.0 | operations/s | CPU ms | p50 ms | p99 ms | errors |\n\
                    | --- | --: | --: | --: | --: | --: |\n"
        .to_owned();
    for (what, visitors) in [("session check: GET /session", checkers), ("whole sign-in: the application's part", again)] {
        eprint!("{NAME}: {what} … ");
        let measured = load::drive(visitors, &[&peer.process], plan).await?;
        eprintln!("{:.0}/s, {:.4} ms", measured.rate(), measured.cost());
        for error in &measured.errors {
            eprintln!("   failed: {error}");
        }
        text.push_str(&crate::table::figures(what, &measured));
        text.push_str(" |\n");
    }
    let (busy, megabyte) = (peer.process.resident()?, 1_000_000);
    writeln!(
        text,
        "\nIts resident memory: {} MB idle, {} MB after this. Its sessions lie in the cookie: {cookies} bytes go along with each request, {ours} with \
         Cloakroom's.",
        idle / megabyte,
        busy / megabyte,
    )?;
    Ok(text)
}

struct Checker(Caller);

#[async_trait]
impl Visitor for Checker {
    async fn visit(&mut self) -> Result<(), Failure> {
        self.0.call("/session").await?.expect(StatusCode::OK)?.holds("\"subject\":\"")
    }
}

struct Again(Guest);

#[async_trait]
impl Visitor for Again {
    async fn visit(&mut self) -> Result<(), Failure> {
        self.0.sign_in("/login").await
    }
}
