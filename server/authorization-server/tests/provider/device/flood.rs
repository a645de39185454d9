//! A flood of devices that ask for codes: who asks too often waits.

use authorization_server::{Limit, SlowDown};
use jiff::SignedDuration;

use super::gadget::{SCOPE, house, refused, with_devices};
use crate::answer::Answer;
use crate::browser::Browser;
use crate::house::{House, form};
use crate::methods::{SECRET, basic};

/// Three without a wait, for an address or a client.
async fn strict() -> House {
    let limit = Limit {
        attempts: 3,
        first_delay: SignedDuration::from_secs(5),
        longest_delay: SignedDuration::from_secs(60),
        window: SignedDuration::from_mins(10),
    };
    House::with(|settings| {
        with_devices(settings);
        settings.slow_down = SlowDown { device_authorization: limit, ..SlowDown::default() };
    })
    .await
}

/// A device at `address` asks; `till` proves who it is.
async fn ask_at(house: &House, address: &str, client_id: &str, scope: &str) -> Answer {
    let mut device = Browser { address: Some(address.parse().unwrap()), ..house.browser() };
    let secret = basic("till", SECRET);
    let mut headers = vec![("content-type", "application/x-www-form-urlencoded")];
    let mut pairs = vec![("scope", scope)];
    if client_id == "till" {
        headers.push(("authorization", &secret));
    } else {
        pairs.push(("client_id", client_id));
    }
    device.send("POST", "/device_authorization", &headers, form(&pairs)).await
}

async fn status(house: &House, address: &str, client_id: &str) -> u16 {
    ask_at(house, address, client_id, SCOPE).await.status.as_u16()
}

/// Who asks for devices without end waits, longer each time, and is told how long; nobody waits for ever.
#[tokio::test]
async fn an_address_that_asks_for_many_devices_waits() {
    let house = strict().await;
    // One /64 is one asker, whichever client it names.
    for (address, client_id) in [("2001:db8::1", "tv"), ("2001:db8::2", "radio"), ("2001:db8::3", "tv")] {
        assert_eq!(status(&house, address, client_id).await, 200);
    }
    for wait in [5, 10, 20, 40, 60, 60] {
        let answer = ask_at(&house, "2001:db8::4", "tv", SCOPE).await;
        assert_eq!(refused(&answer), (429, "temporarily_unavailable".to_owned()));
        let told = (answer.header("retry-after"), answer.header("cache-control"));
        assert_eq!(told, (wait.to_string().as_str(), "no-store"));
        house.wait(wait);
        assert_eq!(status(&house, "2001:db8::1", "radio").await, 200);
    }
    house.wait(10 * 60);
    for _ in 0..3 {
        assert_eq!(status(&house, "2001:db8::1", "tv").await, 200, "forgotten");
    }
}

/// A stranger who asks in the name of a client keeps no device of that client from asking elsewhere.
#[tokio::test]
async fn a_flood_is_not_held_against_the_client_that_it_names() {
    let house = strict().await;
    for _ in 0..10 {
        status(&house, "192.0.2.1", "tv").await;
    }
    assert_eq!(status(&house, "192.0.2.1", "tv").await, 429);
    assert_eq!(status(&house, "192.0.2.2", "tv").await, 200);
    assert_eq!(status(&house, "192.0.2.1", "till").await, 200, "a client that proves itself has a count of its own");
}

/// A client that proves who it is may ask for its devices from one place or from many: it is the client that counts.
#[tokio::test]
async fn a_client_that_proves_itself_is_counted_by_itself() {
    let house = strict().await;
    for host in 1..=3 {
        assert_eq!(status(&house, &format!("192.0.2.{host}"), "till").await, 200);
    }
    assert_eq!(status(&house, "192.0.2.9", "till").await, 429);
    assert_eq!(status(&house, "192.0.2.9", "tv").await, 200);
}

/// What is refused for another reason has no code, and does not count.
#[tokio::test]
async fn what_gets_no_code_does_not_count() {
    let house = strict().await;
    for _ in 0..5 {
        assert_eq!(ask_at(&house, "192.0.2.1", "tv", "nothing-of-the-kind").await.error(), "invalid_scope");
        assert_eq!(status(&house, "192.0.2.1", "nobody").await, 401);
    }
    assert_eq!(status(&house, "192.0.2.1", "tv").await, 200);
}

/// Of many at once, at two replicas, as many are let through as one after the other.
#[tokio::test]
async fn devices_that_ask_at_once_are_all_counted() {
    let house = house().await;
    let cache = std::sync::Arc::clone(&house.cache) as _;
    let second = House { router: super::gadget::replica(&house, cache).await, ..house.twin() };
    let mut asking = tokio::task::JoinSet::new();
    let houses = [std::sync::Arc::new(house), std::sync::Arc::new(second)];
    for number in 0..130 {
        let house = std::sync::Arc::clone(&houses[number % 2]);
        asking.spawn(async move { status(&house, "192.0.2.1", "tv").await });
    }
    let statuses = asking.join_all().await;
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 100, "as it comes");
    assert_eq!(statuses.iter().filter(|status| **status == 429).count(), 30);
}
