use super::*;
use crate::provider::ProviderSite;

const MARKUP: &str = "<script>alert(1)</script>\"'&";

fn site() -> ProviderSite {
    ProviderSite {
        stylesheet: "/pkg/cloakroom.css".to_owned(),
        application_name: "Cloakroom".to_owned(),
        application_url: Some("http://localhost:3000/".to_owned()),
        outbox_url: Some("http://localhost:3000/outbox".to_owned()),
    }
}

fn ask_page(ask: Ask) -> AskPage {
    AskPage {
        ask,
        action: "/sign-up".to_owned(),
        csrf: "c".to_owned(),
        sign_in: Some(MARKUP.to_owned()),
        email: MARKUP.to_owned(),
        fault: None,
        back: "/account".to_owned(),
    }
}

fn new_account_page() -> NewAccountPage {
    NewAccountPage {
        action: "/confirm/link".to_owned(),
        csrf: "c".to_owned(),
        email: MARKUP.to_owned(),
        name: MARKUP.to_owned(),
        username: MARKUP.to_owned(),
        shortest_password: 8,
        fault: None,
    }
}

fn new_password_page() -> NewPasswordPage {
    NewPasswordPage {
        action: "/confirm/link".to_owned(),
        csrf: "c".to_owned(),
        email: MARKUP.to_owned(),
        username: MARKUP.to_owned(),
        shortest_password: 8,
        fault: None,
    }
}

/// Every page of these, for the rules that hold for all pages of the provider.
pub(in crate::provider) fn every_page() -> Vec<String> {
    let site = site();
    let mut pages = Vec::new();
    for kind in [Ask::SignUp, Ask::PasswordReset] {
        let sent_page = SentPage { ask: kind, minutes: 30, again: "/sign-up".to_owned(), back: "/account".to_owned() };
        pages.extend([ask(&site, &ask_page(kind)), sent(&site, &sent_page)]);
        for fault in [AskFault::Email, AskFault::TooMany { seconds: 90 }, AskFault::Stale] {
            pages.push(ask(&site, &AskPage { fault: Some(fault), ..ask_page(kind) }));
        }
    }
    let faults = [
        None,
        Some(LinkFault::Name),
        Some(LinkFault::Username),
        Some(LinkFault::UsernameTaken),
        Some(LinkFault::Password),
        Some(LinkFault::GuessablePassword),
        Some(LinkFault::TooMany { seconds: 5 }),
    ];
    for fault in faults {
        pages.push(new_account(&site, &NewAccountPage { fault, ..new_account_page() }));
        pages.push(new_password(&site, &NewPasswordPage { fault, ..new_password_page() }));
    }
    let path = || Some("/sign-up".to_owned());
    for (sign_up, password_reset) in [(path(), path()), (None, path()), (path(), None)] {
        pages.push(spent_link(&site, &SpentLinkPage { sign_up, password_reset, account: "/account".to_owned() }));
    }
    pages
}

#[test]
fn what_others_wrote_is_shown_as_text() {
    for page in [
        ask(&site(), &ask_page(Ask::SignUp)),
        new_account(&site(), &new_account_page()),
        new_password(&site(), &new_password_page()),
    ] {
        assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "{page}");
        assert!(!page.contains("value=\"<") && !page.contains("\"'&\""), "{page}");
    }
}

#[test]
fn a_fault_is_told_by_a_summary_with_focus_and_by_the_title() {
    for page in every_page().into_iter().filter(|page| page.contains("error-summary")) {
        assert!(page.contains("<title>Error: "), "{page}");
        assert_eq!(page.matches("autofocus").count(), 1, "one thing takes focus: {page}");
    }
    for page in every_page().into_iter().filter(|page| page.contains("<form") && !page.contains("error-summary")) {
        assert!(!page.contains("<title>Error: "), "{page}");
        assert_eq!(page.matches("autofocus").count(), 1, "the first field takes focus: {page}");
    }
}

#[test]
fn the_forms_can_be_filled_in_by_a_password_manager() {
    assert!(ask(&site(), &ask_page(Ask::PasswordReset)).contains("autocomplete=\"email\""));
    for page in [new_account(&site(), &new_account_page()), new_password(&site(), &new_password_page())] {
        for attribute in ["autocomplete=\"username\"", "autocomplete=\"new-password\""] {
            assert!(page.contains(attribute), "{attribute} in {page}");
        }
    }
}

/// Attack 45: the answer names no address, and does not say whether there is an account.
#[test]
fn the_answer_is_the_same_for_every_address() {
    for kind in [Ask::SignUp, Ask::PasswordReset] {
        let page = SentPage { ask: kind, minutes: 30, again: "/sign-up".to_owned(), back: "/account".to_owned() };
        let shown = sent(&site(), &page);
        assert!(shown.contains("If there is an account") && shown.contains("within 30 minutes"), "{shown}");
        assert!(!shown.contains('@'), "{shown}");
    }
}

#[test]
fn only_development_points_to_the_outbox() {
    let page = SentPage { ask: Ask::SignUp, minutes: 30, again: "/sign-up".to_owned(), back: "/account".to_owned() };
    assert!(sent(&site(), &page).contains("href=\"http://localhost:3000/outbox\""));
    assert!(!sent(&ProviderSite { outbox_url: None, ..site() }, &page).contains("outbox"));
}
