//! The thirteen numbered exchanges of the diagram.

use serde::{Deserialize, Serialize};

/// A box of the diagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// End user client initiating login.
    Browser,
    /// Backend that starts OAuth and exchanges code for tokens.
    ApplicationApi,
    /// Identity provider handling login and consent.
    AuthorizationServer,
    /// Stores account and consent records.
    UserDatabase,
    /// Stores temporary state, nonce, session data.
    Cache,
    /// Async events for audit and notifications.
    Queue,
}

impl Part {
    /// The canonical name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Browser => "Browser",
            Self::ApplicationApi => "Application API",
            Self::AuthorizationServer => "Authorization Server",
            Self::UserDatabase => "User Database",
            Self::Cache => "Cache",
            Self::Queue => "Queue",
        }
    }
}

/// A numbered arrow of the diagram. The number is the discriminant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exchange {
    /// 1: GET /login.
    Login = 1,
    /// 2: state, nonce, PKCE verifier into the Cache.
    TemporaryState = 2,
    /// 3: POST /par.
    PushedAuthorizationRequest = 3,
    /// 4: the browser is sent to the authorization endpoint.
    RedirectToAuthorizationEndpoint = 4,
    /// 5: the authorization request, credentials and consent.
    AuthorizationRequest = 5,
    /// 6: account and consent records.
    AccountAndConsentRecords = 6,
    /// 7: the browser is sent back with the authorization code.
    RedirectWithCode = 7,
    /// 8: GET /callback.
    Callback = 8,
    /// 9: POST /token.
    TokenRequest = 9,
    /// 10: access token, refresh token, ID token; then userinfo.
    TokenResponse = 10,
    /// 11: the session into the Cache.
    SessionStorage = 11,
    /// 12: the audit event into the Queue.
    AuditEvent = 12,
    /// 13: the session cookie and the authenticated response.
    SessionCookie = 13,
}

impl Exchange {
    /// All thirteen, in order.
    pub const ALL: [Self; 13] = [
        Self::Login,
        Self::TemporaryState,
        Self::PushedAuthorizationRequest,
        Self::RedirectToAuthorizationEndpoint,
        Self::AuthorizationRequest,
        Self::AccountAndConsentRecords,
        Self::RedirectWithCode,
        Self::Callback,
        Self::TokenRequest,
        Self::TokenResponse,
        Self::SessionStorage,
        Self::AuditEvent,
        Self::SessionCookie,
    ];

    /// The number on the arrow, 1 to 13.
    pub fn number(self) -> u8 {
        self as u8
    }

    /// The label on the arrow, word for word; two lines where the arrow carries two things.
    pub fn label(self) -> &'static [&'static str] {
        match self {
            Self::Login => &["GET /login"],
            Self::TemporaryState => &["state, nonce, PKCE verifier"],
            Self::PushedAuthorizationRequest => &["POST /par"],
            Self::RedirectToAuthorizationEndpoint => &["302 redirect to authorization endpoint"],
            Self::AuthorizationRequest => &["HTTPS authorization request", "User credentials + consent"],
            Self::AccountAndConsentRecords => &["account and consent records"],
            Self::RedirectWithCode => &["302 redirect", "Authorization code"],
            Self::Callback => &["callback with Authorization code"],
            Self::TokenRequest => &["POST /token"],
            Self::TokenResponse => &["Access token + Refresh token"],
            Self::SessionStorage => &["session storage"],
            Self::AuditEvent => &["Audit event"],
            Self::SessionCookie => &["Session cookie", "authenticated app response"],
        }
    }

    /// Whether it happens between the browser and the provider, where the Application API does not see it.
    pub fn is_at_provider(self) -> bool {
        matches!(self, Self::AuthorizationRequest | Self::AccountAndConsentRecords | Self::RedirectWithCode)
    }

    /// The boxes at the arrow's tail and head.
    pub fn ends(self) -> (Part, Part) {
        use Part::{ApplicationApi, AuthorizationServer, Browser, Cache, Queue, UserDatabase};
        match self {
            Self::Login | Self::Callback => (Browser, ApplicationApi),
            Self::TemporaryState | Self::SessionStorage => (ApplicationApi, Cache),
            Self::PushedAuthorizationRequest | Self::TokenRequest => (ApplicationApi, AuthorizationServer),
            Self::RedirectToAuthorizationEndpoint | Self::RedirectWithCode => (AuthorizationServer, Browser),
            Self::AuthorizationRequest => (Browser, AuthorizationServer),
            Self::AccountAndConsentRecords => (AuthorizationServer, UserDatabase),
            Self::TokenResponse => (AuthorizationServer, ApplicationApi),
            Self::AuditEvent => (ApplicationApi, Queue),
            Self::SessionCookie => (ApplicationApi, Browser),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_run_from_one_to_thirteen() {
        assert_eq!(Exchange::ALL.map(Exchange::number).to_vec(), (1..=13).collect::<Vec<u8>>());
    }
}
