//! Pages as plain lines, so that tests read what was asked to be shown.

use authorization_server::pages::{
    AccountPage, AskPage, ConsentPage, DeviceConsentPage, LeadsTo, LoginPage, NewAccountPage, NewPasswordPage, Pages, Problem,
    SentPage, SignOutPage, SpentLinkPage, UserCodePage,
};

pub(crate) struct PlainPages;

impl Pages for PlainPages {
    fn login(&self, page: &LoginPage) -> String {
        let LoginPage { action, csrf, leads_to, username, fault, demo_accounts, sign_up, password_reset } = page;
        let leads_to = match leads_to {
            LeadsTo::Client(name) => name.clone(),
            own => format!("{own:?}"),
        };
        format!(
            "login\naction={action}\ncsrf={csrf}\nclient={leads_to}\nusername={username}\nfault={fault:?}\ndemo={demo_accounts:?}\n\
             sign-up={}\nreset-password={}",
            sign_up.as_deref().unwrap_or("off"),
            password_reset.as_deref().unwrap_or("off")
        )
    }

    fn consent(&self, page: &ConsentPage) -> String {
        let ConsentPage { action, csrf, client_name, client_host, unverified, user_name, user_email, scopes } = page;
        format!(
            "consent\naction={action}\ncsrf={csrf}\nclient={client_name}\nhost={client_host}\nunverified={unverified}\nuser={user_name}\nemail={user_email}\nscopes={}",
            scopes.join(" ")
        )
    }

    fn user_code(&self, page: &UserCodePage) -> String {
        let UserCodePage { action, csrf, user_code, fault, user_name, user_email } = page;
        format!(
            "user-code\naction={action}\ncsrf={csrf}\nuser_code={user_code}\nfault={fault:?}\nuser={user_name}\nemail={user_email}"
        )
    }

    fn device_consent(&self, page: &DeviceConsentPage) -> String {
        let DeviceConsentPage { action, csrf, user_code, client_name, client_host, .. } = page;
        format!(
            "device-consent\naction={action}\ncsrf={csrf}\nuser_code={user_code}\nclient={client_name}\nhost={client_host:?}\n\
             unverified={}\nuser={}\nemail={}\nscopes={}",
            page.unverified,
            page.user_name,
            page.user_email,
            page.scopes.join(" ")
        )
    }

    fn device_done(&self, client_name: &str, allowed: bool, account: &str) -> String {
        format!("device-done\nclient={client_name}\nallowed={allowed}\naccount={account}")
    }

    fn problem(&self, problem: Problem, incident: &str) -> String {
        format!("problem {problem:?}\nincident={incident}")
    }

    fn sign_out(&self, page: &SignOutPage) -> String {
        format!("sign-out\naction={}\ncsrf={}\nclient={:?}", page.action, page.csrf, page.client_name)
    }

    fn signed_out(&self) -> String {
        "signed-out".to_owned()
    }

    fn ask(&self, page: &AskPage) -> String {
        let AskPage { ask, action, csrf, sign_in, email, fault, back } = page;
        let sign_in = sign_in.as_deref().unwrap_or_default();
        format!("ask {ask:?}\naction={action}\ncsrf={csrf}\nsign_in={sign_in}\nemail={email}\nfault={fault:?}\nback={back}")
    }

    fn sent(&self, page: &SentPage) -> String {
        let SentPage { ask, minutes, again, back } = page;
        format!("sent {ask:?}\nminutes={minutes}\nagain={again}\nback={back}")
    }

    fn new_account(&self, page: &NewAccountPage) -> String {
        let NewAccountPage { action, csrf, email, name, username, fault } = page;
        format!("new-account\naction={action}\ncsrf={csrf}\nemail={email}\nname={name}\nusername={username}\nfault={fault:?}")
    }

    fn new_password(&self, page: &NewPasswordPage) -> String {
        let NewPasswordPage { action, csrf, email, username, fault } = page;
        format!("new-password\naction={action}\ncsrf={csrf}\nemail={email}\nusername={username}\nfault={fault:?}")
    }

    fn spent_link(&self, page: &SpentLinkPage) -> String {
        format!("spent-link\nsign-up={:?}\nreset-password={:?}\naccount={}", page.sign_up, page.password_reset, page.account)
    }

    fn account(&self, page: &AccountPage) -> String {
        let mut lines = vec![
            "account".to_owned(),
            format!("action={}", page.action),
            format!("csrf={}", page.csrf),
            format!("user={} <{}> {}", page.name, page.email, page.email_verified),
            format!("notice={:?}", page.notice),
            format!("fault={:?}", page.fault),
        ];
        for device in &page.devices {
            let (mark, from) = (if device.current { "this" } else { "other" }, device.user_agent.as_deref().unwrap_or("unknown"));
            lines.push(format!("device-{mark}-{from}={}", device.id));
        }
        for application in &page.applications {
            lines.push(format!(
                "application-{}={} at {:?}: {}",
                application.client_id,
                application.name,
                application.host,
                application.scopes.join(" ")
            ));
        }
        lines.extend(page.activity.iter().map(|activity| format!("activity={:?} {:?}", activity.deed, activity.address)));
        lines.join("\n")
    }

    fn home(&self, user_name: Option<&str>, _: &str) -> String {
        format!("home\nuser={}", user_name.unwrap_or("nobody"))
    }
}
