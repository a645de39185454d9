//! Where flows are kept: in the Cache, so that all replicas know them, and for a quarter of an hour.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use cache::{Cache, Unavailable};
use jiff::Timestamp;
use protocol::exchange::Part;
use protocol::flow::{Flow, Seen};
use protocol::seal::digest;
use serde::{Deserialize, Serialize};

use super::Entry;

/// How long a flow is kept after something was seen of it.
const LIFETIME: Duration = Duration::from_mins(15);
/// How much is kept of a flow. A sign-in with every page makes some twenty.
const MOST: usize = 80;
/// How large one thing may be, in bytes, before its parameters are left out.
const LARGEST: usize = 12 << 10;
/// How often a write is tried that others come between.
const TRIES: usize = 8;

/// A flow as it is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Page {
    began_at: Timestamp,
    issuer: String,
    seen: Vec<Line>,
}

/// What was seen, and where.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Line {
    /// The issuer of the process that saw it, where it is a provider.
    issuer: Option<String>,
    seen: Seen,
}

/// The flows of all viewers.
#[derive(Clone)]
pub struct Book {
    cache: Arc<dyn Cache>,
    /// The issuer of the provider that this process may run.
    issuer: Arc<str>,
}

fn page_of(flow: &str) -> String {
    format!("flow:{flow}")
}

fn newest_of(viewer: &str) -> String {
    format!("flow-viewer:{viewer}")
}

impl Book {
    /// A book in `cache`, for a process whose provider is `issuer`.
    pub fn new(cache: Arc<dyn Cache>, issuer: &str) -> Self {
        Self { cache, issuer: issuer.into() }
    }

    /// Writes down what came, flow by flow.
    ///
    /// # Errors
    /// [`Unavailable`] where the Cache does not answer; some of it may be written then.
    pub(super) async fn write(&self, entries: impl Iterator<Item = Entry>) -> Result<(), Unavailable> {
        let mut flows = BTreeMap::<String, Vec<Entry>>::new();
        for entry in entries {
            flows.entry(entry.flow().to_owned()).or_default().push(entry);
        }
        for (flow, entries) in flows {
            self.write_one(&flow, entries).await?;
        }
        Ok(())
    }

    async fn write_one(&self, flow: &str, entries: Vec<Entry>) -> Result<(), Unavailable> {
        let (key, mut lines) = (page_of(flow), Vec::new());
        for entry in entries {
            match entry {
                Entry::Begun { viewer, issuer, at, .. } => {
                    let page = Page { began_at: at, issuer, seen: Vec::new() };
                    // The name of a flow comes of a random value: who begins it is the first.
                    if self.cache.add(&key, &bytes(&page)?, LIFETIME).await? {
                        self.cache.put(&newest_of(&viewer), flow.as_bytes(), LIFETIME).await?;
                    }
                }
                Entry::Seen { seen, .. } => lines.push(self.line(*seen)),
            }
        }
        for _ in 0..TRIES {
            // Nobody but our own application begins a flow: what others name so is of no interest.
            let Some(held) = self.cache.get(&key).await? else { return Ok(()) };
            let mut page: Page = serde_json::from_slice(&held).map_err(|error| Unavailable(error.into()))?;
            page.seen.extend(lines.iter().take(MOST.saturating_sub(page.seen.len())).cloned());
            if lines.is_empty() || self.cache.replace(&key, &held, &bytes(&page)?, LIFETIME).await? {
                return Ok(());
            }
        }
        Err(Unavailable("others wrote at the same time, again and again".into()))
    }

    fn line(&self, mut seen: Seen) -> Line {
        if serde_json::to_vec(&seen.parameters).is_ok_and(|parameters| parameters.len() > LARGEST) {
            seen.parameters.clear();
        }
        let issuer = (seen.by == Part::AuthorizationServer).then(|| self.issuer.to_string());
        Line { issuer, seen }
    }

    /// The newest flow that the viewer began.
    ///
    /// # Errors
    /// [`Unavailable`] where the Cache does not answer.
    pub async fn newest(&self, viewer: &str) -> Result<Option<Flow>, Unavailable> {
        let Some(flow) = self.cache.get(&newest_of(viewer)).await? else { return Ok(None) };
        let id = String::from_utf8(flow).map_err(|error| Unavailable(error.into()))?;
        let Some(held) = self.cache.get(&page_of(&id)).await? else { return Ok(None) };
        let page: Page = serde_json::from_slice(&held).map_err(|error| Unavailable(error.into()))?;
        // Another provider's word for what happened at the one that was asked is nobody's.
        let told = page.seen.into_iter().filter(|line| line.issuer.as_ref().is_none_or(|issuer| *issuer == page.issuer));
        let mut seen: Vec<Seen> = told.map(|line| line.seen).collect();
        seen.sort_by_key(|seen| (seen.began_at, seen.number));
        Ok(Some(Flow { id, began_at: page.began_at, issuer: page.issuer, seen }))
    }

    /// What changes with the newest flow of the viewer, and with nothing else.
    ///
    /// # Errors
    /// [`Unavailable`] where the Cache does not answer.
    pub async fn edition(&self, viewer: &str) -> Result<Option<String>, Unavailable> {
        let Some(flow) = self.cache.look(&newest_of(viewer)).await? else { return Ok(None) };
        let id = std::str::from_utf8(&flow).map_err(|error| Unavailable(error.into()))?;
        let page = self.cache.look(&page_of(id)).await?;
        Ok(page.map(|page| digest("edition of a flow", &page)))
    }

    /// The viewer's flows are no longer anybody's.
    ///
    /// # Errors
    /// [`Unavailable`] where the Cache does not answer.
    pub async fn forget(&self, viewer: &str) -> Result<(), Unavailable> {
        if let Some(flow) = self.cache.take(&newest_of(viewer)).await? {
            let id = String::from_utf8(flow).map_err(|error| Unavailable(error.into()))?;
            self.cache.remove(&page_of(&id)).await?;
        }
        Ok(())
    }
}

fn bytes(page: &Page) -> Result<Vec<u8>, Unavailable> {
    serde_json::to_vec(page).map_err(|error| Unavailable(error.into()))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use cache::embedded::EmbeddedCache;
    use jiff::SignedDuration;
    use protocol::ManualClock;
    use protocol::flow::Parameter;

    use super::*;

    struct Desk {
        clock: Arc<ManualClock>,
        cache: Arc<dyn Cache>,
        _directory: tempfile::TempDir,
    }

    impl Desk {
        async fn open() -> Self {
            let directory = tempfile::tempdir().unwrap();
            let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
            let cache = EmbeddedCache::open(&directory.path().join("cache.db"), clock.clone()).await.unwrap();
            Self { clock, cache: Arc::new(cache), _directory: directory }
        }

        fn book(&self, issuer: &str) -> Book {
            Book::new(Arc::clone(&self.cache), issuer)
        }
    }

    fn begun(flow: &str, viewer: &str) -> Entry {
        let issuer = "https://id.example".to_owned();
        Entry::Begun { flow: flow.to_owned(), viewer: viewer.to_owned(), issuer, at: Timestamp::UNIX_EPOCH }
    }

    fn seen(flow: &str, number: u8, by: Part, parameters: Vec<Parameter>) -> Entry {
        let (began_at, micros) = (Timestamp::UNIX_EPOCH, 1);
        let (method, url, status, trouble) = (None, None, None, None);
        let seen = Box::new(Seen { number, by, began_at, micros, method, url, status, trouble, parameters });
        Entry::Seen { flow: flow.to_owned(), seen }
    }

    fn here(flow: &str, number: u8) -> Entry {
        seen(flow, number, Part::ApplicationApi, Vec::new())
    }

    async fn numbers(book: &Book, viewer: &str) -> Vec<u8> {
        let flow = book.newest(viewer).await.unwrap();
        flow.map(|flow| flow.seen.iter().map(|seen| seen.number).collect()).unwrap_or_default()
    }

    #[tokio::test]
    async fn each_viewer_sees_their_newest_flow() {
        let desk = Desk::open().await;
        let book = desk.book("https://id.example");
        let entries = [begun("a", "ada"), here("a", 2), begun("b", "bob"), here("b", 1), here("a", 1)];
        book.write(entries.into_iter()).await.unwrap();
        assert_eq!(numbers(&book, "ada").await, [1, 2]);
        assert_eq!(numbers(&book, "bob").await, [1]);
        assert_eq!(numbers(&book, "eve").await, [0; 0]);
        book.write([begun("c", "ada"), here("c", 9)].into_iter()).await.unwrap();
        assert_eq!(numbers(&book, "ada").await, [9]);
    }

    /// Whoever can name a flow, and a client of the provider can, neither begins one nor takes one over.
    #[tokio::test]
    async fn nobody_writes_into_a_flow_that_nobody_began() {
        let desk = Desk::open().await;
        let book = desk.book("https://id.example");
        book.write([here("a", 5)].into_iter()).await.unwrap();
        book.write([begun("a", "ada"), begun("a", "eve")].into_iter()).await.unwrap();
        assert_eq!(numbers(&book, "ada").await, [0; 0]);
        assert!(book.newest("ada").await.unwrap().is_some());
        assert_eq!(book.newest("eve").await.unwrap(), None);
    }

    #[tokio::test]
    async fn another_provider_does_not_tell_what_happened_at_the_one_that_was_asked() {
        let desk = Desk::open().await;
        let provider = |number| seen("a", number, Part::AuthorizationServer, Vec::new());
        desk.book("https://id.example").write([begun("a", "ada"), here("a", 4), provider(5)].into_iter()).await.unwrap();
        desk.book("https://other.example").write([provider(6)].into_iter()).await.unwrap();
        assert_eq!(numbers(&desk.book("https://other.example"), "ada").await, [4, 5]);
    }

    #[tokio::test]
    async fn a_flow_takes_no_more_room_than_it_may() {
        let desk = Desk::open().await;
        let book = desk.book("https://id.example");
        let large = (0..80).map(|_| Parameter::plain("scope", &"a".repeat(300))).collect();
        book.write([begun("a", "ada"), seen("a", 1, Part::ApplicationApi, large)].into_iter()).await.unwrap();
        assert_eq!(book.newest("ada").await.unwrap().unwrap().seen[0].parameters, []);
        for _ in 0..3 {
            book.write((0..MOST).map(|_| here("a", 5))).await.unwrap();
        }
        assert_eq!(numbers(&book, "ada").await.len(), MOST);
    }

    #[tokio::test]
    async fn two_who_write_at_once_lose_nothing() {
        let desk = Desk::open().await;
        let book = desk.book("https://id.example");
        book.write([begun("a", "ada")].into_iter()).await.unwrap();
        let writes = (1..=5).map(|number| {
            let book = book.clone();
            async move { book.write([here("a", number)].into_iter()).await.unwrap() }
        });
        futures::future::join_all(writes).await;
        assert_eq!(numbers(&book, "ada").await, [1, 2, 3, 4, 5]);
    }

    #[tokio::test]
    async fn a_flow_is_gone_a_quarter_of_an_hour_after_the_last_of_it_or_when_it_is_forgotten() {
        let desk = Desk::open().await;
        let book = desk.book("https://id.example");
        book.write([begun("a", "ada"), begun("b", "bob")].into_iter()).await.unwrap();
        book.forget("bob").await.unwrap();
        assert_eq!(book.newest("bob").await.unwrap(), None);
        let before = book.edition("ada").await.unwrap();
        assert!(before.is_some());
        desk.clock.advance(SignedDuration::from_mins(14));
        book.write([here("a", 8)].into_iter()).await.unwrap();
        assert_ne!(book.edition("ada").await.unwrap(), before);
        desk.clock.advance(SignedDuration::from_secs(59));
        assert_eq!(numbers(&book, "ada").await, [8]);
        desk.clock.advance(SignedDuration::from_secs(1));
        assert_eq!(numbers(&book, "ada").await, [0; 0]);
    }
}
