use std::net::IpAddr;

use authorization_server::{Limit, SlowDown};
use jiff::SignedDuration;
use queue::Event;

use crate::answer::Answer;
use crate::browser::Browser;
use crate::house::{House, PASSWORD};

fn limit(attempts: u32) -> Limit {
    Limit {
        attempts,
        first_delay: SignedDuration::from_secs(5),
        longest_delay: SignedDuration::from_secs(60),
        window: SignedDuration::from_hours(1),
    }
}

/// Three for a name, four for a browser, six for an address.
async fn strict() -> House {
    House::with(|settings| {
        settings.slow_down = SlowDown { name: limit(3), device: limit(4), address: limit(6), ..SlowDown::default() };
    })
    .await
}

fn at(house: &House, address: &str) -> Browser {
    Browser { address: Some(address.parse::<IpAddr>().unwrap()), ..house.browser() }
}

/// A login page of its own in this browser, filled in.
async fn attempt(house: &House, browser: &mut Browser, username: &str, password: &str) -> Answer {
    let page = browser.open(&house.app.begin(house, &[("prompt", "login")]).await).await;
    browser.log_in_as(&page, username, password).await
}

/// The status, and how long to wait.
async fn told(house: &House, browser: &mut Browser, username: &str, password: &str) -> (u16, String) {
    let answer = attempt(house, browser, username, password).await;
    let wait = answer.header("retry-after").to_owned();
    if answer.status == 429 {
        assert_eq!(answer.page(), "login");
        assert_eq!(answer.field("fault"), format!("Some(TooMany {{ seconds: {wait} }})"));
    }
    (answer.status.as_u16(), wait)
}

fn wait(seconds: u64) -> (u16, String) {
    (429, seconds.to_string())
}

fn wrong() -> (u16, String) {
    (422, String::new())
}

fn judged(house: &House) -> usize {
    house.queue.events().iter().filter(|event| matches!(event, Event::SignInFailed { .. })).count()
}

/// A17: after some wrong passwords the next one has to wait, twice as long each time, whatever it is and wherever it comes
/// from; nobody waits for ever, and after a while all is forgotten.
#[tokio::test]
async fn wrong_passwords_wait_longer_and_longer() {
    let house = strict().await;
    let mut browser = house.browser();
    for _ in 0..3 {
        assert_eq!(told(&house, &mut browser, "demo", "guess").await, wrong());
    }
    for delay in [5, 10, 20, 40, 60, 60] {
        assert_eq!(told(&house, &mut browser, "demo", PASSWORD).await, wait(delay), "the right one waits as well");
        assert_eq!(told(&house, &mut at(&house, "192.0.2.9"), "demo", "guess").await, wait(delay), "asking costs nothing");
        house.wait(i64::try_from(delay).unwrap() - 1);
        assert_eq!(told(&house, &mut browser, "DEMO", "guess").await, wait(1), "names are the same in whatever case");
        house.wait(1);
        assert_eq!(told(&house, &mut browser, "demo", "guess").await, wrong());
    }
    house.wait(60);
    assert_eq!(
        attempt(&house, &mut browser, "demo", PASSWORD).await.page(),
        "consent",
        "the wait is over, and nobody is locked out"
    );
    for _ in 0..3 {
        assert_eq!(told(&house, &mut house.browser(), "other", "guess").await, wrong());
    }
    house.wait(60 * 60);
    for _ in 0..3 {
        assert_eq!(told(&house, &mut house.browser(), "other", "guess").await, wrong(), "forgotten");
    }
}

/// A17: no difference between a name that exists and one that does not, in status, wait and text.
#[tokio::test]
async fn unknown_names_are_slowed_down_alike() {
    let house = strict().await;
    let mut seen = Vec::new();
    for username in ["demo", "nobody", "x\u{1}y"] {
        let mut answers = Vec::new();
        for _ in 0..2 {
            for _ in 0..5 {
                let answer = attempt(&house, &mut house.browser(), username, "guess").await;
                let fault = answer.field("fault");
                answers.push((answer.status, fault, answer.header("retry-after").to_owned(), answer.headers.len()));
            }
            house.wait(5);
        }
        seen.push(answers);
    }
    assert!(seen.windows(2).all(|pair| pair[0] == pair[1]), "{seen:?}");
    assert!(seen[0].iter().any(|(status, ..)| *status == 429));
}

/// Attack 48: an attacker who guesses from everywhere keeps nobody out of a browser in which they have signed in before.
#[tokio::test]
async fn an_attacker_locks_no_known_browser_out() {
    let house = strict().await;
    let mut victim = at(&house, "198.51.100.1");
    assert_eq!(attempt(&house, &mut victim, "demo", PASSWORD).await.page(), "consent");
    for host in 1..=40 {
        told(&house, &mut at(&house, &format!("192.0.2.{host}")), "demo", "guess").await;
    }
    // Also from the very network of the victim, by other names.
    for number in 0..10 {
        told(&house, &mut at(&house, "198.51.100.1"), &format!("name-{number}"), "guess").await;
    }
    for _ in 0..3 {
        assert_eq!(attempt(&house, &mut victim, "demo", PASSWORD).await.page(), "consent");
        assert_eq!(attempt(&house, &mut victim, "demo@example.com", PASSWORD).await.page(), "consent");
    }
    let (status, wait) = told(&house, &mut at(&house, "203.0.113.1"), "demo", PASSWORD).await;
    assert!(status == 429 && wait.parse::<u64>().unwrap() <= 60, "elsewhere they wait a minute at the most");
    // And signing in did not let the attacker off.
    assert_eq!(told(&house, &mut at(&house, "192.0.2.99"), "demo", "guess").await.0, 429);
}

/// A17: a known browser is no licence to guess: it has a count of its own, which signing in begins anew.
#[tokio::test]
async fn a_known_browser_is_slowed_down_by_its_own_count() {
    let house = strict().await;
    let mut browser = house.browser();
    attempt(&house, &mut browser, "demo", PASSWORD).await;
    for _ in 0..2 {
        for _ in 0..4 {
            assert_eq!(told(&house, &mut browser, "demo", "guess").await, wrong());
        }
        assert_eq!(told(&house, &mut browser, "demo", PASSWORD).await, wait(5));
        assert_eq!(told(&house, &mut browser.clone(), "demo", "guess").await, wait(5), "a copied cookie is the same browser");
        assert_eq!(told(&house, &mut house.browser(), "demo", "guess").await, wrong(), "the name's count is another");
        house.wait(5);
        assert_eq!(attempt(&house, &mut browser, "demo", PASSWORD).await.page(), "consent");
    }
}

/// Attack 48: the cookie of a known browser is good for its own account, as it was made, and for a time.
#[tokio::test]
async fn a_device_cookie_is_worth_nothing_elsewhere() {
    let house = strict().await;
    let (mut attacker, mut victim) = (house.browser(), house.browser());
    attempt(&house, &mut attacker, "other", PASSWORD).await;
    attempt(&house, &mut victim, "demo", PASSWORD).await;
    let device = |browser: &Browser| {
        let found = browser.cookies.iter().find(|(name, _)| name.starts_with("__Host-device."));
        found.map(|(name, value)| (name.clone(), value.clone())).unwrap()
    };
    let ((own_name, own), (name, value)) = (device(&attacker), device(&victim));
    assert_ne!(own_name, name, "each account has its own");
    for _ in 0..3 {
        assert_eq!(told(&house, &mut house.browser(), "demo", "guess").await, wrong());
    }
    let mut spoilt = value.clone();
    spoilt.replace_range(20..21, if &value[20..21] == "A" { "B" } else { "A" });
    for forged in [own, spoilt, String::new(), "x".repeat(64)] {
        attacker.cookies.insert(name.clone(), forged);
        assert_eq!(told(&house, &mut attacker, "demo", PASSWORD).await, wait(5));
    }
    attacker.cookies.insert(name, value);
    assert_eq!(told(&house, &mut attacker, "demo", "guess").await, wrong(), "the real one has a count of its own");

    house.wait(90 * 24 * 60 * 60);
    for _ in 0..3 {
        told(&house, &mut house.browser(), "demo", "guess").await;
    }
    assert_eq!(told(&house, &mut victim, "demo", PASSWORD).await, wait(5), "too long ago");
}

/// The cookie is for this host only, lives as long as it is good, and is replaced at each sign-in; of many accounts in one
/// browser the oldest make room.
#[tokio::test]
async fn a_browser_has_one_device_cookie_for_each_account() {
    let house = strict().await;
    let mut browser = house.browser();
    let devices = |browser: &Browser| browser.cookies.keys().filter(|name| name.starts_with("__Host-device.")).count();
    for username in ["demo", "other", "demo"] {
        house.wait(1);
        let page = browser.open(&house.app.begin(&house, &[("prompt", "login")]).await).await;
        let csrf = page.field("csrf");
        let fields = [("csrf", csrf.as_str()), ("username", username), ("password", PASSWORD)];
        browser.post(&page.field("action"), &fields).await;
        let set = browser.set.iter().find(|line| line.starts_with("__Host-device.") && !line.contains("Max-Age=0")).unwrap();
        assert!(set.contains("; Max-Age=7776000") && !set.contains(username), "{set}");
    }
    assert_eq!(devices(&browser), 2);
    for number in 0..20 {
        browser.cookies.insert(format!("__Host-device.{number:x}.flow-{number}"), "x".to_owned());
    }
    browser.cookies.retain(|name, _| !name.starts_with("__Host-device.6"));
    attempt(&house, &mut browser, "other", PASSWORD).await;
    assert!(devices(&browser) <= 16, "{:?}", browser.cookies.keys());
}

/// Attack 48: stuffing, one guess for each of many names, is slowed down by where it comes from, and there alone.
#[tokio::test]
async fn stuffing_is_slowed_down_by_address() {
    let house = strict().await;
    for number in 0..6 {
        let address = format!("2001:db8::{number}");
        assert_eq!(told(&house, &mut at(&house, &address), &format!("name-{number}"), "leaked").await, wrong());
    }
    for address in ["2001:db8::1", "2001:db8::ffff"] {
        assert_eq!(told(&house, &mut at(&house, address), "fresh", "leaked").await, wait(5), "one /64 is one guesser");
    }
    assert_eq!(told(&house, &mut at(&house, "2001:db8:0:1::1"), "fresh", "leaked").await, wrong());
    house.wait(5);
    // An account of one's own does not pay for guesses.
    assert_eq!(attempt(&house, &mut at(&house, "2001:db8::1"), "other", PASSWORD).await.page(), "consent");
    assert_eq!(told(&house, &mut at(&house, "2001:db8::1"), "fresh", "leaked").await, wrong());
    assert_eq!(told(&house, &mut at(&house, "2001:db8::1"), "other", PASSWORD).await, wait(10));
}

/// What the address's count refuses does not count against the name.
#[tokio::test]
async fn a_blocked_address_raises_no_count_of_names() {
    let house = strict().await;
    for number in 0..6 {
        told(&house, &mut at(&house, "192.0.2.1"), &format!("name-{number}"), "guess").await;
    }
    for _ in 0..10 {
        assert_eq!(told(&house, &mut at(&house, "192.0.2.1"), "demo", "guess").await, wait(5));
    }
    assert_eq!(attempt(&house, &mut at(&house, "192.0.2.2"), "demo", PASSWORD).await.page(), "consent");
}

/// A17: guesses sent all at once, to whichever replica, are counted before any of them is looked at.
#[tokio::test]
async fn guesses_at_once_are_all_counted() {
    let house = House::build().await;
    let replica = crate::start::replica(&house).await;
    let mut tabs = Vec::new();
    for number in 0..40 {
        let mut tab = house.browser();
        let page = tab.open(&house.app.begin(&house, &[]).await).await;
        if number % 2 == 1 {
            tab.router = replica.clone();
        }
        tabs.push(tokio::spawn(async move { tab.log_in_as(&page, "demo", "guess").await.status.as_u16() }));
    }
    let mut statuses = Vec::new();
    for tab in tabs {
        statuses.push(tab.await.unwrap());
    }
    assert_eq!(statuses.iter().filter(|status| **status == 422).count(), 10, "{statuses:?}");
    assert_eq!(judged(&house), 10, "no more were looked at");
}

/// A17: the clocks of replicas, and of tries at once, differ a little; nobody waits for the other's.
#[tokio::test]
async fn tries_that_are_allowed_wait_for_no_other_clock() {
    let house = strict().await;
    let mut browser = at(&house, "192.0.2.1");
    assert_eq!(told(&house, &mut browser, "demo", "guess").await, wrong());
    house.clock.advance(SignedDuration::from_millis(-1));
    assert_eq!(told(&house, &mut browser, "demo", "guess").await, wrong());
}

/// Signing in from a new browser begins the name's count anew, so that typing errors of a year do not add up.
#[tokio::test]
async fn signing_in_begins_the_count_anew() {
    let house = strict().await;
    for _ in 0..4 {
        for _ in 0..2 {
            assert_eq!(told(&house, &mut house.browser(), "demo", "gues").await, wrong());
        }
        assert_eq!(attempt(&house, &mut house.browser(), "demo", PASSWORD).await.page(), "consent");
    }
}

/// A17: as it comes, ten wrong passwords go without a wait, and a page that has to wait still leads back to the client.
#[tokio::test]
async fn the_default_allows_ten_and_the_way_back_stays_open() {
    let house = House::build().await;
    let mut browser = house.browser();
    for _ in 0..10 {
        assert_eq!(told(&house, &mut browser, "demo", "guess").await, wrong());
    }
    let waiting = attempt(&house, &mut browser, "demo", PASSWORD).await;
    assert_eq!((waiting.status.as_u16(), waiting.header("retry-after")), (429, "5"));
    assert_eq!(browser.press(&waiting, "deny").await.sent("error").as_deref(), Some("access_denied"));
    house.wait(5);
    assert_eq!(attempt(&house, &mut browser, "demo", PASSWORD).await.page(), "consent");
}

/// Without its counts the provider lets nobody guess.
#[tokio::test]
async fn without_the_cache_no_password_is_looked_at() {
    let house = strict().await;
    let mut browser = house.browser();
    let page = browser.open(&house.app.begin(&house, &[]).await).await;
    house.cache.broken.store(true, std::sync::atomic::Ordering::SeqCst);
    assert_eq!(browser.log_in(&page).await.status, 503);
    assert_eq!(judged(&house), 0);
}

/// The address of a refused login is in the audit log.
#[tokio::test]
async fn a_refused_login_is_audited_with_its_address() {
    let house = House::build().await;
    attempt(&house, &mut at(&house, "::ffff:192.0.2.7"), "nobody", "guess").await;
    let expected = Event::SignInFailed { subject: None, client_id: Some("app".into()), address: Some("192.0.2.7".into()) };
    assert_eq!(house.queue.events().last(), Some(&expected));
}
