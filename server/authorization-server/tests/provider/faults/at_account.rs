//! A21: the account page and its forms.

use super::rig::{Rig, Room, Told};
use crate::answer::Answer;
use crate::browser::Browser;
use crate::house::PASSWORD;

use Room::{Cache, Queue, UserDatabase};

const NEW: &str = "a whole new passphrase";

/// Two browsers of one user, the first on its account page, with a client in each.
struct AtAccount {
    desk: Browser,
    phone: Browser,
    page: Answer,
    ended: usize,
}

impl AtAccount {
    async fn begin(rig: &Rig) -> Self {
        // The tries of a test add up otherwise.
        rig.house.wait(24 * 3600);
        Self::with_password(rig, PASSWORD).await
    }

    async fn with_password(rig: &Rig, password: &str) -> Self {
        let [mut desk, mut phone] = [rig.house.browser(), rig.house.browser()];
        phone.user_agent = Some("Phone");
        for browser in [&mut desk, &mut phone] {
            let login = browser.open(&rig.house.app.begin(&rig.house, &[]).await).await;
            let answer = browser.log_in_as(&login, "demo", password).await;
            if answer.page() == "consent" {
                browser.press(&answer, "allow").await;
            }
        }
        let page = desk.get("/account").await;
        Self { desk, phone, page, ended: rig.told("session_ended") }
    }

    async fn send(&mut self, name: &str, fields: &[(&str, &str)]) -> Answer {
        let csrf = self.page.field("csrf");
        let fields = [&[("csrf", csrf.as_str())], fields].concat();
        self.desk.post(&format!("/account/{name}"), &fields).await
    }
}

#[tokio::test]
async fn the_page_is_loaded_again() {
    let rig = Rig::build().await;
    rig.takes_away(
        [UserDatabase, Cache],
        Told::Page,
        AtAccount::begin,
        async |_, visit| visit.desk.get("/account").await,
        async |_, _, trial, answer| assert_eq!(answer.page(), "account", "{trial:?}"),
    )
    .await;
}

#[tokio::test]
async fn a_name_is_sent_again() {
    let rig = Rig::build().await;
    rig.takes_away(
        [UserDatabase, Cache, Queue],
        Told::Page,
        async |rig| {
            let visit = AtAccount::begin(rig).await;
            user_database::AccountKeeper::set_name(&*rig.house.users, crate::house::DEMO, "Before").await.unwrap();
            (visit, rig.told("name_changed"))
        },
        async |_, (visit, _)| visit.send("name", &[("name", "After")]).await,
        async |rig, (mut visit, told), trial, answer| {
            assert_eq!(answer.status, 303, "{trial:?}");
            assert!(visit.desk.get("/account").await.field("user").starts_with("After"), "{trial:?}");
            assert!(rig.told("name_changed") > told, "{trial:?}");
        },
    )
    .await;
}

/// A20: the other device is out in the end, and its client was told.
#[tokio::test]
async fn a_device_is_signed_out_again() {
    let rig = Rig::build().await;
    rig.takes_away(
        [UserDatabase, Cache, Queue],
        Told::Page,
        AtAccount::begin,
        async |_, visit| {
            let phone = visit.page.field("device-other-Phone");
            visit.send("devices", &[("device", &phone)]).await
        },
        async |rig, mut visit, trial, answer| {
            assert_eq!(answer.status, 303, "{trial:?}");
            assert!(rig.told("session_ended") > visit.ended, "{trial:?}");
            assert_eq!(visit.phone.get("/").await.field("user"), "nobody", "{trial:?}");
            assert_eq!(visit.desk.get("/").await.field("user"), "The demo account", "{trial:?}");
        },
    )
    .await;
}

#[tokio::test]
async fn an_application_is_removed_again() {
    let rig = Rig::build().await;
    rig.takes_away(
        [UserDatabase, Cache, Queue],
        Told::Page,
        AtAccount::begin,
        async |_, visit| visit.send("applications", &[("application", "app")]).await,
        async |rig, mut visit, trial, answer| {
            assert_eq!(answer.status, 303, "{trial:?}");
            assert!(rig.told("session_ended") >= visit.ended + 2, "{trial:?}: on both devices");
            let asked = visit.desk.open(&rig.house.app.begin(&rig.house, &[]).await).await;
            assert_eq!(asked.page(), "consent", "{trial:?}");
        },
    )
    .await;
}

/// Whatever is lost on the way, there is one password in the end, and no session of the other device.
#[tokio::test]
async fn a_password_is_changed_again() {
    let rig = Rig::build().await;
    rig.takes_away(
        [UserDatabase, Cache, Queue],
        Told::Page,
        async |rig| {
            rig.house.wait(24 * 3600);
            let hash =
                authorization_server::password::hash(&protocol::secret::Password::new(PASSWORD), &protocol::OsRng).unwrap();
            let now = rig.house.now();
            user_database::AccountKeeper::set_password(&*rig.house.users, crate::house::DEMO, &hash, now).await.unwrap();
            AtAccount::with_password(rig, PASSWORD).await
        },
        async |_, visit| visit.send("password", &[("current-password", PASSWORD), ("new-password", NEW)]).await,
        async |rig, mut visit, trial, answer| {
            let [known, ended] = ["password_changed", "session_ended"].map(|kind| rig.told(kind));
            assert!(known > 0 && ended >= visit.ended + 2, "{trial:?}");
            assert_eq!(visit.phone.get("/").await.field("user"), "nobody", "{trial:?}");
            let changed = answer.status == 303;
            assert!(changed || trial.was_lost(), "{trial:?} {answer:?}");
            let mut anew = rig.house.browser();
            let login = anew.open("/account").await;
            assert_eq!(anew.log_in_as(&login, "demo", PASSWORD).await.page(), "login", "{trial:?}: the old one is worth nothing");
            let login = anew.open("/account").await;
            assert_eq!(anew.log_in_as(&login, "demo", NEW).await.page(), "account", "{trial:?}");
        },
    )
    .await;
}
