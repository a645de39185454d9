//! How values stand in columns, alike on both engines.

use std::str::FromStr;

use jiff::Timestamp;
use protocol::Scope;
use sqlx::any::AnyRow;
use sqlx::{Error, Row as _};

/// Milliseconds since 1970.
pub(super) fn milliseconds(instant: Timestamp) -> i64 {
    instant.as_millisecond()
}

/// Reads an instant.
pub(super) fn instant(row: &AnyRow, column: &'static str) -> Result<Timestamp, Error> {
    Timestamp::from_millisecond(row.try_get(column)?).map_err(|source| unreadable(column, source))
}

/// Reads an instant that may be missing.
pub(super) fn optional_instant(row: &AnyRow, column: &'static str) -> Result<Option<Timestamp>, Error> {
    let milliseconds: Option<i64> = row.try_get(column)?;
    milliseconds.map(|it| Timestamp::from_millisecond(it).map_err(|source| unreadable(column, source))).transpose()
}

/// Reads a truth.
pub(super) fn truth(row: &AnyRow, column: &'static str) -> Result<bool, Error> {
    Ok(row.try_get::<i16, _>(column)? != 0)
}

/// Reads what is written as text and has a shape of its own: an identifier, a document.
pub(super) fn parsed<T>(row: &AnyRow, column: &'static str) -> Result<T, Error>
where
    T: FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    row.try_get::<&str, _>(column)?.parse().map_err(|source| unreadable(column, source))
}

/// Reads the same, where it may be missing.
pub(super) fn optional_parsed<T>(row: &AnyRow, column: &'static str) -> Result<Option<T>, Error>
where
    T: FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    let text: Option<String> = row.try_get(column)?;
    text.map(|text| text.parse().map_err(|source| unreadable(column, source))).transpose()
}

/// Reads a set of scope tokens.
pub(super) fn scope(row: &AnyRow, column: &'static str) -> Result<Scope, Error> {
    Scope::parse(row.try_get(column)?).map_err(|source| unreadable(column, source))
}

/// Tells of a column that holds what this crate never wrote there.
pub(super) fn unreadable(column: &'static str, source: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::ColumnDecode { index: column.to_owned(), source: Box::new(source) }
}
