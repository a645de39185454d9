//! The one kind of trouble that the ports tell of.

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

impl From<sqlx::Error> for Unavailable {
    fn from(source: sqlx::Error) -> Self {
        Self::because(source)
    }
}
