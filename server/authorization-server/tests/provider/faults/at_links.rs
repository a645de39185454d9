//! Sign-up and password reset: the request for a link, and the use of it.

use std::sync::atomic::{AtomicUsize, Ordering};

use protocol::OsRng;
use protocol::secret::Password;
use user_database::{AccountKeeper, Accounts as _};

use super::rig::{Rig, Room, Told};
use crate::answer::Answer;
use crate::browser::Browser;
use crate::house::{DEMO, PASSWORD};
use crate::links::mailbox::{NEW, asked_for_account, asked_for_password, send_account, send_address, send_password};

use Room::{Cache, Queue, UserDatabase};

/// A mailbox that no other trial has.
fn fresh() -> String {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    format!("person-{}@example.org", NUMBER.fetch_add(1, Ordering::Relaxed))
}

/// Attack 45: whoever asks for a link is answered without a question to the User Database, which alone knows who has an account.
#[tokio::test]
async fn a_link_is_asked_for_without_the_user_database() {
    let rig = Rig::build().await;
    for path in ["/sign-up", "/reset-password"] {
        for email in [fresh(), "demo@example.com".to_owned()] {
            let mut browser = rig.house.browser();
            let page = browser.get(path).await;
            let asked = async || send_address(&mut browser, &page, &email).await;
            let (answer, without) = rig.does_without(UserDatabase, asked).await;
            assert_eq!((answer.status.as_u16(), without), (303, true), "{path} {email}");
        }
    }
}

/// What was acknowledged is in the Queue; what was not is asked for again.
#[tokio::test]
async fn a_link_is_asked_for_again() {
    let rig = Rig::build().await;
    for (path, kind) in [("/sign-up", "sign_up_asked"), ("/reset-password", "password_reset_asked")] {
        rig.takes_away(
            [Cache, Queue],
            Told::Page,
            async |rig| {
                let mut browser = rig.house.browser();
                let page = browser.get(path).await;
                (browser, page, fresh(), rig.told(kind))
            },
            async |_, (browser, page, email, _)| send_address(browser, page, email).await,
            async |rig, (.., before), trial, answer| {
                assert_eq!(answer.status, 303, "{trial:?}");
                assert!(rig.told(kind) > before, "{trial:?}");
            },
        )
        .await;
    }
}

/// A browser before a form that a link led to.
struct AtForm {
    browser: Browser,
    page: Answer,
    email: String,
    username: String,
}

/// Whatever is lost on the way, there is one account in the end, its user is signed in, and the audit log knows.
#[tokio::test]
async fn an_account_is_opened_again() {
    let rig = Rig::build().await;
    rig.takes_away(
        [UserDatabase, Cache, Queue],
        Told::Page,
        async |rig| {
            let email = fresh();
            let (mut browser, link) = asked_for_account(&rig.house, &email).await;
            let page = browser.open(&link).await;
            let username = email.split('@').next().unwrap().to_owned();
            AtForm { browser, page, email, username }
        },
        async |_, visit| send_account(&mut visit.browser, &visit.page, &visit.username, NEW).await,
        async |rig, mut visit, trial, answer| {
            assert_eq!(answer.status, 303, "{trial:?} {answer:?}");
            assert_eq!(visit.browser.get("/").await.field("user"), "Ada Lovelace", "{trial:?}");
            let account = rig.house.users.by_login(&visit.email).await.unwrap().unwrap();
            let told = rig.house.queue.events().into_iter().filter(|event| {
                event.kind() == "account_opened" && event.subject() == Some(account.subject.to_string().as_str())
            });
            assert_eq!(told.count(), 1, "{trial:?}");
        },
    )
    .await;
}

/// Whatever is lost on the way, there is one password in the end, and no session from before.
#[tokio::test]
async fn a_password_is_reset_again() {
    let rig = Rig::build().await;
    rig.takes_away(
        [UserDatabase, Cache, Queue],
        Told::Page,
        async |rig| {
            // The tries of a test add up otherwise.
            rig.house.wait(24 * 3600);
            let hash = authorization_server::password::hash(&Password::new(PASSWORD), &OsRng).unwrap();
            AccountKeeper::set_password(&*rig.house.users, DEMO, &hash, rig.house.now()).await.unwrap();
            let mut thief = rig.house.browser();
            let login = thief.open("/account").await;
            assert_eq!(thief.log_in(&login).await.page(), "account");
            let (mut browser, link) = asked_for_password(&rig.house, "demo@example.com").await;
            let page = browser.open(&link).await;
            (browser, page, thief, rig.told("password_reset"))
        },
        async |_, (browser, page, ..)| send_password(browser, page, NEW).await,
        async |rig, (mut browser, _, mut thief, told), trial, answer| {
            assert_eq!(answer.status, 303, "{trial:?} {answer:?}");
            assert_eq!(browser.get("/").await.field("user"), "The demo account", "{trial:?}");
            assert_eq!(thief.get("/").await.field("user"), "nobody", "{trial:?}");
            assert_eq!(rig.told("password_reset"), told + 1, "{trial:?}");
            let mut anew = rig.house.browser();
            let login = anew.open("/account").await;
            assert_eq!(anew.log_in_as(&login, "demo", NEW).await.page(), "account", "{trial:?}");
        },
    )
    .await;
}

/// The pages in between are loaded again.
#[tokio::test]
async fn the_form_behind_a_link_is_loaded_again() {
    let rig = Rig::build().await;
    rig.takes_away(
        [UserDatabase],
        Told::Page,
        async |rig| {
            let (mut browser, link) = asked_for_account(&rig.house, &fresh()).await;
            let address = browser.get(&link).await.header("location").to_owned();
            (browser, address)
        },
        async |_, (browser, address)| browser.get(address).await,
        async |_, _, trial, answer| assert_eq!(answer.page(), "new-account", "{trial:?}"),
    )
    .await;
}
