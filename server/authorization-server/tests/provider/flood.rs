//! A17, attacks 44 and 49: what a flood of logins takes, and whose login takes it. Nothing here is measured in time: the only thread on
//! which passwords are hashed is held, so that whoever waits for a hash waits until it is let go.

use std::sync::atomic::Ordering;
use std::sync::mpsc;

use authorization_server::Limit;
use tokio::runtime::Builder;
use tokio::task::JoinSet;

use crate::answer::Answer;
use crate::app::token;
use crate::house::{House, PASSWORD};

/// Runs a test where passwords are hashed on one thread.
fn with_one_hasher(test: impl Future<Output = ()>) {
    Builder::new_multi_thread().worker_threads(2).max_blocking_threads(1).enable_all().build().unwrap().block_on(test);
}

/// Holds the thread that hashes; dropped, lets it go.
struct Held(#[expect(dead_code, reason = "it is what is waited for")] mpsc::Sender<()>);

async fn hold() -> Held {
    let (let_go, wait) = mpsc::channel();
    let (held, is_held) = tokio::sync::oneshot::channel();
    tokio::task::spawn_blocking(move || {
        held.send(()).unwrap();
        let _ = wait.recv();
    });
    is_held.await.unwrap();
    Held(let_go)
}

/// As many logins as may wait at once, on one page.
fn places() -> usize {
    std::thread::available_parallelism().unwrap().get() * 16
}

async fn house() -> House {
    let attempts = u32::MAX;
    House::with(|settings| settings.slow_down.name = Limit { attempts, ..settings.slow_down.name }).await
}

/// Sends as many logins as may wait, and one more; gives the first answer, and the answers to come.
async fn flood(house: &House, username: &'static str, password: &'static str) -> (Answer, JoinSet<Answer>) {
    let mut browser = house.browser();
    let page = browser.open(&house.app.begin(house, &[]).await).await;
    let mut flood = JoinSet::new();
    for _ in 0..=places() {
        let (mut browser, page) = (browser.clone(), page.clone());
        flood.spawn(async move { browser.log_in_as(&page, username, password).await });
    }
    (flood.join_next().await.unwrap().unwrap(), flood)
}

/// A17, attack 49: while as many passwords as may wait are waiting, further ones are turned away, and whatever needs no password is
/// answered.
#[test]
fn a_flood_of_logins_leaves_every_other_endpoint_alive() {
    with_one_hasher(async {
        let house = house().await;
        let mut browser = house.browser();
        let tokens = house.app.tokens(&house, &mut browser).await;
        let code = house.app.code(&house, &mut browser, &[]).await;
        let held = hold().await;
        let (first, flood) = flood(&house, "demo", PASSWORD).await;
        assert_eq!((first.status.as_u16(), first.header("retry-after")), (429, "5"));
        assert!(first.field("fault").contains("TooMany"));

        assert_eq!(house.app.redeem(&house, &code, &[]).await.status, 200);
        assert_eq!(house.app.refresh(&house, token(&tokens, "refresh_token"), &[]).await.status, 200);
        assert_eq!(house.userinfo(token(&tokens, "access_token")).await.status, 200);
        let silent = browser.open(&house.app.begin(&house, &[("prompt", "none")]).await).await;
        assert!(silent.sent("code").is_some());
        assert_eq!(house.browser().open(&house.app.begin(&house, &[]).await).await.page(), "login");
        assert_eq!(house.get("/jwks").await.status, 200);

        assert_eq!(flood.len(), places(), "none of them is through");
        drop(held);
        for answer in flood.join_all().await {
            assert_ne!(answer.page(), "login", "the password was right");
        }
    });
}

/// A17, attack 44: an unknown user, a wrong and an empty password, and an account that is disabled each wait for a hash, and are
/// answered alike.
#[test]
fn whoever_is_refused_waited_for_a_hash() {
    with_one_hasher(async {
        let house = house().await;
        for (username, password, disabled) in [
            ("nobody", PASSWORD, false),
            ("", "", false),
            ("control\u{7}", "x", false),
            ("demo", "wrong", false),
            ("demo", "", false),
            ("demo", PASSWORD, true),
        ] {
            house.accounts.disabled.store(disabled, Ordering::SeqCst);
            let held = hold().await;
            let (first, waiting) = flood(&house, username, password).await;
            assert_eq!(first.status, 429, "{username} {password}: one was answered without a hash");
            drop(held);
            for answer in waiting.join_all().await {
                assert_eq!((answer.status.as_u16(), answer.field("fault").as_str()), (422, "Some(Credentials)"));
            }
        }
    });
}
