//! Attack 45: nobody learns here who has an account; only whoever reads the mailbox does.

use user_database::AccountKeeper as _;

use super::mailbox::{ADA, Mailbox, ask, send_address};
use crate::house::{DEMO, House};

const ASKED: [&str; 2] = ["/sign-up", "/reset-password"];
const KNOWN: &str = "demo@example.com";

/// Attack 45: status, headers and words are the same for known, unknown and disabled addresses.
#[tokio::test]
async fn the_answer_is_the_same_for_known_and_unknown_addresses() {
    let house = House::build().await;
    house.users.set_disabled(crate::house::OTHER, true, house.now()).await.unwrap();
    for path in ASKED {
        let mut seen = Vec::new();
        for email in [ADA, KNOWN, "DEMO@example.com", "other@example.com", "demo"] {
            if email == "demo" {
                // A user name is no address, whoever has it; it is refused as such.
                let refused = ask(&mut house.browser(), path, email).await;
                let unknown = ask(&mut house.browser(), path, "nobody").await;
                assert_eq!((refused.status.as_u16(), refused.field("fault").as_str()), (422, "Some(Email)"));
                assert_eq!((unknown.status, unknown.field("fault")), (refused.status, refused.field("fault")));
                continue;
            }
            let mut browser = house.browser();
            let page = browser.get(path).await;
            let answer = send_address(&mut browser, &page, email).await;
            let shown = browser.follow(answer.clone()).await;
            seen.push((answer.status, answer.headers, answer.body, shown.status, shown.headers, shown.body));
        }
        assert_eq!(seen.len(), 4);
        assert_eq!(seen[0].0, 303);
        assert!(seen.iter().all(|one| *one == seen[0]), "{path}: {seen:?}");
    }
}

/// Attack 45: whatever the address is, the request leaves the same trace, and takes as many steps.
#[tokio::test]
async fn the_work_is_the_same_for_known_and_unknown_addresses() {
    let house = House::build().await;
    for path in ASKED {
        for email in [ADA, KNOWN] {
            let before = house.queue.events().len();
            ask(&mut house.browser(), path, email).await;
            assert_eq!(house.queue.events().len(), before + 1, "{path} {email}");
        }
        let [.., unknown, known] = &house.queue.envelopes()[..] else { panic!("two events") };
        assert_eq!(unknown.event.kind(), known.event.kind());
        assert_eq!((unknown.event.subject(), known.event.subject()), (None, None), "nobody has looked");
    }
}

/// Attack 45: what is written goes to whom it concerns, and a link only to whom it serves.
#[tokio::test]
async fn only_the_mailbox_tells_whether_there_is_an_account() {
    let house = House::build().await;
    let mut mailbox = Mailbox::of(&house);
    for (path, email, subject) in [
        ("/sign-up", ADA, Some("Confirm your e-mail address")),
        ("/sign-up", "DEMO@example.com", Some("You have an account already")),
        ("/reset-password", ADA, None),
        ("/reset-password", KNOWN, Some("Choose a new password")),
    ] {
        ask(&mut house.browser(), path, email).await;
        let letters = mailbox.letters(&house).await;
        assert_eq!(letters.first().map(|letter| letter.subject.as_str()), subject, "{path} {email}");
        if email.starts_with("DEMO") {
            assert_eq!(letters[0].to, KNOWN, "the address of the account, whatever was typed");
            assert!(!letters[0].body.contains("token"), "{}", letters[0].body);
        }
    }
    house.users.set_disabled(DEMO, true, house.now()).await.unwrap();
    for path in ASKED {
        ask(&mut house.browser(), path, KNOWN).await;
        assert_eq!(mailbox.letters(&house).await, [], "{path}: a disabled account is not revived by mail");
    }
}

/// Attack 48: nobody fills a mailbox, and the pace tells nothing either.
#[tokio::test]
async fn messages_are_slowed_down_alike_by_mailbox_and_by_network() {
    let house = House::build().await;
    for path in ASKED {
        let mut counts = Vec::new();
        for email in [ADA, KNOWN] {
            let mut sent = 0;
            let waits = loop {
                let answer = ask(&mut house.browser(), path, email).await;
                if answer.status == 429 {
                    break answer;
                }
                sent += 1;
                assert!(sent < 50, "it never ends");
            };
            assert_eq!(waits.header("retry-after"), "60");
            assert_eq!(waits.field("fault"), "Some(TooMany { seconds: 60 })");
            counts.push(sent);
        }
        assert_eq!(counts, [5, 5], "{path}: the count is that of the mailbox, whatever is asked for");
        house.wait(24 * 3600);
    }
    let mut browser = house.browser();
    browser.address = Some("192.0.2.7".parse().unwrap());
    let mut last = 200;
    for number in 0..21 {
        last = ask(&mut browser, "/sign-up", &format!("somebody-{number}@example.org")).await.status.as_u16();
    }
    assert_eq!(last, 429, "by network, whatever the mailboxes");
    assert_eq!(ask(&mut house.browser(), "/sign-up", "somebody-else@example.org").await.status, 200, "others do not wait");
}

/// Attack 45: whoever has a link cannot try addresses as user names.
#[tokio::test]
async fn no_username_is_an_address() {
    let house = House::build().await;
    let (mut browser, link) = super::mailbox::asked_for_account(&house, ADA).await;
    let page = browser.open(&link).await;
    for username in [KNOWN, "nobody@example.com"] {
        let refused = super::mailbox::send_account(&mut browser, &page, username, super::mailbox::NEW).await;
        assert_eq!((refused.status.as_u16(), refused.field("fault").as_str()), (422, "Some(Username)"), "{username}");
    }
}
