//! `cloakroom client …`.

#![expect(clippy::doc_markdown, reason = "the sentences are read on a terminal")]

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use protocol::Scope;
use protocol::jose::Algorithm;
use url::Url;

/// What can be done with the provider's clients.
#[derive(Debug, Subcommand)]
pub enum ClientCommand {
    /// Adds a client to the User Database; running servers know it at once.
    ///
    /// A secret is made where the method needs one, and printed once: only its digest is kept.
    ///
    /// Example: cloakroom client add shop --name Shop --redirect-uri https://shop.example.com/callback
    Add(Box<NewClient>),
    /// Lists all clients, those of the configuration among them.
    List {
        /// As a JSON array.
        #[arg(long)]
        json: bool,
    },
    /// Shows what is registered of a client; never its secret.
    Show {
        /// Which client.
        client_id: String,
        /// As a JSON object, in the words of RFC 7591.
        #[arg(long)]
        json: bool,
    },
    /// Gives a client another secret, and prints it once; within two seconds the old one works nowhere any more.
    RotateSecret {
        /// Which client.
        client_id: String,
        /// As a JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Removes a client with all consents and grants; within two seconds it works nowhere any more.
    Remove {
        /// Which client.
        client_id: String,
    },
}

/// A client to be added.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct NewClient {
    /// Its identifier; a random one where none is given.
    pub client_id: Option<String>,
    /// What people see it called; its identifier where not said.
    #[arg(long)]
    pub name: Option<String>,
    /// Where authorization responses may go. Repeatable.
    #[arg(long, value_name = "URI")]
    pub redirect_uri: Vec<String>,
    /// Where the browser may go after signing out. Repeatable.
    #[arg(long, value_name = "URI")]
    pub post_logout_redirect_uri: Vec<String>,
    /// Where it wants to be told of sign-outs.
    #[arg(long, value_name = "URL")]
    pub backchannel_logout_uri: Option<Url>,
    /// It must be told which session ended, and not only whose.
    #[arg(long, requires = "backchannel_logout_uri")]
    pub backchannel_logout_session_required: bool,
    /// How it proves who it is; private_key_jwt where keys are given.
    #[arg(long, value_enum)]
    pub method: Option<Method>,
    /// Where it publishes the keys of private_key_jwt.
    #[arg(long, value_name = "URL", conflicts_with = "jwks")]
    pub jwks_uri: Option<Url>,
    /// A file with the public keys of private_key_jwt, a JWK set.
    #[arg(long, value_name = "FILE")]
    pub jwks: Option<PathBuf>,
    /// The grants that it may use; beside the default there are client_credentials, and for devices
    /// urn:ietf:params:oauth:grant-type:device_code. Repeatable [default: authorization_code, refresh_token].
    #[arg(long, value_name = "NAME")]
    pub grant_type: Vec<String>,
    /// The most that it may ever ask for, parted by spaces.
    #[arg(long, default_value = "openid profile email offline_access", value_parser = Scope::parse)]
    pub scope: Scope,
    /// A resource server for which it may have access tokens; the first where it names none. Repeatable.
    #[arg(long, value_name = "URI")]
    pub resource: Vec<String>,
    /// A resource that it serves itself: it may introspect access tokens for it. Repeatable.
    #[arg(long, value_name = "URI")]
    pub serves: Vec<String>,
    /// It runs on people's machines: its redirects may go to any port of 127.0.0.1 or [::1], or to a scheme of its own.
    #[arg(long)]
    pub native: bool,
    /// It must push its authorization requests.
    #[arg(long)]
    pub require_par: bool,
    /// It may do without PKCE, because it cannot do otherwise; not for clients that cannot keep a secret.
    #[arg(long, conflicts_with = "fapi2")]
    pub without_pkce: bool,
    /// Its access tokens must be bound to a DPoP key.
    #[arg(long)]
    pub dpop: bool,
    /// What its ID tokens are signed with: RS256, PS256, ES256 or EdDSA [default: RS256].
    #[arg(long, value_name = "ALGORITHM", value_parser = algorithm)]
    pub id_token_alg: Option<Algorithm>,
    /// What its access tokens are signed with: RS256, PS256, ES256 or EdDSA.
    #[arg(long, value_name = "ALGORITHM", default_value = "ES256", value_parser = algorithm)]
    pub access_token_alg: Algorithm,
    /// All that FAPI 2.0 asks of a client: private_key_jwt without RS256, pushed requests, DPoP-bound tokens.
    #[arg(long)]
    pub fapi2: bool,
    /// As a JSON object, in the words of RFC 7591, the secret among them.
    #[arg(long)]
    pub json: bool,
}

fn algorithm(name: &str) -> Result<Algorithm, &'static str> {
    Algorithm::of_name(name).ok_or("it must be RS256, PS256, ES256 or EdDSA")
}

/// How a client proves who it is, by registered names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum Method {
    /// A secret in the Authorization header; the default.
    ClientSecretBasic,
    /// A secret in the form.
    ClientSecretPost,
    /// Signed assertions, by keys that are given.
    PrivateKeyJwt,
    /// Not at all: for clients that cannot keep a secret.
    None,
}
