//! Two replicas, each with connections of its own, over the engines that replicas share: what may be done once is done once.
//!
//! Each rule runs on the embedded engines in one process, and on PostgreSQL and Redis.

use std::sync::Arc;

use authorization_server::{AuthorizationServer, Boxes};
use axum::Router;
use cache::Cache;
use cache::redis::RedisCache;
use protocol::OsRng;
use queue::redis::RedisQueue;
use queue::{Envelope, Event, Queue};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _, postgres::PgConnectOptions};
use tokio::task::JoinSet;
use url::Url;
use user_database::{AccountKeeper as _, Accounts as _, SqlDatabase};
use uuid::Uuid;

use crate::answer::Answer;
use crate::app::{borrowed, claims, token};
use crate::dpop::Wallet;
use crate::dpop::wallet::{refused, send};
use crate::house::{DEMO, House, account, boxes, sealing_secret, settings};
use crate::links::mailbox::{link_in, writer};
use crate::start::replica;

/// Two replicas: `first` as the house knows it, and `second`.
struct Pair {
    first: Arc<House>,
    second: Arc<House>,
    /// The Queue that both push to, and that holds an event once.
    queue: Option<Arc<dyn Queue>>,
    database: Option<(Url, String)>,
}

/// Turns each rule, a function of a [`Pair`], into a test on each set of engines.
macro_rules! on_both {
    ($($rule:ident),+ $(,)?) => {
        mod embedded {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $rule() {
                super::$rule(&super::Pair::embedded().await).await;
            })+
        }

        mod engines {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $rule() {
                let Some(pair) = super::Pair::engines().await else { return };
                super::$rule(&pair).await;
                pair.remove().await;
            })+
        }
    };
}

on_both! {
    of_fifty_redemptions_at_two_replicas_one_succeeds,
    parallel_refreshes_at_two_replicas_agree,
    an_old_refresh_token_revokes_its_family_everywhere,
    of_fifty_assertions_at_two_replicas_one_is_taken,
    of_fifty_pushes_with_one_proof_at_two_replicas_one_is_taken,
    a_pushed_request_is_completed_at_one_replica_only,
    of_confirmations_at_two_replicas_one_opens_an_account,
    of_resets_at_two_replicas_one_counts,
}

/// Where a test's engine listens; none where the run is for the embedded engines only.
fn engine(variable: &str) -> Option<String> {
    if std::env::var("CLOAKROOM_TEST_ENGINES").is_ok_and(|engines| engines == "embedded") {
        eprintln!("left out: CLOAKROOM_TEST_ENGINES=embedded asks for the embedded engines only");
        return None;
    }
    let said = "make test starts the engines and names them (CLOAKROOM_TEST_ENGINES=embedded leaves the tests on them out)";
    Some(std::env::var(variable).unwrap_or_else(|_| panic!("{variable} is not set: {said}")))
}

impl Pair {
    async fn embedded() -> Self {
        let first = House::build().await;
        let router = replica(&first).await;
        Self::of(first, router, None, None)
    }

    fn of(first: House, router: Router, queue: Option<Arc<dyn Queue>>, database: Option<(Url, String)>) -> Self {
        let second = House { router, ..first.twin() };
        Self { first: Arc::new(first), second: Arc::new(second), queue, database }
    }

    async fn engines() -> Option<Self> {
        let (redis, maintenance) = (engine("CLOAKROOM_TEST_REDIS")?, engine("CLOAKROOM_TEST_POSTGRES")?);
        let maintenance: Url = maintenance.parse().unwrap();
        let name = format!("replicas_{}", Uuid::new_v4().simple());
        administer(&maintenance, format!("CREATE DATABASE {name} TEMPLATE template0")).await;
        let mut url = maintenance.clone();
        url.set_path(&name);
        let mut house = House::build().await;
        let known = house.users.by_login("demo").await.unwrap().unwrap();
        let prefix = format!("cloakroom-test:{}:", Uuid::new_v4());
        let (mut routers, mut queues) = (Vec::new(), Vec::new());
        for _ in 0..2 {
            let users = SqlDatabase::open(url.as_str(), Arc::new(OsRng)).await.unwrap();
            users.add(&account(DEMO, "demo", &known.password_hash)).await.unwrap();
            let cache = RedisCache::connect_with_prefix(&redis, &prefix, Arc::clone(&house.clock) as _).await.unwrap();
            let queue = Arc::new(RedisQueue::connect_with_prefix(&redis, &format!("{{{prefix}queue}}:")).await.unwrap());
            queues.push(Arc::clone(&queue));
            let boxes = boxes(Arc::new(cache) as Arc<dyn Cache>, queue, &users, Arc::clone(&house.clock) as _, Arc::new(OsRng));
            routers.push(serve(&house, boxes).await);
        }
        let [first, second] = <[Router; 2]>::try_from(routers).unwrap();
        house.router = first;
        Some(Self::of(house, second, queues.pop().map(|queue| queue as _), Some((maintenance, name))))
    }

    async fn remove(self) {
        if let Some((maintenance, name)) = self.database {
            administer(&maintenance, format!("DROP DATABASE {name} WITH (FORCE)")).await;
        }
    }

    /// Fifty requests at once, every other one at the second replica.
    async fn fifty<F>(&self, ask: impl Fn(Arc<House>) -> F) -> Vec<Answer>
    where
        F: Future<Output = Answer> + Send + 'static,
    {
        let mut asking = JoinSet::new();
        for number in 0..50 {
            asking.spawn(ask(Arc::clone(if number % 2 == 0 { &self.first } else { &self.second })));
        }
        asking.join_all().await
    }

    /// How many events were told so far, one that was told twice being one.
    async fn events(&self) -> u64 {
        match &self.queue {
            Some(queue) => queue.depth().await.unwrap(),
            None => self.first.queue.depth().await.unwrap(),
        }
    }
}

async fn serve(house: &House, boxes: Boxes) -> Router {
    let settings = settings(&[house.app.registered(true)]);
    authorization_server::router(AuthorizationServer::prepare(settings, boxes, &sealing_secret()).await.unwrap())
}

async fn administer(maintenance: &Url, statement: String) {
    let mut connection = PgConnectOptions::from_url(maintenance).unwrap().connect().await.unwrap();
    connection.execute(AssertSqlSafe(statement)).await.unwrap();
    connection.close().await.unwrap();
}

/// A8, attack 9: of fifty redemptions of one code at once, one succeeds; the others are replays, which revoke what it gave, and
/// are told once.
async fn of_fifty_redemptions_at_two_replicas_one_succeeds(pair: &Pair) {
    let code = pair.first.app.code(&pair.first, &mut pair.first.browser(), &[]).await;
    let before = pair.events().await;
    let answers = pair.fifty(|house| {
        let code = code.clone();
        async move { house.app.redeem(&house, &code, &[]).await }
    });
    let (won, lost): (Vec<_>, Vec<_>) = answers.await.into_iter().partition(|answer| answer.status == 200);
    assert_eq!((won.len(), lost.len()), (1, 49));
    assert!(lost.iter().all(|answer| answer.status == 400 && answer.error() == "invalid_grant"), "{lost:?}");
    let tokens = won[0].json();
    for house in [&pair.first, &pair.second] {
        assert_eq!(house.userinfo(token(&tokens, "access_token")).await.status, 401);
        assert_eq!(house.app.refresh(house, token(&tokens, "refresh_token"), &[]).await.error(), "invalid_grant");
    }
    assert_eq!(pair.events().await, before + 1);
}

/// A15, attack 23: parallel refreshes within the grace agree on one successor, and one family is alive.
async fn parallel_refreshes_at_two_replicas_agree(pair: &Pair) {
    let tokens = pair.first.app.tokens(&pair.first, &mut pair.first.browser()).await;
    let old = token(&tokens, "refresh_token").to_owned();
    let before = pair.events().await;
    let answers = pair.fifty(|house| {
        let old = old.clone();
        async move { house.app.refresh(&house, &old, &[]).await }
    });
    let answers = answers.await;
    let renewed = answers[0].json();
    for answer in &answers {
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.json()["refresh_token"], renewed["refresh_token"]);
        let family = |tokens: &serde_json::Value| claims(token(tokens, "access_token"))["gid"].clone();
        assert_eq!(family(&answer.json()), family(&tokens));
    }
    let next = pair.second.app.refresh(&pair.second, token(&renewed, "refresh_token"), &[]).await;
    assert_eq!(next.status, 200, "{next:?}");
    assert_eq!(pair.events().await, before);
}

/// A15, attack 22: after the grace the old token revokes the family at every replica, and is told once.
async fn an_old_refresh_token_revokes_its_family_everywhere(pair: &Pair) {
    let tokens = pair.first.app.tokens(&pair.first, &mut pair.first.browser()).await;
    let old = token(&tokens, "refresh_token").to_owned();
    let renewed = pair.second.app.refresh(&pair.second, &old, &[]).await.json();
    let before = pair.events().await;
    pair.first.wait(10);
    let answers = pair.fifty(|house| {
        let old = old.clone();
        async move { house.app.refresh(&house, &old, &[]).await }
    });
    for answer in answers.await {
        assert_eq!((answer.status.as_u16(), answer.error().as_str()), (400, "invalid_grant"));
    }
    for house in [&pair.first, &pair.second] {
        assert_eq!(house.app.refresh(house, token(&renewed, "refresh_token"), &[]).await.error(), "invalid_grant");
        assert_eq!(house.userinfo(token(&renewed, "access_token")).await.status, 401);
    }
    assert_eq!(pair.events().await, before + 1);
    if pair.queue.is_none() {
        let expected = Event::TokenReplayed { subject: DEMO.to_string(), client_id: "app".into() };
        assert_eq!(pair.first.queue.events().last(), Some(&expected));
    }
}

/// A11, attack 17: of fifty uses of one assertion at once, one is taken.
async fn of_fifty_assertions_at_two_replicas_one_is_taken(pair: &Pair) {
    let assertion = pair.first.app.assertion(&pair.first);
    let answers = pair.fifty(|house| {
        let assertion = assertion.clone();
        async move {
            let kind = protocol::client_assertion::ASSERTION_TYPE;
            let fields = [("token", "x"), ("client_assertion_type", kind), ("client_assertion", &assertion)];
            house.post("/revoke", &fields).await
        }
    });
    let (taken, refused): (Vec<_>, Vec<_>) = answers.await.into_iter().partition(|answer| answer.status == 200);
    assert_eq!((taken.len(), refused.len()), (1, 49));
    assert!(refused.iter().all(|answer| answer.error() == "invalid_client"));
}

/// A12, attack 25: of fifty pushed requests with one DPoP proof at once, one is taken, and none at either replica afterwards, for as
/// long as the age of the proof would allow.
async fn of_fifty_pushes_with_one_proof_at_two_replicas_one_is_taken(pair: &Pair) {
    let wallet = Wallet::new();
    let proof = wallet.proof(&pair.first, "POST", "/par", None, None);
    let push = async |house: &House| send(house, &house.app, "/par", &house.app.request(), &[&proof]).await;
    let answers = pair.fifty(|house| {
        let proof = proof.clone();
        async move { send(&house, &house.app, "/par", &house.app.request(), &[&proof]).await }
    });
    let (taken, lost): (Vec<_>, Vec<_>) = answers.await.into_iter().partition(|answer| answer.status == 201);
    assert_eq!((taken.len(), lost.len()), (1, 49));
    assert!(lost.iter().all(|answer| refused(answer) == (400, "invalid_dpop_proof".to_owned())), "{lost:?}");
    pair.first.wait(50);
    for house in [&pair.first, &pair.second] {
        assert_eq!(refused(&push(house).await), (400, "invalid_dpop_proof".to_owned()));
        assert_eq!(wallet.push(house, &house.app, &[]).await.status, 201, "a proof of its own");
    }
}

/// A10: of fifty browsers' tabs that bring one pushed request at once, one gets a code.
async fn a_pushed_request_is_completed_at_one_replica_only(pair: &Pair) {
    let mut browser = pair.first.browser();
    pair.first.app.code(&pair.first, &mut browser, &[]).await;
    let url = pair.first.app.begin(&pair.first, &[]).await;
    let answers = pair.fifty(|house| {
        let (mut tab, url) = (browser.clone(), url.clone());
        tab.router = house.router.clone();
        async move { tab.get(&url).await }
    });
    let (sent, late): (Vec<_>, Vec<_>) = answers.await.into_iter().partition(|answer| answer.status == 302);
    assert_eq!((sent.len(), late.len()), (1, 49));
    assert!(late.iter().all(|answer| answer.page() == "problem RequestExpired"), "{late:?}");
    let code = sent[0].sent("code").unwrap();
    assert_eq!(pair.second.app.redeem(&pair.second, &code, &[]).await.status, 200);
}

impl Pair {
    /// The User Database of both.
    async fn users(&self) -> Arc<SqlDatabase> {
        match &self.database {
            None => Arc::clone(&self.first.users),
            Some((maintenance, name)) => {
                let mut url = maintenance.clone();
                url.set_path(name);
                SqlDatabase::open(url.as_str(), Arc::new(OsRng)).await.unwrap()
            }
        }
    }

    /// The link that `event` asks the worker for.
    async fn link(&self, event: Event) -> String {
        let users = self.users().await;
        let letter = writer(&self.first, &users).write(&Envelope::new(event, &*self.first.clock, &OsRng)).await.unwrap();
        link_in(&letter.unwrap())
    }

    /// Eight browsers, every other one at the second replica, that have opened `link`, and then send what `fields` says at once.
    async fn eight(&self, link: &str, fields: impl Fn(usize) -> Vec<(&'static str, String)>) -> Vec<u16> {
        let mut opened = Vec::new();
        for number in 0..8 {
            let house = if number % 2 == 0 { &self.first } else { &self.second };
            let mut browser = house.browser();
            let form = browser.open(link).await;
            opened.push((browser, form));
        }
        let mut sending = JoinSet::new();
        for (number, (mut browser, form)) in opened.into_iter().enumerate() {
            let mut fields = fields(number);
            fields.push(("csrf", form.field("csrf")));
            sending.spawn(async move { browser.post(&form.field("action"), &borrowed(&fields)).await.status.as_u16() });
        }
        let mut statuses = sending.join_all().await;
        statuses.sort_unstable();
        statuses
    }
}

/// Two at once, sign-up: one link opens one account, at whichever replica.
async fn of_confirmations_at_two_replicas_one_opens_an_account(pair: &Pair) {
    let email = "ada@example.org";
    let event = Event::SignUpAsked { email: email.to_owned(), sign_in: None, user_agent: None, address: None };
    let link = pair.link(event).await;
    let before = pair.events().await;
    let statuses = pair
        .eight(&link, |number| {
            let password = format!("a whole new passphrase, number {number}");
            vec![("name", "Ada".to_owned()), ("username", format!("ada-{number}")), ("new-password", password)]
        })
        .await;
    assert_eq!(statuses, [303, 410, 410, 410, 410, 410, 410, 410]);
    let users = pair.users().await;
    let opened = users.list("", 100).await.unwrap().into_iter().filter(|account| account.username.starts_with("ada-"));
    assert_eq!(opened.count(), 1);
    assert!(users.by_login(email).await.unwrap().unwrap().email_verified);
    assert!(pair.events().await > before);
}

/// Attack 47, two at once: one link gives one password, at whichever replica.
async fn of_resets_at_two_replicas_one_counts(pair: &Pair) {
    let event =
        Event::PasswordResetAsked { email: "demo@example.com".to_owned(), sign_in: None, user_agent: None, address: None };
    let link = pair.link(event).await;
    let users = pair.users().await;
    let before = users.by_login("demo").await.unwrap().unwrap();
    pair.first.wait(1);
    let statuses = pair.eight(&link, |number| vec![("new-password", format!("a whole new passphrase, number {number}"))]).await;
    assert_eq!(statuses, [303, 410, 410, 410, 410, 410, 410, 410]);
    let after = users.by_login("demo").await.unwrap().unwrap();
    assert!(after.password_hash != before.password_hash && after.sessions_since == pair.first.now());
}
