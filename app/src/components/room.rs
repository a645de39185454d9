//! The boxes of the diagram as pages name and draw them.

use protocol::exchange::Part;

/// A box of the diagram, the secondary one included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// One of the six boxes that the thirteen exchanges run between.
    Part(Part),
    /// The protected API that the Application API calls afterwards.
    ResourceApi,
}

impl Room {
    /// All seven, in the order of the diagram's table.
    pub const ALL: [Self; 7] = [
        Self::Part(Part::Browser),
        Self::Part(Part::ApplicationApi),
        Self::Part(Part::AuthorizationServer),
        Self::Part(Part::UserDatabase),
        Self::Part(Part::Cache),
        Self::Part(Part::Queue),
        Self::ResourceApi,
    ];

    /// The canonical name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Part(part) => part.name(),
            Self::ResourceApi => "Resource API",
        }
    }

    /// The one-line role, word for word.
    pub fn role(self) -> &'static str {
        match self {
            Self::Part(Part::Browser) => "End user client initiating login",
            Self::Part(Part::ApplicationApi) => "Backend that starts OAuth and exchanges code for tokens",
            Self::Part(Part::AuthorizationServer) => "Identity provider handling login and consent",
            Self::Part(Part::UserDatabase) => "Stores account and consent records",
            Self::Part(Part::Cache) => "Stores temporary state, nonce, session data",
            Self::Part(Part::Queue) => "Async events for audit and notifications",
            Self::ResourceApi => "what the Application API calls with Bearer JWT, answering JSON response",
        }
    }

    /// The last part of a class name: `room-browser`.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Part(Part::Browser) => "browser",
            Self::Part(Part::ApplicationApi) => "application-api",
            Self::Part(Part::AuthorizationServer) => "authorization-server",
            Self::Part(Part::UserDatabase) => "user-database",
            Self::Part(Part::Cache) => "cache",
            Self::Part(Part::Queue) => "queue",
            Self::ResourceApi => "resource-api",
        }
    }
}
