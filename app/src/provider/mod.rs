//! The pages of the Authorization Server's origin, as whole HTML documents.
//!
//! None of them holds a script, an inline style or an event handler, so that `script-src 'none'` and `style-src` with the
//! stylesheet's origin hold. Every form works with the browser alone.

pub mod account;
mod consent;
mod device;
mod document;
pub mod links;
mod login;
mod model;
mod problem;
mod scopes;
mod session;
mod trouble;

pub use consent::consent;
pub use device::{device_consent, device_done, user_code};
pub use login::login;
pub use model::{
    ConsentPage, DeviceConsentPage, LeadsTo, LoginFault, LoginPage, Problem, ProviderSite, SignOutPage, UserCodeFault,
    UserCodePage,
};
pub use problem::problem;
pub use scopes::meaning;
pub use session::{home, sign_out, signed_out};

#[cfg(test)]
mod tests {
    use super::*;

    const MARKUP: &str = "<script>alert(1)</script>\"'&";

    fn site() -> ProviderSite {
        ProviderSite {
            stylesheet: "/pkg/cloakroom.css".to_owned(),
            application_name: "Cloakroom".to_owned(),
            application_url: Some("http://localhost:3000/".to_owned()),
            outbox_url: Some("http://localhost:3000/outbox".to_owned()),
        }
    }

    fn login_page() -> LoginPage {
        LoginPage {
            action: "/interaction/login".to_owned(),
            csrf: "c".to_owned(),
            leads_to: LeadsTo::Client(MARKUP.to_owned()),
            username: MARKUP.to_owned(),
            fault: None,
            demo_accounts: vec![(MARKUP.to_owned(), MARKUP.to_owned())],
            sign_up: Some("/sign-up".to_owned()),
            password_reset: Some("/reset-password".to_owned()),
        }
    }

    fn consent_page() -> ConsentPage {
        ConsentPage {
            action: "/interaction/consent".to_owned(),
            csrf: "c".to_owned(),
            client_name: MARKUP.to_owned(),
            client_host: MARKUP.to_owned(),
            unverified: true,
            user_name: MARKUP.to_owned(),
            user_email: MARKUP.to_owned(),
            scopes: vec!["openid".to_owned(), MARKUP.to_owned()],
        }
    }

    fn sign_out_page(client_name: Option<&str>) -> SignOutPage {
        SignOutPage {
            action: "/sign-out".to_owned(),
            csrf: "c".to_owned(),
            client_name: client_name.map(str::to_owned),
            home: "/".to_owned(),
        }
    }

    fn account_page() -> account::AccountPage {
        use account::{AccountPage, Activity, Connected, Deed, Device, Moment};
        let moment = || Moment { machine: MARKUP.to_owned(), words: MARKUP.to_owned(), exactly: MARKUP.to_owned() };
        let markup = || MARKUP.to_owned();
        AccountPage {
            action: "/account".to_owned(),
            csrf: "c".to_owned(),
            sign_out: "/end_session".to_owned(),
            username: markup(),
            name: markup(),
            email: markup(),
            email_verified: false,
            shortest_password: 8,
            devices: [true, false, false]
                .map(|current| Device {
                    id: markup(),
                    user_agent: Some(markup()),
                    address: Some(markup()),
                    since: moment(),
                    current,
                })
                .into(),
            applications: vec![Connected {
                client_id: markup(),
                name: markup(),
                host: Some(markup()),
                scopes: vec![markup()],
                since: moment(),
            }],
            activity: [Deed::SignedIn, Deed::SignInFailed, Deed::Allowed(markup()), Deed::TokenReplayed(markup())]
                .map(|deed| Activity { at: moment(), deed, user_agent: Some(markup()), address: Some(markup()) })
                .into(),
            notice: None,
            fault: None,
        }
    }

    fn user_code_page() -> UserCodePage {
        UserCodePage {
            action: "/device".to_owned(),
            csrf: "c".to_owned(),
            user_code: MARKUP.to_owned(),
            fault: None,
            user_name: MARKUP.to_owned(),
            user_email: MARKUP.to_owned(),
        }
    }

    fn device_consent_page() -> DeviceConsentPage {
        DeviceConsentPage {
            action: "/device/consent".to_owned(),
            csrf: "c".to_owned(),
            user_code: MARKUP.to_owned(),
            client_name: MARKUP.to_owned(),
            client_host: Some(MARKUP.to_owned()),
            unverified: true,
            user_name: MARKUP.to_owned(),
            user_email: MARKUP.to_owned(),
            scopes: vec!["openid".to_owned(), MARKUP.to_owned()],
        }
    }

    fn every_page() -> Vec<String> {
        let site = site();
        let problems = [
            Problem::RequestExpired,
            Problem::RequestInvalid,
            Problem::OtherBrowser,
            Problem::Crowded,
            Problem::Unavailable,
            Problem::NotFound,
        ];
        let mut pages = vec![
            login(&site, &login_page()),
            login(&site, &LoginPage { fault: Some(LoginFault::Credentials), ..login_page() }),
            login(&site, &LoginPage { leads_to: LeadsTo::Device, ..login_page() }),
            login(&site, &LoginPage { leads_to: LeadsTo::Account, ..login_page() }),
            login(&site, &LoginPage { fault: Some(LoginFault::TooMany { seconds: 90 }), ..login_page() }),
            consent(&site, &consent_page()),
            user_code(&site, &user_code_page()),
            user_code(&site, &UserCodePage { user_code: String::new(), ..user_code_page() }),
            user_code(&site, &UserCodePage { fault: Some(UserCodeFault::Unknown), ..user_code_page() }),
            user_code(&site, &UserCodePage { fault: Some(UserCodeFault::TooMany { seconds: 5 }), ..user_code_page() }),
            user_code(&site, &UserCodePage { fault: Some(UserCodeFault::Stale), ..user_code_page() }),
            device_consent(&site, &device_consent_page()),
            device_consent(&site, &DeviceConsentPage { client_host: None, unverified: false, ..device_consent_page() }),
            device_done(&site, MARKUP, true, "/account"),
            device_done(&site, MARKUP, false, "/account"),
            sign_out(&site, &sign_out_page(Some(MARKUP))),
            sign_out(&site, &sign_out_page(None)),
            signed_out(&site),
            account::account(&site, &account_page()),
            account::account(&site, &account::AccountPage { notice: Some(account::Notice::NameChanged), ..account_page() }),
            account::account(&site, &account::AccountPage { fault: Some(account::AccountFault::NewPassword), ..account_page() }),
            account::account(
                &site,
                &account::AccountPage { applications: Vec::new(), activity: Vec::new(), devices: Vec::new(), ..account_page() },
            ),
            home(&site, None, "/account"),
            home(&site, Some(MARKUP), "/account"),
        ];
        pages.extend(links::tests::every_page());
        pages.extend(problems.map(|one| problem(&site, one, MARKUP)));
        pages
    }

    /// Attack 32: what others wrote, on whatever page, becomes neither script nor attribute.
    #[test]
    fn no_page_holds_a_script_an_inline_style_or_an_event_handler() {
        for page in every_page() {
            let page = page.to_ascii_lowercase();
            for forbidden in ["<script", "<style", " style=", " onclick=", " onload=", " onsubmit=", "javascript:", "data-hk"] {
                assert!(!page.contains(forbidden), "{forbidden} in {page}");
            }
        }
    }

    /// Attack 42: whoever reads the pages asks nobody else, and leads nowhere but on to the application.
    #[test]
    fn no_page_asks_another_origin() {
        for page in every_page() {
            for attribute in ["href", "src", "srcset", "action", "formaction", "data", "poster"] {
                for value in page.split(&format!(" {attribute}=\"")).skip(1).map(|rest| rest.split('"').next().unwrap()) {
                    let ours = value.starts_with('#') || (value.starts_with('/') && !value.starts_with("//"));
                    let way_on = ["http://localhost:3000/", "http://localhost:3000/outbox"].contains(&value);
                    assert!(ours || way_on, "{attribute}={value}");
                }
            }
            assert!(!page.contains("http-equiv"), "{page}");
        }
    }

    /// A18, attack 39: a client that nobody vouches for is shown by its address, with a warning; one that the operator added is not.
    #[test]
    fn a_client_that_nobody_vouches_for_is_shown_with_a_warning() {
        let page = ConsentPage { client_name: "Cloakroom".to_owned(), client_host: "evil.example".to_owned(), ..consent_page() };
        let unverified = consent(&site(), &page);
        let warning = unverified.split("id=\"unverified\"").nth(1).and_then(|rest| rest.split("</div>").next()).unwrap();
        assert!(warning.contains("Nobody has checked this application") && warning.contains("evil.example"), "{warning}");
        let vouched = consent(&site(), &ConsentPage { unverified: false, ..page });
        assert!(!vouched.contains("unverified") && vouched.contains("evil.example"), "{vouched}");
    }

    #[test]
    fn every_page_is_a_whole_document_with_one_heading_and_the_stylesheet() {
        for page in every_page() {
            assert!(page.starts_with("<!DOCTYPE html><html lang=\"en\">") && page.ends_with("</html>"), "{page}");
            assert_eq!(page.matches("<h1").count(), 1, "{page}");
            assert!(page.contains("<link rel=\"stylesheet\" href=\"/pkg/cloakroom.css\""), "{page}");
            assert!(page.contains("· Cloakroom</title>"), "{page}");
            assert!(page.contains("<meta name=\"description\" content=\"The sign-in of Cloakroom"), "{page}");
        }
    }

    #[test]
    fn what_others_wrote_is_shown_as_text() {
        let site = site();
        for page in [
            login(&site, &login_page()),
            consent(&site, &consent_page()),
            user_code(&site, &user_code_page()),
            device_consent(&site, &device_consent_page()),
            device_done(&site, MARKUP, true, "/account"),
            device_done(&site, MARKUP, false, "/account"),
        ] {
            assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "{page}");
            assert!(!page.contains("value=\"<"), "{page}");
            assert!(!page.contains("\"'&\""), "{page}");
        }
    }

    #[test]
    fn a_wrong_password_is_told_by_a_summary_with_focus_and_by_the_title() {
        let page = login(&site(), &LoginPage { fault: Some(LoginFault::Credentials), ..login_page() });
        assert!(page.contains("<title>Error: Sign in · Cloakroom</title>"), "{page}");
        let summary = page.split("id=\"error-summary\"").nth(1).and_then(|rest| rest.split('>').next()).unwrap();
        for attribute in ["role=\"alert\"", "tabindex=\"-1\"", "autofocus"] {
            assert!(summary.contains(attribute), "{attribute} in {summary}");
        }
        assert_eq!(page.matches("autofocus").count(), 1, "one thing takes focus: {page}");
    }

    /// A17: how long to wait is told in words, and never too short.
    #[test]
    fn whoever_has_to_wait_is_told_how_long() {
        for (seconds, words) in
            [(1, "one second"), (40, "40 seconds"), (120, "2 minutes"), (121, "3 minutes"), (900, "15 minutes")]
        {
            let page = login(&site(), &LoginPage { fault: Some(LoginFault::TooMany { seconds }), ..login_page() });
            assert!(page.contains(&format!("There were too many attempts. Try again in {words}.")), "{page}");
            assert!(page.contains("<title>Error: Sign in"), "{page}");
        }
    }

    #[test]
    fn the_login_form_can_be_filled_in_by_a_password_manager_or_a_passkey() {
        let page = login(&site(), &login_page());
        assert!(page.contains("autocomplete=\"username webauthn\""), "{page}");
        assert!(page.contains("autocomplete=\"current-password\""), "{page}");
        assert!(!page.contains("Error"), "{page}");
    }

    /// Enter presses the first button of a form.
    #[test]
    fn the_first_button_is_the_one_that_goes_on() {
        for (page, first, second) in [
            (login(&site(), &login_page()), "sign-in", "deny"),
            (consent(&site(), &consent_page()), "allow", "deny"),
            (device_consent(&site(), &device_consent_page()), "allow", "deny"),
        ] {
            let place = |id: &str| page.find(&format!("id=\"{id}\" name=\"action\" value=\"{id}\"")).unwrap();
            assert!(place(first) < place(second));
        }
    }

    #[test]
    fn a_code_that_does_not_fit_is_told_by_a_summary_with_focus_and_by_the_title() {
        for (fault, words) in [
            (UserCodeFault::Unknown, "This code is not one that can be used"),
            (UserCodeFault::TooMany { seconds: 40 }, "Try again in 40 seconds"),
            (UserCodeFault::Stale, "was open for too long"),
        ] {
            let page = user_code(&site(), &UserCodePage { fault: Some(fault), ..user_code_page() });
            assert!(page.contains("<title>Error: Connect a device · Cloakroom</title>"), "{page}");
            assert!(page.contains(words), "{page}");
            assert_eq!(page.matches("autofocus").count(), 1, "one thing takes focus: {page}");
        }
    }

    /// RFC 8628 §3.3.1, §5.4: a code that came with the address is compared, and nobody goes on for somebody else.
    #[test]
    fn a_device_is_compared_before_anything_is_allowed() {
        let empty = user_code(&site(), &UserCodePage { user_code: String::new(), ..user_code_page() });
        assert!(!empty.contains("exactly this code"), "{empty}");
        let prefilled = user_code(&site(), &UserCodePage { user_code: "WDJB-MJHT".to_owned(), ..user_code_page() });
        assert!(prefilled.contains("value=\"WDJB-MJHT\"") && prefilled.contains("exactly this code"), "{prefilled}");
        let page = DeviceConsentPage { user_code: "WDJB-MJHT".to_owned(), unverified: false, ..device_consent_page() };
        let vouched = device_consent(&site(), &page);
        for words in ["<code id=\"device-code\">WDJB-MJHT</code>", "on a device that you have with you"] {
            assert!(vouched.contains(words), "{words} in {vouched}");
        }
        assert!(!vouched.contains("unverified"), "{vouched}");
        let unvouched = device_consent(&site(), &DeviceConsentPage { unverified: true, ..page });
        assert!(unvouched.contains("id=\"unverified\""), "{unvouched}");
    }

    #[test]
    fn sign_up_and_reset_are_offered_only_where_there_are_such() {
        let page = login(&site(), &login_page());
        for link in ["id=\"sign-up\" href=\"/sign-up\"", "id=\"reset-password\" href=\"/reset-password\""] {
            assert!(page.contains(link), "{link} in {page}");
        }
        let page = login(&site(), &LoginPage { sign_up: None, password_reset: None, ..login_page() });
        assert!(!page.contains("sign-up") && !page.contains("reset-password"), "{page}");
    }

    #[test]
    fn demo_accounts_are_on_the_page_only_where_there_are_any() {
        let page = login(&site(), &LoginPage { demo_accounts: Vec::new(), ..login_page() });
        assert!(!page.to_lowercase().contains("demo"), "{page}");
    }
}
