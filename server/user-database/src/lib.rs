//! The User Database: account and consent records, and what must outlive a restart of the Authorization Server.
//!
//! The ports are small, a file each: [`Accounts`] (who may sign in),
//! [`AccountKeeper`] (what an operator does with them), [`Clients`] (who may ask for tokens), [`Consents`] (what they allowed), [`Grants`]
//! (what came of it: families of refresh tokens), [`Links`] (what was sent by e-mail), [`Sessions`] (where they are signed in), [`SigningKeys`] (what tokens are signed with) and [`AuditTrail`]
//! (what happened). One adapter, [`SqlDatabase`], answers them all over sqlx, on SQLite and on PostgreSQL, with the
//! same statements; the suite in `tests/contract` holds both engines to the same rules.
//!
//! Instants come in as arguments, never from a clock of our own, and are kept to the millisecond. A dump of the
//! database holds no token that works: refresh tokens are kept as digests, keys as their owner sealed them.

mod account_keeper;
mod accounts;
mod audit;
mod clients;
mod consents;
mod grants;
mod links;
mod sessions;
mod signing_keys;
mod sql;
mod unavailable;

pub use account_keeper::AccountKeeper;
pub use accounts::{Account, Accounts};
pub use audit::{AuditRecord, AuditTrail};
pub use clients::{Clients, StoredClient};
pub use consents::{Connection, Consents};
pub use grants::{Grant, Grants, ROTATION_GRACE, Rotation};
pub use links::{Link, LinkPurpose, Links, Opening};
pub use sessions::{Session, Sessions};
pub use signing_keys::{SigningKeys, StoredKey};
pub use sql::{REPLAY_MEMORY, SqlDatabase};
pub use unavailable::Unavailable;
