//! The provider's signing keys: looked after while it serves, listed and changed by command.

use std::io::Write;
use std::sync::Arc;

use authorization_server::keys::{KeyError, KeyState, LOOK_EVERY, Rotated, Rotation};
use authorization_server::{AuthorizationServer, KeyStore};
use jiff::Timestamp;
use protocol::jose::{Algorithm, KeyKind};
use serde_json::json;
use tokio_util::sync::CancellationToken;
use user_database::{SigningKeys as _, StoredKey};

use crate::cli::KeysCommand;
use crate::commands::audit_line;
use crate::house::{Nature, open_database, provider_settings};
use crate::{Configuration, Failure, keys};

/// Picks up what other replicas added, and adds what is missing or due, at once and every minute until `stop`.
///
/// # Errors
/// None; what cannot be done now is tried again at the next round.
pub async fn keep(server: Arc<AuthorizationServer>, stop: CancellationToken) -> Result<(), String> {
    let mut ticks = tokio::time::interval(LOOK_EVERY.unsigned_abs());
    while tokio::select! { _ = ticks.tick() => true, () = stop.cancelled() => false } {
        if let Err(error) = server.tend_keys().await {
            tracing::warn!(%error, "the signing keys stay as they are for now");
        }
    }
    Ok(())
}

/// `cloakroom keys …`, beside running servers or alone; tells on `out` what there is and what was done.
///
/// # Errors
/// [`Failure`] where the User Database does not answer, or the sealing key is not the one that its keys are sealed under.
pub async fn command(
    configuration: &Configuration,
    command: &KeysCommand,
    nature: &Nature,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let database = open_database(configuration, nature).await?;
    let unavailable = |error: user_database::Unavailable| Failure::Command(error.to_string());
    let stored = database.all().await.map_err(unavailable)?;
    let told = match command {
        _ if stored.is_empty() => "There are no signing keys yet: the provider makes them at its first start.\n".to_owned(),
        KeysCommand::List => table(&stored, nature.clock.now()),
        KeysCommand::Rotate { revoke } => {
            let rotation = if *revoke { Rotation::Revoking } else { Rotation::Ahead };
            let secret = keys::written_sealing_key(configuration)?;
            let secret =
                secret.ok_or_else(|| Failure::Command("there is no sealing key to seal the next keys with".to_owned()))?;
            let (clock, rng) = (Arc::clone(&nature.clock), Arc::clone(&nature.rng));
            let store = KeyStore::new(database.clone(), clock, rng, &provider_settings(configuration)?, &secret);
            let done = store.rotate(rotation).await.map_err(|error| match error {
                KeyError::Users(error) => unavailable(error),
                error => Failure::Command(error.to_string()),
            })?;
            for key in done.iter().filter_map(added) {
                let kind = if *revoke { "signing_keys_revoked" } else { "signing_key_added" };
                let details = json!({ "kid": key.kid, "key_type": key.kind, "signs_from": key.activates_at.to_string() });
                audit_line(&database, nature, kind, None, details).await?;
            }
            let mut told: String = done.iter().map(|done| line(done, rotation)).collect();
            if done.iter().any(|done| matches!(done, Rotated::Added(_))) {
                told.push_str(afterword(rotation));
            }
            told
        }
    };
    database.close().await;
    out.write_all(told.as_bytes()).map_err(|error| Failure::Command(format!("nothing can be written: {error}")))
}

fn added(done: &Rotated) -> Option<&StoredKey> {
    match done {
        Rotated::Added(key) => Some(key),
        Rotated::Waiting(_) | Rotated::Overtaken(_) => None,
    }
}

fn table(stored: &[StoredKey], now: Timestamp) -> String {
    let row = |cells: [&str; 6]| {
        let [kid, algorithms, state, created, from, until] = cells;
        format!("{kid:<45}{algorithms:<14}{state:<10}{created:<22}{from:<22}{until}\n")
    };
    let mut table = row(["kid", "algorithms", "state", "created", "signs from", "published until"]);
    for key in stored {
        let state = KeyState::of(key, stored, now);
        let until = key.expires_at.map_or_else(|| "has no successor".to_owned(), seconds);
        let algorithms = algorithms(&key.kind);
        table.push_str(&row([&key.kid, &algorithms, state.name(), &seconds(key.created_at), &seconds(key.activates_at), &until]));
    }
    table
}

fn algorithms(kind: &str) -> String {
    let known = KeyKind::of_name(kind).map(|kind| kind.algorithms().iter().map(|algorithm| Algorithm::name(*algorithm)));
    known.map_or_else(|| kind.to_owned(), |names| names.collect::<Vec<_>>().join(", "))
}

/// An instant without its fractions of a second.
fn seconds(instant: Timestamp) -> String {
    format!("{instant:.0}")
}

fn line(done: &Rotated, rotation: Rotation) -> String {
    match done {
        Rotated::Added(key) if rotation == Rotation::Revoking => {
            format!("{}: {} signs from now on; the keys before it are withdrawn.\n", algorithms(&key.kind), key.kid)
        }
        Rotated::Added(key) => {
            format!("{}: {} is published, and signs from {}.\n", algorithms(&key.kind), key.kid, seconds(key.activates_at))
        }
        Rotated::Waiting(key) => {
            let (algorithms, from) = (algorithms(&key.kind), seconds(key.activates_at));
            format!("{algorithms}: {} is published already, and signs from {from}; nothing was added.\n", key.kid)
        }
        Rotated::Overtaken(kind) => {
            format!("{}: another process added a key at this moment; nothing was added.\n", algorithms(kind.name()))
        }
    }
}

fn afterword(rotation: Rotation) -> &'static str {
    match rotation {
        Rotation::Ahead => "Running servers pick this up within a minute. Tokens signed so far stay good.\n",
        Rotation::Revoking => {
            "Running servers pick this up within a minute. ID tokens and access tokens signed so far are void then; refresh tokens \
             and sessions are not.\n"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::SignedDuration;
    use protocol::{ManualClock, OsRng};
    use user_database::SqlDatabase;

    const START: i64 = 1_800_000_000;

    struct Place {
        directory: tempfile::TempDir,
        configuration: Configuration,
        clock: Arc<ManualClock>,
        nature: Nature,
    }

    impl Place {
        fn new() -> Self {
            let directory = tempfile::tempdir().unwrap();
            let mut configuration = Configuration { data_directory: directory.path().to_owned(), ..Configuration::default() };
            configuration.provider.sealing_key = Some("a sealing key of enough characters".to_owned().into());
            let clock = Arc::new(ManualClock::at(Timestamp::from_second(START).unwrap()));
            let nature = Nature { clock: Arc::clone(&clock) as _, rng: Arc::new(OsRng) };
            Self { directory, configuration, clock, nature }
        }

        async fn database(&self) -> Arc<SqlDatabase> {
            open_database(&self.configuration, &self.nature).await.unwrap()
        }

        async fn run(&self, command: KeysCommand) -> Result<String, String> {
            let mut out = Vec::new();
            let done = super::command(&self.configuration, &command, &self.nature, &mut out).await;
            done.map_err(|failure| failure.to_string())?;
            Ok(String::from_utf8(out).unwrap())
        }

        /// Puts a first key there as a provider that starts would.
        async fn furnish(&self) -> StoredKey {
            use protocol::jose::SigningKey;
            use protocol::seal::Sealer;
            use secrecy::ExposeSecret as _;
            let key = SigningKey::generate(&OsRng);
            let secret = self.configuration.provider.sealing_key.as_ref().unwrap().expose_secret();
            let sealer = Sealer::derive(secret.as_bytes(), "provider signing key");
            let pem = key.to_pem().unwrap();
            let stored = StoredKey {
                kind: key.kind().name().to_owned(),
                generation: 1,
                kid: key.kid().to_owned(),
                sealed: sealer.seal(&OsRng, key.kid().as_bytes(), pem.expose_secret().as_bytes()),
                created_at: self.nature.clock.now(),
                activates_at: self.nature.clock.now(),
                expires_at: None,
            };
            let database = self.database().await;
            assert!(database.add(&stored, self.nature.clock.now()).await.unwrap());
            database.close().await;
            stored
        }

        /// What stands in the audit log, by kind.
        async fn audited(&self) -> Vec<String> {
            let database = self.database().await;
            let lines = user_database::AuditTrail::recent(&*database, None, 10).await.unwrap();
            database.close().await;
            lines.into_iter().map(|line| line.kind).collect()
        }
    }

    fn rows(table: &str) -> Vec<Vec<String>> {
        table
            .lines()
            .skip(1)
            .map(|line| line.split("  ").filter(|cell| !cell.is_empty()).map(|cell| cell.trim().to_owned()).collect())
            .collect()
    }

    #[tokio::test]
    async fn before_the_first_start_there_is_nothing_to_list_or_to_rotate() {
        let place = Place::new();
        for command in [KeysCommand::List, KeysCommand::Rotate { revoke: false }, KeysCommand::Rotate { revoke: true }] {
            assert!(place.run(command).await.unwrap().starts_with("There are no signing keys yet"));
        }
    }

    /// A2: by command; the list follows each key from next to signing to retiring.
    #[tokio::test]
    async fn a_rotation_is_told_and_listed() {
        let place = Place::new();
        let first = place.furnish().await;
        let told = place.run(KeysCommand::Rotate { revoke: false }).await.unwrap();
        assert!(told.starts_with("ES256: ") && told.contains("signs from 2027-01-16T08:00:00Z"), "{told}");
        assert_eq!(place.audited().await, ["signing_key_added"]);
        let again = place.run(KeysCommand::Rotate { revoke: false }).await.unwrap();
        assert_eq!(place.audited().await.len(), 1, "nothing was added");
        assert!(again.contains("is published already") && again.ends_with("nothing was added.\n"), "{again}");
        let listed = rows(&place.run(KeysCommand::List).await.unwrap());
        let day_after = "2027-01-17T08:01:00Z";
        assert_eq!(listed.len(), 2);
        assert_eq!(listed[0][1..], ["ES256", "next", "2027-01-15T08:00:00Z", "2027-01-16T08:00:00Z", "has no successor"]);
        assert_eq!(listed[1], [&first.kid, "ES256", "signing", "2027-01-15T08:00:00Z", "2027-01-15T08:00:00Z", day_after]);
        place.clock.advance(SignedDuration::from_hours(24));
        let states =
            async || rows(&place.run(KeysCommand::List).await.unwrap()).into_iter().map(|row| row[2].clone()).collect::<Vec<_>>();
        assert_eq!(states().await, ["signing", "retiring"]);
        place.clock.advance(SignedDuration::from_hours(25));
        assert_eq!(states().await, ["signing", "expired"]);
    }

    #[tokio::test]
    async fn a_revoking_rotation_is_told_and_listed() {
        let place = Place::new();
        place.furnish().await;
        let told = place.run(KeysCommand::Rotate { revoke: true }).await.unwrap();
        assert!(told.contains("signs from now on") && told.contains("are void"), "{told}");
        let states: Vec<String> =
            rows(&place.run(KeysCommand::List).await.unwrap()).into_iter().map(|row| row[2].clone()).collect();
        assert_eq!(states, ["signing", "expired"]);
        assert_eq!(place.audited().await, ["signing_keys_revoked"]);
    }

    /// A23: who has another sealing key, or none, adds nothing.
    #[tokio::test]
    async fn another_sealing_key_rotates_nothing() {
        let mut place = Place::new();
        place.furnish().await;
        place.configuration.provider.sealing_key = Some("another sealing key, of enough characters".to_owned().into());
        let refused = place.run(KeysCommand::Rotate { revoke: false }).await.unwrap_err();
        assert!(refused.contains("provider.sealing_key is not"), "{refused}");
        place.configuration.provider.sealing_key = None;
        let refused = place.run(KeysCommand::Rotate { revoke: false }).await.unwrap_err();
        assert!(refused.contains("no sealing key"), "{refused}");
        assert!(!place.directory.path().join("sealing.key").exists(), "and makes none up");
        assert_eq!(rows(&place.run(KeysCommand::List).await.unwrap()).len(), 1);
    }
}
