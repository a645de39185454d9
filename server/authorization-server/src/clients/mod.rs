//! The registered clients: who may ask, where answers may go, and how a client proves who it is.

mod authentication;
mod client;
mod metadata;
mod redirects;
mod registry;
pub(crate) mod remote_keys;
mod secret;

pub use authentication::{Authentication, ClientKeys};
pub use client::{ApplicationType, Client, Profile, Voucher};
pub use metadata::{ClientMetadata, Registration};
pub(crate) use registry::Clients;
pub use registry::{restore, store};
pub use secret::{Secret, SecretDigest};

/// Why a registration does not make sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MalformedClient {
    /// The identifier is empty or holds characters that RFC 6749 appendix A.1 does not allow.
    #[error("the client_id must be visible ASCII, 256 characters at the most")]
    Identifier,
    /// A URI is not absolute, or has a fragment (RFC 6749 §3.1.2).
    #[error("{0} is not an absolute URI without fragment")]
    Uri(String),
    /// A redirect to a scheme that runs in the browser.
    #[error("{0} would run in the browser")]
    Scheme(String),
    /// A URI that names a user, which only ever deceives.
    #[error("{0} must name no user and no password")]
    UserInformation(String),
    /// A redirect that anybody could listen in on.
    #[error("{0} must be https; native clients may also use http://127.0.0.1, http://[::1] or a scheme like com.example.app")]
    Insecure(String),
    /// A back-channel logout URI that cannot be one.
    #[error("backchannel_logout_uri {0} must be an http or https URL without fragment")]
    BackChannel(String),
    /// FAPI 2.0 §5.3.2.1 allows no other method that we have.
    #[error("the profile fapi2 needs the method private_key_jwt")]
    Fapi2,
    /// FAPI 2.0 §5.4.1 allows PS256, ES256 and `EdDSA`.
    #[error(
        "the profile fapi2 has no RS256: what ID tokens and access tokens are signed with must be PS256, ES256 or EdDSA, or be left out"
    )]
    Fapi2Algorithm,
    /// Without a secret and without PKCE, whoever catches a code can redeem it (RFC 9700 §2.1.1).
    #[error("require_pkce cannot be false for a client that does not authenticate")]
    Pkce,
    /// A client without credentials cannot be granted anything for them.
    #[error("the grant_type client_credentials needs a client that authenticates")]
    PublicWithCredentials,
    /// Keys in two places.
    #[error("jwks and jwks_uri cannot both be there (RFC 7591 §2)")]
    TwoKeySets,
    /// A method that we do not have.
    #[error("there is no such token_endpoint_auth_method")]
    Method,
    /// A method that needs a secret, and none is there.
    #[error("the method needs a secret")]
    NoSecret,
    /// RFC 7591 §2.1.
    #[error("response_types must be [\"code\"] where grant_types has authorization_code, and else be empty")]
    ResponseTypes,
    /// What is stored is no such document.
    #[error("the metadata is not readable")]
    Document,
    /// There is no key to verify with.
    #[error("there is no key to verify assertions with")]
    NoKeys,
    /// A grant that the token endpoint does not have.
    #[error("there is no grant_type {0}; there are {names}", names = crate::token::grants::names().join(", "))]
    GrantType(String),
}
