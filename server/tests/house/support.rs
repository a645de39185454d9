//! A whole house on private ports, and a browser that keeps cookies as browsers do.

#![allow(unreachable_pub, reason = "the rooms of this test binary share it")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use jiff::Timestamp;
use leptos::config::LeptosOptions;
use protocol::secret::RefreshToken;
use protocol::{Clock as _, ManualClock, OsRng};
use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::{Method, StatusCode, Url};
use server::Configuration;
use server::configuration::Role;
use server::dev_certificate::{self, Made};
use server::house::{House, Nature, open_database};
use server::listener::{self, Certificate, OpenDoor};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use user_database::{AuditRecord, AuditTrail as _, Grant, Grants as _, SqlDatabase};

pub const USERNAME: &str = "ada";
pub const PASSWORD: &str = "ada-loves-tea";

/// A gate that is open until it is closed.
#[derive(Clone)]
pub struct Gate(tokio::sync::watch::Sender<bool>);

impl Default for Gate {
    fn default() -> Self {
        Self(tokio::sync::watch::Sender::new(true))
    }
}

impl Gate {
    pub fn close(&self) {
        self.0.send_replace(false);
    }

    pub fn open(&self) {
        self.0.send_replace(true);
    }

    pub async fn pass(&self) {
        let _ = self.0.subscribe().wait_for(|open| *open).await;
    }
}

/// A running house; it ends with the value.
pub struct Running {
    /// What its doors show, where they speak TLS.
    pub certificates: Vec<Arc<Certificate>>,
    pub configuration: Configuration,
    pub clock: Arc<ManualClock>,
    /// How many requests the token endpoint had.
    pub token_requests: Arc<AtomicUsize>,
    /// Closed, it keeps requests waiting before the token endpoint.
    pub token_gate: Gate,
    /// Closed, it keeps what the token endpoint has answered.
    pub answer_gate: Gate,
    /// The refresh tokens that the token endpoint has given, in order.
    pub refresh_tokens: Arc<Mutex<Vec<String>>>,
    /// What its boxes keep for a time.
    #[allow(dead_code, reason = "the tests of flows need it")]
    pub cache: Option<Arc<dyn cache::Cache>>,
    stop: CancellationToken,
    directory: Option<tempfile::TempDir>,
}

impl Running {
    /// The refresh token that was given last.
    pub fn last_refresh_token(&self) -> String {
        self.refresh_tokens.lock().unwrap().last().unwrap().clone()
    }

    /// Whether the provider still takes what a refresh token stands for.
    pub async fn is_live(&self, refresh_token: &str) -> bool {
        let (database, grant) = self.grant_of(refresh_token).await;
        database.live(grant.id, self.clock.now()).await.unwrap().is_some()
    }

    /// Has the provider take a refresh token no more, without telling anybody.
    pub async fn kill(&self, refresh_token: &str) {
        let (database, grant) = self.grant_of(refresh_token).await;
        assert!(database.revoke(grant.id, self.clock.now()).await.unwrap());
    }

    /// What the audit log holds, newest first.
    pub async fn audit_records(&self) -> Vec<AuditRecord> {
        let nature = Nature { clock: self.clock.clone(), rng: Arc::new(OsRng) };
        let database = open_database(&self.configuration, &nature).await.unwrap();
        let records = database.recent(None, 10_000).await.unwrap();
        database.close().await;
        records
    }

    async fn grant_of(&self, refresh_token: &str) -> (Arc<SqlDatabase>, Grant) {
        let nature = Nature { clock: self.clock.clone(), rng: Arc::new(OsRng) };
        let database = open_database(&self.configuration, &nature).await.unwrap();
        let (token, client_id) = (RefreshToken::new(refresh_token), &self.configuration.application.client_id);
        let grant = database.of_refresh_token(&token, client_id).await.unwrap().expect("the provider knows the token");
        (database, grant)
    }

    /// Waits until the provider takes a refresh token no more.
    pub async fn is_revoked(&self, refresh_token: &str) {
        let revoked = async {
            while self.is_live(refresh_token).await {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), revoked).await.expect("the refresh token is revoked");
    }

    /// Waits until the token endpoint has had `count` requests.
    pub async fn token_requests_reach(&self, count: usize) {
        while self.token_requests.load(Ordering::SeqCst) < count {
            tokio::task::yield_now().await;
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// The addresses of a house, so that another may move in after it.
pub async fn configuration(directory: &Path) -> (Configuration, Vec<TcpListener>) {
    let mut configuration = Configuration { data_directory: directory.to_owned(), ..Configuration::default() };
    let mut listeners = Vec::new();
    for _ in 0..3 {
        listeners.push(TcpListener::bind("127.0.0.1:0").await.unwrap());
    }
    let port = |listener: &TcpListener| listener.local_addr().unwrap();
    configuration.application.listen = port(&listeners[0]);
    configuration.application.origin = format!("http://localhost:{}", port(&listeners[0]).port());
    configuration.provider.listen = port(&listeners[1]);
    configuration.provider.issuer = format!("http://localhost:{}", port(&listeners[1]).port());
    configuration.resource.listen = port(&listeners[2]);
    configuration.resource.origin = format!("http://localhost:{}", port(&listeners[2]).port());
    (configuration, listeners)
}

/// What the boxes stand on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engines {
    /// Files.
    Embedded,
    /// PostgreSQL and Redis, which `make test` starts.
    Servers,
}

/// A fresh house, all embedded.
pub async fn house() -> Running {
    house_on(Engines::Embedded).await.unwrap()
}

/// A fresh house on `engines`; none where only the embedded ones are wanted.
pub async fn house_on(engines: Engines) -> Option<Running> {
    house_on_with(engines, |_| ()).await
}

/// Another process for the application alone, on the same engines and with the same key, and where it listens: as behind a load
/// balancer.
pub async fn replica(house: &Running) -> (Running, String) {
    replica_of(house.configuration.clone(), Arc::clone(&house.clock)).await
}

/// The same beside a house of that configuration and clock.
pub async fn replica_of(mut configuration: Configuration, clock: Arc<ManualClock>) -> (Running, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    configuration.roles = vec![Role::Application];
    configuration.application.listen = listener.local_addr().unwrap();
    let url = format!("http://localhost:{}", configuration.application.listen.port());
    (Box::pin(move_in(configuration, vec![listener], clock)).await, url)
}

/// The same, with its configuration changed.
pub async fn house_on_with(engines: Engines, change: impl FnOnce(&mut Configuration)) -> Option<Running> {
    let directory = tempfile::tempdir().unwrap();
    let (mut configuration, listeners) = configuration(directory.path()).await;
    if engines == Engines::Servers {
        if std::env::var("CLOAKROOM_TEST_ENGINES").is_ok_and(|wanted| wanted == "embedded") {
            eprintln!("not run on PostgreSQL and Redis, as CLOAKROOM_TEST_ENGINES=embedded asks");
            return None;
        }
        let server =
            |name: &str| std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: `make test` starts the server"));
        configuration.cache = server("CLOAKROOM_TEST_REDIS");
        configuration.queue = server("CLOAKROOM_TEST_REDIS");
        configuration.database = fresh_database(&server("CLOAKROOM_TEST_POSTGRES")).await;
    }
    change(&mut configuration);
    let mut running = Box::pin(move_in(configuration, listeners, clock())).await;
    running.directory = Some(directory);
    Some(running)
}

/// A fresh house, all embedded, with its configuration changed.
pub async fn house_with(change: impl FnOnce(&mut Configuration)) -> Running {
    let directory = tempfile::tempdir().unwrap();
    let (mut configuration, listeners) = configuration(directory.path()).await;
    change(&mut configuration);
    let mut running = Box::pin(move_in(configuration, listeners, clock())).await;
    running.directory = Some(directory);
    running
}

/// A fresh house that speaks TLS on all three origins, with what `dev-cert` makes.
pub async fn house_with_tls() -> (Running, Made) {
    let directory = tempfile::tempdir().unwrap();
    let (mut configuration, listeners) = configuration(directory.path()).await;
    // Certificates are judged by the machine's clock.
    let made = dev_certificate::make(&configuration, &Nature::default(), false).unwrap();
    for (origin, tls) in [
        (&mut configuration.application.origin, &mut configuration.application.tls),
        (&mut configuration.provider.issuer, &mut configuration.provider.tls),
        (&mut configuration.resource.origin, &mut configuration.resource.tls),
    ] {
        *origin = origin.replace("http:", "https:");
        *tls = Some(made.tls.clone());
    }
    configuration.network.certificate_authorities = vec![made.authority.clone()];
    let mut running = Box::pin(move_in(configuration, listeners, clock())).await;
    running.directory = Some(directory);
    (running, made)
}

/// A database of its own beside the maintenance database at `url`.
async fn fresh_database(url: &str) -> String {
    use sqlx::{Connection as _, Executor as _};
    let name = format!("house_{}", uuid::Uuid::new_v4().simple());
    let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
    connection.execute(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.unwrap();
    let mut fresh = Url::parse(url).unwrap();
    fresh.set_path(&name);
    fresh.to_string()
}

pub fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at(Timestamp::from_second(1_800_000_000).unwrap()))
}

/// A house on what another left behind.
pub async fn move_in(configuration: Configuration, listeners: Vec<TcpListener>, clock: Arc<ManualClock>) -> Running {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let nature = Nature { clock: clock.clone(), rng: Arc::new(OsRng) };
    let options = LeptosOptions::builder().output_name("cloakroom").site_root("target/site").build();
    let house = House::build(&configuration, &nature, &options).await.unwrap();
    let certificates = listener::certificates(&configuration).unwrap();
    let proxies = Arc::new(configuration.trusted_proxies());
    let stop = CancellationToken::new();
    if let Some((queue, clerk)) = house.worker {
        let stop = stop.clone();
        tokio::spawn(async move { queue.work(clerk, stop).await });
    }
    let token_requests = Arc::new(AtomicUsize::new(0));
    let (token_gate, answer_gate) = (Gate::default(), Gate::default());
    let refresh_tokens = Arc::new(Mutex::new(Vec::<String>::new()));
    let routers = [house.application, house.provider, house.resource].into_iter().flatten();
    for (((listener, router), door), certificate) in
        listeners.into_iter().zip(routers).zip(configuration.doors()).zip(certificates.clone())
    {
        let (counter, given) = (Arc::clone(&token_requests), Arc::clone(&refresh_tokens));
        let gates = (token_gate.clone(), answer_gate.clone());
        let router = router.layer(from_fn(move |request: Request, next: Next| {
            let (counter, gates, given) = (Arc::clone(&counter), gates.clone(), Arc::clone(&given));
            async move {
                if request.uri().path() != "/token" {
                    return next.run(request).await;
                }
                counter.fetch_add(1, Ordering::SeqCst);
                gates.0.pass().await;
                let (parts, body) = next.run(request).await.into_parts();
                let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
                let answer: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
                given.lock().unwrap().extend(answer["refresh_token"].as_str().map(str::to_owned));
                gates.1.pass().await;
                Response::from_parts(parts, body.into())
            }
        }));
        let door = OpenDoor::new(listener, certificate, door.origin);
        tokio::spawn(door.answer(router, Arc::clone(&proxies), stop.clone()));
    }
    let certificates = certificates.into_iter().flatten().collect();
    let cache = house.cache;
    Running {
        certificates,
        configuration,
        clock,
        token_requests,
        token_gate,
        answer_gate,
        refresh_tokens,
        cache,
        stop,
        directory: None,
    }
}

/// What a browser got.
pub struct Page {
    pub url: Url,
    pub status: StatusCode,
    pub body: String,
    pub headers: reqwest::header::HeaderMap,
}

/// A browser: cookies by host (as browsers do, ports share them), redirects followed, every hop remembered.
#[derive(Default)]
pub struct Browser {
    pub cookies: BTreeMap<String, String>,
    pub hops: Vec<String>,
    /// All that ever reached the browser: bodies, headers, URLs.
    pub seen: String,
    /// The authority that it trusts beside the system's.
    pub trusts: Option<reqwest::Certificate>,
    /// What it sends with every request.
    pub headers: Vec<(&'static str, &'static str)>,
    /// What it says that it is, where that is not `Test Browser/1.0`.
    pub user_agent: Option<String>,
}

impl Browser {
    /// One that trusts what `dev-cert` made.
    pub fn trusting(made: &Made) -> Self {
        let pem = std::fs::read(&made.authority).unwrap();
        Self { trusts: Some(reqwest::Certificate::from_pem(&pem).unwrap()), ..Self::default() }
    }

    pub async fn get(&mut self, url: &str) -> Page {
        self.navigate(Method::GET, Url::parse(url).unwrap(), None, "none").await
    }

    pub async fn post(&mut self, url: &str, form: &[(&str, &str)]) -> Page {
        let body = form.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect::<Vec<_>>().join("&");
        self.navigate(Method::POST, Url::parse(url).unwrap(), Some(body), "same-origin").await
    }

    /// What a script of the application's own page asks; with the header that it has to send.
    pub async fn fetch(&mut self, method: Method, url: &str) -> Page {
        self.call(method, url, &[("x-csrf", "1"), ("sec-fetch-site", "same-origin")]).await
    }

    /// What a script asks, with `headers` alone.
    pub async fn call(&mut self, method: Method, url: &str, headers: &[(&str, &str)]) -> Page {
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let mut request = client.request(method.clone(), url).header("sec-fetch-mode", "cors").header("sec-fetch-dest", "empty");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Box::pin(self.receive(method, &Url::parse(url).unwrap(), request)).await
    }

    /// One request, without following where it leads.
    pub async fn hop(&mut self, method: Method, url: &Url, body: Option<String>, site: &str) -> Page {
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
        let client = client.tls_certs_merge(self.trusts.clone()).build().unwrap();
        let mut request = client
            .request(method.clone(), url.clone())
            .header("sec-fetch-mode", "navigate")
            .header("sec-fetch-dest", "document")
            .header("sec-fetch-site", site)
            .header("accept", "text/html")
            .header("user-agent", self.user_agent.as_deref().unwrap_or("Test Browser/1.0"));
        for (name, value) in &self.headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/x-www-form-urlencoded").body(body);
        }
        Box::pin(self.receive(method, url, request)).await
    }

    async fn receive(&mut self, method: Method, url: &Url, mut request: reqwest::RequestBuilder) -> Page {
        if !self.cookies.is_empty() {
            let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header(COOKIE, cookies.join("; "));
        }
        let answer = request.send().await.unwrap();
        self.hops.push(format!("{method} {url} {}", answer.status().as_u16()));
        let (status, headers) = (answer.status(), answer.headers().clone());
        for value in headers.get_all(SET_COOKIE) {
            self.keep(value.to_str().unwrap());
        }
        let body = answer.text().await.unwrap();
        let _ = writeln!(self.seen, "{url}\n{headers:?}\n{body}");
        Page { url: url.clone(), status, body, headers }
    }

    fn keep(&mut self, set_cookie: &str) {
        let (name, rest) = set_cookie.split_once('=').unwrap();
        let value = rest.split(';').next().unwrap();
        assert!(name.starts_with("__Host-") && rest.contains("Secure") && rest.contains("HttpOnly"), "{set_cookie}");
        assert!(rest.contains("Path=/") && !rest.contains("Domain"), "{set_cookie}");
        if rest.contains("Max-Age=0") {
            self.cookies.remove(name);
        } else {
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
    }

    async fn navigate(&mut self, method: Method, url: Url, body: Option<String>, site: &str) -> Page {
        let mut page = self.hop(method, &url, body, site).await;
        let mut at_home = true;
        for _ in 0..12 {
            if !page.status.is_redirection() {
                return page;
            }
            let next = page.url.join(page.headers[LOCATION].to_str().unwrap()).unwrap();
            // As browsers do: once a redirect has led to another origin, so say all that follow.
            at_home = at_home && next.origin() == url.origin();
            page = self.hop(Method::GET, &next, None, if at_home { site } else { "same-site" }).await;
        }
        panic!("a redirect loop: {:?}", self.hops);
    }

    /// Signs in from `/login`, through the login and consent pages where they come, to where it ends.
    pub async fn sign_in(&mut self, origin: &str, return_to: &str) -> Page {
        let page = self.get(&format!("{origin}/login?return_to={}", encode(return_to))).await;
        self.log_in(page).await
    }

    /// From the login page on.
    pub async fn log_in(&mut self, mut page: Page) -> Page {
        if page.body.contains("id=\"password\"") {
            page = self.submit(&page, &[("username", USERNAME), ("password", PASSWORD)], "sign-in").await;
        }
        if page.body.contains("id=\"allow\"") {
            page = self.submit(&page, &[], "allow").await;
        }
        page
    }

    /// Submits the page's form as its button `id` would.
    pub async fn submit(&mut self, page: &Page, fields: &[(&str, &str)], id: &str) -> Page {
        let tag = |needle: &str| {
            let at = page.body.find(needle).unwrap_or_else(|| panic!("no {needle} in {}", page.body));
            let open = page.body[..at].rfind('<').unwrap();
            page.body[open..].split('>').next().unwrap().to_owned()
        };
        let attribute = |tag: &str, name: &str| {
            tag.split_once(&format!("{name}=\"")).map(|(_, rest)| rest.split('"').next().unwrap().replace("&amp;", "&"))
        };
        let button = tag(&format!("id=\"{id}\""));
        let action = attribute(&button, "formaction").or_else(|| attribute(&tag("action=\""), "action")).unwrap();
        let csrf = attribute(&tag("name=\"csrf\""), "value").unwrap();
        let mut form: Vec<(&str, &str)> = vec![("csrf", &csrf)];
        form.extend(fields);
        let (name, value) = (attribute(&button, "name"), attribute(&button, "value"));
        if let Some(name) = &name {
            form.push((name, value.as_deref().unwrap_or_default()));
        }
        self.post(page.url.join(&action).unwrap().as_str(), &form).await
    }
}

fn encode(text: &str) -> String {
    reqwest::Url::parse_with_params("http://x/", [("a", text)]).unwrap().query().unwrap()[2..].to_owned()
}
