//! Devices without a keyboard, and the pages of their users.

use super::rig::{Rig, Room, Told};
use crate::answer::Answer;
use crate::app::{claims, token};
use crate::browser::Browser;
use crate::device::gadget::{Codes, allow, ask, begin, open, poll, press, type_into};

use Room::{Cache, Queue, UserDatabase};

/// So long that nobody counts what was guessed, or given up, in the trials before, in seconds.
const FORGOTTEN: i64 = 24 * 60 * 60;

/// A device that asks, its user's browser with a page before it, and how often something was allowed so far.
struct Visit {
    codes: Codes,
    browser: Browser,
    page: Answer,
    allowed: usize,
}

impl Visit {
    /// Before the page that asks for the code.
    async fn entry(rig: &Rig) -> Self {
        rig.house.wait(FORGOTTEN);
        let (codes, mut browser) = (begin(&rig.house).await, rig.house.browser());
        let page = open(&mut browser, "/device").await;
        Self { codes, browser, page, allowed: rig.told("consent_granted") }
    }

    /// Before the question.
    async fn question(rig: &Rig) -> Self {
        let Self { codes, mut browser, page, allowed } = Self::entry(rig).await;
        let page = type_into(&mut browser, &page, &codes.user_code).await;
        assert_eq!(page.page(), "device-consent");
        Self { codes, browser, page, allowed }
    }
}

/// A device whose user has said yes.
async fn allowed(rig: &Rig) -> Codes {
    let Visit { codes, mut browser, .. } = Visit::entry(rig).await;
    allow(&mut browser, &codes).await;
    rig.grants.forget();
    codes
}

/// RFC 8628 §3.1.
#[tokio::test]
async fn a_device_asks_again() {
    let rig = Rig::build().await;
    rig.takes_away(
        [UserDatabase, Cache],
        Told::Json,
        async |_| (),
        async |rig, ()| ask(&rig.house, "tv", &[]).await,
        async |_, (), trial, answer| assert_eq!(answer.status, 200, "{trial:?}"),
    )
    .await;
}

/// RFC 8628 §3.5: a device that got no answer is at most told that it asks too often.
#[tokio::test]
async fn a_waiting_device_asks_again() {
    let rig = Rig::build().await;
    rig.takes_away(
        [UserDatabase, Cache],
        Told::Json,
        async |rig| begin(&rig.house).await,
        async |rig, codes| poll(&rig.house, codes).await,
        async |_, _, trial, answer| {
            let expected = if trial.was_lost() && trial.room == Cache { "slow_down" } else { "authorization_pending" };
            assert!([expected, "authorization_pending"].contains(&answer.error().as_str()), "{trial:?} {answer:?}");
        },
    )
    .await;
}

/// RFC 8628 §3.3: the code that was typed is sent again.
#[tokio::test]
async fn a_code_is_entered_again() {
    let rig = Rig::build().await;
    rig.takes_away(
        [UserDatabase, Cache],
        Told::Page,
        Visit::entry,
        async |_, visit| type_into(&mut visit.browser, &visit.page, &visit.codes.user_code).await,
        async |_, _, trial, answer| assert_eq!(answer.page(), "device-consent", "{trial:?} {answer:?}"),
    )
    .await;
}

/// A18: a yes is said again, and none is without its event.
#[tokio::test]
async fn a_yes_is_said_again() {
    let rig = Rig::build().await;
    rig.takes_away(
        [UserDatabase, Cache, Queue],
        Told::Page,
        Visit::question,
        async |_, visit| press(&mut visit.browser, &visit.page, "allow").await,
        async |rig, visit, trial, answer| {
            assert_eq!((answer.page(), answer.field("allowed").as_str()), ("device-done", "true"), "{trial:?} {answer:?}");
            assert!(rig.told("consent_granted") > visit.allowed, "{trial:?}");
            assert_eq!(poll(&rig.house, &visit.codes).await.status, 200, "{trial:?}");
        },
    )
    .await;
}

/// A device code is not lost to an outage, and leaves no second grant.
#[tokio::test]
async fn a_device_code_outlives_what_is_taken_away() {
    let rig = Rig::build().await;
    rig.takes_away(
        [UserDatabase, Cache],
        Told::Json,
        allowed,
        async |rig, codes| poll(&rig.house, codes).await,
        async |rig, _, trial, answer| {
            let live = rig.grants.live(rig.house.now()).await;
            if answer.status == 200 {
                let gid = claims(token(&answer.json(), "access_token"))["gid"].as_str().unwrap().to_owned();
                assert!(live.iter().any(|id| id.to_string() == gid), "{trial:?}");
                // Written, and not answered: its refresh token is nobody's, and nobody could be asked to take it back.
                assert!(live.len() <= if trial.was_lost() && trial.room == UserDatabase { 2 } else { 1 }, "{trial:?}");
            } else {
                assert!(trial.was_lost(), "the device code was lost without an answer: {trial:?}");
                assert_eq!((answer.error().as_str(), live.len()), ("invalid_grant", 0), "{trial:?}");
            }
        },
    )
    .await;
}

/// A8: a replayed device code revokes what it gave, and is audited once, whatever is taken away meanwhile.
#[tokio::test]
async fn a_replayed_device_code_revokes_and_is_audited_once() {
    let rig = Rig::build().await;
    rig.takes_away(
        [UserDatabase, Cache, Queue],
        Told::Json,
        async |rig| {
            let codes = allowed(rig).await;
            assert_eq!(poll(&rig.house, &codes).await.status, 200);
            (codes, rig.told("token_replayed"))
        },
        async |rig, (codes, _)| poll(&rig.house, codes).await,
        async |rig, (_, before), trial, answer| {
            assert_eq!(answer.error(), "invalid_grant", "{trial:?}");
            assert_eq!(rig.live().await, 0, "{trial:?}");
            assert_eq!(rig.told("token_replayed"), before + 1, "{trial:?}");
        },
    )
    .await;
}

/// A wrong code is audited, or the user is told to try again.
#[tokio::test]
async fn a_wrong_code_is_told_again() {
    let rig = Rig::build().await;
    rig.takes_away(
        [UserDatabase, Cache, Queue],
        Told::Page,
        async |rig| {
            // Those of the trials before are forgotten.
            rig.house.wait(24 * 60 * 60);
            (Visit::entry(rig).await, rig.told("user_code_refused"))
        },
        async |_, (visit, _)| type_into(&mut visit.browser, &visit.page, "BBBB-BBBB").await,
        async |rig, (_, before), trial, answer| {
            assert_eq!((answer.status.as_u16(), answer.page()), (422, "user-code"), "{trial:?} {answer:?}");
            assert!(rig.told("user_code_refused") > before, "{trial:?}");
        },
    )
    .await;
}
