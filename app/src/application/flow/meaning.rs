//! What each exchange and each parameter is for, and the clause that asks for it.

use protocol::Exchange;

/// What an exchange is for.
pub(super) fn exchange(exchange: Exchange) -> (&'static str, &'static str) {
    match exchange {
        Exchange::Login => (
            "The user chooses to sign in. A plain navigation: it holds no secret, and begins nothing for another site.",
            "OAuth 2.0 for Browser-Based Applications §6.1",
        ),
        Exchange::TemporaryState => (
            "Before anything leaves the house, what will be needed at the callback is kept, sealed under a cookie of this browser.",
            "RFC 6749 §10.12, RFC 9700 §4.7",
        ),
        Exchange::PushedAuthorizationRequest => (
            "The request goes from server to server, authenticated, so that nobody between can read or change it.",
            "RFC 9126 §2.1",
        ),
        Exchange::RedirectToAuthorizationEndpoint => {
            ("The browser is sent to the provider. It carries a reference to the request, and not the request.", "RFC 9126 §4")
        }
        Exchange::AuthorizationRequest => (
            "At the provider, and nowhere else, the user proves who they are and says what the application may do.",
            "RFC 6749 §4.1.1, OpenID Connect Core §3.1.2",
        ),
        Exchange::AccountAndConsentRecords => (
            "The provider looks up the account and what its user allowed, and writes down what is allowed now.",
            "OpenID Connect Core §3.1.2.4",
        ),
        Exchange::RedirectWithCode => (
            "The browser is sent back with a code that is good once, for a short time, and for this application alone.",
            "RFC 6749 §4.1.2, RFC 9207 §2",
        ),
        Exchange::Callback => (
            "The application takes the answer only from the browser that asked, and only of the provider that was asked.",
            "RFC 6749 §10.12, RFC 9207 §2.4",
        ),
        Exchange::TokenRequest => (
            "From server to server, the code is exchanged. It takes the verifier that only this application knows.",
            "RFC 6749 §4.1.3, RFC 7636 §4.5",
        ),
        Exchange::TokenResponse => (
            "The tokens come, and stay on the server. The ID token is verified, and userinfo asked who the user is.",
            "RFC 6749 §5.1, OpenID Connect Core §3.1.3.7, §5.3",
        ),
        Exchange::SessionStorage => (
            "The tokens are sealed under a key that comes of the session cookie. The Cache alone can open nothing.",
            "OAuth 2.0 for Browser-Based Applications §6.1",
        ),
        Exchange::AuditEvent => ("That somebody signed in is told to the Queue, from which the audit log is written.", ""),
        Exchange::SessionCookie => (
            "The browser gets one cookie, out of reach of scripts, and the page that the user wanted.",
            "RFC 6265 §4.1.2.6, OAuth 2.0 for Browser-Based Applications §6.1",
        ),
    }
}

/// What a parameter is for, by its name.
pub(super) fn parameter(name: &str) -> Option<(&'static str, &'static str)> {
    Some(match name {
        "state" => ("Ties the answer to the browser that asked", "RFC 6749 §10.12"),
        "nonce" => ("Comes back in the ID token, which is for this sign-in alone then", "OpenID Connect Core §15.5.2"),
        "code_verifier" => ("Proves that whoever redeems the code asked for it", "RFC 7636 §4.1"),
        "code_challenge" => ("A hash of the verifier, which stays at home until the code comes", "RFC 7636 §4.2"),
        "code_challenge_method" => ("How that hash is made", "RFC 7636 §4.3"),
        "response_type" => ("What should come back: a code", "RFC 6749 §3.1.1"),
        "redirect_uri" => ("Where the answer goes: an address that was registered", "RFC 6749 §3.1.2"),
        "scope" => ("What the application may do", "RFC 6749 §3.3"),
        "client_id" => ("Which application it is", "RFC 6749 §2.2"),
        "client_assertion" => ("Proves that it is that application, with a signature good once", "RFC 7523 §2.2"),
        "client_assertion_type" => ("That this proof is a signed JWT", "RFC 7523 §2.2"),
        "client_secret" => ("Proves that it is that application", "RFC 6749 §2.3.1"),
        "request_uri" => ("Stands for the request that was pushed; good for a short time", "RFC 9126 §2.2"),
        "resource" => ("The resource server that the access token is for", "RFC 8707 §2"),
        "dpop_jkt" => ("The key that the code is bound to", "RFC 9449 §10"),
        "DPoP" => ("Proves possession of the key that tokens are bound to", "RFC 9449 §4.1"),
        "grant_type" => ("What is exchanged for tokens", "RFC 6749 §4.1.3"),
        "code" => ("Stands for what the user allowed; good once", "RFC 6749 §4.1.2"),
        "iss" => ("Who answers; checked against who was asked", "RFC 9207 §2"),
        "error" => ("Why the provider says no", "RFC 6749 §4.1.2.1"),
        "error_description" => ("The same for developers", "RFC 6749 §4.1.2.1"),
        "token_type" => ("How the access token is used", "RFC 6749 §7.1"),
        "access_token" => ("Opens the Resource API, for a short time", "RFC 6749 §1.4, RFC 9068"),
        "refresh_token" => ("Gets the next access token; most providers replace it each time", "RFC 6749 §1.5, RFC 9700 §4.14.2"),
        "id_token" => ("Says who signed in, when and how, signed by the provider", "OpenID Connect Core §2"),
        "expires_in" => ("For how many seconds it is good", "RFC 6749 §5.1"),
        "Authorization" => ("Whoever asks, proven", "RFC 6750 §2.1"),
        "cookie __Host-sign-in" => ("Opens what was kept of this sign-in, in this browser alone", "RFC 9700 §4.7"),
        "cookie __Host-session" => ("Stands for the session; means nothing anywhere else", "RFC 6265 §4.1.2.6"),
        "return_to" => ("The page that the user wanted: a path of this origin, or it is dropped", "RFC 9700 §4.11.1"),
        "Location" => ("The page that the user wanted", "RFC 9110 §15.4.3"),
        "max_age" => ("How long ago the user may have authenticated, in seconds", "OpenID Connect Core §3.1.2.1"),
        "acr_values" | "claims" => ("How the user should authenticate", "OpenID Connect Core §3.1.2.1"),
        "prompt" => ("Which pages the provider shows", "OpenID Connect Core §3.1.2.1"),
        "provider" => ("Which of several providers", "RFC 9700 §4.4"),
        "renew" => ("A sign-in anew, though a session stands", ""),
        "username" | "password" => ("The user's own; they go to the provider and to nobody else", "RFC 9700 §2.4"),
        "button" => ("What the user chose", ""),
        "records" => ("What was asked of the database, and what for", ""),
        "event" => ("What happened", ""),
        "sub" => ("The user, by the provider's own name", "OpenID Connect Core §2"),
        "ends_at" => ("When the session ends, however busy", ""),
        _ => return None,
    })
}

/// The parameters that an exchange carries in a sign-in as ours, for the sample.
pub(super) fn usual(exchange: Exchange) -> &'static [&'static str] {
    match exchange {
        Exchange::Login => &["return_to"],
        Exchange::TemporaryState => &["state", "nonce", "code_verifier", "return_to"],
        Exchange::PushedAuthorizationRequest => &[
            "client_id",
            "client_assertion",
            "response_type",
            "redirect_uri",
            "scope",
            "state",
            "nonce",
            "code_challenge",
            "code_challenge_method",
            "resource",
            "request_uri",
        ],
        Exchange::RedirectToAuthorizationEndpoint => &["client_id", "request_uri", "cookie __Host-sign-in"],
        Exchange::AuthorizationRequest => &["client_id", "request_uri", "username", "password"],
        Exchange::AccountAndConsentRecords => &["records"],
        Exchange::RedirectWithCode => &["code", "state", "iss"],
        Exchange::Callback => &["code", "state", "iss", "cookie __Host-sign-in"],
        Exchange::TokenRequest => {
            &["grant_type", "code", "code_verifier", "redirect_uri", "client_id", "client_assertion", "resource"]
        }
        Exchange::TokenResponse => &["token_type", "access_token", "refresh_token", "id_token", "expires_in"],
        Exchange::SessionStorage => &["cookie __Host-session", "access_token", "refresh_token"],
        Exchange::AuditEvent => &["event", "sub"],
        Exchange::SessionCookie => &["cookie __Host-session", "Location"],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_exchange_usually_carries_is_explained() {
        for name in Exchange::ALL.into_iter().flat_map(usual) {
            assert!(parameter(name).is_some(), "{name}");
        }
    }
}
