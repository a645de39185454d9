//! The one kind of trouble that the ports tell of.

use sqlx::error::ErrorKind;

/// The User Database does not answer; nothing is known about what was asked.
#[derive(Debug, thiserror::Error)]
#[error("the User Database is unavailable: {0}")]
pub struct Unavailable(#[source] pub Box<dyn std::error::Error + Send + Sync>);

impl Unavailable {
    /// Wraps what went wrong underneath.
    pub fn because(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(source.into())
    }
}

impl Unavailable {
    /// Whether the database has answered, and would say the same another time: what it was asked breaks a rule of its own.
    pub fn is_refusal(&self) -> bool {
        let error = self.0.downcast_ref::<sqlx::Error>().and_then(sqlx::Error::as_database_error);
        // Classes 22 and 23 of SQLSTATE: values that cannot be, and constraints.
        let by_class = |code: &str| code.len() == 5 && (code.starts_with("22") || code.starts_with("23"));
        error.is_some_and(|error| !matches!(error.kind(), ErrorKind::Other) || error.code().as_deref().is_some_and(by_class))
    }
}

impl From<sqlx::Error> for Unavailable {
    fn from(source: sqlx::Error) -> Self {
        Self::because(source)
    }
}
