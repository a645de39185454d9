//! A21: the account page.

use std::sync::atomic::Ordering;

use queue::Event;
use user_database::{AuditRecord, AuditTrail as _, Sessions as _};

use crate::answer::Answer;
use crate::app::token;
use crate::browser::Browser;
use crate::house::{DEMO, House, OTHER, PASSWORD};

const NEW: &str = "a whole new passphrase";

/// A house whose clients want to hear of the end of sessions.
async fn house() -> House {
    House::with(|settings| {
        for client in &mut settings.clients {
            client.backchannel_logout_uri = Some(format!("https://{}.example/logout", client.client_id).parse().unwrap());
        }
    })
    .await
}

/// A browser that calls itself `name`, on its account page by way of the login.
async fn at_account(house: &House, name: &'static str) -> (Browser, Answer) {
    let mut browser = house.browser();
    browser.user_agent = Some(name);
    let login = browser.open("/account").await;
    assert_eq!((login.page(), login.field("client").as_str()), ("login", "Account"));
    let page = browser.log_in(&login).await;
    assert_eq!(page.page(), "account", "{page:?}");
    (browser, page)
}

/// Sends a form of the page and goes where it leads.
async fn submit(browser: &mut Browser, page: &Answer, form: &str, fields: &[(&str, &str)]) -> Answer {
    let csrf = page.field("csrf");
    let fields: Vec<_> = fields.iter().copied().chain([("csrf", csrf.as_str())]).collect();
    let answer = browser.post(&format!("{}/{form}", page.field("action")), &fields).await;
    browser.follow(answer).await
}

fn ended(house: &House) -> Vec<String> {
    let ended = house.queue.events().into_iter().filter_map(|event| match event {
        Event::SessionEnded { client_id, .. } => Some(client_id),
        _ => None,
    });
    ended.collect()
}

#[tokio::test]
async fn the_page_shows_who_is_signed_in_by_way_of_the_login() {
    let house = house().await;
    let (mut browser, page) = at_account(&house, "Desk").await;
    assert_eq!(page.field("user"), "The demo account <demo@example.com> true");
    assert_ne!(page.field("device-this-Desk"), "");
    assert_eq!(browser.get("/account").await.page(), "account", "and asks no second time");
    for header in ["x-frame-options", "content-security-policy"] {
        assert_ne!(page.header(header), "");
    }
    assert_eq!(page.header("cache-control"), "no-store");
}

#[tokio::test]
async fn a_login_that_is_called_off_leads_home_and_not_to_the_account() {
    let house = house().await;
    let mut browser = house.browser();
    let login = browser.open("/account").await;
    assert_eq!(browser.press(&login, "deny").await.page(), "home");
}

#[tokio::test]
async fn a_name_is_changed_and_bad_ones_are_refused() {
    let house = house().await;
    let (mut browser, page) = at_account(&house, "Desk").await;
    let changed = submit(&mut browser, &page, "name", &[("name", "  Ada <b>L</b> ")]).await;
    assert_eq!(changed.field("user"), "Ada <b>L</b> <demo@example.com> true");
    assert_eq!(changed.field("notice"), "Some(NameChanged)");
    assert_eq!(browser.get("/account").await.field("notice"), "None", "told once");
    for name in ["", "   ", "a\u{0}b", "a\nb", &"x".repeat(255)] {
        let refused = submit(&mut browser, &page, "name", &[("name", name)]).await;
        assert_eq!((refused.status.as_u16(), refused.field("fault").as_str()), (422, "Some(Name)"));
    }
    let same = submit(&mut browser, &page, "name", &[("name", "Ada <b>L</b>")]).await;
    assert_eq!(same.field("notice"), "None");
    assert_eq!(house.queue.kinds(), ["name_changed"]);
}

/// A new password ends every other session and every grant, the clients hear of it, and this browser stays.
#[tokio::test]
async fn a_new_password_signs_out_everywhere_else() {
    let house = house().await;
    let mut phone = house.browser();
    let tokens = house.app.tokens(&house, &mut phone).await;
    let (mut desk, page) = at_account(&house, "Desk").await;
    let before = desk.cookies["__Host-provider"].clone();
    house.wait(5);
    let fields = [("current-password", PASSWORD), ("new-password", NEW)];
    let changed = submit(&mut desk, &page, "password", &fields).await;
    assert_eq!((changed.page(), changed.field("notice").as_str()), ("account", "Some(PasswordChanged)"));
    assert_ne!(desk.cookies["__Host-provider"], before, "attack 36: the ticket is a new one");
    assert_eq!(phone.get("/").await.field("user"), "nobody");
    assert_eq!(ended(&house), ["app"]);
    assert_eq!(house.app.refresh(&house, token(&tokens, "refresh_token"), &[]).await.error(), "invalid_grant");
    let told = house.queue.events().into_iter().find_map(|event| match event {
        Event::PasswordChanged { email, user_agent, .. } => Some((email, user_agent)),
        _ => None,
    });
    assert_eq!(told, Some(("demo@example.com".to_owned(), Some("Desk".to_owned()))));
    let login = phone.open("/account").await;
    assert_eq!(phone.log_in(&login).await.page(), "login", "the old password is worth nothing");
    let login = phone.open("/account").await;
    assert_eq!(phone.log_in_as(&login, "demo", NEW).await.page(), "account");
}

/// Whoever finds a browser open cannot take the account over, nor guess the password here faster than at the login (attack 48).
#[tokio::test]
async fn a_new_password_needs_the_old_one_and_guesses_are_slowed_down() {
    let house = house().await;
    let (mut browser, page) = at_account(&house, "Desk").await;
    let short = submit(&mut browser, &page, "password", &[("current-password", PASSWORD), ("new-password", "short")]).await;
    assert_eq!((short.status.as_u16(), short.field("fault").as_str()), (422, "Some(NewPassword)"));
    let mut last = short;
    for _ in 0..50 {
        last = submit(&mut browser, &page, "password", &[("current-password", "guess"), ("new-password", NEW)]).await;
        if last.status == 429 {
            break;
        }
        assert_eq!((last.status.as_u16(), last.field("fault").as_str()), (422, "Some(CurrentPassword)"));
    }
    assert_eq!(last.status, 429, "{last:?}");
    assert!(last.header("retry-after").parse::<u64>().unwrap() > 0);
    assert!(!house.queue.kinds().contains(&"password_changed"));
    assert!(house.queue.kinds().contains(&"sign_in_failed"));
}

#[tokio::test]
async fn a_device_is_signed_out_from_another() {
    let house = house().await;
    let mut phone = house.browser();
    phone.user_agent = Some("Phone");
    house.app.tokens(&house, &mut phone).await;
    let (mut desk, page) = at_account(&house, "Desk").await;
    let id = page.field("device-other-Phone");
    let after = submit(&mut desk, &page, "devices", &[("device", &id)]).await;
    assert_eq!(after.field("notice"), "Some(DeviceSignedOut)");
    assert!(!after.body.contains("Phone"), "{after:?}");
    assert_eq!(phone.get("/").await.field("user"), "nobody");
    assert_eq!(desk.get("/").await.field("user"), "The demo account");
    assert_eq!(ended(&house), ["app"]);
    let again = submit(&mut desk, &page, "devices", &[("device", &id)]).await;
    assert_eq!(again.field("notice"), "None", "there was nothing left to do");
}

#[tokio::test]
async fn all_other_devices_are_signed_out_at_once() {
    let house = house().await;
    let (mut first, _) = at_account(&house, "First").await;
    let (mut second, _) = at_account(&house, "Second").await;
    let (mut desk, page) = at_account(&house, "Desk").await;
    let after = submit(&mut desk, &page, "devices", &[]).await;
    assert_eq!(after.field("notice"), "Some(OthersSignedOut)");
    for browser in [&mut first, &mut second] {
        assert_eq!(browser.get("/").await.field("user"), "nobody");
    }
    let login = desk.get("/account").await;
    assert_eq!(login.page(), "account");
    let left = submit(&mut desk, &login, "devices", &[("device", &login.field("device-this-Desk"))]).await;
    assert_eq!(left.page(), "login", "this one too, where asked for");
}

/// A session that ran idle is not shown, though the book still has it.
#[tokio::test]
async fn an_idle_device_is_not_shown() {
    let house = house().await;
    at_account(&house, "Idle").await;
    house.wait(9 * 3600);
    let (_, page) = at_account(&house, "Desk").await;
    assert!(!page.body.contains("Idle"), "{page:?}");
    assert_eq!(house.users.of_subject(DEMO, house.now()).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_connected_application_is_shown_and_disconnected() {
    let house = house().await;
    let mut browser = house.browser();
    let tokens = house.app.tokens(&house, &mut browser).await;
    house.app.code(&house, &mut browser, &[("scope", "openid notes")]).await;
    let page = browser.get("/account").await;
    let line = page.field("application-app");
    assert!(line.starts_with("The app client at Some(\"app.example\"): ") && line.contains("notes"), "{line}");
    let after = submit(&mut browser, &page, "applications", &[("application", "app")]).await;
    assert_eq!(after.field("notice"), "Some(ApplicationRemoved)");
    assert!(!after.body.contains("application-app="), "{after:?}");
    assert_eq!(ended(&house), ["app"], "it signs its user out");
    assert_eq!(house.app.refresh(&house, token(&tokens, "refresh_token"), &[]).await.error(), "invalid_grant");
    assert_eq!(house.userinfo(token(&tokens, "access_token")).await.status, 401);
    let asked = browser.open(&house.app.begin(&house, &[]).await).await;
    assert_eq!(asked.page(), "consent", "it has to ask again");
    let again = submit(&mut browser, &page, "applications", &[("application", "app")]).await;
    assert_eq!(again.field("notice"), "None");
}

/// Attack 40: another user's device or application is out of reach, whoever knows its identifier.
#[tokio::test]
async fn nothing_of_another_users_is_in_reach() {
    let house = house().await;
    let mut victim = house.browser();
    victim.user_agent = Some("Victim");
    let tokens = house.app.tokens(&house, &mut victim).await;
    let id = victim.get("/account").await.field("device-this-Victim");
    let mut thief = house.browser();
    let login = thief.open("/account").await;
    let page = thief.log_in_as(&login, "other", PASSWORD).await;
    assert!(!page.body.contains("Victim") && !page.body.contains("application-app"), "{page:?}");
    for (form, field, value) in [("devices", "device", id.as_str()), ("applications", "application", "app")] {
        assert_eq!(submit(&mut thief, &page, form, &[(field, value)]).await.field("notice"), "None");
    }
    assert_eq!(victim.get("/").await.field("user"), "The demo account");
    assert_eq!(house.app.refresh(&house, token(&tokens, "refresh_token"), &[]).await.status, 200);
    assert_eq!(house.users.of_subject(OTHER, house.now()).await.unwrap().len(), 1);
}

/// A form counts only from a page of ours, in the session that it was made for.
#[tokio::test]
async fn a_form_from_elsewhere_changes_nothing() {
    let house = house().await;
    let (mut browser, page) = at_account(&house, "Desk").await;
    let (_, other) = at_account(&house, "Phone").await;
    let csrf = page.field("csrf");
    for (site, token) in
        [("cross-site", csrf.as_str()), ("same-site", &csrf), ("same-origin", ""), ("same-origin", &other.field("csrf"))]
    {
        for form in ["name", "password", "devices", "applications"] {
            let fields = [("csrf", token), ("name", "Mallory"), ("current-password", PASSWORD), ("new-password", NEW)];
            let refused = browser.post_from(site, &format!("/account/{form}"), &fields).await;
            assert_eq!(refused.status, 403, "{form} {site}");
        }
    }
    assert_eq!(house.queue.kinds(), [""; 0]);
    assert_eq!(browser.post("/account/unknown", &[("csrf", &csrf)]).await.status, 404);
    let mut nobody = house.browser();
    let login = nobody.post("/account/devices", &[("csrf", &csrf)]).await;
    assert_eq!(login.status, 303);
    assert_eq!(nobody.follow(login).await.page(), "login");
}

#[tokio::test]
async fn what_happened_is_told_in_the_users_terms() {
    let house = house().await;
    let (mut browser, _) = at_account(&house, "Desk").await;
    let subject = DEMO.to_string();
    let log = [
        (
            "sign_in_failed",
            serde_json::to_value(Event::SignInFailed {
                subject: Some(subject.clone()),
                client_id: None,
                address: Some("192.0.2.7".into()),
            }),
        ),
        (
            "session_ended",
            serde_json::to_value(Event::SessionEnded { subject: subject.clone(), client_id: "app".into(), sid: "s".into() }),
        ),
        (
            "consent_granted",
            serde_json::to_value(Event::ConsentGranted {
                subject: subject.clone(),
                client_id: "app".into(),
                scope: "openid".into(),
            }),
        ),
        ("consent_denied", serde_json::to_value(Event::ConsentDenied { subject: subject.clone(), client_id: "gone".into() })),
        ("account_password_set", Ok(serde_json::json!({ "username": "demo" }))),
        ("of_another_version", Ok(serde_json::json!({ "something": "else" }))),
    ];
    for (index, (kind, details)) in log.into_iter().enumerate() {
        let record = AuditRecord {
            id: uuid::Uuid::from_u128(index as u128),
            at: house.now() + jiff::SignedDuration::from_secs(index.try_into().unwrap()),
            kind: kind.to_owned(),
            subject: Some(subject.clone()),
            details: details.unwrap(),
        };
        house.users.record(&record).await.unwrap();
    }
    let page = browser.get("/account").await;
    let told: Vec<_> = page.body.lines().filter_map(|line| line.strip_prefix("activity=")).collect();
    let expected =
        ["PasswordSet None", "Denied(\"gone\") None", "Allowed(\"The app client\") None", "SignInFailed Some(\"192.0.2.7\")"];
    assert_eq!(told, expected);
}

/// A box that does not answer leaves everything as it was, and says so.
#[tokio::test]
async fn without_the_queue_nothing_is_changed() {
    let house = house().await;
    let mut browser = house.browser();
    let tokens = house.app.tokens(&house, &mut browser).await;
    let (_, _) = at_account(&house, "Phone").await;
    let page = browser.get("/account").await;
    house.queue.broken.store(true, Ordering::SeqCst);
    for (form, fields) in [
        ("name", &[("name", "Mallory")][..]),
        ("password", &[("current-password", PASSWORD), ("new-password", NEW)]),
        ("devices", &[]),
        ("applications", &[("application", "app")]),
    ] {
        let refused = submit(&mut browser, &page, form, fields).await;
        assert_eq!((refused.status.as_u16(), refused.page()), (503, "problem Unavailable"), "{form}");
    }
    house.queue.broken.store(false, Ordering::SeqCst);
    let after = browser.get("/account").await;
    assert_eq!(after.field("user"), "The demo account <demo@example.com> true");
    assert!(after.body.contains("device-other-Phone=") && after.body.contains("application-app="), "{after:?}");
    assert_eq!(house.app.refresh(&house, token(&tokens, "refresh_token"), &[]).await.status, 200);
    let login = house.browser().open("/account").await;
    assert_eq!(login.page(), "login");
}
