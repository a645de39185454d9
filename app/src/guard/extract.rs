//! [`CurrentUser`] as an argument of axum handlers.

use axum::extract::{FromRef, FromRequestParts, OptionalFromRequestParts};
use http::request::Parts;

use super::{Lack, Needs, Refused};
use crate::components::Viewer;
use crate::functions::exchange::visit_of;
use crate::model::CurrentUser;
use crate::ports::Ports;

/// Who asks; looked up once a request, however many arguments and layers want to know.
pub(super) async fn viewer(head: &mut Parts, ports: &Ports) -> Viewer {
    if let Some(viewer) = head.extensions.get::<Viewer>() {
        return viewer.clone();
    }
    let viewer = Viewer(ports.sessions.current_user(&visit_of(head)).await);
    head.extensions.insert(viewer.clone());
    viewer
}

/// The signed-in user. Without one, people are led to sign in and back, and everything else gets 401 `signed-out`; where it cannot
/// be found out, 503.
impl<S> FromRequestParts<S> for CurrentUser
where
    S: Send + Sync,
    Ports: FromRef<S>,
{
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refused> {
        let viewer = viewer(parts, &Ports::from_ref(state)).await;
        Needs::session().judge(&viewer).map_err(|lack| Refused::of(parts, lack))
    }
}

/// The signed-in user, if there is one. That it cannot be found out is not the same as nobody: 503.
impl<S> OptionalFromRequestParts<S> for CurrentUser
where
    S: Send + Sync,
    Ports: FromRef<S>,
{
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Self>, Refused> {
        let Viewer(answer) = viewer(parts, &Ports::from_ref(state)).await;
        answer.map_err(|error| Refused::of(parts, Lack::Answer(error)))
    }
}
