//! Attack 41: user codes are short, and cannot be guessed all the same (RFC 8628 §5.1).

use std::net::IpAddr;
use std::sync::Arc;

use authorization_server::{Limit, SlowDown};
use jiff::SignedDuration;
use queue::Event;

use super::gadget::{begin, enter, house, open, press, replica, type_into, with_devices};
use crate::answer::Answer;
use crate::browser::Browser;
use crate::house::{DEMO, House, PASSWORD};

fn limit(attempts: u32) -> Limit {
    Limit {
        attempts,
        first_delay: SignedDuration::from_secs(5),
        longest_delay: SignedDuration::from_secs(60),
        window: SignedDuration::from_hours(1),
    }
}

/// Three for a user, five for an address.
async fn strict() -> House {
    House::with(|settings| {
        with_devices(settings);
        settings.slow_down = SlowDown { name: limit(3), address: limit(5), ..SlowDown::default() };
    })
    .await
}

/// Somebody signed in, at an address.
async fn at(house: &House, username: &str, address: &str) -> Browser {
    let mut browser = Browser { address: Some(address.parse::<IpAddr>().unwrap()), ..house.browser() };
    let login = browser.open("/device").await;
    assert_eq!(browser.log_in_as(&login, username, PASSWORD).await.page(), "user-code");
    browser
}

/// The guess number `number`: a code as good as any other.
fn guess(number: usize) -> String {
    let letters: Vec<char> = "BCDFGHJKLMNPQRSTVWXZ".chars().collect();
    (0..8).map(|place| letters[(number / 20usize.pow(place % 4)) % 20]).collect()
}

fn wait(answer: &Answer) -> (u16, String) {
    let wait = answer.header("retry-after").to_owned();
    if answer.status == 429 {
        assert_eq!(answer.field("fault"), format!("Some(TooMany {{ seconds: {wait} }})"));
    }
    (answer.status.as_u16(), wait)
}

fn waits(seconds: u64) -> (u16, String) {
    (429, seconds.to_string())
}

fn wrong() -> (u16, String) {
    (422, String::new())
}

/// After some wrong codes the next one waits, twice as long each time, the right one too, and from wherever it comes.
#[tokio::test]
async fn a_user_who_guesses_waits_longer_and_longer() {
    let house = strict().await;
    let given = begin(&house).await;
    let (mut here, mut there) = (at(&house, "demo", "192.0.2.1").await, at(&house, "demo", "198.51.100.1").await);
    for number in 0..3 {
        assert_eq!(wait(&enter(&mut here, &guess(number)).await), wrong());
    }
    for delay in [5, 10, 20] {
        assert_eq!(wait(&enter(&mut here, &given.user_code).await), waits(delay), "the right one waits as well");
        assert_eq!(wait(&enter(&mut there, &given.user_code).await), waits(delay), "and in another browser");
        house.wait(i64::try_from(delay).unwrap());
        assert_eq!(wait(&enter(&mut there, &guess(7)).await), wrong());
    }
    house.wait(40);
    assert_eq!(enter(&mut here, &given.user_code).await.page(), "device-consent", "nobody is locked out");
}

/// A device of one's own begins no count anew, so that it pays for no guesses.
#[tokio::test]
async fn a_right_code_does_not_pay_for_guesses() {
    let house = strict().await;
    let own = begin(&house).await;
    let mut attacker = at(&house, "demo", "192.0.2.1").await;
    for round in 0..3 {
        assert_eq!(enter(&mut attacker, &own.user_code).await.page(), "device-consent");
        assert_eq!(wait(&enter(&mut attacker, &guess(round)).await), wrong());
    }
    let question = wait(&enter(&mut attacker, &own.user_code).await);
    assert_eq!(question, waits(5));
    house.wait(5);
    assert_eq!(enter(&mut attacker, &own.user_code).await.page(), "device-consent");
    assert_eq!(wait(&enter(&mut attacker, &guess(3)).await), wrong());
    assert_eq!(wait(&enter(&mut attacker, &guess(4)).await), waits(10), "the count went on");
}

/// Many users at one address are one guesser; what the address's count refuses does not count against the user.
#[tokio::test]
async fn an_address_that_guesses_waits_whoever_is_signed_in() {
    let house = strict().await;
    let given = begin(&house).await;
    let (mut demo, mut other) = (at(&house, "demo", "2001:db8::1").await, at(&house, "other", "2001:db8::2").await);
    for number in 0..3 {
        assert_eq!(wait(&enter(&mut demo, &guess(number)).await), wrong());
    }
    for number in 3..5 {
        assert_eq!(wait(&enter(&mut other, &guess(number)).await), wrong());
    }
    for _ in 0..5 {
        assert_eq!(wait(&enter(&mut other, &given.user_code).await), waits(5), "one /64 is one guesser");
    }
    let mut elsewhere = at(&house, "other", "198.51.100.1").await;
    assert_eq!(enter(&mut elsewhere, &given.user_code).await.page(), "device-consent");
}

/// The counts of codes and of passwords are apart: guessing the one keeps nobody from the other.
#[tokio::test]
async fn guessed_codes_keep_nobody_from_signing_in() {
    let house = strict().await;
    let mut attacker = at(&house, "other", "192.0.2.1").await;
    for number in 0..20 {
        enter(&mut attacker, &guess(number)).await;
    }
    at(&house, "other", "192.0.2.1").await;
}

/// The form that says yes is no way around: a code that is not there counts there as well.
#[tokio::test]
async fn guesses_at_the_question_count() {
    let house = strict().await;
    let own = begin(&house).await;
    let mut attacker = at(&house, "demo", "192.0.2.1").await;
    let question = enter(&mut attacker, &own.user_code).await;
    for number in 0..3 {
        let forged = Answer { body: question.body.replace(&own.user_code, &guess(number)), ..question.clone() };
        assert_eq!(wait(&press(&mut attacker, &forged, "allow").await), wrong());
    }
    let forged = Answer { body: question.body.replace(&own.user_code, &guess(9)), ..question.clone() };
    assert_eq!(wait(&press(&mut attacker, &forged, "allow").await), waits(5));
    assert_eq!(wait(&press(&mut attacker, &question, "allow").await), waits(5));
}

/// What can be no code is no guess: typing errors of that kind cost nothing.
#[tokio::test]
async fn what_can_be_no_code_does_not_count() {
    let house = strict().await;
    let given = begin(&house).await;
    let mut browser = at(&house, "demo", "192.0.2.1").await;
    for typed in ["", "BCD", "BCDF-GHJKL", "1234-5678", "AEIO-UAEI", "\u{1f4fa}"] {
        assert_eq!(wait(&enter(&mut browser, typed).await), wrong(), "{typed}");
    }
    assert_eq!(enter(&mut browser, &given.user_code).await.page(), "device-consent");
    assert_eq!(house.queue.kinds(), [""; 0]);
}

/// Guesses sent all at once, to whichever replica, are counted before any of them is looked up.
#[tokio::test]
async fn guesses_at_once_are_all_counted() {
    let house = house().await;
    let second = replica(&house, Arc::clone(&house.cache) as _).await;
    let mut browser = house.browser();
    let page = open(&mut browser, "/device").await;
    let mut tabs = Vec::new();
    for number in 0..40 {
        let (mut tab, page) = (browser.clone(), page.clone());
        if number % 2 == 1 {
            tab.router = second.clone();
        }
        tabs.push(tokio::spawn(async move { type_into(&mut tab, &page, &guess(number)).await.status.as_u16() }));
    }
    let mut statuses = Vec::new();
    for tab in tabs {
        statuses.push(tab.await.unwrap());
    }
    assert_eq!(statuses.iter().filter(|status| **status == 422).count(), 10, "{statuses:?}");
    assert_eq!(house.queue.events().len(), 10, "no more were looked up");
}

/// As it comes: whoever guesses for as long as a code lives, as fast as they are let, has fewer than twenty tries at 2^34 codes.
#[tokio::test]
async fn the_life_of_a_code_is_too_short_to_guess_it() {
    let house = house().await;
    let mut attacker = house.browser();
    open(&mut attacker, "/device").await;
    let (mut tries, mut seconds) = (0, 0);
    while seconds < 600 {
        match wait(&enter(&mut attacker, &guess(tries)).await) {
            (422, _) => tries += 1,
            (_, wait) => {
                let wait: i64 = wait.parse().unwrap();
                house.wait(wait);
                seconds += wait;
            }
        }
    }
    assert!((10..20).contains(&tries), "{tries}");
}

/// A wrong code is in the audit log, with who typed it and from where; the code is not.
#[tokio::test]
async fn a_wrong_code_is_audited() {
    let house = house().await;
    let mut attacker = at(&house, "demo", "192.0.2.7").await;
    enter(&mut attacker, &guess(1)).await;
    let expected = Event::UserCodeRefused { subject: DEMO.to_string(), address: Some("192.0.2.7".to_owned()) };
    assert_eq!(house.queue.events(), [expected]);
}
