//! What happened to the account lately, out of the audit log.

use queue::Event;
use user_database::AuditRecord;
use uuid::Uuid;

use crate::outage::Outage;
use crate::pages::{Activity, Deed};
use crate::state::AuthorizationServer;

/// How many lines of the log are looked at.
const LOOKED_AT: u32 = 60;
/// How many are shown.
const SHOWN: usize = 12;

/// What is worth telling, the newest first.
pub(super) async fn recent(server: &AuthorizationServer, subject: Uuid) -> Result<Vec<Activity>, Outage> {
    let records = server.boxes.audit.recent(Some(&subject.to_string()), LOOKED_AT).await?;
    let mut activity = Vec::new();
    for record in records {
        if activity.len() == SHOWN {
            break;
        }
        let at = record.at;
        if let Some((deed, user_agent, address)) = tell(server, record).await? {
            activity.push(Activity { at, deed, user_agent, address });
        }
    }
    Ok(activity)
}

type Told = (Deed, Option<String>, Option<String>);

/// What a line of the log says to the user; nothing of what only operators care about.
async fn tell(server: &AuthorizationServer, record: AuditRecord) -> Result<Option<Told>, Outage> {
    if record.kind == "account_password_set" {
        return Ok(Some((Deed::PasswordSet, None, None)));
    }
    let Ok(event) = serde_json::from_value::<Event>(record.details) else { return Ok(None) };
    Ok(Some(match event {
        Event::SignedIn { user_agent, address, .. } => (Deed::SignedIn, user_agent, address),
        Event::SignInFailed { address, .. } => (Deed::SignInFailed, None, address),
        Event::SignedOut { .. } => (Deed::SignedOut, None, None),
        Event::DeviceSignedOut { user_agent, .. } => (Deed::DeviceSignedOut, user_agent, None),
        Event::ConsentGranted { client_id, .. } => (Deed::Allowed(name(server, client_id).await?), None, None),
        Event::ConsentDenied { client_id, .. } => (Deed::Denied(name(server, client_id).await?), None, None),
        Event::ConsentWithdrawn { client_id, .. } => (Deed::Withdrawn(name(server, client_id).await?), None, None),
        Event::TokenReplayed { client_id, .. } => (Deed::TokenReplayed(name(server, client_id).await?), None, None),
        Event::NameChanged { .. } => (Deed::NameChanged, None, None),
        Event::PasswordChanged { user_agent, address, .. } => (Deed::PasswordChanged, user_agent, address),
        Event::PasswordReset { user_agent, address, .. } => (Deed::PasswordReset, user_agent, address),
        Event::AccountOpened { user_agent, address, .. } => (Deed::AccountOpened, user_agent, address),
        _ => return Ok(None),
    }))
}

async fn name(server: &AuthorizationServer, client_id: String) -> Result<String, Outage> {
    let client = server.clients.find(&client_id).await?;
    Ok(client.map_or(client_id, |client| client.name.clone()))
}
