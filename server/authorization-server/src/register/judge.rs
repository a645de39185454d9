//! What a client that nobody vouches for may register.

use protocol::Scope;
use serde_json::{Map, Value};

use super::RegisterError;
use crate::clients::{Client, ClientMetadata};
use crate::discovery;
use crate::outbound::Outbound;

/// No honest client has more redirect URIs.
const MOST_URIS: usize = 32;
/// No honest URI is longer, in bytes.
const LONGEST_URI: usize = 2048;
/// No honest name is longer, in characters.
const LONGEST_NAME: usize = 128;
/// No honest client has more keys.
const MOST_KEYS: usize = 16;
/// Members of a key that are nobody else's business (RFC 7518 §6).
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

fn refuse<T>(words: &str) -> Result<T, RegisterError> {
    Err(RegisterError::Metadata(words.to_owned()))
}

/// Reads the metadata. What we do not know is left out, as RFC 7591 §2 asks, and so is what only an operator may say.
pub(super) fn metadata(mut document: Map<String, Value>) -> Result<ClientMetadata, RegisterError> {
    for ours in ["resources", "serves", "access_token_signed_response_alg", "require_pkce"] {
        document.remove(ours);
    }
    if document.get("subject_type").is_some_and(|kind| kind != "public") {
        return refuse("subject_type must be public");
    }
    if let Some(keys) = document.get("jwks").and_then(|set| set.get("keys")).and_then(Value::as_array) {
        if keys.len() > MOST_KEYS {
            return refuse("jwks holds more than 16 keys");
        }
        if keys.iter().any(|key| PRIVATE.iter().any(|name| key.get(name).is_some())) {
            return refuse("jwks holds a key that is not public");
        }
    }
    let text = Value::Object(document);
    let mut metadata: ClientMetadata = match serde_json::from_value(text) {
        Ok(metadata) => metadata,
        Err(_) => return refuse("a member of the metadata has another shape than RFC 7591 gives it"),
    };
    if let Some(name) = &metadata.client_name {
        check_name(name)?;
    } else {
        // People know where they are going better than a random identifier.
        metadata.client_name = metadata.redirect_uris.first().and_then(|uri| host(uri));
    }
    metadata.scope = Some(scope(metadata.scope.as_ref()));
    Ok(metadata)
}

/// Any text is only ever text, markup too; but nothing that would make other text of what stands beside it.
fn check_name(name: &str) -> Result<(), RegisterError> {
    let confuses = |c: char| {
        c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    if name.trim().is_empty() || name.chars().count() > LONGEST_NAME || name.contains(confuses) {
        return refuse("client_name must be 1 to 128 characters, none of which control the others");
    }
    Ok(())
}

fn host(uri: &str) -> Option<String> {
    url::Url::parse(uri).ok()?.host_str().map(str::to_owned)
}

/// Of what is asked for, what is about the user who signs in; all of it where nothing is asked for (RFC 7591 §2).
fn scope(asked: Option<&Scope>) -> Scope {
    let ours = Scope::parse(&discovery::SCOPES.join(" ")).unwrap_or_default();
    asked.map_or_else(|| ours.clone(), |asked| asked.intersection(&ours))
}

/// Judges the client as a whole.
pub(super) fn client(client: &Client, outbound: &Outbound) -> Result<(), RegisterError> {
    let uris = [&client.redirect_uris, &client.post_logout_redirect_uris];
    if uris.iter().any(|uris| uris.len() > MOST_URIS || uris.iter().any(|uri| uri.len() > LONGEST_URI)) {
        return refuse("a client registers 32 URIs at the most, of 2048 bytes each");
    }
    if client.may_use("authorization_code") && client.redirect_uris.is_empty() {
        return refuse("redirect_uris is needed for the authorization code grant");
    }
    if client.may_use("client_credentials") {
        return refuse("the grant_type client_credentials is for clients that the operator adds");
    }
    client.check_redirects_strictly(outbound.is_development()).map_err(RegisterError::RedirectUri)?;
    client.check_returns_strictly(outbound.is_development())?;
    client.check()?;
    let (keys, logout) = (client.published_keys(), client.backchannel_logout_uri.as_ref());
    for (name, uri) in [("jwks_uri", keys), ("backchannel_logout_uri", logout)] {
        if let Some(uri) = uri
            && let Err(reason) = outbound.permits(uri, client.voucher)
        {
            return refuse(&format!("{name} is not one that we would ask: {reason}"));
        }
    }
    Ok(())
}
