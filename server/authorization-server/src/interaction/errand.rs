//! What an interaction is for, and where it may end.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::DENIED;
use super::ending::Ending;
use super::own_page::OwnPage;
use crate::authorize::{AuthorizeRequest, Checked, Record};
use crate::outage::Outage;
use crate::pages::LeadsTo;
use crate::state::AuthorizationServer;

/// What an interaction is for.
pub(super) enum Errand {
    /// A client's authorization request: it ends at the client.
    Authorization(Box<AuthorizeRequest<Checked>>),
    /// A page of our own that has to know who is there: it ends on that page.
    Page(OwnPage),
}

/// An errand at rest.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Written {
    Authorization(Box<Record>),
    Page(OwnPage),
}

impl Errand {
    /// The errand that was kept; none where its client is no longer registered for where it ends.
    pub(super) async fn restore(server: &AuthorizationServer, written: Written) -> Result<Option<Arc<Self>>, Outage> {
        let errand = match written {
            Written::Authorization(record) => {
                AuthorizeRequest::restore(&server.clients, *record).await?.map(|request| Self::Authorization(Box::new(request)))
            }
            Written::Page(page) => Some(Self::Page(page)),
        };
        Ok(errand.map(Arc::new))
    }

    /// What the login page says of where it leads.
    pub(super) fn leads_to(&self) -> LeadsTo {
        match self {
            Self::Authorization(request) => LeadsTo::Client(request.client.name.clone()),
            Self::Page(page) => page.leads_to(),
        }
    }

    /// The client that is signed in to, where it is one.
    pub(super) fn client_id(&self) -> Option<String> {
        match self {
            Self::Authorization(request) => Some(request.client.client_id.clone()),
            Self::Page(_) => None,
        }
    }

    /// Who the client thinks is there.
    pub(super) fn login_hint(&self) -> Option<String> {
        match self {
            Self::Authorization(request) => request.demand().login_hint.clone(),
            Self::Page(_) => None,
        }
    }

    /// Where forms may lead beside our own pages.
    pub(super) fn form_targets(&self) -> Vec<&str> {
        match self {
            Self::Authorization(request) => vec![&request.address.redirect_uri],
            Self::Page(_) => Vec::new(),
        }
    }

    /// The end where the user says no.
    pub(super) fn denied(&self) -> Ending<'_> {
        match self {
            Self::Authorization(request) => Ending::Refusal(request, DENIED),
            Self::Page(_) => Ending::Home,
        }
    }
}
