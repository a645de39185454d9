//! The account page's two vocabularies.

use app::provider::account as shown;
use app::words::ago;
use authorization_server::pages::{AccountFault, AccountPage, Activity, Connected, Deed, Device, Notice};
use authorization_server::password;
use jiff::Timestamp;

/// Renders the account page.
pub(super) fn page(site: &app::provider::ProviderSite, page: &AccountPage) -> String {
    let page = page.clone();
    let shown_page = shown::AccountPage {
        action: page.action,
        csrf: page.csrf,
        sign_out: page.sign_out,
        username: page.username,
        name: page.name,
        email: page.email,
        email_verified: page.email_verified,
        shortest_password: password::SHORTEST,
        devices: page.devices.into_iter().map(|one| device(one, page.now)).collect(),
        applications: page.applications.into_iter().map(|one| connected(one, page.now)).collect(),
        activity: page.activity.into_iter().map(|one| activity(one, page.now)).collect(),
        notice: page.notice.map(notice),
        fault: page.fault.map(fault),
    };
    shown::account(site, &shown_page)
}

/// From how many seconds on an instant is told by its date.
const LONG_AGO: i64 = 7 * 24 * 60 * 60;

/// Pages without a script do not know where their reader is: what is not long ago is told by how long, which is the same everywhere,
/// and exactly in UTC, and said so.
fn moment(at: Timestamp, now: Timestamp) -> shown::Moment {
    let told = |format: &str| at.strftime(format).to_string();
    let seconds = now.duration_since(at).as_secs();
    shown::Moment {
        machine: told("%FT%TZ"),
        words: if seconds < LONG_AGO { ago(seconds) } else { told("on %-d %B %Y") },
        exactly: told("%-d %B %Y, %H:%M UTC"),
    }
}

fn device(device: Device, now: Timestamp) -> shown::Device {
    let Device { id, user_agent, address, since, current } = device;
    shown::Device { id, user_agent, address, since: moment(since, now), current }
}

fn connected(connected: Connected, now: Timestamp) -> shown::Connected {
    let Connected { client_id, name, host, scopes, since } = connected;
    shown::Connected { client_id, name, host, scopes, since: moment(since, now) }
}

fn activity(activity: Activity, now: Timestamp) -> shown::Activity {
    let Activity { at, deed, user_agent, address } = activity;
    shown::Activity { at: moment(at, now), deed: told(deed), user_agent, address }
}

fn told(deed: Deed) -> shown::Deed {
    match deed {
        Deed::SignedIn => shown::Deed::SignedIn,
        Deed::SignInFailed => shown::Deed::SignInFailed,
        Deed::SignedOut => shown::Deed::SignedOut,
        Deed::DeviceSignedOut => shown::Deed::DeviceSignedOut,
        Deed::Allowed(name) => shown::Deed::Allowed(name),
        Deed::Denied(name) => shown::Deed::Denied(name),
        Deed::Withdrawn(name) => shown::Deed::Withdrawn(name),
        Deed::TokenReplayed(name) => shown::Deed::TokenReplayed(name),
        Deed::NameChanged => shown::Deed::NameChanged,
        Deed::PasswordChanged => shown::Deed::PasswordChanged,
        Deed::PasswordReset => shown::Deed::PasswordReset,
        Deed::AccountOpened => shown::Deed::AccountOpened,
        Deed::PasswordSet => shown::Deed::PasswordSet,
    }
}

fn notice(notice: Notice) -> shown::Notice {
    match notice {
        Notice::NameChanged => shown::Notice::NameChanged,
        Notice::PasswordChanged => shown::Notice::PasswordChanged,
        Notice::DeviceSignedOut => shown::Notice::DeviceSignedOut,
        Notice::OthersSignedOut => shown::Notice::OthersSignedOut,
        Notice::AccountOpened => shown::Notice::AccountOpened,
        Notice::PasswordReset => shown::Notice::PasswordReset,
        Notice::ApplicationRemoved => shown::Notice::ApplicationRemoved,
    }
}

fn fault(fault: AccountFault) -> shown::AccountFault {
    match fault {
        AccountFault::Name => shown::AccountFault::Name,
        AccountFault::CurrentPassword => shown::AccountFault::CurrentPassword,
        AccountFault::TooMany { seconds } => shown::AccountFault::TooMany { seconds },
        AccountFault::GuessablePassword => shown::AccountFault::GuessablePassword,
        AccountFault::NewPassword => shown::AccountFault::NewPassword,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_told_by_how_long_ago_it_was_and_after_a_week_by_its_date() {
        let at: Timestamp = "2026-11-23T14:05:59Z".parse().unwrap();
        for (now, words) in [
            ("2026-11-23T14:05:00Z", "less than a minute ago"),
            ("2026-11-23T14:09:00Z", "3 minutes ago"),
            ("2026-11-30T14:05:58Z", "6 days ago"),
            ("2026-11-30T14:05:59Z", "on 23 November 2026"),
        ] {
            let told = moment(at, now.parse().unwrap());
            assert_eq!(told.words, words);
            assert_eq!((told.machine.as_str(), told.exactly.as_str()), ("2026-11-23T14:05:59Z", "23 November 2026, 14:05 UTC"));
        }
    }
}
