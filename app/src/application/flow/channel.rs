//! What an exchange travels over.

use protocol::Exchange;

/// Between whom an exchange runs; it chooses the colour of the arrow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Channel {
    /// Through the user's browser.
    Front,
    /// From server to server.
    Back,
    /// Between a server and its own store.
    House,
}

impl Channel {
    pub(super) fn of(exchange: Exchange) -> Self {
        match exchange {
            Exchange::Login
            | Exchange::RedirectToAuthorizationEndpoint
            | Exchange::AuthorizationRequest
            | Exchange::RedirectWithCode
            | Exchange::Callback
            | Exchange::SessionCookie => Self::Front,
            Exchange::PushedAuthorizationRequest | Exchange::TokenRequest | Exchange::TokenResponse => Self::Back,
            Exchange::TemporaryState | Exchange::AccountAndConsentRecords | Exchange::SessionStorage | Exchange::AuditEvent => {
                Self::House
            }
        }
    }

    /// The class that colours an arrow.
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Front => "front",
            Self::Back => "back",
            Self::House => "house",
        }
    }
}

/// The protocol badge of an exchange: what carries it, and for the token response what it carries.
pub(super) fn badge(exchange: Exchange) -> &'static str {
    match (exchange, Channel::of(exchange)) {
        (Exchange::TokenResponse, _) => "JWT",
        (_, Channel::House) => "TCP",
        _ => "HTTPS",
    }
}
