//! Tells clients that a session is over, on the worker's behalf.

use std::sync::Arc;

use async_trait::async_trait;
use authorization_server::backchannel_logout::{Messenger, Pouch, Undelivered};
use queue::HandlerError;
use tokio::sync::OnceCell;
use user_database::SqlDatabase;

use crate::house::{Nature, outbound, provider_settings};
use crate::{Configuration, Failure, keys};

/// What tells a client that a session is over (OpenID Connect Back-Channel Logout 1.0).
#[async_trait]
pub trait Herald: Send + Sync + 'static {
    /// Tells `client_id` that the session `sid` of `subject` is over.
    ///
    /// # Errors
    /// [`HandlerError::Lasting`] where the client will not have it, else [`HandlerError::Passing`].
    async fn tell(&self, client_id: &str, subject: &str, sid: &str) -> Result<(), HandlerError>;
}

/// The provider's messenger, made when the first session has ended: a worker beside an application that signs in elsewhere never
/// needs the provider's keys.
pub struct ProviderHerald {
    configuration: Configuration,
    nature: Nature,
    database: Arc<SqlDatabase>,
    messenger: OnceCell<Messenger>,
}

impl ProviderHerald {
    /// A herald who has not set out yet.
    pub fn new(configuration: &Configuration, nature: &Nature, database: Arc<SqlDatabase>) -> Self {
        Self { configuration: configuration.clone(), nature: nature.clone(), database, messenger: OnceCell::new() }
    }

    async fn prepare(&self) -> Result<Messenger, Failure> {
        let pouch = Pouch {
            signing_keys: self.database.clone(),
            clients: self.database.clone(),
            clock: Arc::clone(&self.nature.clock),
            rng: Arc::clone(&self.nature.rng),
            outbound: outbound(&self.configuration)?,
        };
        // One that was made up here would open no key of the provider's.
        let sealing_key = keys::written_sealing_key(&self.configuration)?;
        let sealing_key = sealing_key.ok_or_else(|| Failure::Configuration(NO_KEY.to_owned()))?;
        let prepared = Messenger::prepare(&provider_settings(&self.configuration)?, pouch, &sealing_key).await;
        prepared.map_err(|error| Failure::Configuration(format!("provider: {error}")))
    }
}

const NO_KEY: &str = "the worker signs logout tokens and needs the provider's sealing key: set provider.sealing_key_file";

#[async_trait]
impl Herald for ProviderHerald {
    async fn tell(&self, client_id: &str, subject: &str, sid: &str) -> Result<(), HandlerError> {
        let messenger = self.messenger.get_or_try_init(|| self.prepare()).await;
        let messenger = messenger.map_err(|failure| HandlerError::Passing(failure.to_string()))?;
        messenger.tell(client_id, subject, sid).await.map_err(|error: Undelivered| {
            let lasting = error.is_final();
            let reason = error.to_string();
            if lasting { HandlerError::Lasting(reason) } else { HandlerError::Passing(reason) }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::sync::Mutex;
    use std::time::Duration;

    use axum::Router;
    use axum::extract::State;
    use axum::routing::post;
    use http::StatusCode;
    use queue::embedded::EmbeddedQueue;
    use queue::{DeadLetter, Delivery, Envelope, Event, Queue, RetryPolicy};
    use tempfile::TempDir;
    use tokio_util::sync::CancellationToken;
    use user_database::AuditTrail as _;

    use super::*;
    use crate::house::open_database;
    use crate::scribe::Scribe;
    use crate::worker::Clerk;

    const SUBJECT: &str = "00000000-0000-0000-0000-000000000001";

    /// A client that listens, and what it has heard.
    #[derive(Clone, Default)]
    struct Listening {
        heard: Arc<Mutex<Vec<String>>>,
        answers: Arc<Mutex<VecDeque<StatusCode>>>,
    }

    async fn hear(State(this): State<Listening>, body: String) -> StatusCode {
        this.heard.lock().unwrap().push(body);
        this.answers.lock().unwrap().pop_front().unwrap_or(StatusCode::OK)
    }

    impl Listening {
        fn answering(answers: &[StatusCode]) -> Self {
            Self { answers: Arc::new(Mutex::new(answers.iter().copied().collect())), ..Self::default() }
        }

        async fn serve(&self) -> String {
            let router = Router::new().route("/logout", post(hear)).with_state(self.clone());
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
            format!("http://{address}/logout")
        }

        fn heard(&self) -> Vec<String> {
            self.heard.lock().unwrap().clone()
        }
    }

    fn configuration(directory: &TempDir, uri: &str) -> Configuration {
        // Another test may have been quicker; either is the same provider.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut configuration = Configuration { data_directory: directory.path().to_owned(), ..Configuration::default() };
        configuration.provider.sealing_key = Some("a sealing key that is long enough for it".to_owned().into());
        let client = toml::from_str(&format!(
            "client_id = 'shop'\nname = 'Shop'\nredirect_uris = ['https://shop.example/callback']\nscope = 'openid'\n\
             authentication = {{ method = 'none' }}\nid_token_signed_response_alg = 'ES256'\nbackchannel_logout_uri = '{uri}'"
        ));
        configuration.provider.clients.push(client.unwrap());
        configuration
    }

    /// Lets a worker handle one event until it is settled; gives the dead letters.
    async fn worked(configuration: &Configuration, event: Event) -> Vec<DeadLetter> {
        let nature = Nature::default();
        let database = open_database(configuration, &nature).await.unwrap();
        let herald = Arc::new(ProviderHerald::new(configuration, &nature, database.clone()));
        let scribe = Scribe::new(configuration, &nature, database.clone());
        let clerk = Arc::new(Clerk::new(database.clone(), configuration, herald, scribe).unwrap());
        let delivery = Delivery { retry: RetryPolicy::after([Duration::from_millis(1); 3]), ..Delivery::default() };
        let path = configuration.data_directory.join("queue.db");
        let queue = Arc::new(EmbeddedQueue::open(&path).await.unwrap().with_delivery(delivery));
        queue.push(&Envelope::new(event, &*nature.clock, &*nature.rng)).await.unwrap();
        let stop = CancellationToken::new();
        let worker = tokio::spawn({
            let (queue, stop) = (queue.clone(), stop.clone());
            async move { queue.work(clerk, stop).await }
        });
        while queue.depth().await.unwrap() > 0 {
            tokio::task::yield_now().await;
        }
        stop.cancel();
        worker.await.unwrap().unwrap();
        let kinds: Vec<_> = database.recent(None, 9).await.unwrap().into_iter().map(|record| record.kind).collect();
        assert_eq!(kinds, ["session_ended"], "audited once, however often it was tried");
        queue.dead_letters(9).await.unwrap()
    }

    fn ended() -> Event {
        Event::SessionEnded { subject: SUBJECT.to_owned(), client_id: "shop".to_owned(), sid: "a-sid".to_owned() }
    }

    /// A20: the worker tells the client, and tries again after trouble at the client, with another token each time.
    #[tokio::test]
    async fn a_client_in_trouble_is_told_again() {
        let client = Listening::answering(&[StatusCode::SERVICE_UNAVAILABLE, StatusCode::INTERNAL_SERVER_ERROR]);
        let directory = tempfile::tempdir().unwrap();
        let letters = worked(&configuration(&directory, &client.serve().await), ended()).await;
        assert_eq!(letters, []);
        let mut heard = client.heard();
        assert_eq!(heard.len(), 3);
        assert!(heard.iter().all(|body| body.starts_with("logout_token=ey")));
        heard.dedup();
        assert_eq!(heard.len(), 3);
    }

    /// Back-Channel Logout §2.8: 400 is the client's last word; it is kept as a dead letter.
    #[tokio::test]
    async fn a_client_that_refuses_is_not_asked_again() {
        let client = Listening::answering(&[StatusCode::BAD_REQUEST]);
        let directory = tempfile::tempdir().unwrap();
        let letters = worked(&configuration(&directory, &client.serve().await), ended()).await;
        assert_eq!(client.heard().len(), 1);
        assert_eq!((letters.len(), letters[0].attempts), (1, 1));
        assert!(letters[0].reason.contains("shop refused the logout token"), "{}", letters[0].reason);
    }

    /// No token lies in the Queue, where whoever reads its file would find it.
    #[tokio::test]
    async fn the_queue_holds_no_token() {
        let client = Listening::answering(&[StatusCode::BAD_REQUEST]);
        let directory = tempfile::tempdir().unwrap();
        let letters = worked(&configuration(&directory, &client.serve().await), ended()).await;
        assert!(!format!("{letters:?}").contains("eyJ"));
        for entry in std::fs::read_dir(directory.path()).unwrap() {
            let path = entry.unwrap().path();
            if path.file_name().unwrap().to_string_lossy().starts_with("queue") {
                assert!(!std::fs::read(path).unwrap().windows(3).any(|window| window == b"eyJ"));
            }
        }
    }

    /// A worker without the provider's sealing key says what it lacks, and makes none up.
    #[tokio::test]
    async fn a_worker_without_the_sealing_key_says_so() {
        let client = Listening::default();
        let directory = tempfile::tempdir().unwrap();
        let mut configuration = configuration(&directory, &client.serve().await);
        configuration.provider.sealing_key = None;
        let letters = worked(&configuration, ended()).await;
        assert!(letters[0].reason.contains("provider.sealing_key_file"), "{}", letters[0].reason);
        assert!(!directory.path().join("sealing.key").exists());
        assert_eq!(client.heard(), [""; 0]);
    }
}
