//! Sign-up: an account is opened by whoever reads the mailbox.

use queue::Event;
use user_database::Accounts as _;

use super::mailbox::{ADA, Mailbox, NEW, ask, asked_for_account, send_account, send_address};
use crate::app::token;
use crate::house::House;

#[tokio::test]
async fn an_account_is_opened_from_a_sign_in_under_way() {
    let house = House::build().await;
    let (mut browser, mut mailbox) = (house.browser(), Mailbox::of(&house));
    browser.user_agent = Some("Desk");
    let login = browser.open(&house.app.begin(&house, &[("prompt", "login")]).await).await;
    let page = browser.get(&login.field("sign-up")).await;
    assert_eq!(page.field("back"), login.field("action"));
    let sent = send_address(&mut browser, &page, ADA).await;
    let sent = browser.follow(sent).await;
    assert_eq!((sent.page(), sent.field("minutes").as_str()), ("sent SignUp", "30"));
    assert_eq!((sent.field("back"), sent.field("again")), (login.field("action"), login.field("sign-up")));

    let form = browser.open(&mailbox.link(&house).await).await;
    assert_eq!((form.page(), form.field("email").as_str()), ("new-account", ADA));
    let policy = form.header("content-security-policy");
    assert!(policy.contains("form-action 'self' https://app.example;"), "it may lead on to the client: {policy}");
    let opened = send_account(&mut browser, &form, "ada", NEW).await;
    let consent = browser.follow(opened).await;
    assert_eq!((consent.page(), consent.field("email").as_str()), ("consent", ADA), "the sign-in goes on: {consent:?}");
    let code = browser.press(&consent, "allow").await.sent("code").unwrap();
    let tokens = house.app.redeem(&house, &code, &[]).await.json();
    let told = house.userinfo(token(&tokens, "access_token")).await.json();
    assert_eq!((told["email"].as_str(), told["email_verified"].as_bool()), (Some(ADA), Some(true)));
    assert_eq!((told["name"].as_str(), told["preferred_username"].as_str()), (Some("Ada Lovelace"), Some("ada")));

    let account = house.users.by_login(ADA).await.unwrap().unwrap();
    let opened = house.queue.events().into_iter().find_map(|event| match event {
        Event::AccountOpened { subject, user_agent, .. } => Some((subject, user_agent)),
        _ => None,
    });
    assert_eq!(opened, Some((account.subject.to_string(), Some("Desk".to_owned()))));
    let mut anew = house.browser();
    let login = anew.open("/account").await;
    assert_eq!(anew.log_in_as(&login, "Ada", NEW).await.page(), "account", "by name");
    let login = house.browser().open("/account").await;
    assert_eq!(login.page(), "login");
}

/// Where no sign-in is under way, or in another browser, the account page is next.
#[tokio::test]
async fn an_account_that_is_opened_elsewhere_leads_to_the_account_page() {
    let house = House::build().await;
    let (mut asking, mut mailbox) = (house.browser(), Mailbox::of(&house));
    let login = asking.open(&house.app.begin(&house, &[]).await).await;
    ask(&mut asking, &login.field("sign-up"), ADA).await;
    let mut phone = house.browser();
    let form = phone.open(&mailbox.link(&house).await).await;
    let opened = send_account(&mut phone, &form, "ada", NEW).await;
    let account = phone.follow(opened).await;
    assert_eq!((account.page(), account.field("notice").as_str()), ("account", "Some(AccountOpened)"));
    assert_eq!(account.field("user"), "Ada Lovelace <ada@example.org> true");
    // The browser that asked has got nothing by it.
    assert_eq!(asking.get("/").await.field("user"), "nobody");

    let (mut browser, link) = asked_for_account(&house, "grace@example.org").await;
    let form = browser.open(&link).await;
    let opened = send_account(&mut browser, &form, "grace", NEW).await;
    assert_eq!(browser.follow(opened).await.page(), "account", "no sign-in was under way at all");
}

/// Attack 36: whoever was signed in before in this browser is signed out, and no ticket is kept.
#[tokio::test]
async fn a_new_account_begins_with_a_session_of_its_own() {
    let house = House::build().await;
    let mut browser = house.browser();
    house.app.code(&house, &mut browser, &[]).await;
    let before = browser.cookies["__Host-provider"].clone();
    let (_, link) = asked_for_account(&house, ADA).await;
    let form = browser.open(&link).await;
    let opened = send_account(&mut browser, &form, "ada", NEW).await;
    assert_eq!(browser.follow(opened).await.field("user"), "Ada Lovelace <ada@example.org> true");
    assert_ne!(browser.cookies["__Host-provider"], before);
    assert!(!browser.cookies.keys().any(|name| name.starts_with("__Host-link.")), "{:?}", browser.cookies);
}

/// NIST SP 800-63B §3.1.1.2; and whatever is refused leaves the link as it was.
#[tokio::test]
async fn what_cannot_be_an_account_is_said_and_can_be_mended() {
    let house = House::build().await;
    let (mut browser, link) = asked_for_account(&house, ADA).await;
    let page = browser.open(&link).await;
    for (name, username, password, fault) in [
        ("", "ada", NEW, "Name"),
        ("Ada\u{7}", "ada", NEW, "Name"),
        ("Ada", "a", NEW, "Username"),
        ("Ada", "ada lovelace", NEW, "Username"),
        ("Ada", "demo", NEW, "UsernameTaken"),
        ("Ada", "ada", "short", "Password"),
        ("Ada", "ada", "password1", "GuessablePassword"),
        ("Ada", "ada", "ada@example.org", "GuessablePassword"),
    ] {
        let csrf = page.field("csrf");
        let fields = [("csrf", csrf.as_str()), ("name", name), ("username", username), ("new-password", password)];
        let refused = browser.post(&page.field("action"), &fields).await;
        assert_eq!((refused.status.as_u16(), refused.field("fault")), (422, format!("Some({fault})")), "{fields:?}");
        assert!(!refused.body.contains(NEW) && refused.field("username") == username, "{refused:?}");
    }
    assert!(house.users.by_login(ADA).await.unwrap().is_none());
    assert!(!house.queue.kinds().contains(&"account_opened"));
    let opened = send_account(&mut browser, &page, "ada", NEW).await;
    assert_eq!(browser.follow(opened).await.page(), "account");
}

/// Whoever has a link tries no names without end.
#[tokio::test]
async fn tries_with_one_link_are_slowed_down() {
    let house = House::build().await;
    let (mut browser, link) = asked_for_account(&house, ADA).await;
    let page = browser.open(&link).await;
    for _ in 0..10 {
        assert_eq!(send_account(&mut browser, &page, "demo", NEW).await.field("fault"), "Some(UsernameTaken)");
    }
    let waits = send_account(&mut browser, &page, "other", NEW).await;
    assert_eq!((waits.status.as_u16(), waits.header("retry-after")), (429, "5"));
    house.wait(5);
    let opened = send_account(&mut browser, &page, "ada", NEW).await;
    assert_eq!(browser.follow(opened).await.page(), "account");
}

/// What the operator does not want is not there, and links that were sent before lead nowhere.
#[tokio::test]
async fn what_is_off_is_not_there() {
    let house = House::with(|settings| settings.sign_up = false).await;
    let mut browser = house.browser();
    let login = browser.open("/account").await;
    assert_eq!((login.field("sign-up").as_str(), login.field("reset-password").is_empty()), ("off", false));
    for path in ["/sign-up", "/sign-up/sent"] {
        assert_eq!(browser.get(path).await.status, 404);
        assert_eq!(browser.post(path, &[("email", ADA)]).await.status, 404);
    }
    let event = Event::SignUpAsked { email: ADA.to_owned(), sign_in: None, user_agent: None, address: None };
    let envelope = queue::Envelope::new(event, &*house.clock, &protocol::OsRng);
    let letter = super::mailbox::writer(&house, &house.users).write(&envelope).await.unwrap().unwrap();
    let page = browser.open(&super::mailbox::link_in(&letter)).await;
    assert_eq!((page.status.as_u16(), page.page()), (410, "spent-link"));
    assert_eq!(page.field("sign-up"), "None");

    let house = House::with(|settings| (settings.sign_up, settings.password_reset) = (false, false)).await;
    for path in ["/sign-up", "/reset-password", "/confirm?token=x", "/confirm/x"] {
        assert_eq!(house.browser().get(path).await.status, 404, "{path}");
    }
}
