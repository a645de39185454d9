//! The provider's session: its beginning anew, its end, and the page that shows it.

use super::rig::{Rig, Room, Told};
use crate::answer::Answer;
use crate::app::token;
use crate::browser::Browser;
use crate::house::{PASSWORD, form};

use Room::{Cache, Queue, UserDatabase};

struct SignedIn {
    browser: Browser,
    id_token: String,
    ended: usize,
}

impl SignedIn {
    async fn begin(rig: &Rig) -> Self {
        let mut browser = rig.house.browser();
        let tokens = rig.house.app.tokens(&rig.house, &mut browser).await;
        Self { browser, id_token: token(&tokens, "id_token").to_owned(), ended: rig.told("session_ended") }
    }

    /// Another page to sign in on, of another client.
    async fn again(rig: &Rig) -> (Self, Answer) {
        let mut this = Self::begin(rig).await;
        let page = this.browser.open(&rig.house.plain.begin(&rig.house, &[("prompt", "login")]).await).await;
        assert_eq!(page.page(), "login");
        (this, page)
    }

    async fn log_in(&mut self, page: &Answer, username: &str) -> Answer {
        let csrf = page.field("csrf");
        let fields = [("csrf", csrf.as_str()), ("username", username), ("password", PASSWORD), ("action", "sign-in")];
        self.browser.post(&page.field("action"), &fields).await
    }
}

/// A20: signing out that was interrupted is done again, and the client is told.
#[tokio::test]
async fn a_sign_out_is_tried_again_and_told() {
    let rig = Rig::build().await;
    rig.takes_away(
        [UserDatabase, Cache, Queue],
        Told::Page,
        SignedIn::begin,
        async |_, known| known.browser.get(&format!("/end_session?{}", form(&[("id_token_hint", &known.id_token)]))).await,
        async |rig, mut known, trial, answer| {
            assert_eq!(answer.page(), "signed-out", "{trial:?}");
            assert!(rig.told("session_ended") > known.ended, "{trial:?}");
            assert_eq!(known.browser.get("/").await.field("user"), "nobody", "{trial:?}");
        },
    )
    .await;
}

/// A20: the same by the provider's own page.
#[tokio::test]
async fn a_confirmed_sign_out_is_tried_again_and_told() {
    let rig = Rig::build().await;
    rig.takes_away(
        [UserDatabase, Cache, Queue],
        Told::Page,
        async |rig| {
            let mut known = SignedIn::begin(rig).await;
            let page = known.browser.get("/end_session").await;
            (known, page)
        },
        async |_, (known, page)| known.browser.post(&page.field("action"), &[("csrf", &page.field("csrf"))]).await,
        async |rig, (known, _), trial, answer| {
            assert_eq!(answer.page(), "signed-out", "{trial:?}");
            assert!(rig.told("session_ended") > known.ended, "{trial:?}");
        },
    )
    .await;
}

/// A20: a session that is renewed keeps its clients, so that they hear of its end however the renewal went.
#[tokio::test]
async fn a_session_that_is_renewed_forgets_no_client() {
    let rig = Rig::build().await;
    rig.takes_away(
        [UserDatabase, Cache],
        Told::Page,
        SignedIn::again,
        async |_, (known, page)| known.log_in(page, "demo").await,
        async |rig, (mut known, _), trial, answer| {
            assert_eq!(answer.status, 303, "{trial:?} {answer:?}");
            let page = known.browser.get("/end_session").await;
            assert_eq!(known.browser.press(&page, "sign-out").await.page(), "signed-out", "{trial:?}");
            assert!(rig.told("session_ended") > known.ended, "{trial:?}");
        },
    )
    .await;
}

/// A20: whose session ends because another user signs in hears of it.
#[tokio::test]
async fn another_user_ends_the_session_before_and_its_clients_hear_of_it() {
    let rig = Rig::build().await;
    rig.takes_away(
        [UserDatabase, Cache, Queue],
        Told::Page,
        SignedIn::again,
        async |_, (known, page)| known.log_in(page, "other").await,
        async |rig, (known, _), trial, answer| {
            assert_eq!(answer.status, 303, "{trial:?} {answer:?}");
            assert!(rig.told("session_ended") > known.ended, "{trial:?}");
        },
    )
    .await;
}

/// The front page.
#[tokio::test]
async fn the_front_page_is_loaded_again() {
    let rig = Rig::build().await;
    rig.takes_away(
        [UserDatabase, Cache],
        Told::Page,
        SignedIn::begin,
        async |_, known| known.browser.get("/").await,
        async |_, _, trial, answer| assert_eq!(answer.field("user"), "The demo account", "{trial:?}"),
    )
    .await;
}
