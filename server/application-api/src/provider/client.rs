//! The OAuth client of the `openidconnect` crate, in the shape that discovery gives it.

use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreErrorResponseType, CoreGenderClaim, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm, CoreRevocableToken, CoreRevocationErrorResponse, CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AdditionalClaims, AuthType, Client, ClientId, EmptyExtraTokenFields, EndpointMaybeSet, EndpointNotSet, EndpointSet,
    IdTokenFields, RequestTokenError, StandardErrorResponse, StandardTokenResponse,
};
use serde::{Deserialize, Serialize};

use super::wire::WireError;
use super::{Metadata, Provider};

/// The provider's session (Back-Channel Logout §2.1).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct SessionClaim {
    pub(super) sid: Option<String>,
}

impl AdditionalClaims for SessionClaim {}

type Fields = IdTokenFields<
    SessionClaim,
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
    SessionClaim,
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
    /// The client; `client_id` goes into the body, beside the assertion.
    pub(super) fn client(&self, metadata: &Metadata) -> OpenIdClient {
        OpenIdClient::from_provider_metadata(metadata.clone(), ClientId::new(self.client_id.clone()), None)
            .set_auth_type(AuthType::RequestBody)
    }
}
