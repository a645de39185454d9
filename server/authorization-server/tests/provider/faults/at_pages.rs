//! `/par`, `/authorize`, and the pages that follow.

use super::rig::{Rig, Room, Told};
use crate::answer::Answer;
use crate::browser::Browser;
use crate::house::PASSWORD;

use Room::{Cache, Queue, UserDatabase};

/// A browser with a page before it.
struct Visit {
    browser: Browser,
    page: Answer,
    events: usize,
}

impl Visit {
    /// A browser that was led to the login page.
    async fn login(rig: &Rig) -> Self {
        let mut browser = rig.house.browser();
        let page = browser.open(&rig.house.app.begin(&rig.house, &[("prompt", "consent")]).await).await;
        assert_eq!(page.page(), "login");
        Self { browser, page, events: rig.house.queue.kinds().len() }
    }

    /// A browser that was led to the consent page.
    async fn consent(rig: &Rig) -> Self {
        let Self { mut browser, page, .. } = Self::login(rig).await;
        let page = browser.log_in(&page).await;
        assert_eq!(page.page(), "consent");
        Self { browser, page, events: rig.house.queue.kinds().len() }
    }

    /// Sends the form of the page once, without following.
    async fn send(&mut self, fields: &[(&str, &str)]) -> Answer {
        let csrf = self.page.field("csrf");
        let fields = [&[("csrf", csrf.as_str())], fields].concat();
        self.browser.post(&self.page.field("action"), &fields).await
    }
}

/// RFC 9126 §2.3.
#[tokio::test]
async fn a_push_is_tried_again() {
    let rig = Rig::build().await;
    rig.takes_away(
        [UserDatabase, Cache],
        Told::Json,
        async |_| (),
        async |rig, ()| rig.house.app.push(&rig.house, &[]).await,
        async |_, (), trial, answer| assert_eq!(answer.status, 201, "{trial:?}"),
    )
    .await;
}

/// A10: the same link leads to the login page once the box is back.
#[tokio::test]
async fn an_authorization_request_is_tried_again() {
    let rig = Rig::build().await;
    rig.takes_away(
        [UserDatabase, Cache],
        Told::Page,
        async |rig| (rig.house.browser(), rig.house.app.begin(&rig.house, &[]).await),
        async |_, (browser, url)| browser.get(url).await,
        async |_, (mut browser, _), trial, answer| {
            assert_eq!(browser.follow(answer).await.page(), "login", "{trial:?}");
        },
    )
    .await;
}

/// A browser that is signed in and has consented, and the link of a further request.
async fn known(rig: &Rig) -> (Browser, String) {
    let browser = rig.browser().await;
    (browser, rig.house.app.begin(&rig.house, &[]).await)
}

/// A10: a request that needs no page is used up when it is answered, and not before; where the answer was lost, its page explains.
#[tokio::test]
async fn a_request_that_needs_no_page_is_used_up_when_it_is_answered() {
    let rig = Rig::build().await;
    rig.takes_away(
        [UserDatabase, Cache],
        Told::Page,
        known,
        async |_, (browser, url)| browser.get(url).await,
        async |rig, (mut browser, url), trial, answer| {
            if answer.status == 302 {
                let code = answer.sent("code").unwrap();
                assert_eq!(rig.house.app.redeem(&rig.house, &code, &[]).await.status, 200, "{trial:?}");
                assert_eq!(browser.get(&url).await.page(), "problem RequestExpired", "{trial:?}: once");
            } else {
                assert!(trial.was_lost(), "{trial:?} {answer:?}");
                assert_eq!(answer.page(), "problem RequestExpired", "{trial:?}");
            }
        },
    )
    .await;
}

/// The pages themselves.
#[tokio::test]
async fn a_page_is_loaded_again() {
    let rig = Rig::build().await;
    rig.takes_away(
        [UserDatabase, Cache],
        Told::Page,
        Visit::login,
        async |_, visit| visit.browser.get(&visit.page.field("action")).await,
        async |_, _, trial, answer| assert_eq!(answer.page(), "login", "{trial:?}"),
    )
    .await;
    rig.takes_away(
        [UserDatabase, Cache],
        Told::Page,
        Visit::consent,
        async |_, visit| visit.browser.get(&visit.page.field("action")).await,
        async |_, _, trial, answer| assert_eq!(answer.page(), "consent", "{trial:?}"),
    )
    .await;
}

/// A17: the right password signs in when it is sent again, without having to wait.
#[tokio::test]
async fn a_login_is_sent_again() {
    let rig = Rig::build().await;
    rig.takes_away(
        [UserDatabase, Cache],
        Told::Page,
        Visit::login,
        async |_, visit| visit.send(&[("username", "demo"), ("password", PASSWORD), ("action", "sign-in")]).await,
        async |_, mut visit, trial, answer| {
            assert_eq!(answer.status, 303, "{trial:?} {answer:?}");
            assert_eq!(visit.browser.follow(answer).await.page(), "consent", "{trial:?}");
        },
    )
    .await;
}

/// A17: a wrong one is refused when it is sent again, and audited.
#[tokio::test]
async fn a_wrong_password_is_refused_and_audited() {
    let rig = Rig::build().await;
    rig.takes_away(
        [UserDatabase, Cache, Queue],
        Told::Page,
        async |rig| {
            // The tries of this test add up otherwise.
            rig.house.wait(24 * 3600);
            Visit::login(rig).await
        },
        async |_, visit| visit.send(&[("username", "demo"), ("password", "wrong"), ("action", "sign-in")]).await,
        async |rig, visit, trial, answer| {
            assert_eq!((answer.status.as_u16(), answer.field("fault").as_str()), (422, "Some(Credentials)"), "{trial:?}");
            assert!(rig.house.queue.kinds()[visit.events..].contains(&"sign_in_failed"), "{trial:?}");
        },
    )
    .await;
}

/// A18: a yes that is sent again gives a code that is good, and is audited.
#[tokio::test]
async fn a_consent_is_sent_again_and_audited() {
    let rig = Rig::build().await;
    rig.takes_away(
        [UserDatabase, Cache, Queue],
        Told::Page,
        Visit::consent,
        async |_, visit| visit.send(&[("action", "allow")]).await,
        async |rig, visit, trial, answer| {
            assert_eq!(answer.status, 303, "{trial:?} {answer:?}");
            let code = answer.sent("code").unwrap();
            assert_eq!(rig.house.app.redeem(&rig.house, &code, &[]).await.status, 200, "{trial:?}");
            assert!(rig.house.queue.kinds()[visit.events..].contains(&"consent_granted"), "{trial:?}");
        },
    )
    .await;
}

/// A18: a no is told to the client when it is sent again, on either page.
#[tokio::test]
async fn a_denial_is_sent_again_and_audited() {
    let rig = Rig::build().await;
    rig.takes_away(
        [UserDatabase, Cache, Queue],
        Told::Page,
        Visit::consent,
        async |_, visit| visit.send(&[("action", "deny")]).await,
        async |rig, visit, trial, answer| {
            assert_eq!((answer.status.as_u16(), answer.sent("error").as_deref()), (303, Some("access_denied")), "{trial:?}");
            assert!(rig.house.queue.kinds()[visit.events..].contains(&"consent_denied"), "{trial:?}");
        },
    )
    .await;
    rig.takes_away(
        [UserDatabase, Cache],
        Told::Page,
        Visit::login,
        async |_, visit| visit.send(&[("action", "deny")]).await,
        async |_, _, trial, answer| assert_eq!(answer.sent("error").as_deref(), Some("access_denied"), "{trial:?}"),
    )
    .await;
}
