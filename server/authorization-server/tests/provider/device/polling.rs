//! What a device learns while it asks (RFC 8628 §3.5).

use super::gadget::{GRANT, allow, ask, begin, codes, enter, house, poll, poll_as, press, refused, replica};
use crate::answer::Answer;
use crate::house::House;

fn told(answer: &Answer) -> String {
    let (status, error) = refused(answer);
    assert_eq!((status, answer.header("cache-control")), (400, "no-store"), "{answer:?}");
    error
}

/// RFC 8628 §3.5: `authorization_pending` until the user has decided, and then the tokens at once.
#[tokio::test]
async fn a_device_waits_for_its_user() {
    let house = house().await;
    let codes = begin(&house).await;
    for _ in 0..3 {
        assert_eq!(told(&poll(&house, &codes).await), "authorization_pending");
        house.wait(5);
    }
    // To have entered the code is not to have said yes.
    let mut browser = house.browser();
    let page = enter(&mut browser, &codes.user_code).await;
    assert_eq!(told(&poll(&house, &codes).await), "authorization_pending");
    press(&mut browser, &page, "allow").await;
    assert_eq!(poll(&house, &codes).await.status, 200, "the answer that was waited for is never too early");
}

/// RFC 8628 §3.5: who asks too often waits five seconds longer, this time and from then on.
#[tokio::test]
async fn a_device_that_asks_too_often_has_to_slow_down() {
    let house = house().await;
    let codes = begin(&house).await;
    assert_eq!(told(&poll(&house, &codes).await), "authorization_pending");
    house.wait(4);
    assert_eq!(told(&poll(&house, &codes).await), "slow_down");
    house.wait(9);
    assert_eq!(told(&poll(&house, &codes).await), "slow_down", "ten seconds now");
    house.wait(14);
    assert_eq!(told(&poll(&house, &codes).await), "slow_down", "fifteen");
    for _ in 0..2 {
        house.wait(20);
        assert_eq!(told(&poll(&house, &codes).await), "authorization_pending", "twenty, and it stays so");
    }
    house.wait(19);
    assert_eq!(told(&poll(&house, &codes).await), "slow_down");
    // Another device is none of its business.
    let other = begin(&house).await;
    assert_eq!(told(&poll(&house, &other).await), "authorization_pending");
}

/// A device that keeps to the interval is not told off for what its clock and ours differ.
#[tokio::test]
async fn a_device_may_be_a_little_early() {
    let house = house().await;
    let codes = begin(&house).await;
    for _ in 0..5 {
        assert_eq!(told(&poll(&house, &codes).await), "authorization_pending");
        house.clock.advance(jiff::SignedDuration::from_millis(4_600));
    }
}

/// RFC 8628 §3.5: the pace is kept in the Cache, so that asking another replica helps nobody.
#[tokio::test]
async fn the_interval_counts_at_every_replica() {
    let house = house().await;
    let second = replica(&house, std::sync::Arc::clone(&house.cache) as _).await;
    across_replicas(house, second).await;
}

pub(super) async fn across_replicas(house: House, second: axum::Router) {
    let codes = begin(&house).await;
    assert_eq!(told(&poll(&house, &codes).await), "authorization_pending");
    house.wait(1);
    let mut elsewhere = House { router: second, ..house };
    assert_eq!(told(&poll(&elsewhere, &codes).await), "slow_down");
    elsewhere.wait(10);
    assert_eq!(told(&poll(&elsewhere, &codes).await), "authorization_pending");
    // What was asked at one replica is decided and redeemed at the other.
    allow(&mut elsewhere.browser(), &codes).await;
    elsewhere.router = replica(&elsewhere, std::sync::Arc::clone(&elsewhere.cache.inner)).await;
    assert_eq!(poll(&elsewhere, &codes).await.status, 200);
}

/// Questions that come at once are judged one after the other: one is in time, and each other one makes the device wait longer.
#[tokio::test]
async fn of_many_questions_at_once_one_is_in_time() {
    let house = house().await;
    let codes = begin(&house).await;
    let (a, b, c, d) = tokio::join!(poll(&house, &codes), poll(&house, &codes), poll(&house, &codes), poll(&house, &codes));
    let mut answers = [a, b, c, d].map(|answer| told(&answer));
    answers.sort();
    assert_eq!(answers, ["authorization_pending", "slow_down", "slow_down", "slow_down"]);
    house.wait(19);
    assert_eq!(told(&poll(&house, &codes).await), "slow_down", "twenty seconds after three of them");
}

/// RFC 8628 §3.5, RFC 6749 §4.1.2.1: `access_denied` where the user says no, however often it asks.
#[tokio::test]
async fn a_denial_is_told_to_the_device() {
    let house = house().await;
    let codes = begin(&house).await;
    let mut browser = house.browser();
    let page = enter(&mut browser, &codes.user_code).await;
    let done = press(&mut browser, &page, "deny").await;
    assert_eq!((done.page(), done.field("allowed").as_str()), ("device-done", "false"));
    for _ in 0..2 {
        assert_eq!(told(&poll(&house, &codes).await), "access_denied");
    }
}

/// RFC 8628 §3.5: `expired_token` once the codes have expired, whatever the user said; and some time later there is no such code.
#[tokio::test]
async fn an_expired_code_is_told_as_such() {
    let house = house().await;
    let (waiting, said) = (begin(&house).await, begin(&house).await);
    allow(&mut house.browser(), &said).await;
    house.wait(599);
    assert_eq!(told(&poll(&house, &waiting).await), "authorization_pending");
    house.wait(1);
    for codes in [&waiting, &said] {
        assert_eq!(told(&poll(&house, codes).await), "expired_token");
    }
    house.wait(599);
    assert_eq!(told(&poll(&house, &said).await), "expired_token");
    house.wait(601);
    assert_eq!(told(&poll(&house, &said).await), "invalid_grant");
}

/// RFC 6749 §5.2, attack 10: a device code is its client's; the wrong question changes nothing.
#[tokio::test]
async fn another_clients_device_code_is_refused() {
    let house = house().await;
    let given = begin(&house).await;
    for _ in 0..3 {
        assert_eq!(told(&poll_as(&house, "radio", &given).await), "invalid_grant");
    }
    assert_eq!(told(&poll(&house, &given).await), "authorization_pending", "nor did that make it slow down");
    allow(&mut house.browser(), &given).await;
    assert_eq!(told(&poll_as(&house, "radio", &given).await), "invalid_grant");
    assert_eq!(poll(&house, &given).await.status, 200);
    // Neither is the other's own good for the first.
    let other = codes(&ask(&house, "radio", &[]).await);
    assert_eq!(told(&poll(&house, &other).await), "invalid_grant");
}

/// RFC 8628 §3.4: the device code must be there, and be one.
#[tokio::test]
async fn a_device_code_that_is_none_is_refused() {
    let house = house().await;
    let codes = begin(&house).await;
    assert_eq!(told(&house.post("/token", &[("grant_type", GRANT), ("client_id", "tv")]).await), "invalid_request");
    for wrong in ["nonsense", codes.user_code.as_str(), &codes.device_code.to_lowercase()] {
        let pairs = [("grant_type", GRANT), ("device_code", wrong), ("client_id", "tv")];
        assert_eq!(told(&house.post("/token", &pairs).await), "invalid_grant", "{wrong}");
    }
}
