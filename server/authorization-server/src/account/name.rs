//! The form that changes the user's full name.

use queue::Event;

use super::{Done, Sent};
use crate::pages::{AccountFault, Notice};

/// No honest name is longer, in bytes.
const LONGEST: usize = 254;

pub(super) fn submit(sent: Sent<'_>) -> Done<'_> {
    Box::pin(async move {
        let (server, account) = (sent.server, &sent.present.account);
        let name = sent.form.get("name").unwrap_or_default().trim();
        if name.is_empty() || name.len() > LONGEST || name.contains(char::is_control) {
            return Ok(Err(AccountFault::Name));
        }
        if name == account.name {
            return Ok(Ok(None));
        }
        server.tell(Event::NameChanged { subject: account.subject.to_string() }).await?;
        server.boxes.account_keeper.set_name(account.subject, name).await?;
        Ok(Ok(Some(Notice::NameChanged)))
    })
}
