//! The two vocabularies of the pages of sign-up and password reset.

use app::provider::links as shown;
use authorization_server::pages::{Ask, AskFault, AskPage, LinkFault, NewAccountPage, NewPasswordPage, SentPage, SpentLinkPage};
use authorization_server::password;

pub(super) fn ask_page(page: &AskPage) -> shown::AskPage {
    let AskPage { ask, action, csrf, sign_in, email, fault, back } = page.clone();
    let fault = fault.map(|fault| match fault {
        AskFault::Email => shown::AskFault::Email,
        AskFault::TooMany { seconds } => shown::AskFault::TooMany { seconds },
        AskFault::Stale => shown::AskFault::Stale,
    });
    shown::AskPage { ask: asked(ask), action, csrf, sign_in, email, fault, back }
}

pub(super) fn sent_page(page: &SentPage) -> shown::SentPage {
    let SentPage { ask, minutes, again, back } = page.clone();
    shown::SentPage { ask: asked(ask), minutes, again, back }
}

pub(super) fn new_account_page(page: &NewAccountPage) -> shown::NewAccountPage {
    let NewAccountPage { action, csrf, email, name, username, fault: wrong } = page.clone();
    let (shortest_password, fault) = (password::SHORTEST, wrong.map(fault));
    shown::NewAccountPage { action, csrf, email, name, username, shortest_password, fault }
}

pub(super) fn new_password_page(page: &NewPasswordPage) -> shown::NewPasswordPage {
    let NewPasswordPage { action, csrf, email, username, fault: wrong } = page.clone();
    let (shortest_password, fault) = (password::SHORTEST, wrong.map(fault));
    shown::NewPasswordPage { action, csrf, email, username, shortest_password, fault }
}

pub(super) fn spent_link_page(page: &SpentLinkPage) -> shown::SpentLinkPage {
    let SpentLinkPage { sign_up, password_reset, account } = page.clone();
    shown::SpentLinkPage { sign_up, password_reset, account }
}

fn asked(ask: Ask) -> shown::Ask {
    match ask {
        Ask::SignUp => shown::Ask::SignUp,
        Ask::PasswordReset => shown::Ask::PasswordReset,
    }
}

fn fault(fault: LinkFault) -> shown::LinkFault {
    match fault {
        LinkFault::Name => shown::LinkFault::Name,
        LinkFault::Username => shown::LinkFault::Username,
        LinkFault::UsernameTaken => shown::LinkFault::UsernameTaken,
        LinkFault::Password => shown::LinkFault::Password,
        LinkFault::GuessablePassword => shown::LinkFault::GuessablePassword,
        LinkFault::TooMany { seconds } => shown::LinkFault::TooMany { seconds },
    }
}
