use std::path::Path;
use std::sync::Arc;

use queue::embedded::EmbeddedQueue;
use queue::{Delivery, Event, Queue, RetryPolicy};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use user_database::AuditTrail as _;

use super::*;
use crate::demonstration;
use crate::herald::ProviderHerald;
use crate::house::open_database;
use crate::worker::{Clerk, outbox};

const NEW: &str = "somebody@example.org";
const ISSUER: &str = "https://id.example/realm";

fn configuration(directory: &TempDir) -> Configuration {
    // Another test may have been quicker; either is the same provider.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut configuration = Configuration { data_directory: directory.path().to_owned(), ..Configuration::default() };
    configuration.provider.sealing_key = Some("a sealing key that is long enough for it".to_owned().into());
    configuration.provider.issuer = ISSUER.to_owned();
    configuration
}

fn asked(email: &str) -> Event {
    Event::SignUpAsked { email: email.to_owned(), sign_in: None, user_agent: None, address: None }
}

/// A desk where events are handled by a worker, as in a house.
struct Office {
    configuration: Configuration,
    queue: Arc<EmbeddedQueue>,
    database: Arc<SqlDatabase>,
}

impl Office {
    async fn open(configuration: Configuration) -> Self {
        let nature = Nature::default();
        let database = open_database(&configuration, &nature).await.unwrap();
        demonstration::furnish(database.as_ref(), nature.clock.as_ref(), nature.rng.as_ref()).await.unwrap();
        let delivery = Delivery { retry: RetryPolicy::after([std::time::Duration::from_millis(1); 2]), ..Delivery::default() };
        let path = configuration.data_directory.join("queue.db");
        let queue = Arc::new(EmbeddedQueue::open(&path).await.unwrap().with_delivery(delivery));
        Self { configuration, queue, database }
    }

    /// Lets a worker handle the events, until all are settled.
    async fn handle(&self, envelopes: &[Envelope]) {
        let nature = Nature::default();
        let herald = Arc::new(ProviderHerald::new(&self.configuration, &nature, self.database.clone()));
        let scribe = Scribe::new(&self.configuration, &nature, self.database.clone());
        let clerk = Arc::new(Clerk::new(self.database.clone(), &self.configuration, herald, scribe).unwrap());
        for envelope in envelopes {
            self.queue.push(envelope).await.unwrap();
        }
        let stop = CancellationToken::new();
        let worker = tokio::spawn({
            let (queue, stop) = (self.queue.clone(), stop.clone());
            async move { queue.work(clerk, stop).await }
        });
        while self.queue.depth().await.unwrap() > 0 {
            tokio::task::yield_now().await;
        }
        stop.cancel();
        worker.await.unwrap().unwrap();
    }
}

fn envelope(event: Event) -> Envelope {
    let nature = Nature::default();
    Envelope::new(event, &*nature.clock, &*nature.rng)
}

fn link_in(body: &str) -> &str {
    body.lines().find(|line| line.contains("?token=")).unwrap()
}

fn holds(directory: &Path, name: &str, text: &str) -> bool {
    std::fs::read_dir(directory).unwrap().map(Result::unwrap).any(|entry| {
        entry.file_name().to_string_lossy().starts_with(name)
            && std::fs::read(entry.path()).unwrap().windows(text.len()).any(|window| window == text.as_bytes())
    })
}

/// Attacks 28 and 46: the message holds a link to the configured issuer; its token is in the outbox, and neither in the Queue, nor in
/// the audit log, nor in the User Database.
#[tokio::test]
async fn the_token_is_in_the_message_and_nowhere_else() {
    let directory = tempfile::tempdir().unwrap();
    let office = Office::open(configuration(&directory)).await;
    office.handle(&[envelope(asked(NEW))]).await;
    let messages = outbox(&office.configuration.outbox()).await.unwrap();
    assert_eq!((messages.len(), messages[0].to.as_str()), (1, NEW));
    let link = link_in(&messages[0].body);
    let token = link.strip_prefix(&format!("{ISSUER}/confirm?token=")).unwrap();
    assert_eq!(token.len(), 43);
    for name in ["queue", "users"] {
        assert!(!holds(directory.path(), name, token), "{name}");
    }
    assert!(holds(directory.path(), "users", NEW), "the search finds what is there");
    let record = &office.database.recent(None, 9).await.unwrap()[0];
    assert_eq!((record.kind.as_str(), &record.subject), ("sign_up_asked", &None));
    assert!(!record.details.to_string().contains(token));
}

/// A worker that died after it had sent the message, and another that handles the event again, send the same message.
#[tokio::test]
async fn an_event_that_is_handled_again_gives_the_same_message() {
    let directory = tempfile::tempdir().unwrap();
    let office = Office::open(configuration(&directory)).await;
    let event = envelope(asked(NEW));
    office.handle(std::slice::from_ref(&event)).await;
    let first = outbox(&office.configuration.outbox()).await.unwrap();
    office.handle(&[event]).await;
    let second = outbox(&office.configuration.outbox()).await.unwrap();
    assert_eq!((second.len(), link_in(&second[0].body)), (1, link_in(&first[0].body)));
}

/// Attack 45: whoever has an account is told so, without a link; an address that nobody has gets no reset.
#[tokio::test]
async fn what_is_written_depends_on_the_account() {
    let directory = tempfile::tempdir().unwrap();
    let office = Office::open(configuration(&directory)).await;
    let reset =
        |email: &str| Event::PasswordResetAsked { email: email.to_owned(), sign_in: None, user_agent: None, address: None };
    office.handle(&[asked("Ada@example.com"), reset("ada@example.com"), reset(NEW)].map(envelope)).await;
    let messages = outbox(&office.configuration.outbox()).await.unwrap();
    let mut subjects: Vec<_> = messages.iter().map(|message| (message.subject.as_str(), message.to.as_str())).collect();
    subjects.sort_unstable();
    let expected = [("Choose a new password", "ada@example.com"), ("You have an account already", "ada@example.com")];
    assert_eq!(subjects, expected);
}

/// A worker without the provider's sealing key says what it lacks, and makes none up; nothing is lost.
#[tokio::test]
async fn a_worker_without_the_sealing_key_says_so() {
    let directory = tempfile::tempdir().unwrap();
    let mut configuration = configuration(&directory);
    let key = configuration.provider.sealing_key.take();
    let mut office = Office::open(configuration).await;
    office.handle(&[envelope(asked(NEW))]).await;
    let letters = office.queue.dead_letters(9).await.unwrap();
    assert!(letters[0].reason.contains("provider.sealing_key_file"), "{}", letters[0].reason);
    assert!(!directory.path().join("sealing.key").exists());
    office.configuration.provider.sealing_key = key;
    assert_eq!(office.queue.retry_dead_letters().await.unwrap(), 1);
    office.handle(&[]).await;
    assert_eq!(outbox(&office.configuration.outbox()).await.unwrap().len(), 1);
}
