//! The clients that may act for the user, and the form that takes that back.

use queue::Event;
use url::Url;
use uuid::Uuid;

use super::{Done, Sent};
use crate::outage::Outage;
use crate::pages::{Connected, Notice};
use crate::state::AuthorizationServer;

/// What is connected, by the names that people know.
pub(super) async fn connected(server: &AuthorizationServer, subject: Uuid) -> Result<Vec<Connected>, Outage> {
    let mut connected = Vec::new();
    for connection in server.boxes.consents.connections(subject, server.now()).await? {
        let client = server.clients.find(&connection.client_id).await?;
        let host =
            client.as_ref().and_then(|client| Url::parse(client.redirect_uris.first()?).ok()?.host_str().map(str::to_owned));
        connected.push(Connected {
            name: client.map_or_else(|| connection.client_id.clone(), |client| client.name.clone()),
            client_id: connection.client_id,
            host,
            scopes: connection.scope.iter().map(str::to_owned).collect(),
            since: connection.since,
        });
    }
    Ok(connected)
}

/// The client hears that it is signed out, before its tokens are worth nothing.
pub(super) fn submit(sent: Sent<'_>) -> Done<'_> {
    Box::pin(async move {
        let (server, subject) = (sent.server, sent.present.account.subject);
        let wanted = sent.form.get("application").unwrap_or_default();
        let known = server.boxes.consents.connections(subject, server.now()).await?;
        let Some(connection) = known.into_iter().find(|connection| connection.client_id == wanted) else { return Ok(Ok(None)) };
        let client_id = connection.client_id;
        server.tell(Event::ConsentWithdrawn { subject: subject.to_string(), client_id: client_id.clone() }).await?;
        for entry in server.boxes.sessions.of_subject(subject, server.now()).await? {
            if entry.clients.contains(&client_id) {
                let (subject, client_id) = (subject.to_string(), client_id.clone());
                server.tell(Event::SessionEnded { subject, client_id, sid: entry.sid }).await?;
            }
        }
        server.boxes.consents.withdraw(subject, &client_id, server.now()).await?;
        Ok(Ok(Some(Notice::ApplicationRemoved)))
    })
}
