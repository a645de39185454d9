//! What happens to a link that is opened by machines, twice, or by two at once.

use std::sync::Arc;

use tokio::task::JoinSet;
use user_database::{AccountKeeper as _, Accounts as _, Links as _};

use super::mailbox::{ADA, NEW, asked_for_account, asked_for_password, send_account, send_password, token_in};
use crate::house::House;

/// Scanners of mail open links: nothing is opened, used or ended by that.
#[tokio::test]
async fn opening_a_link_changes_nothing() {
    let house = House::build().await;
    let (mut browser, link) = asked_for_account(&house, ADA).await;
    let before = house.queue.envelopes();
    for method in ["GET", "HEAD", "GET"] {
        let mut scanner = house.browser();
        let opened = scanner.send(method, &link, &[], String::new()).await;
        assert_eq!(opened.status, 302);
        let page = scanner.send(method, opened.location().as_str(), &[], String::new()).await;
        assert_eq!(page.status, 200, "{page:?}");
    }
    assert!(house.users.by_login(ADA).await.unwrap().is_none());
    assert_eq!(house.queue.envelopes(), before);
    let form = browser.open(&link).await;
    assert_eq!(send_account(&mut browser, &form, "ada", NEW).await.status, 303);
}

/// The user pressed twice, or the answer was lost: the form leads where it led, for whoever knows the password.
#[tokio::test]
async fn a_form_that_is_sent_twice_goes_on_twice() {
    let house = House::build().await;
    let (browser, link) = asked_for_account(&house, ADA).await;
    let mut first = browser;
    let form = first.open(&link).await;
    let mut second = first.clone();
    assert_eq!(send_account(&mut first, &form, "ada", NEW).await.status, 303);
    let again = send_account(&mut second, &form, "ada", NEW).await;
    assert_eq!(again.status, 303, "{again:?}");
    assert_eq!(second.follow(again).await.page(), "account");
    assert_eq!(house.users.list("", 10).await.unwrap().len(), 3);
    assert_eq!(house.queue.kinds().iter().filter(|kind| **kind == "account_opened").count(), 1);

    let (mut browser, link) = asked_for_password(&house, "demo@example.com").await;
    let form = browser.open(&link).await;
    let mut twin = browser.clone();
    house.wait(1);
    assert_eq!(send_password(&mut browser, &form, NEW).await.status, 303);
    assert_eq!(send_password(&mut twin, &form, NEW).await.status, 303);
    assert_eq!(house.queue.kinds().iter().filter(|kind| **kind == "password_reset").count(), 1);
}

/// Two confirmations of one link at once, by browsers that want different names: one account.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_confirmations_at_once_one_opens_an_account() {
    let house = Arc::new(House::build().await);
    let (_, link) = asked_for_account(&house, ADA).await;
    let mut confirming = JoinSet::new();
    for number in 0..4 {
        let (house, link) = (Arc::clone(&house), link.clone());
        confirming.spawn(async move {
            let mut browser = house.browser();
            let form = browser.open(&link).await;
            let password = format!("{NEW} number {number}");
            send_account(&mut browser, &form, &format!("ada-{number}"), &password).await.status.as_u16()
        });
    }
    let mut statuses = confirming.join_all().await;
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 410, 410, 410]);
    assert_eq!(house.users.list("", 10).await.unwrap().len(), 3, "the two that there were, and one");
}

/// Two sign-ups for one address: the newer link opens the account, and the older opens none.
#[tokio::test]
async fn two_sign_ups_for_one_address_give_one_account() {
    let house = House::build().await;
    let (mut first, older) = asked_for_account(&house, ADA).await;
    let form = first.open(&older).await;
    house.wait(1);
    let (mut second, newer) = asked_for_account(&house, "ADA@example.org").await;
    assert_eq!(send_account(&mut first, &form, "ada-1", NEW).await.status, 410);
    let form = second.open(&newer).await;
    assert_eq!(send_account(&mut second, &form, "ada-2", NEW).await.status, 303);
    assert_eq!(house.users.list("", 10).await.unwrap().len(), 3);
}

/// An account that an operator added meanwhile is nobody else's.
#[tokio::test]
async fn a_link_opens_no_second_account_for_an_address() {
    let house = House::build().await;
    let (mut browser, link) = asked_for_account(&house, ADA).await;
    let form = browser.open(&link).await;
    let hash = house.users.by_login("demo").await.unwrap().unwrap().password_hash;
    let added =
        user_database::Account { email: ADA.to_owned(), ..crate::house::account(uuid::Uuid::from_u128(3), "countess", &hash) };
    assert!(house.users.add(&added).await.unwrap());
    assert_eq!(send_account(&mut browser, &form, "ada", NEW).await.status, 410);
    assert_eq!(browser.open(&link).await.status, 410);
    assert!(house.users.by_login("ada").await.unwrap().is_none());
}

/// An event that is handled again (the mail server's answer was lost) writes the same letter, and revives no link that was used.
#[tokio::test]
async fn an_event_that_is_handled_twice_gives_one_link() {
    let house = House::build().await;
    let (mut browser, link) = asked_for_password(&house, "demo@example.com").await;
    let envelope = house.queue.envelopes().pop().unwrap();
    let writer = super::mailbox::writer(&house, &house.users);
    let again = writer.write(&envelope).await.unwrap().unwrap();
    assert_eq!(super::mailbox::link_in(&again), link);
    let form = browser.open(&link).await;
    house.wait(1);
    assert_eq!(send_password(&mut browser, &form, NEW).await.status, 303);
    assert_eq!(writer.write(&envelope).await.unwrap(), None, "the password was changed since");
    let digest = protocol::seal::digest("mailed link", token_in(&link).as_bytes());
    assert!(house.users.find(&digest, house.now()).await.unwrap().unwrap().used_at.is_some());
    assert_eq!(house.browser().open(&link).await.status, 410);
}

/// A letter that could not be written for a day is not wanted any more.
#[tokio::test]
async fn what_was_asked_long_ago_is_not_answered() {
    let house = House::build().await;
    super::mailbox::ask(&mut house.browser(), "/sign-up", ADA).await;
    let envelope = house.queue.envelopes().pop().unwrap();
    let writer = super::mailbox::writer(&house, &house.users);
    house.wait(24 * 3600 + 1);
    assert_eq!(writer.write(&envelope).await.unwrap(), None);
}
