//! Where the user is signed in to the application, and signing out from there.

use protocol::fetch_metadata;

use crate::session::Session;
use crate::session::book::Entry;
use crate::{ApplicationApi, Visit};

/// A browser in which the user is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// What is known of it.
    pub entry: Entry,
    /// Whether it is this very browser.
    pub current: bool,
}

/// Why devices are not told, or not signed out.
#[derive(Debug, thiserror::Error)]
pub enum DevicesError {
    /// Nobody is signed in.
    #[error("nobody is signed in")]
    SignedOut,
    /// Another site made the browser ask.
    #[error("the request came from another site")]
    CrossSite,
    /// The Cache does not answer.
    #[error(transparent)]
    Unavailable(#[from] cache::Unavailable),
    /// The Queue does not answer, and nobody is signed out without a line in the audit log.
    #[error(transparent)]
    Unaudited(#[from] queue::Unavailable),
}

impl ApplicationApi {
    /// Where the user of this request is signed in, the newest first.
    ///
    /// # Errors
    /// [`DevicesError`] without a session, or where the Cache does not answer.
    pub async fn devices(&self, visit: &Visit<'_>) -> Result<Vec<Device>, DevicesError> {
        let session = self.session(visit).await?.ok_or(DevicesError::SignedOut)?;
        let entries = self.sessions_of(session.identity.of_subject()).await?;
        Ok(entries.into_iter().map(|entry| Device { current: session.is(&entry), entry }).collect())
    }

    /// Signs the user out in the browser whose session is `id`; tells whether there was one. Of the user's own only: the
    /// identifier of another user's session finds nothing.
    ///
    /// # Errors
    /// [`DevicesError`] where the request is not the user's own, or the Cache or the Queue does not answer.
    pub async fn sign_out_device(&self, visit: &Visit<'_>, id: &str) -> Result<bool, DevicesError> {
        let ended = self.end_devices(visit, |_, entry| entry.id == id).await?;
        Ok(ended > 0)
    }

    /// Signs the user out in all other browsers; tells in how many.
    ///
    /// # Errors
    /// [`DevicesError`] where the request is not the user's own, or the Cache or the Queue does not answer.
    pub async fn sign_out_others(&self, visit: &Visit<'_>) -> Result<usize, DevicesError> {
        self.end_devices(visit, |session, entry| !session.is(entry)).await
    }

    async fn end_devices(
        &self,
        visit: &Visit<'_>,
        meant: impl Fn(&Session, &Entry) -> bool + Sync,
    ) -> Result<usize, DevicesError> {
        if !fetch_metadata::is_same_origin(visit.headers, &self.settings.origin) {
            return Err(DevicesError::CrossSite);
        }
        let session = self.session(visit).await?.ok_or(DevicesError::SignedOut)?;
        let identity = &session.identity;
        let mut audited = Vec::new();
        for entry in self.sessions_of(identity.of_subject()).await?.into_iter().filter(|entry| meant(&session, entry)) {
            self.audit_end(identity, &entry.id).await?;
            audited.push(entry.id);
        }
        // One that begins in this moment was not there when it was asked.
        Ok(self.end_of(identity.of_subject(), |entry| audited.contains(&entry.id)).await?)
    }
}
