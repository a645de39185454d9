//! PostgreSQL: where it is, and what each session is told.

use std::str::FromStr as _;

use sqlx::any::AnyConnectOptions;
use sqlx::postgres::PgConnectOptions;

use super::engine::{Address, CannotOpen, Place};

/// Whatever the server's defaults are, transactions see what others committed (the claim of a refresh token relies
/// on it), and a statement that hangs gives its connection back.
pub(super) const SESSION: &str = "SET default_transaction_isolation = 'read committed'; SET statement_timeout = '10s'";

/// Reads the address from `postgres://user:password@host:port/database`.
pub(super) fn address(url: &str) -> Result<Address, CannotOpen> {
    let target = PgConnectOptions::from_str(url).map_err(CannotOpen::Url)?;
    let options = AnyConnectOptions::from_str(url).map_err(CannotOpen::Url)?;
    let database = target.get_database().unwrap_or("(default)");
    let place = format!("PostgreSQL at {}:{}, database {database},", target.get_host(), target.get_port());
    Ok(Address { place: Place(place), options })
}
