//! Links that are sent by e-mail: one for each purpose and address, good once, and gone with what they were for.

use futures::future::join_all;
use user_database::{Account, AccountKeeper as _, Accounts, Grants as _, Link, LinkPurpose, Links as _, Opening, SqlDatabase};
use uuid::Uuid;

use crate::engines::{Home, on_every_engine};
use crate::samples::{account, at, grant, token};

on_every_engine![
    a_link_is_found_by_its_digest_until_it_expires,
    a_newer_link_replaces_the_one_before_it,
    an_account_is_opened_once,
    an_account_whose_name_is_taken_leaves_the_link_as_it_was,
    of_many_that_open_an_account_at_once_one_does,
    two_links_for_one_name_give_one_account,
    a_password_is_reset_once_and_ends_what_there_was,
    of_many_that_reset_a_password_at_once_one_does,
    a_link_ends_with_a_password_change_and_with_disabling,
    a_link_resets_no_password_of_an_account_that_is_disabled_or_gone,
    links_that_expired_are_pruned,
];

/// A link that was asked for in second `asked` and is good for half an hour.
pub(crate) fn link(purpose: LinkPurpose, address: &str, asked: i64) -> Link {
    Link {
        purpose,
        digest: format!("the digest of {}", Uuid::now_v7()),
        address: address.to_owned(),
        subject: Uuid::now_v7(),
        sign_in: Some("a-sign-in".to_owned()),
        asked_at: at(asked),
        expires_at: at(asked + 1800),
        used_at: None,
    }
}

async fn issued(database: &SqlDatabase, purpose: LinkPurpose, address: &str) -> Link {
    let link = link(purpose, address, 0);
    assert!(database.issue(&link).await.unwrap());
    link
}

/// The account that `link` is to open.
pub(crate) fn newcomer(link: &Link, username: &str) -> Account {
    Account { subject: link.subject, email: link.address.clone(), ..account(username) }
}

/// An account, and a link to choose a new password for it.
async fn forgetful(database: &SqlDatabase, username: &str) -> (Account, Link) {
    let account = Account { email_verified: false, ..account(username) };
    assert!(Accounts::add(database, &account).await.unwrap());
    let link = Link { subject: account.subject, ..link(LinkPurpose::PasswordReset, &account.email, 0) };
    assert!(database.issue(&link).await.unwrap());
    (account, link)
}

async fn password_of(database: &SqlDatabase, account: &Account) -> String {
    database.by_subject(account.subject).await.unwrap().unwrap().password_hash
}

async fn a_link_is_found_by_its_digest_until_it_expires(home: &Home) {
    let database = home.open().await;
    let link = issued(&database, LinkPurpose::SignUp, "Ada@example.org").await;
    assert_eq!(database.find(&link.digest, at(1799)).await.unwrap(), Some(link.clone()));
    assert_eq!(database.find(&link.digest, at(1800)).await.unwrap(), None);
    assert_eq!(database.find("another digest", at(1)).await.unwrap(), None);
    let opened = database.open_account(&link.digest, &newcomer(&link, "ada"), at(1800)).await.unwrap();
    assert_eq!(opened, Opening::Spent, "an expired one opens nothing");
}

/// Attack 47: of several links in a mailbox the one counts that was asked for last, in whatever order they were handled.
async fn a_newer_link_replaces_the_one_before_it(home: &Home) {
    let database = home.open().await;
    let (first, second) = (link(LinkPurpose::SignUp, "ada@example.org", 0), link(LinkPurpose::SignUp, "ADA@example.org", 1));
    let reset = issued(&database, LinkPurpose::PasswordReset, "ada@example.org").await;
    assert!(database.issue(&first).await.unwrap());
    assert!(database.issue(&first).await.unwrap(), "kept again, it is the same");
    assert!(database.issue(&second).await.unwrap());
    assert!(!database.issue(&first).await.unwrap(), "handled once more, it comes too late");
    assert_eq!(database.find(&first.digest, at(2)).await.unwrap(), None);
    assert_eq!(database.find(&second.digest, at(2)).await.unwrap(), Some(second));
    assert_eq!(database.find(&reset.digest, at(2)).await.unwrap(), Some(reset), "of another purpose");
}

async fn an_account_is_opened_once(home: &Home) {
    let database = home.open().await;
    let link = issued(&database, LinkPurpose::SignUp, "ada@example.org").await;
    let ada = newcomer(&link, "ada");
    assert!(!database.reset_password(&link.digest, "$argon2id$new", at(1)).await.unwrap(), "it is for something else");
    assert_eq!(database.open_account(&link.digest, &ada, at(1)).await.unwrap(), Opening::Opened);
    assert_eq!(database.by_login("ada@example.org").await.unwrap(), Some(ada));
    let again = Account { subject: Uuid::now_v7(), email: "other@example.org".to_owned(), ..account("other") };
    assert_eq!(database.open_account(&link.digest, &again, at(2)).await.unwrap(), Opening::Spent);
    assert!(database.by_login("other").await.unwrap().is_none());
    assert_eq!(database.find(&link.digest, at(2)).await.unwrap().unwrap().used_at, Some(at(1)));
    assert!(database.issue(&link).await.unwrap(), "handled once more");
    assert_eq!(database.find(&link.digest, at(2)).await.unwrap().unwrap().used_at, Some(at(1)), "it stays used");
}

async fn an_account_whose_name_is_taken_leaves_the_link_as_it_was(home: &Home) {
    let database = home.open().await;
    assert!(Accounts::add(&*database, &account("ada")).await.unwrap());
    let link = issued(&database, LinkPurpose::SignUp, "countess@example.org").await;
    assert_eq!(database.open_account(&link.digest, &newcomer(&link, "ada"), at(1)).await.unwrap(), Opening::Taken);
    assert!(database.by_login("countess@example.org").await.unwrap().is_none());
    assert_eq!(database.open_account(&link.digest, &newcomer(&link, "countess"), at(2)).await.unwrap(), Opening::Opened);
}

async fn of_many_that_open_an_account_at_once_one_does(home: &Home) {
    let replicas = [home.open().await, home.open().await];
    let link = issued(&replicas[0], LinkPurpose::SignUp, "ada@example.org").await;
    let opening = (0..20).map(|number| {
        let (database, link) = (replicas[number % 2].clone(), link.clone());
        let newcomer = Account { subject: Uuid::now_v7(), ..newcomer(&link, &format!("ada-{number}")) };
        tokio::spawn(async move { database.open_account(&link.digest, &newcomer, at(1)).await.unwrap() })
    });
    let mut opened: Vec<_> = join_all(opening).await.into_iter().map(Result::unwrap).collect();
    opened.retain(|one| *one != Opening::Spent);
    assert_eq!(opened, [Opening::Opened]);
    assert_eq!(replicas[0].list("", 100).await.unwrap().len(), 1);
}

async fn two_links_for_one_name_give_one_account(home: &Home) {
    let database = home.open().await;
    let links = [
        issued(&database, LinkPurpose::SignUp, "ada@example.org").await,
        issued(&database, LinkPurpose::SignUp, "grace@example.org").await,
    ];
    let opening = links.map(|link| {
        let database = database.clone();
        tokio::spawn(async move { database.open_account(&link.digest, &newcomer(&link, "name"), at(1)).await.unwrap() })
    });
    let mut opened: Vec<_> = join_all(opening).await.into_iter().map(Result::unwrap).collect();
    opened.sort_by_key(|opening| *opening == Opening::Taken);
    assert_eq!(opened, [Opening::Opened, Opening::Taken]);
}

/// Attack 47: what was signed in is signed out, and the refresh tokens that there were are worth nothing.
async fn a_password_is_reset_once_and_ends_what_there_was(home: &Home) {
    let database = home.open().await;
    let (ada, link) = forgetful(&database, "ada").await;
    let grant = grant(ada.subject);
    user_database::Grants::add(&*database, &grant, Some(&token("ada"))).await.unwrap();
    assert!(database.reset_password(&link.digest, "$argon2id$new", at(1)).await.unwrap());
    let reset = database.by_subject(ada.subject).await.unwrap().unwrap();
    assert_eq!((reset.password_hash.as_str(), reset.sessions_since), ("$argon2id$new", at(1)));
    assert!(reset.email_verified, "whoever opened the link reads the mailbox");
    assert!(database.live(grant.id, at(1)).await.unwrap().is_none());
    assert!(!database.reset_password(&link.digest, "$argon2id$newer", at(2)).await.unwrap());
    assert_eq!(password_of(&database, &ada).await, "$argon2id$new");
}

async fn of_many_that_reset_a_password_at_once_one_does(home: &Home) {
    let replicas = [home.open().await, home.open().await];
    let (ada, link) = forgetful(&replicas[0], "ada").await;
    let resetting = (0..20).map(|number| {
        let (database, digest) = (replicas[number % 2].clone(), link.digest.clone());
        let hash = format!("$argon2id${number}");
        tokio::spawn(async move { database.reset_password(&digest, &hash, at(1)).await.unwrap().then_some(hash) })
    });
    let done: Vec<_> = join_all(resetting).await.into_iter().filter_map(Result::unwrap).collect();
    assert_eq!(done, [password_of(&replicas[1], &ada).await]);
}

/// Attack 47: a link in the mailbox does not outlive a change of the password.
async fn a_link_ends_with_a_password_change_and_with_disabling(home: &Home) {
    let database = home.open().await;
    let (ada, of_ada) = forgetful(&database, "ada").await;
    let (grace, of_grace) = forgetful(&database, "grace").await;
    assert!(database.set_password(ada.subject, "$argon2id$chosen", at(1)).await.unwrap());
    assert!(database.set_disabled(grace.subject, true, at(1)).await.unwrap());
    assert!(database.set_disabled(grace.subject, false, at(2)).await.unwrap());
    for (account, link) in [(ada, of_ada), (grace, of_grace)] {
        assert_eq!(database.find(&link.digest, at(3)).await.unwrap(), None);
        assert!(!database.reset_password(&link.digest, "$argon2id$new", at(3)).await.unwrap());
        assert_ne!(password_of(&database, &account).await, "$argon2id$new");
    }
}

async fn a_link_resets_no_password_of_an_account_that_is_disabled_or_gone(home: &Home) {
    let database = home.open().await;
    let disabled = Account { disabled: true, ..account("ada") };
    assert!(Accounts::add(&*database, &disabled).await.unwrap());
    for subject in [disabled.subject, Uuid::now_v7()] {
        let link = Link { subject, ..link(LinkPurpose::PasswordReset, &format!("{subject}@example.org"), 0) };
        assert!(database.issue(&link).await.unwrap());
        assert!(!database.reset_password(&link.digest, "$argon2id$new", at(1)).await.unwrap());
        assert_eq!(database.find(&link.digest, at(2)).await.unwrap().unwrap().used_at, None);
    }
    assert_ne!(password_of(&database, &disabled).await, "$argon2id$new");
}

async fn links_that_expired_are_pruned(home: &Home) {
    let database = home.open().await;
    issued(&database, LinkPurpose::SignUp, "ada@example.org").await;
    let used = issued(&database, LinkPurpose::SignUp, "grace@example.org").await;
    assert_eq!(database.open_account(&used.digest, &newcomer(&used, "grace"), at(1)).await.unwrap(), Opening::Opened);
    assert_eq!(database.prune(at(1799)).await.unwrap(), 0);
    assert_eq!(database.prune(at(1800)).await.unwrap(), 2);
    assert!(database.by_login("grace").await.unwrap().is_some());
}
