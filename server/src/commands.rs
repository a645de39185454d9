//! The commands that do one thing and end.

use std::fmt::Arguments;
use std::io::Write;

use serde::Serialize;
use serde_json::Value;
use user_database::{AuditRecord, AuditTrail as _, SqlDatabase, Unavailable};
use uuid::Uuid;

use crate::Failure;
use crate::cli::QueueCommand;
use crate::configuration::without_password;
use crate::configuration::{Configuration, Mode};
use crate::dev_certificate;
use crate::house::{Nature, open_database, open_queue};
use crate::listener;
use crate::verify::verify;

pub mod clients;
pub mod users;

#[cfg(test)]
mod tests;

/// `cloakroom check-config`. It writes nothing and asks nobody.
///
/// # Errors
/// [`Failure`] where `serve` would refuse the configuration too. What does not parse was refused before.
pub fn check_config(configuration: &Configuration) -> Result<(), Failure> {
    verify(configuration)?;
    let mode = match configuration.mode {
        Mode::Development => "development",
        Mode::Production => "production",
    };
    let roles: Vec<String> = configuration.roles.iter().map(|role| format!("{role:?}").to_lowercase()).collect();
    println!("The configuration is good.\n");
    for (name, value) in [
        ("mode", mode.to_owned()),
        ("roles", roles.join(", ")),
        ("application", format!("{} on {}", configuration.application.origin, configuration.application.listen)),
        ("signs in with", providers(configuration)),
        ("provider", format!("{} on {}", configuration.provider.issuer, configuration.provider.listen)),
        ("resource", format!("{} on {}", configuration.resource.origin, configuration.resource.listen)),
        ("database", engine(configuration, &configuration.database, "users.db")),
        ("cache", engine(configuration, &configuration.cache, "cache.db")),
        ("queue", engine(configuration, &configuration.queue, "queue.db")),
        (
            "e-mail",
            if configuration.mail.url.is_some() { "SMTP".to_owned() } else { configuration.outbox().display().to_string() },
        ),
        ("sign-up", if configuration.has_sign_up() { "yes" } else { "no" }.to_owned()),
        ("password reset", if configuration.has_password_reset() { "yes" } else { "no" }.to_owned()),
        ("demo accounts", if configuration.has_demo_accounts() { "yes" } else { "no" }.to_owned()),
    ] {
        println!("  {name:<15}{value}");
    }
    let certificates = listener::certificates(configuration)?;
    for sentence in listener::advice(configuration, &certificates, Nature::default().clock.now()) {
        println!("\nBut: {sentence}.");
    }
    Ok(())
}

fn providers(configuration: &Configuration) -> String {
    let own = configuration.offers_default_provider().then(|| configuration.issuer().to_owned());
    let listed = configuration.application.providers.iter().map(|listed| format!("{} ({})", listed.issuer, listed.name));
    own.into_iter().chain(listed).collect::<Vec<_>>().join(", ")
}

/// `cloakroom dev-cert`.
///
/// # Errors
/// [`Failure::Configuration`] in production mode, [`Failure::File`] where a file cannot be read or written.
pub fn dev_cert(configuration: &Configuration, force: bool) -> Result<(), Failure> {
    let nature = Nature::default();
    let made = dev_certificate::make(configuration, &nature, force)?;
    println!("{}", made.told(configuration));
    Ok(())
}

fn engine(configuration: &Configuration, url: &str, file: &str) -> String {
    without_password(&configuration.engine(url, file))
}

/// `cloakroom queue …`.
///
/// # Errors
/// [`Failure`] where the Queue does not answer.
pub async fn queue(configuration: &Configuration, command: &QueueCommand) -> Result<(), Failure> {
    let queue = open_queue(configuration).await?;
    let failed = |error: queue::Unavailable| Failure::Command(error.to_string());
    match command {
        QueueCommand::DeadLetters { limit } => {
            let letters = queue.dead_letters(*limit).await.map_err(failed)?;
            if letters.is_empty() {
                println!("No dead letters.");
            }
            for letter in letters {
                let (id, at) = (letter.envelope.id, letter.envelope.at);
                println!("{at}  {id}  {}  {} attempts  {}", letter.envelope.event.kind(), letter.attempts, letter.reason);
            }
        }
        QueueCommand::Retry => {
            let count = queue.retry_dead_letters().await.map_err(failed)?;
            println!("{count} dead letters were put back.");
        }
    }
    Ok(())
}

/// `cloakroom audit`.
///
/// # Errors
/// [`Failure`] where the User Database does not answer.
pub async fn audit(configuration: &Configuration, limit: u32) -> Result<(), Failure> {
    let nature = Nature::default();
    let database = open_database(configuration, &nature).await?;
    let records = database.recent(None, limit).await.map_err(|error| Failure::Command(error.to_string()))?;
    if records.is_empty() {
        println!("The audit log is empty.");
    }
    for record in records {
        println!("{}  {:<16}{}", record.at, record.kind, record.subject.as_deref().unwrap_or("-"));
    }
    database.close().await;
    Ok(())
}

/// Writes a line to whoever called the command.
fn say(out: &mut (dyn Write + Send), line: Arguments<'_>) -> Result<(), Failure> {
    writeln!(out, "{line}").map_err(|error| Failure::Command(format!("standard output: {error}")))
}

/// Writes JSON for a script.
fn say_json(out: &mut (dyn Write + Send), value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value).map_err(|error| Failure::Command(error.to_string()))?;
    say(out, format_args!("{text}"))
}

/// The User Database did not answer.
#[expect(clippy::needless_pass_by_value, reason = "it stands in map_err")]
fn failed(error: Unavailable) -> Failure {
    Failure::Command(error.to_string())
}

/// Notes in the audit log what was done by command.
pub(crate) async fn audit_line(
    database: &SqlDatabase,
    nature: &Nature,
    kind: &str,
    subject: Option<Uuid>,
    details: Value,
) -> Result<(), Failure> {
    let mut bytes = [0; 16];
    nature.rng.fill(&mut bytes);
    let id = uuid::Builder::from_random_bytes(bytes).into_uuid();
    let subject = subject.map(|subject| subject.to_string());
    let record = AuditRecord { id, at: nature.clock.now(), kind: kind.to_owned(), subject, details };
    database.record(&record).await.map_err(failed).map(drop)
}
