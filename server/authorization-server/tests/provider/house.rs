//! An Authorization Server with two clients and two accounts.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use authorization_server::{
    AuthorizationServer, Boxes, Client, DemoAccount, KeySchedule, Lifetimes, PATIENCE, RegistrationPolicy, Settings, SlowDown,
    password,
};
use axum::Router;
use axum::body::Body;
use cache::embedded::EmbeddedCache;
use http::{HeaderMap, Request};
use jiff::{SignedDuration, Timestamp};
use protocol::secret::Password;
use protocol::{Clock, ManualClock, OsRng, Rng};
use secrecy::SecretString;
use tempfile::TempDir;
use tower::ServiceExt as _;
use user_database::{Account, Accounts as _, SqlDatabase};
use uuid::Uuid;

use crate::answer::Answer;
use crate::app::App;
use crate::boxes::{FragileAccounts, FragileCache, RememberingQueue};
use crate::browser::Browser;
use crate::plain_pages::PlainPages;

pub(crate) const ISSUER: &str = "https://provider.example";
pub(crate) const PASSWORD: &str = "correct horse battery staple";
pub(crate) const DEMO: Uuid = Uuid::from_u128(1);
pub(crate) const OTHER: Uuid = Uuid::from_u128(2);

pub(crate) struct House {
    pub(crate) router: Router,
    pub(crate) server: Arc<AuthorizationServer>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) queue: Arc<RememberingQueue>,
    pub(crate) cache: Arc<FragileCache>,
    pub(crate) users: Arc<SqlDatabase>,
    pub(crate) accounts: Arc<FragileAccounts>,
    /// Must push its requests.
    pub(crate) app: App,
    /// May send its requests through the browser.
    pub(crate) plain: App,
    pub(crate) directory: TempDir,
}

impl House {
    pub(crate) async fn build() -> Self {
        Self::with(|_| ()).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        Self::furnished(change, |_| ()).await
    }

    /// A house some of whose boxes are put into others.
    pub(crate) async fn furnished(change: impl FnOnce(&mut Settings), furnish: impl FnOnce(&mut Boxes)) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at(Timestamp::from_second(1_800_000_000).unwrap()));
        let rng: Arc<dyn Rng> = Arc::new(OsRng);
        let ticking: Arc<dyn Clock> = Arc::clone(&clock) as _;
        let embedded = EmbeddedCache::open(&directory.path().join("cache"), Arc::clone(&ticking)).await.unwrap();
        let cache = Arc::new(FragileCache { inner: Arc::new(embedded), broken: AtomicBool::new(false) });
        let users = open_users(&directory).await;
        let hash = password::hash(&Password::new(PASSWORD), &OsRng).unwrap();
        for account in [account(DEMO, "demo", &hash), account(OTHER, "other", &hash)] {
            users.add(&account).await.unwrap();
        }
        let queue = Arc::new(RememberingQueue::default());
        let [app, plain] = [App::new("app"), App::new("plain")];
        let mut settings = settings(&[app.registered(true), plain.registered(false)]);
        change(&mut settings);
        let accounts = Arc::new(FragileAccounts {
            inner: Arc::clone(&users) as _,
            disabled: AtomicBool::default(),
            broken: AtomicBool::default(),
        });
        let mut boxes = boxes(Arc::clone(&cache) as _, Arc::clone(&queue) as _, &users, ticking, rng);
        boxes.accounts = Arc::clone(&accounts) as _;
        furnish(&mut boxes);
        let server = AuthorizationServer::prepare(settings, boxes, &sealing_secret()).await.unwrap();
        let router = authorization_server::router(Arc::clone(&server));
        Self { router, server, clock, queue, cache, users, accounts, app, plain, directory }
    }

    /// The same house, its directory aside, for another replica's router.
    pub(crate) fn twin(&self) -> Self {
        Self {
            router: self.router.clone(),
            server: Arc::clone(&self.server),
            clock: Arc::clone(&self.clock),
            queue: Arc::clone(&self.queue),
            cache: Arc::clone(&self.cache),
            users: Arc::clone(&self.users),
            accounts: Arc::clone(&self.accounts),
            app: self.app.clone(),
            plain: self.plain.clone(),
            directory: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn browser(&self) -> Browser {
        Browser::new(self.router.clone())
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn wait(&self, seconds: i64) {
        self.clock.advance(SignedDuration::from_secs(seconds));
    }

    /// A request without a browser.
    pub(crate) async fn call(&self, method: &str, path: &str, headers: HeaderMap, body: String) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        request.headers_mut().unwrap().extend(headers);
        Answer::read(self.router.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call("GET", path, HeaderMap::new(), String::new()).await
    }

    pub(crate) async fn post(&self, path: &str, pairs: &[(&str, &str)]) -> Answer {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", "application/x-www-form-urlencoded".parse().unwrap());
        self.call("POST", path, headers, form(pairs)).await
    }

    pub(crate) async fn userinfo(&self, access_token: &str) -> Answer {
        let mut headers = HeaderMap::new();
        headers.insert("authorization", format!("Bearer {access_token}").parse().unwrap());
        self.call("GET", "/userinfo", headers, String::new()).await
    }
}

pub(crate) fn form(pairs: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

pub(crate) fn sealing_secret() -> SecretString {
    SecretString::from("the same on every replica".to_owned())
}

pub(crate) async fn open_users(directory: &TempDir) -> Arc<SqlDatabase> {
    let path = directory.path().join("users");
    SqlDatabase::open(&format!("sqlite:{}", path.display()), Arc::new(OsRng)).await.unwrap()
}

pub(crate) fn boxes(
    cache: Arc<dyn cache::Cache>,
    queue: Arc<dyn queue::Queue>,
    users: &Arc<SqlDatabase>,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
) -> Boxes {
    // Another test may have been quicker; either is the same provider.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Boxes {
        cache,
        queue,
        accounts: Arc::clone(users) as _,
        account_keeper: Arc::clone(users) as _,
        audit: Arc::clone(users) as _,
        consents: Arc::clone(users) as _,
        grants: Arc::clone(users) as _,
        links: Arc::clone(users) as _,
        sessions: Arc::clone(users) as _,
        signing_keys: Arc::clone(users) as _,
        clients: Arc::clone(users) as _,
        pages: Arc::new(PlainPages),
        clock,
        rng,
        outbound: authorization_server::Outbound::new(true, &[]).unwrap(),
    }
}

pub(crate) fn settings(clients: &[Client]) -> Settings {
    Settings {
        issuer: ISSUER.parse().unwrap(),
        lifetimes: Lifetimes::default(),
        slow_down: SlowDown::default(),
        clients: clients.to_vec(),
        dpop_nonce: false,
        patience: PATIENCE,
        registration: RegistrationPolicy::Off,
        sign_up: true,
        password_reset: true,
        demo_accounts: vec![DemoAccount { username: "demo".into(), password: PASSWORD.into() }],
        keys: KeySchedule::default(),
    }
}

pub(crate) fn account(subject: Uuid, username: &str, hash: &str) -> Account {
    Account {
        subject,
        username: username.to_owned(),
        password_hash: hash.to_owned(),
        name: format!("The {username} account"),
        email: format!("{username}@example.com"),
        email_verified: true,
        created_at: Timestamp::from_second(1_700_000_000).unwrap(),
        disabled: false,
        sessions_since: Timestamp::UNIX_EPOCH,
    }
}
