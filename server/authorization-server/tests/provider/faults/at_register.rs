//! `/register`.

use serde_json::{Value, json};

use super::rig::{Rig, Room, Told};
use crate::registration::{call, register, text, web};

use Room::{Queue, UserDatabase};

/// RFC 7591 §3.2: a registration that was interrupted is made again, and each is audited.
#[tokio::test]
async fn a_registration_is_made_again() {
    let rig = Rig::build().await;
    rig.takes_away(
        [UserDatabase, Queue],
        Told::Json,
        async |rig| rig.told("client_registered"),
        async |rig, _| register(&rig.house, &web()).await,
        async |rig, before, trial, answer| {
            assert_eq!(answer.status, 201, "{trial:?}");
            assert!(rig.told("client_registered") > before, "{trial:?}");
        },
    )
    .await;
}

async fn registered(rig: &Rig) -> (Value, usize) {
    let registered = register(&rig.house, &web()).await.json();
    (registered, rig.house.queue.kinds().len())
}

/// RFC 7592 §2.1, §2.2: so is a change.
#[tokio::test]
async fn a_registration_is_read_and_replaced_again() {
    let rig = Rig::build().await;
    for method in ["GET", "PUT"] {
        let rooms = if method == "GET" { [UserDatabase, UserDatabase] } else { [UserDatabase, Queue] };
        rig.takes_away(
            rooms,
            Told::Json,
            registered,
            async |rig, (registered, _)| {
                let (uri, token) = (text(registered, "registration_client_uri"), text(registered, "registration_access_token"));
                let mut body = web();
                body["client_id"] = registered["client_id"].clone();
                body["client_name"] = json!("Renamed");
                call(&rig.house, method, uri, token, &body).await
            },
            async |rig, (_, before), trial, answer| {
                assert_eq!(answer.status, 200, "{trial:?}");
                assert!(method == "GET" || rig.house.queue.kinds()[before..].contains(&"client_changed"), "{trial:?}");
            },
        )
        .await;
    }
}

/// RFC 7592 §2.3: and so is its end; who comes again after an answer that was lost finds it done.
#[tokio::test]
async fn a_registration_is_ended_again() {
    let rig = Rig::build().await;
    rig.takes_away(
        [UserDatabase, Queue],
        Told::Json,
        registered,
        async |rig, (registered, _)| {
            let (uri, token) = (text(registered, "registration_client_uri"), text(registered, "registration_access_token"));
            call(&rig.house, "DELETE", uri, token, &Value::Null).await
        },
        async |rig, (_, before), trial, answer| {
            assert!(answer.status == 204 || (trial.was_lost() && answer.error() == "invalid_token"), "{trial:?} {answer:?}");
            assert!(rig.house.queue.kinds()[before..].contains(&"client_removed"), "{trial:?}");
        },
    )
    .await;
}
