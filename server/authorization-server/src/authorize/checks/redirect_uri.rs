//! `redirect_uri` is, character for character, one that the client registered (RFC 9700 §2.1; FAPI 2.0 wants it present).

use protocol::wire::Parameters;

use crate::authorize::Distrusted;
use crate::clients::Client;

pub(crate) fn check(client: &Client, parameters: &Parameters) -> Result<String, Distrusted> {
    let uri = parameters.get("redirect_uri").ok_or(Distrusted::NoRedirectUri)?;
    if client.redirects_to(uri) { Ok(uri.to_owned()) } else { Err(Distrusted::UnknownRedirectUri) }
}
