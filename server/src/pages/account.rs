//! The account page's two vocabularies.

use app::provider::account as shown;
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
        devices: page.devices.into_iter().map(device).collect(),
        applications: page.applications.into_iter().map(connected).collect(),
        activity: page.activity.into_iter().map(activity).collect(),
        notice: page.notice.map(notice),
        fault: page.fault.map(fault),
    };
    shown::account(site, &shown_page)
}

/// Pages without a script do not know where their reader is: UTC, and said so.
fn moment(at: Timestamp) -> shown::Moment {
    shown::Moment { machine: at.strftime("%FT%TZ").to_string(), words: at.strftime("%-d %B %Y, %H:%M UTC").to_string() }
}

fn device(device: Device) -> shown::Device {
    let Device { id, user_agent, address, since, current } = device;
    shown::Device { id, user_agent, address, since: moment(since), current }
}

fn connected(connected: Connected) -> shown::Connected {
    let Connected { client_id, name, host, scopes, since } = connected;
    shown::Connected { client_id, name, host, scopes, since: moment(since) }
}

fn activity(activity: Activity) -> shown::Activity {
    let Activity { at, deed, user_agent, address } = activity;
    shown::Activity { at: moment(at), deed: told(deed), user_agent, address }
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
