//! The form that signs the user out in another browser, or in all others.

use super::{Done, Sent};
use crate::pages::Notice;
use crate::session;

pub(super) fn submit(sent: Sent<'_>) -> Done<'_> {
    Box::pin(async move {
        let (server, present) = (sent.server, sent.present);
        let wanted = sent.form.get("device");
        let mut ended = false;
        // Of the user's own only: a `sid` of somebody else's finds nothing here.
        for entry in session::of_account(server, &present.account).await? {
            let meant = wanted.map_or(entry.sid != present.session.sid, |wanted| entry.sid == wanted);
            if meant && entry.sid == present.session.sid {
                session::end(server, sent.cookies, present).await?;
                return Ok(Ok(None));
            } else if meant {
                session::finish(server, &entry.sid).await?;
                ended = true;
            }
        }
        let notice = if wanted.is_some() { Notice::DeviceSignedOut } else { Notice::OthersSignedOut };
        Ok(Ok(ended.then_some(notice)))
    })
}
