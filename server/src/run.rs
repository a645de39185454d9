//! Serving: listen, say where, and end well.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use jiff::{SignedDuration, Timestamp};
use tokio_util::sync::CancellationToken;

use crate::configuration::{Configuration, Role};
use crate::crew::Crew;
use crate::demonstration::ACCOUNTS;
use crate::flow::{self, Book};
use crate::house::{House, Nature};
use crate::listener::{self, Certificate, OpenDoor};
use crate::telemetry::{self, Outlet};
use crate::verify::verify;
use crate::{Failure, signing_keys, site, worker};

/// How long requests in flight may take to finish after the signal to stop.
const GRACE: Duration = Duration::from_secs(20);
/// How often expired records are removed.
const PRUNE_EVERY: Duration = Duration::from_secs(60);
/// How many such rounds make a day, once in which clients that were never used are.
const CLIENTS_EVERY: u32 = 24 * 60;

/// Runs until Ctrl-C or SIGTERM; a second one does not wait for requests in flight.
///
/// # Errors
/// [`Failure`] where it cannot start, or where a part of it ends by itself.
pub async fn serve(configuration: Configuration, began: Instant) -> Result<(), Failure> {
    verify(&configuration)?;
    let nature = Nature::default();
    let outlet = telemetry::start(&configuration, &nature)?;
    // Addresses first: another Cloakroom on the same ports should be named before its files are touched.
    let certificates = listener::certificates(&configuration)?;
    let doors = listen(&configuration, &certificates).await?;
    let house = House::build(&configuration, &nature, &site::options()?).await?;
    let mut crew = Crew::default();
    for sentence in listener::advice(&configuration, &certificates, nature.clock.now()) {
        tracing::warn!("{sentence}");
    }
    let proxies = Arc::new(configuration.trusted_proxies());
    for ((name, door), router) in doors.into_iter().zip(routers(&house)) {
        crew.add(name, door.answer(router, Arc::clone(&proxies), crew.stop()));
    }
    let certificates: Vec<_> = certificates.into_iter().flatten().collect();
    if !certificates.is_empty() {
        crew.add("renewal of certificates", listener::renew(certificates, crew.stop()));
    }
    if let Some(api) = house.api.clone() {
        let stop = crew.stop();
        crew.add("application", async move {
            stop.cancelled().await;
            api.finish().await;
            Ok(())
        });
    }
    if let Some((queue, clerk)) = &house.worker {
        let (queue, clerk, stop) = (Arc::clone(queue), Arc::clone(clerk), crew.stop());
        crew.add("reminder", worker::remind(Arc::clone(&queue), crew.stop()));
        crew.add("worker", async move { queue.work(clerk, stop).await.map_err(|error| error.to_string()) });
    }
    if let Some(server) = &house.authorization_server {
        crew.add("key keeper", signing_keys::keep(Arc::clone(server), crew.stop()));
    }
    match (outlet, house.cache.clone()) {
        (Outlet::Recorded(recorded), Some(cache)) => {
            let (book, stop) = (Book::new(cache, &configuration.provider.issuer), crew.stop());
            crew.add("flows", async move {
                flow::write(recorded, book, stop).await;
                Ok(())
            });
        }
        (Outlet::Counted(counts), _) => {
            let stop = crew.stop();
            crew.add("counts", async move {
                counts.tell(stop).await;
                Ok(())
            });
        }
        (Outlet::Recorded(_) | Outlet::None, _) => {}
    }
    let unused_for = configuration.provider.registration_unused_for;
    crew.add("pruner", prune(house.cache.clone(), house.database.clone(), nature, unused_for, crew.stop()));
    banner(&configuration, began);

    let ended = crew.until(wait_for_signal()).await;
    tracing::info!("stopping: requests in flight finish first; a second signal does not wait for them");
    if !crew.finish(GRACE, wait_for_signal()).await {
        tracing::warn!("some requests did not finish");
    } else if let Some(database) = &house.database {
        database.close().await;
    }
    ended
}

/// Opens the doors, in the order of [`Configuration::doors`].
async fn listen(
    configuration: &Configuration,
    certificates: &[Option<Arc<Certificate>>],
) -> Result<Vec<(&'static str, OpenDoor)>, Failure> {
    let mut open = Vec::new();
    for (door, certificate) in configuration.doors().iter().zip(certificates) {
        open.push((door.section, OpenDoor::open(door, certificate.clone()).await?));
    }
    Ok(open)
}

/// In the same order.
fn routers(house: &House) -> impl Iterator<Item = Router> {
    [house.application.clone(), house.provider.clone(), house.resource.clone()].into_iter().flatten()
}

async fn prune(
    cache: Option<Arc<dyn cache::Cache>>,
    database: Option<Arc<user_database::SqlDatabase>>,
    nature: Nature,
    unused_for: SignedDuration,
    stop: CancellationToken,
) -> Result<(), String> {
    let mut ticks = tokio::time::interval(PRUNE_EVERY);
    let mut rounds: u32 = 0;
    while tokio::select! { _ = ticks.tick() => true, () = stop.cancelled() => false } {
        if let Some(cache) = &cache
            && let Err(error) = cache.prune().await
        {
            tracing::warn!(%error, "expired records stay for now");
        }
        if let Some(database) = &database
            && let Err(error) = database.prune(nature.clock.now()).await
        {
            tracing::warn!(%error, "expired grants stay for now");
        }
        let now = nature.clock.now();
        if let Some(database) = &database
            && rounds.is_multiple_of(CLIENTS_EVERY)
            && let Err(error) = database.prune_clients(now.saturating_sub(unused_for).unwrap_or(Timestamp::MIN), now).await
        {
            tracing::warn!(%error, "unused clients stay for now");
        }
        rounds = rounds.wrapping_add(1);
    }
    Ok(())
}

async fn wait_for_signal() {
    let interrupted = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminated) = signal(SignalKind::terminate()) {
            tokio::select! { _ = interrupted => {}, _ = terminated.recv() => {} }
            return;
        }
    }
    let _ = interrupted.await;
}

/// Where to go, on standard output.
fn banner(configuration: &Configuration, began: Instant) {
    let mut lines = vec![String::new(), "  Cloakroom: hand in your tokens, carry a ticket".to_owned(), String::new()];
    for (role, name, url) in [
        (Role::Application, "Application", configuration.application.origin.as_str()),
        (Role::Provider, "Provider", configuration.provider.issuer.as_str()),
        (Role::Resource, "Resource API", configuration.resource.origin.as_str()),
    ] {
        if configuration.runs(role) {
            lines.push(format!("  {name:<14}{url}"));
        }
    }
    if configuration.runs(Role::Worker) {
        lines.push(format!("  {:<14}takes events off the Queue", "Worker"));
    }
    if configuration.runs(Role::Provider) && configuration.has_demo_accounts() {
        lines.push(String::new());
        for account in ACCOUNTS {
            lines.push(format!("  {:<14}{} / {}", "Demo account", account.username, account.password));
        }
    }
    lines.push(String::new());
    lines.push(format!("  Ready in {} ms. Ctrl-C stops it.", began.elapsed().as_millis()));
    println!("{}\n", lines.join("\n"));
}
