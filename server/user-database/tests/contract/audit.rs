//! The audit log: each event once, the newest first.

use futures::future::join_all;
use serde_json::json;
use user_database::{AuditRecord, AuditTrail};
use uuid::Uuid;

use crate::engines::{Home, on_every_engine};
use crate::samples::at;

on_every_engine![
    an_event_is_recorded_once,
    an_event_delivered_many_times_at_once_is_recorded_once,
    the_newest_come_first_and_no_more_than_asked_for,
    one_users_events_are_told_apart,
    odd_bytes_do_not_keep_an_event_out,
];

fn event(seconds: i64, subject: Option<&str>) -> AuditRecord {
    AuditRecord {
        id: Uuid::now_v7(),
        at: at(seconds),
        kind: "signed_in".to_owned(),
        subject: subject.map(str::to_owned),
        details: json!({ "address": "192.0.2.7", "agent": "a \"browser\" – ü", "attempt": 2, "extra": null }),
    }
}

async fn an_event_is_recorded_once(home: &Home) {
    let database = home.open().await;
    let event = event(0, Some("someone"));
    assert!(database.record(&event).await.unwrap());
    let mut again = event.clone();
    again.kind = "changed".to_owned();
    assert!(!database.record(&again).await.unwrap());
    assert_eq!(database.recent(None, 10).await.unwrap(), [event]);
}

async fn an_event_delivered_many_times_at_once_is_recorded_once(home: &Home) {
    let replicas = [home.open().await, home.open().await];
    let event = event(0, None);
    let recorded = join_all((0..20).map(|i| {
        let (database, event) = (replicas[i % replicas.len()].clone(), event.clone());
        tokio::spawn(async move { database.record(&event).await.unwrap() })
    }))
    .await;
    assert_eq!(recorded.into_iter().filter(|recorded| *recorded.as_ref().unwrap()).count(), 1);
    assert_eq!(replicas[1].recent(None, 100).await.unwrap(), [event]);
}

async fn the_newest_come_first_and_no_more_than_asked_for(home: &Home) {
    let database = home.open().await;
    let events: Vec<_> = [5, 1, 9, 3, 7].into_iter().map(|seconds| event(seconds, None)).collect();
    for event in &events {
        database.record(event).await.unwrap();
    }
    assert_eq!(database.recent(None, 3).await.unwrap(), [&events[2], &events[4], &events[0]].map(Clone::clone));
    assert_eq!(database.recent(None, 0).await.unwrap(), []);
    assert_eq!(database.recent(None, u32::MAX).await.unwrap().len(), 5);
}

async fn one_users_events_are_told_apart(home: &Home) {
    let database = home.open().await;
    let (mine, yours, nobodys) = (event(1, Some("me")), event(2, Some("you")), event(3, None));
    for event in [&mine, &yours, &nobodys] {
        database.record(event).await.unwrap();
    }
    assert_eq!(database.recent(Some("me"), 10).await.unwrap(), std::slice::from_ref(&mine));
    assert_eq!(database.recent(Some("nobody"), 10).await.unwrap(), []);
    assert_eq!(database.recent(None, 10).await.unwrap(), [nobodys, yours, mine]);
}

async fn odd_bytes_do_not_keep_an_event_out(home: &Home) {
    let database = home.open().await;
    let mut odd = event(0, Some("a\0b"));
    odd.details = json!({ "typed": "a\0b\u{1F9E5}" });
    assert!(database.record(&odd).await.unwrap());
    let kept = database.recent(Some("a\0b"), 10).await.unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].details, odd.details);
}
