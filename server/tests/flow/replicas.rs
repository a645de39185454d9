//! Replicas share what they record.

use crate::support::{Browser, Engines, house_on, replica};
use crate::{flow_of, listen, saw_up_to};

async fn on(engines: Engines) {
    let listening = listen();
    let Some(house) = house_on(engines).await else { return };
    let _writing = listening.write(&house);
    let (_replica, url) = replica(&house).await;
    let mut browser = Browser::default();
    browser.sign_in(&house.configuration.application.origin, "/").await;
    flow_of(&mut browser, &url, saw_up_to(13)).await;
}

#[tokio::test]
async fn a_flow_is_seen_at_every_replica_on_files() {
    on(Engines::Embedded).await;
}

#[tokio::test]
async fn a_flow_is_seen_at_every_replica_on_servers() {
    on(Engines::Servers).await;
}
