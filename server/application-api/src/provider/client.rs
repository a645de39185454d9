//! The OAuth client of the `openidconnect` crate, in the shape that discovery gives it.

use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreErrorResponseType, CoreGenderClaim, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm, CoreRevocableToken, CoreRevocationErrorResponse, CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AdditionalClaims, AuthType, Client, ClientId, ClientSecret, EmptyExtraTokenFields, EndpointMaybeSet, EndpointNotSet,
    EndpointSet, IdTokenFields, RequestTokenError, StandardErrorResponse, StandardTokenResponse,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::settings::Authentication;
use super::wire::WireError;
use super::{Metadata, Provider};

/// Claims that OpenID Connect Core does not name: the provider's session (Back-Channel Logout §2.1), and whatever the claims of
/// a configuration may be taken from.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct OtherClaims(Map<String, Value>);

impl OtherClaims {
    /// The provider's session.
    pub(super) fn sid(&self) -> Option<String> {
        self.0.get("sid")?.as_str().map(str::to_owned)
    }
}

impl AdditionalClaims for OtherClaims {}

type Fields = IdTokenFields<
    OtherClaims,
    EmptyExtraTokenFields,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;

/// What the token endpoint answers.
pub(super) type Answer = StandardTokenResponse<Fields, CoreTokenType>;

/// Why it does not.
pub(super) type TokenError = RequestTokenError<WireError, StandardErrorResponse<CoreErrorResponseType>>;

/// A client whose authorization endpoint is known, and whose token and userinfo endpoints are known where discovery told.
pub(super) type OpenIdClient = Client<
    OtherClaims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    Answer,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

impl Provider {
    /// The client, authenticating as we are told; an assertion is added to each request, for it is good once.
    pub(super) fn client(&self, metadata: &Metadata) -> OpenIdClient {
        let (secret, auth_type) = match &self.settings.authentication {
            Authentication::SecretBasic(secret) => (Some(secret), AuthType::BasicAuth),
            Authentication::SecretPost(secret) => (Some(secret), AuthType::RequestBody),
            Authentication::PrivateKeyJwt(_) | Authentication::None => (None, AuthType::RequestBody),
        };
        let secret = secret.map(|secret| ClientSecret::new(secret.expose().to_owned()));
        let client_id = ClientId::new(self.settings.client_id.clone());
        OpenIdClient::from_provider_metadata(metadata.clone(), client_id, secret).set_auth_type(auth_type)
    }

    /// The same for verifying ID tokens. It knows no secret: a secret must never serve as a key for HS256.
    pub(super) fn verifying_client(&self, metadata: &Metadata) -> OpenIdClient {
        OpenIdClient::from_provider_metadata(metadata.clone(), ClientId::new(self.settings.client_id.clone()), None)
    }
}
