//! A PostgreSQL that is started anew, or stands still.

use jiff::SignedDuration;
use test_engines::{Postgres, Redis};

use super::people::People;
use crate::support::{Engines, house_on_with};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgres_that_ends_or_stands_still_loses_nothing_that_was_acknowledged() {
    if !test_engines::are_wanted() {
        return;
    }
    let (mut postgres, redis) = (Postgres::start().await, Redis::start().await);
    let house = house_on_with(Engines::Servers, |configuration| {
        configuration.database = postgres.url();
        // A Queue that others share would hand events to their workers.
        configuration.queue = redis.url();
        // So that it takes less time to see that nobody has to wait for ever.
        configuration.provider.patience = SignedDuration::from_secs(1);
    });
    let Some(house) = house.await else { return };
    let people = People::at(&house, 3);
    people.are_well().await;
    postgres.stop();
    people.are_turned_away().await;
    postgres.start_again().await;
    people.are_well().await;
    postgres.stall();
    people.are_turned_away().await;
    postgres.go_on();
    people.are_well().await;
    // A restart that takes no time: every connection is found to be broken.
    postgres.start_again().await;
    people.are_well().await;
    people.hold_to_account(&house).await;
}
