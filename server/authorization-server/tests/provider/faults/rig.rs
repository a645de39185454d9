//! A house whose boxes can be taken away, and the driver that does so at each call in turn.

use std::pin::pin;
use std::sync::Arc;

use authorization_server::clients::store;
use authorization_server::{Client, PATIENCE, RegistrationPolicy, Settings};
use jiff::SignedDuration;
use user_database::Clients;

use super::fuse::{Fault, Fuse};
use super::wired::{Wired, WiredGrants};
use crate::answer::Answer;
use crate::browser::Browser;
use crate::device::gadget::registered as device;
use crate::house::House;
use crate::machines::machine;

/// A box of the diagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Room {
    UserDatabase,
    Cache,
    Queue,
}

/// What happened to which box, and when.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Trial {
    pub(crate) room: Room,
    pub(crate) fault: Fault,
    #[expect(dead_code, reason = "for whoever reads a failure")]
    call: usize,
}

impl Trial {
    /// Whether the call that failed had done its work after all.
    pub(crate) fn was_lost(self) -> bool {
        matches!(self.fault, Fault::Lost | Fault::SlowToAnswer)
    }
}

/// As whom trouble is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Told {
    Json,
    Page,
}

impl Told {
    fn check(self, answer: &Answer, trial: Trial) {
        assert_eq!(answer.header("retry-after"), "5", "{trial:?} {answer:?}");
        assert_eq!(answer.header("cache-control"), "no-store", "{trial:?}");
        assert!(!answer.body.contains("taken away"), "{trial:?} {answer:?}");
        match self {
            Self::Json => assert_eq!(answer.error(), "temporarily_unavailable", "{trial:?}"),
            Self::Page => assert_eq!(answer.page(), "problem Unavailable", "{trial:?}"),
        }
    }
}

/// A house whose clients are in the User Database, so that it is asked about them.
pub(crate) struct Rig {
    pub(crate) house: House,
    pub(crate) grants: Arc<WiredGrants>,
    users: Arc<Fuse>,
    cache: Arc<Fuse>,
    queue: Arc<Fuse>,
    /// A browser that is signed in, so that not every trial has to hash a password.
    known: tokio::sync::Mutex<Option<Browser>>,
}

impl Rig {
    pub(crate) async fn build() -> Self {
        let rig = Self::with(|settings| {
            settings.clients.clear();
            settings.registration = RegistrationPolicy::Open;
        })
        .await;
        let house = &rig.house;
        for app in [house.app.registered(true), house.plain.registered(false), machine("machine"), device("tv")] {
            let backchannel_logout_uri = Some("https://app.example/backchannel".parse().unwrap());
            let client = store(&Client { backchannel_logout_uri, ..app }, None, house.now()).unwrap();
            assert!(Clients::add(&*house.users, &client).await.unwrap());
        }
        rig
    }

    /// The same with clients of the configuration, about whom no box is asked.
    pub(crate) async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let [users, cache, queue] = [(); 3].map(|()| Arc::new(Fuse::default()));
        let mut grants = None;
        let house = House::furnished(change, |boxes| {
            boxes.cache = Arc::new(Wired { inner: Arc::clone(&boxes.cache), fuse: Arc::clone(&cache) });
            boxes.queue = Arc::new(Wired { inner: Arc::clone(&boxes.queue), fuse: Arc::clone(&queue) });
            boxes.accounts = Arc::new(Wired { inner: Arc::clone(&boxes.accounts), fuse: Arc::clone(&users) });
            boxes.consents = Arc::new(Wired { inner: Arc::clone(&boxes.consents), fuse: Arc::clone(&users) });
            boxes.clients = Arc::new(Wired { inner: Arc::clone(&boxes.clients), fuse: Arc::clone(&users) });
            boxes.signing_keys = Arc::new(Wired { inner: Arc::clone(&boxes.signing_keys), fuse: Arc::clone(&users) });
            boxes.account_keeper = Arc::new(Wired { inner: Arc::clone(&boxes.account_keeper), fuse: Arc::clone(&users) });
            boxes.audit = Arc::new(Wired { inner: Arc::clone(&boxes.audit), fuse: Arc::clone(&users) });
            boxes.links = Arc::new(Wired { inner: Arc::clone(&boxes.links), fuse: Arc::clone(&users) });
            boxes.sessions = Arc::new(Wired { inner: Arc::clone(&boxes.sessions), fuse: Arc::clone(&users) });
            let wired = Arc::new(WiredGrants::new(Arc::clone(&boxes.grants), Arc::clone(&users)));
            boxes.grants = Arc::clone(&wired) as _;
            grants = Some(wired);
        })
        .await;
        Self { house, grants: grants.unwrap(), users, cache, queue, known: tokio::sync::Mutex::default() }
    }

    /// A browser that is signed in.
    pub(crate) async fn browser(&self) -> Browser {
        let mut known = self.known.lock().await;
        if let Some(mut browser) = known.clone()
            && browser.get("/").await.field("user") != "nobody"
        {
            return browser;
        }
        let mut browser = self.house.browser();
        self.house.app.code(&self.house, &mut browser, &[]).await;
        known.insert(browser).clone()
    }

    pub(crate) fn fuse(&self, room: Room) -> &Fuse {
        match room {
            Room::UserDatabase => &self.users,
            Room::Cache => &self.cache,
            Room::Queue => &self.queue,
        }
    }

    /// Whether `act` does without `room`: it is taken away, and nobody notices.
    pub(crate) async fn does_without(&self, room: Room, act: impl AsyncFnOnce() -> Answer) -> (Answer, bool) {
        self.fuse(room).arm(Fault::Gone, 1);
        let answer = act().await;
        (answer, !self.fuse(room).disarm())
    }

    /// How many grants live of those that were added since they were forgotten.
    pub(crate) async fn live(&self) -> usize {
        self.grants.live(self.house.now()).await.len()
    }

    /// How many events of `kind` there were.
    pub(crate) fn told(&self, kind: &str) -> usize {
        self.house.queue.kinds().into_iter().filter(|known| *known == kind).count()
    }

    /// The answer of `acting`. Where it has to wait for a slow box, so much time passes at once as an answer may take.
    pub(crate) async fn out_of_patience(&self, room: Room, acting: impl Future<Output = Answer>) -> Answer {
        let mut acting = pin!(acting);
        tokio::select! {
            biased;
            answer = &mut acting => return answer,
            () = self.fuse(room).awaited() => {}
        }
        tokio::time::pause();
        tokio::time::advance(PATIENCE.unsigned_abs()).await;
        tokio::time::resume();
        acting.await
    }

    /// Tries `act` with each of `rooms` taken away at its first call, its second, and so on until it does without another.
    /// Each time it is answered with 503, or did not mind; then it is tried again, with everything back. `judge` gets the last
    /// answer. A box that is slow is as good as taken away, once so much time has passed as an answer may take.
    pub(crate) async fn takes_away<S, const N: usize>(
        &self,
        rooms: [Room; N],
        told: Told,
        prepare: impl AsyncFn(&Self) -> S,
        act: impl AsyncFn(&Self, &mut S) -> Answer,
        judge: impl AsyncFn(&Self, S, Trial, Answer),
    ) {
        for room in rooms {
            for fault in [Fault::Gone, Fault::Lost, Fault::Slow, Fault::SlowToAnswer] {
                let mut missed = 0;
                for call in 1.. {
                    assert!(call < 100, "it never ends");
                    let trial = Trial { room, fault, call };
                    let mut state = prepare(self).await;
                    // What was said of clients a moment ago is no longer believed.
                    self.house.clock.advance(SignedDuration::from_secs(2));
                    self.fuse(room).arm(fault, call);
                    let mut answer = self.out_of_patience(room, act(self, &mut state)).await;
                    let blown = self.fuse(room).disarm();
                    if answer.status == 503 {
                        assert!(blown, "{answer:?}");
                        told.check(&answer, trial);
                        answer = act(self, &mut state).await;
                        assert_ne!(answer.status, 503, "{trial:?} {answer:?}");
                    }
                    judge(self, state, trial, answer).await;
                    if !blown {
                        break;
                    }
                    missed += 1;
                }
                assert!(missed > 0, "{room:?} is never asked");
            }
        }
    }
}
