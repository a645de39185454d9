//! Attack 47: a link for a new password is good once, not for long, and ends every session.

use queue::Event;
use user_database::{AccountKeeper as _, Accounts as _};

use super::mailbox::{ADA, Mailbox, NEW, ask, asked_for_password, send_address, send_password};
use crate::app::token;
use crate::house::{DEMO, House, PASSWORD};

const DEMO_MAIL: &str = "demo@example.com";

/// A house whose clients want to hear of sign-outs.
async fn house() -> House {
    House::with(|settings| {
        for client in &mut settings.clients {
            client.backchannel_logout_uri = Some("https://app.example/backchannel".parse().unwrap());
        }
    })
    .await
}

/// Attack 47: every session of the account ends, its clients hear of it, and its tokens are worth nothing.
#[tokio::test]
async fn a_new_password_ends_every_session() {
    let house = house().await;
    let mut thief = house.browser();
    let tokens = house.app.tokens(&house, &mut thief).await;
    house.wait(5);
    let mut mailbox = Mailbox::of(&house);
    mailbox.letters(&house).await;
    let mut browser = house.browser();
    browser.user_agent = Some("Desk");
    let login = browser.open(&house.plain.begin(&house, &[]).await).await;
    let page = browser.get(&login.field("reset-password")).await;
    let sent = send_address(&mut browser, &page, "Demo@Example.com").await;
    assert_eq!(browser.follow(sent).await.page(), "sent PasswordReset");
    let form = browser.open(&mailbox.link(&house).await).await;
    assert_eq!((form.page(), form.field("email").as_str(), form.field("username").as_str()), ("new-password", DEMO_MAIL, "demo"));
    assert!(form.header("content-security-policy").contains("https://plain.example"), "{form:?}");
    assert_eq!(thief.get("/").await.field("user"), "The demo account", "until then nothing has changed");
    let changed = send_password(&mut browser, &form, NEW).await;
    assert_eq!(changed.status, 303);
    assert_eq!(browser.follow(changed).await.page(), "consent", "the sign-in goes on");

    assert_eq!(thief.get("/").await.field("user"), "nobody");
    assert_eq!(house.app.refresh(&house, token(&tokens, "refresh_token"), &[]).await.error(), "invalid_grant");
    assert!(
        house.queue.events().iter().any(|event| matches!(event, Event::SessionEnded { client_id, .. } if client_id == "app"))
    );
    let told = house.queue.events().into_iter().find_map(|event| match event {
        Event::PasswordReset { subject, email, user_agent, .. } => Some((subject, email, user_agent)),
        _ => None,
    });
    assert_eq!(told, Some((DEMO.to_string(), DEMO_MAIL.to_owned(), Some("Desk".to_owned()))), "the owner is written to");
    let mut anew = house.browser();
    let login = anew.open("/account").await;
    assert_eq!(anew.log_in(&login).await.page(), "login", "the old password is worth nothing");
    let login = anew.open("/account").await;
    assert_eq!(anew.log_in_as(&login, "demo", NEW).await.page(), "account");
}

/// Attack 47: a link is used once; a copy of it is worth nothing.
#[tokio::test]
async fn a_link_is_good_once() {
    let house = house().await;
    let (mut browser, link) = asked_for_password(&house, DEMO_MAIL).await;
    let form = browser.open(&link).await;
    let mut thief = house.browser();
    let copy = thief.open(&link).await;
    assert_eq!(copy.page(), "new-password", "opened twice, it is still unused");
    let changed = send_password(&mut browser, &form, NEW).await;
    let account = browser.follow(changed).await;
    assert_eq!((account.page(), account.field("notice").as_str()), ("account", "Some(PasswordReset)"));
    let late = send_password(&mut thief, &copy, "another new passphrase").await;
    assert_eq!((late.status.as_u16(), late.page()), (410, "spent-link"));
    let late = thief.open(&link).await;
    assert_eq!((late.status.as_u16(), late.page()), (410, "spent-link"));
    assert_eq!(thief.get("/").await.field("user"), "nobody");
    house.wait(61);
    let late = send_password(&mut thief, &copy, NEW).await;
    assert_eq!(late.status, 410, "after a minute not even the right password goes on by it");
    let login = thief.open("/account").await;
    assert_eq!(thief.log_in_as(&login, "demo", NEW).await.page(), "account");
}

/// Attack 47: a link is good for half an hour from when it was written, and no longer, opened or not.
#[tokio::test]
async fn a_link_expires() {
    let house = house().await;
    let (mut browser, link) = asked_for_password(&house, DEMO_MAIL).await;
    house.wait(30 * 60 - 1);
    let form = browser.open(&link).await;
    assert_eq!(form.page(), "new-password");
    house.wait(1);
    let late = send_password(&mut browser, &form, NEW).await;
    assert_eq!((late.status.as_u16(), late.page()), (410, "spent-link"));
    assert_eq!(browser.open(&link).await.page(), "spent-link");
    assert_eq!(house.users.by_login("demo").await.unwrap().unwrap().sessions_since, jiff::Timestamp::UNIX_EPOCH);
}

/// Attack 47: of two links the newer one counts.
#[tokio::test]
async fn a_newer_link_replaces_the_older() {
    let house = house().await;
    let (mut browser, older) = asked_for_password(&house, DEMO_MAIL).await;
    let form = browser.open(&older).await;
    house.wait(1);
    let (_, newer) = asked_for_password(&house, DEMO_MAIL).await;
    assert_ne!(older, newer);
    assert_eq!(send_password(&mut browser, &form, NEW).await.status, 410);
    assert_eq!(browser.open(&older).await.status, 410);
    assert_eq!(browser.open(&newer).await.page(), "new-password");
}

/// Attack 47: a link in a mailbox does not outlive a change of the password, nor one that comes late to be written.
#[tokio::test]
async fn a_password_change_ends_links() {
    let house = house().await;
    let (mut browser, link) = asked_for_password(&house, DEMO_MAIL).await;
    let form = browser.open(&link).await;
    let mut mailbox = Mailbox::of(&house);
    mailbox.letters(&house).await;
    ask(&mut house.browser(), "/reset-password", DEMO_MAIL).await;
    house.wait(1);
    let mut owner = house.browser();
    let login = owner.open("/account").await;
    let account = owner.log_in(&login).await;
    let fields = [("csrf", account.field("csrf")), ("current-password", PASSWORD.to_owned()), ("new-password", NEW.to_owned())];
    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(owner.post("/account/password", &fields).await.status, 303);
    assert_eq!(send_password(&mut browser, &form, "chosen by somebody else").await.status, 410);
    let letters = mailbox.letters(&house).await;
    assert!(letters.iter().all(|letter| !letter.body.contains("token")), "{letters:?}");
}

/// An account that was disabled meanwhile is not revived.
#[tokio::test]
async fn a_disabled_account_gets_no_password() {
    let house = house().await;
    let (mut browser, link) = asked_for_password(&house, DEMO_MAIL).await;
    let form = browser.open(&link).await;
    house.users.set_disabled(DEMO, true, house.now()).await.unwrap();
    assert_eq!(send_password(&mut browser, &form, NEW).await.status, 410);
    assert_eq!(browser.open(&link).await.status, 410);
    assert!(!house.queue.kinds().contains(&"password_reset"));
}

/// A password that is too short or soon guessed is refused, and the link is still good.
#[tokio::test]
async fn a_weak_password_is_refused() {
    let house = house().await;
    let (mut browser, link) = asked_for_password(&house, DEMO_MAIL).await;
    let form = browser.open(&link).await;
    for (weak, fault) in [("short", "Some(Password)"), ("", "Some(Password)"), ("demo@example.com", "Some(GuessablePassword)")] {
        let refused = send_password(&mut browser, &form, weak).await;
        assert_eq!((refused.status.as_u16(), refused.field("fault").as_str()), (422, fault), "{weak}");
    }
    assert_eq!(send_password(&mut browser, &form, NEW).await.status, 303);
}

/// Whoever opened the link reads the mailbox.
#[tokio::test]
async fn a_reset_verifies_the_address() {
    let house = house().await;
    let hash = house.users.by_login("demo").await.unwrap().unwrap().password_hash;
    let unverified = user_database::Account {
        email: ADA.to_owned(),
        email_verified: false,
        ..crate::house::account(uuid::Uuid::from_u128(3), "ada", &hash)
    };
    assert!(house.users.add(&unverified).await.unwrap());
    let (mut browser, link) = asked_for_password(&house, ADA).await;
    let form = browser.open(&link).await;
    assert_eq!(send_password(&mut browser, &form, NEW).await.status, 303);
    assert!(house.users.by_login("ada").await.unwrap().unwrap().email_verified);
}
