//! The Authorization Server's port to its pages, answered from `app`: two vocabularies, joined here.

use app::provider as shown;
use authorization_server::pages::{
    AccountPage, AskPage, ConsentPage, DeviceConsentPage, LeadsTo, LoginFault, LoginPage, NewAccountPage, NewPasswordPage, Pages,
    Problem, SentPage, SignOutPage, SpentLinkPage, UserCodeFault, UserCodePage,
};

mod account;
mod links;

/// Renders the provider's pages with the application's name and style.
pub struct ProviderPages(shown::ProviderSite);

impl ProviderPages {
    /// `stylesheet` is the path of the sheet on the provider's origin, `application_url` the way on from pages that end here, whose
    /// outbox holds what development does not send.
    pub fn new(stylesheet: String, application_url: &str, in_development: bool) -> Self {
        Self(shown::ProviderSite {
            stylesheet,
            application_name: "Cloakroom".to_owned(),
            application_url: Some(application_url.to_owned()),
            outbox_url: in_development.then(|| format!("{application_url}/outbox")),
        })
    }
}

impl Pages for ProviderPages {
    fn login(&self, page: &LoginPage) -> String {
        let page = page.clone();
        let shown_page = shown::LoginPage {
            action: page.action,
            csrf: page.csrf,
            leads_to: match page.leads_to {
                LeadsTo::Client(name) => shown::LeadsTo::Client(name),
                LeadsTo::Device => shown::LeadsTo::Device,
                LeadsTo::Account => shown::LeadsTo::Account,
            },
            username: page.username,
            fault: page.fault.map(|fault| match fault {
                LoginFault::Credentials => shown::LoginFault::Credentials,
                LoginFault::TooMany { seconds } => shown::LoginFault::TooMany { seconds },
            }),
            demo_accounts: page.demo_accounts,
            sign_up: page.sign_up,
            password_reset: page.password_reset,
        };
        shown::login(&self.0, &shown_page)
    }

    fn consent(&self, page: &ConsentPage) -> String {
        let page = page.clone();
        let shown_page = shown::ConsentPage {
            action: page.action,
            csrf: page.csrf,
            client_name: page.client_name,
            client_host: page.client_host,
            unverified: page.unverified,
            user_name: page.user_name,
            user_email: page.user_email,
            scopes: page.scopes,
        };
        shown::consent(&self.0, &shown_page)
    }

    fn user_code(&self, page: &UserCodePage) -> String {
        let page = page.clone();
        let shown_page = shown::UserCodePage {
            action: page.action,
            csrf: page.csrf,
            user_code: page.user_code,
            fault: page.fault.map(|fault| match fault {
                UserCodeFault::Unknown => shown::UserCodeFault::Unknown,
                UserCodeFault::TooMany { seconds } => shown::UserCodeFault::TooMany { seconds },
                UserCodeFault::Stale => shown::UserCodeFault::Stale,
            }),
            user_name: page.user_name,
            user_email: page.user_email,
        };
        shown::user_code(&self.0, &shown_page)
    }

    fn device_consent(&self, page: &DeviceConsentPage) -> String {
        let page = page.clone();
        let shown_page = shown::DeviceConsentPage {
            action: page.action,
            csrf: page.csrf,
            user_code: page.user_code,
            client_name: page.client_name,
            client_host: page.client_host,
            unverified: page.unverified,
            user_name: page.user_name,
            user_email: page.user_email,
            scopes: page.scopes,
        };
        shown::device_consent(&self.0, &shown_page)
    }

    fn device_done(&self, client_name: &str, allowed: bool, account: &str) -> String {
        shown::device_done(&self.0, client_name, allowed, account)
    }

    fn problem(&self, problem: Problem, incident: &str) -> String {
        let problem = match problem {
            Problem::RequestExpired => shown::Problem::RequestExpired,
            Problem::RequestInvalid => shown::Problem::RequestInvalid,
            Problem::OtherBrowser => shown::Problem::OtherBrowser,
            Problem::Crowded => shown::Problem::Crowded,
            Problem::Unavailable => shown::Problem::Unavailable,
            Problem::NotFound => shown::Problem::NotFound,
        };
        shown::problem(&self.0, problem, incident)
    }

    fn sign_out(&self, page: &SignOutPage) -> String {
        let SignOutPage { action, csrf, client_name, home } = page.clone();
        shown::sign_out(&self.0, &shown::SignOutPage { action, csrf, client_name, home })
    }

    fn signed_out(&self) -> String {
        shown::signed_out(&self.0)
    }

    fn ask(&self, page: &AskPage) -> String {
        shown::links::ask(&self.0, &links::ask_page(page))
    }

    fn sent(&self, page: &SentPage) -> String {
        shown::links::sent(&self.0, &links::sent_page(page))
    }

    fn new_account(&self, page: &NewAccountPage) -> String {
        shown::links::new_account(&self.0, &links::new_account_page(page))
    }

    fn new_password(&self, page: &NewPasswordPage) -> String {
        shown::links::new_password(&self.0, &links::new_password_page(page))
    }

    fn spent_link(&self, page: &SpentLinkPage) -> String {
        shown::links::spent_link(&self.0, &links::spent_link_page(page))
    }

    fn account(&self, page: &AccountPage) -> String {
        account::page(&self.0, page)
    }

    fn home(&self, user_name: Option<&str>, account: &str) -> String {
        shown::home(&self.0, user_name, account)
    }
}
