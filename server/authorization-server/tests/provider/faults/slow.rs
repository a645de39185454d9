//! While a box is slow, who does not need it is answered as ever.

use std::pin::pin;
use std::time::Duration;

use authorization_server::{Authentication, Settings};
use axum::body::{Body, Bytes};
use http::header::{CONTENT_TYPE, ORIGIN};
use http::{HeaderMap, HeaderValue, Request};
use jiff::SignedDuration;
use tower::ServiceExt as _;

use super::fuse::Fault;
use super::rig::{Rig, Room};
use crate::answer::Answer;
use crate::app::{VERIFIER, token};
use crate::house::{House, form};
use crate::machines::{ask, machine};
use crate::methods::client;

fn with_machine(settings: &mut Settings) {
    settings.clients.push(machine("machine"));
}

/// What needs no box at all.
async fn documents(rig: &Rig) {
    for path in ["/jwks", "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"] {
        assert_eq!(rig.house.get(path).await.status, 200, "{path}");
    }
    let page = rig.house.browser().get(&rig.house.plain.plainly(&[("redirect_uri", "https://evil.example/")])).await;
    assert_eq!((page.status.as_u16(), page.page()), (400, "problem RequestInvalid"));
}

/// Holds `asking` at a slow `room`, lets `meanwhile` go on, and then lets the time pass that an answer may take.
async fn held(rig: &Rig, room: Room, asking: impl Future<Output = Answer>, meanwhile: impl AsyncFnOnce()) -> Answer {
    rig.fuse(room).arm(Fault::Slow, 1);
    let mut asking = pin!(asking);
    tokio::select! {
        biased;
        answer = &mut asking => panic!("it did not wait: {answer:?}"),
        () = rig.fuse(room).awaited() => {}
    }
    meanwhile().await;
    let late = rig.out_of_patience(room, asking).await;
    rig.fuse(room).disarm();
    assert_eq!((late.status.as_u16(), late.header("retry-after")), (503, "5"), "{late:?}");
    late
}

/// A slow User Database holds up who needs it, and nobody else.
#[tokio::test]
async fn a_slow_user_database_keeps_nobody_waiting_who_does_not_need_it() {
    let rig = Rig::with(with_machine).await;
    let (house, app) = (&rig.house, &rig.house.app);
    let tokens = app.tokens(house, &mut house.browser()).await;
    let late = held(&rig, Room::UserDatabase, house.userinfo(token(&tokens, "access_token")), async || {
        documents(&rig).await;
        assert_eq!(ask(house, "machine", &[]).await.status, 200);
        assert_eq!(app.push(house, &[]).await.status, 201);
        let url = app.begin(house, &[]).await;
        assert_eq!(house.browser().open(&url).await.page(), "login");
    })
    .await;
    assert_eq!(late.error(), "temporarily_unavailable");
    assert_eq!(house.userinfo(token(&tokens, "access_token")).await.status, 200);
}

/// A slow Cache holds up who needs it, and nobody else.
#[tokio::test]
async fn a_slow_cache_keeps_nobody_waiting_who_does_not_need_it() {
    let rig = Rig::with(with_machine).await;
    let (house, app) = (&rig.house, &rig.house.app);
    let tokens = app.tokens(house, &mut house.browser()).await;
    let late = held(&rig, Room::Cache, app.push(house, &[]), async || {
        documents(&rig).await;
        assert_eq!(ask(house, "machine", &[]).await.status, 200);
        assert_eq!(house.userinfo(token(&tokens, "access_token")).await.status, 200);
    })
    .await;
    assert_eq!(late.error(), "temporarily_unavailable");
    assert_eq!(app.push(house, &[]).await.status, 201);
}

/// A slow Queue holds up what is not done without its event, and nothing else: a refused login waits, a sign-in does not.
#[tokio::test]
async fn a_slow_queue_keeps_nobody_waiting_who_does_not_need_it() {
    let rig = Rig::with(with_machine).await;
    let (house, app) = (&rig.house, &rig.house.app);
    let mut known = house.browser();
    let tokens = app.tokens(house, &mut known).await;
    let mut guesser = house.browser();
    let login = guesser.open(&app.begin(house, &[]).await).await;
    let late = held(&rig, Room::Queue, guesser.log_in_as(&login, "demo", "wrong"), async || {
        documents(&rig).await;
        assert_eq!(ask(house, "machine", &[]).await.status, 200);
        let code = known.open(&app.begin(house, &[]).await).await.sent("code").unwrap();
        assert_eq!(app.redeem(house, &code, &[]).await.status, 200);
        assert_eq!(app.refresh(house, token(&tokens, "refresh_token"), &[]).await.status, 200);
        assert_eq!(house.userinfo(token(&tokens, "access_token")).await.status, 200);
    })
    .await;
    assert_eq!(late.page(), "problem Unavailable");
    assert_eq!(guesser.log_in_as(&login, "demo", "wrong").await.status, 422);
}

/// A page of a public client may read that it is to come again, and when; a page of another origin may not.
#[tokio::test]
async fn a_page_reads_that_its_answer_is_late() {
    let rig = Rig::with(|settings| settings.clients.push(client("public", Authentication::None))).await;
    let body = form(&[("client_id", "public"), ("grant_type", "authorization_code"), ("code", "x"), ("code_verifier", VERIFIER)]);
    for (origin, allowed) in [("https://public.example", "https://public.example"), ("https://evil.example", "")] {
        let headers = HeaderMap::from_iter([
            (ORIGIN, HeaderValue::from_static(origin)),
            (CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded")),
        ]);
        let asking = rig.house.call("POST", "/token", headers, body.clone());
        let late = held(&rig, Room::Cache, asking, async || ()).await;
        assert_eq!((late.header("access-control-allow-origin"), late.header("vary")), (allowed, "origin"));
        assert_eq!(late.header("access-control-expose-headers").contains("retry-after"), !allowed.is_empty(), "{late:?}");
    }
}

/// The patience is the operator's: an answer that comes in time comes, and one that does not is given up.
#[tokio::test]
async fn an_answer_that_is_slow_and_in_time_is_given() {
    let rig = Rig::with(|settings| settings.patience = SignedDuration::from_secs(20)).await;
    let (house, app) = (&rig.house, &rig.house.app);
    rig.fuse(Room::Cache).arm(Fault::Slow, 1);
    let mut asking = pin!(app.push(house, &[]));
    tokio::select! {
        biased;
        answer = &mut asking => panic!("it did not wait: {answer:?}"),
        () = rig.fuse(Room::Cache).awaited() => {}
    }
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(19)).await;
    tokio::time::resume();
    rig.fuse(Room::Cache).disarm();
    assert_eq!(asking.await.status, 201);
}

/// A client that does not finish its request has nobody but itself to wait for: that is told, and is no outage.
#[tokio::test]
async fn a_request_that_does_not_come_is_told_so() {
    let house = House::build().await;
    for (path, told) in [("/token", "invalid_request"), ("/login/x", "problem RequestInvalid")] {
        let silence = futures::stream::pending::<Result<Bytes, std::io::Error>>();
        let request = Request::builder().method("POST").uri(path).header("content-type", "application/x-www-form-urlencoded");
        let asking = house.router.clone().oneshot(request.body(Body::from_stream(silence)).unwrap());
        // Nothing is under way but the waiting, so that the time passes by itself.
        tokio::time::pause();
        let answer = Answer::read(asking.await.unwrap()).await;
        tokio::time::resume();
        assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (408, ""), "{path}");
        assert!(answer.body.contains(told) && answer.header("cache-control") == "no-store", "{answer:?}");
    }
}
