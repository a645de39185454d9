//! DPoP (RFC 9449) over the real router: A12, the DPoP parts of A8 and A15, attacks 10 and 25.

mod binding;
mod nonces;
mod proofs;
mod refresh;
mod replay;
mod userinfo;
pub(crate) mod wallet;

pub(crate) use wallet::Wallet;
