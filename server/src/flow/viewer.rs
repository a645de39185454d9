//! Whose flow it is: a cookie of its own, which is there before anybody has signed in, and opens nothing but `/flow`.

use std::sync::Arc;

use app::error::PageError;
use app::ports::{Flows, Visit};
use application_api::cookies::{carry, remove};
use application_api::flow::{COOKIE, viewer_of};
use application_api::visit::set_cookie;
use async_trait::async_trait;
use cache::Unavailable;
use http::HeaderValue;
use protocol::Rng;
use protocol::entropy::is_opaque;
use protocol::flow::Flow;
use protocol::secret::Ticket;

use super::Book;
use crate::adapters::seen;

/// The flows, as pages see them.
#[derive(Clone)]
pub(crate) struct Gallery {
    pub(crate) book: Book,
    pub(crate) rng: Arc<dyn Rng>,
}

/// A browser that may look at what it began.
pub(crate) struct Viewer {
    /// How the book calls it.
    pub(crate) name: String,
    /// The cookie by which it is known again, where it is new.
    pub(crate) cookie: Option<HeaderValue>,
}

impl Gallery {
    /// The viewer of a request that begins a sign-in.
    pub(crate) fn viewer(&self, visit: &Visit) -> Viewer {
        if let Some(name) = known(visit) {
            return Viewer { name, cookie: None };
        }
        let ticket = Ticket::issue(self.rng.as_ref());
        let cookie = HeaderValue::from_str(&set_cookie(&carry(COOKIE.to_owned(), &ticket, None))).ok();
        Viewer { name: viewer_of(&ticket), cookie }
    }

    /// Somebody signs out: whoever comes to this browser after them sees nothing of theirs. Gives what removes the cookie.
    pub(crate) async fn leave(&self, visit: &Visit) -> Option<HeaderValue> {
        let viewer = known(visit)?;
        if let Err(error) = self.book.forget(&viewer).await {
            tracing::warn!(%error, "a flow is kept until it expires");
        }
        HeaderValue::from_str(&set_cookie(&remove(COOKIE.to_owned()))).ok()
    }
}

/// The viewer of a request, where there is one.
pub(super) fn known(visit: &Visit) -> Option<String> {
    let (_, value) = seen(visit).cookies().find(|(name, value)| *name == COOKIE && is_opaque(value))?;
    Some(viewer_of(&Ticket::new(value)))
}

#[async_trait]
impl Flows for Gallery {
    fn welcome(&self, visit: &Visit) -> Option<HeaderValue> {
        self.viewer(visit).cookie
    }

    async fn newest(&self, visit: &Visit) -> Result<Option<Flow>, PageError> {
        let Some(viewer) = known(visit) else { return Ok(None) };
        self.book.newest(&viewer).await.map_err(|error: Unavailable| {
            tracing::error!(%error, "a flow could not be read");
            PageError::Unavailable
        })
    }
}
