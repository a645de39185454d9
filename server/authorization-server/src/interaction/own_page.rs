//! The pages of our own that need somebody to be signed in. To add one, add a variant: no text from outside ever says where a
//! login leads.

use http::StatusCode;
use serde::{Deserialize, Serialize};
use tower_cookies::Cookies;

use super::errand::Written;
use super::{InteractionError, lead};
use crate::device::UserCode;
use crate::pages::LeadsTo;
use crate::state::AuthorizationServer;

/// A page of our own to which a login can lead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum OwnPage {
    /// Where the code that a device shows is entered.
    Device {
        /// The code that is entered already, if one is.
        user_code: Option<UserCode>,
    },
    /// Where users look after their account.
    Account,
}

impl OwnPage {
    /// Its path below the issuer, with its query.
    pub(super) fn path(&self) -> String {
        match self {
            Self::Device { user_code: None } => "/device".to_owned(),
            Self::Device { user_code: Some(code) } => format!("/device?user_code={}", code.shown()),
            Self::Account => "/account".to_owned(),
        }
    }

    pub(super) fn leads_to(&self) -> LeadsTo {
        match self {
            Self::Device { .. } => LeadsTo::Device,
            Self::Account => LeadsTo::Account,
        }
    }

    /// Leads the browser to the login, and from there back to this page. `status` is 302 after a GET, 303 after a form.
    pub(crate) async fn after_login(
        self,
        server: &AuthorizationServer,
        cookies: &Cookies,
        status: StatusCode,
    ) -> Result<axum::response::Response, InteractionError> {
        lead(server, cookies, Written::Page(self), None, "login", status).await
    }
}
