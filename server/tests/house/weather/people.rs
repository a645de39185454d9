//! People who sign in, look around and sign out, whatever the weather, and a ledger of what they were told.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use reqwest::{Method, StatusCode};
use test_engines::until;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::support::{Browser, Page, Running};

/// Nobody is kept waiting for longer, on a machine however busy.
const HANG: Duration = Duration::from_secs(45);

const SESSION: &str = "__Host-session";

/// Some people at their browsers.
pub(super) struct People {
    stop: CancellationToken,
    people: Vec<(Arc<Course>, JoinHandle<Person>)>,
}

/// How it goes for one of them.
#[derive(Default)]
struct Course {
    /// Rounds in which every request was answered as in good weather.
    good_rounds: AtomicU64,
    /// Requests that were told to come again.
    turned_away: AtomicU64,
}

/// One of them.
struct Person {
    origin: String,
    name: u64,
    browser: Browser,
    course: Arc<Course>,
    /// A sign-out got no answer: the session may have ended.
    unsure: bool,
    /// The session could not be looked up.
    in_doubt: bool,
    ledger: Ledger,
}

/// What one of them was told.
#[derive(Default)]
struct Ledger {
    /// Tries to sign in.
    tries: usize,
    /// Those that were acknowledged, each by the name that its browser gave itself.
    signed_in: BTreeSet<String>,
    /// The cookies of sessions whose end was acknowledged.
    ended: Vec<BTreeMap<String, String>>,
    /// Sign-outs that were not: they may have been done.
    unanswered: usize,
    /// Sessions that were there again after they could not be looked up for a while.
    kept: usize,
}

/// What the weather did to them.
pub(super) struct Account {
    /// Sessions that were there again after they could not be looked up for a while.
    pub(super) kept: usize,
    /// Sign-outs that were not acknowledged.
    pub(super) unanswered: usize,
}

impl People {
    /// Sends `number` of them to the house.
    pub(super) fn at(house: &Running, number: u64) -> Self {
        let stop = CancellationToken::new();
        let send = |name| {
            let course = Arc::new(Course::default());
            let person = Person {
                origin: house.configuration.application.origin.clone(),
                name,
                browser: Browser::default(),
                course: Arc::clone(&course),
                unsure: false,
                in_doubt: false,
                ledger: Ledger::default(),
            };
            (course, tokio::spawn(person.live(stop.clone())))
        };
        Self { people: (1..=number).map(send).collect(), stop: stop.clone() }
    }

    /// Waits until each of them has had two good rounds from now on.
    pub(super) async fn are_well(&self) {
        let done = |course: &Arc<Course>| course.good_rounds.load(Ordering::SeqCst);
        let wanted: Vec<u64> = self.people.iter().map(|(course, _)| done(course) + 2).collect();
        until("everybody is well", async || {
            self.mourn();
            self.people.iter().zip(&wanted).all(|((course, _), wanted)| done(course) >= *wanted)
        })
        .await;
    }

    /// Waits until each of them has been told to come again, four times from now on: so often that each has tried to leave.
    pub(super) async fn are_turned_away(&self) {
        let done = |course: &Arc<Course>| course.turned_away.load(Ordering::SeqCst);
        let wanted: Vec<u64> = self.people.iter().map(|(course, _)| done(course) + 4).collect();
        until("everybody is turned away", async || {
            self.mourn();
            self.people.iter().zip(&wanted).all(|((course, _), wanted)| done(course) >= *wanted)
        })
        .await;
    }

    /// One whose task has ended has found something wrong, which is said above.
    fn mourn(&self) {
        assert!(self.people.iter().all(|(_, person)| !person.is_finished()), "somebody found something wrong; see above");
    }

    /// Calls them home, and holds the house to all that they were told.
    pub(super) async fn hold_to_account(self, house: &Running) -> Account {
        self.stop.cancel();
        let mut ledgers = Vec::new();
        for (_, person) in self.people {
            let mut person = person.await.unwrap();
            person.is_still_who_it_was().await;
            ledgers.push(person.ledger);
        }
        let origin = &house.configuration.application.origin;
        for cookies in ledgers.iter().flat_map(|ledger| &ledger.ended) {
            let mut browser = Browser { cookies: cookies.clone(), ..Browser::default() };
            let page = browser.fetch(Method::GET, &format!("{origin}/session")).await;
            assert_eq!(page.status, StatusCode::UNAUTHORIZED, "a session that had ended came back");
        }
        audited(house, &ledgers).await;
        let sum = |count: fn(&Ledger) -> usize| ledgers.iter().map(count).sum();
        Account { kept: sum(|ledger| ledger.kept), unanswered: sum(|ledger| ledger.unanswered) }
    }
}

/// Every sign-in and sign-out that was acknowledged is in the audit log, and none is there twice.
async fn audited(house: &Running, ledgers: &[Ledger]) {
    let expected: BTreeSet<&str> = ledgers.iter().flat_map(|ledger| &ledger.signed_in).map(String::as_str).collect();
    let ended: usize = ledgers.iter().map(|ledger| ledger.ended.len()).sum();
    let (tries, unanswered): (usize, usize) =
        ledgers.iter().fold((0, 0), |(tries, unanswered), ledger| (tries + ledger.tries, unanswered + ledger.unanswered));
    assert!(expected.len() > ledgers.len() && ended > 0, "there was little to lose: {} sign-ins, {ended} ends", expected.len());
    let (mut missing, mut outs) = (Vec::new(), 0);
    let all_there = until("every acknowledged sign-in and sign-out is in the audit log", async || {
        let records = house.audit_records().await;
        let of_kind = |kind: &str| records.iter().filter(|record| record.kind == kind).collect::<Vec<_>>();
        let signed_in = of_kind("signed_in");
        let named = signed_in.iter().filter_map(|record| record.details["user_agent"].as_str());
        let agents: Vec<String> = named.filter(|agent| agent.starts_with("Person ")).map(str::to_owned).collect();
        let known: BTreeSet<&str> = agents.iter().map(String::as_str).collect();
        assert_eq!(known.len(), agents.len(), "a sign-in is there twice");
        assert!(agents.len() <= tries, "{} sign-ins of {tries} tries", agents.len());
        missing = expected.difference(&known).map(|agent| (*agent).to_owned()).collect();
        outs = of_kind("signed_out").len();
        missing.is_empty() && outs >= ended
    });
    all_there.await;
    assert!(outs <= ended + unanswered, "{outs} sign-outs of {ended} and {unanswered} unanswered");
    println!(
        "{} sign-ins and {ended} sign-outs were acknowledged of {tries} and {}; none is lost",
        expected.len(),
        ended + unanswered
    );
}

impl Person {
    async fn live(mut self, stop: CancellationToken) -> Self {
        for round in 0..=u64::MAX {
            if stop.is_cancelled() && !self.unsure {
                break;
            }
            let before = self.course.turned_away.load(Ordering::SeqCst);
            let well = tokio::time::timeout(HANG * 4, self.round(round)).await.expect("nobody is kept hanging");
            if well && self.course.turned_away.load(Ordering::SeqCst) == before {
                self.course.good_rounds.fetch_add(1, Ordering::SeqCst);
            } else {
                // As people do when they are told to.
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        self
    }

    /// Signs in, looks around, and every third time signs out, not all at the same time; false where the weather did not allow it.
    async fn round(&mut self, round: u64) -> bool {
        if !self.browser.cookies.contains_key(SESSION) && !self.sign_in().await {
            return false;
        }
        for _ in 0..2 {
            match self.look_around().await {
                Some(true) => {}
                // Whoever cannot look around may want to leave all the same.
                Some(false) => return !self.unsure && self.sign_out().await,
                // The unanswered sign-out was done.
                None => return true,
            }
        }
        !(round + self.name).is_multiple_of(3) || self.sign_out().await
    }

    async fn sign_in(&mut self) -> bool {
        self.ledger.tries += 1;
        let agent = format!("Person {} at try {}", self.name, self.ledger.tries);
        self.browser.user_agent = Some(agent.clone());
        let signing_in = self.browser.sign_in(&self.origin, "/");
        let page = tokio::time::timeout(HANG, signing_in).await.expect("a sign-in ends");
        if !self.answered(&page) {
            return false;
        }
        assert_eq!((page.status, page.url.path()), (StatusCode::OK, "/"), "{:?}\n{}", self.browser.hops, page.body);
        assert!(page.body.contains("Ada Lovelace"), "signed in, and not known: {:?}", self.browser.hops);
        self.ledger.signed_in.insert(agent);
        true
    }

    /// Asks who is signed in, reads a page and calls an API; nothing where nobody is signed in any more, as may be.
    async fn look_around(&mut self) -> Option<bool> {
        let cookie = self.browser.cookies.get(SESSION).cloned();
        let session = self.fetch(Method::GET, "/session").await;
        if session.status == StatusCode::UNAUTHORIZED && self.unsure {
            (self.unsure, self.in_doubt) = (false, false);
            self.browser.cookies.remove(SESSION);
            return None;
        }
        let mut well = self.answered(&session);
        if well {
            assert_eq!(session.status, StatusCode::OK, "a session is lost: {}", session.body);
            self.unsure = false;
            self.ledger.kept += usize::from(std::mem::take(&mut self.in_doubt));
        } else {
            self.in_doubt = true;
        }
        let home = tokio::time::timeout(HANG, self.browser.get(&self.origin)).await.expect("a page comes");
        if self.answered(&home) {
            assert_eq!(home.status, StatusCode::OK, "{:?}", self.browser.hops);
            let known = home.body.contains("Ada Lovelace");
            assert!(known || self.unsure, "a session is lost: {:?}", self.browser.hops);
        } else {
            well = false;
        }
        let call = self.fetch(Method::GET, "/resource-api/profile").await;
        if self.answered(&call) {
            assert!(call.status == StatusCode::OK || self.unsure, "{} {}", call.status, call.body);
        } else {
            well = false;
        }
        assert_eq!(self.browser.cookies.get(SESSION), cookie.as_ref(), "a cookie is taken back: {:?}", self.browser.hops);
        Some(well)
    }

    async fn sign_out(&mut self) -> bool {
        let cookies = self.browser.cookies.clone();
        let answer = self.fetch(Method::POST, "/logout").await;
        if !self.answered(&answer) {
            assert!(self.browser.cookies.contains_key(SESSION), "a cookie is taken back though nothing is known to have ended");
            self.ledger.unanswered += 1;
            self.unsure = true;
            return false;
        }
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        assert!(!self.browser.cookies.contains_key(SESSION), "{:?}", self.browser.hops);
        self.ledger.ended.push(cookies);
        (self.unsure, self.in_doubt) = (false, false);
        let location = serde_json::from_str::<serde_json::Value>(&answer.body).unwrap()["location"].as_str().unwrap().to_owned();
        let leading = self.browser.get(&location);
        let page = tokio::time::timeout(HANG, leading).await.expect("the provider's part ends");
        self.answered(&page)
    }

    async fn fetch(&mut self, method: Method, path: &str) -> Page {
        self.browser.hops.clear();
        let url = format!("{}{path}", self.origin);
        tokio::time::timeout(HANG, self.browser.fetch(method, &url)).await.expect("a call is answered")
    }

    /// Whether the answer is one of good weather. Of bad weather it has to say when to come again.
    fn answered(&self, page: &Page) -> bool {
        if !matches!(page.status.as_u16(), 502..=504) {
            return true;
        }
        assert!(page.headers.contains_key("retry-after"), "{} of {} without Retry-After: {}", page.status, page.url, page.body);
        self.course.turned_away.fetch_add(1, Ordering::SeqCst);
        false
    }

    /// The weather is good again: who was signed in is so still.
    async fn is_still_who_it_was(&mut self) {
        if !self.browser.cookies.contains_key(SESSION) {
            return;
        }
        let session = self.fetch(Method::GET, "/session").await;
        assert_eq!(session.status, StatusCode::OK, "a session is lost: {}", session.body);
    }
}
