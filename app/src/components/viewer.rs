//! Who looks at the page.

use leptos::prelude::*;

use crate::error::PageError;
use crate::model::CurrentUser;

/// Who looks at the page, asked once a request before anything is rendered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Viewer(pub Result<Option<CurrentUser>, PageError>);

impl Viewer {
    /// The signed-in user. Nobody also where that could not be found out: no page hands out user data on a guess.
    pub fn user(&self) -> Option<&CurrentUser> {
        self.0.as_ref().ok().and_then(Option::as_ref)
    }
}

/// The viewer of the page being rendered.
pub fn viewer() -> Viewer {
    use_context::<Viewer>().unwrap_or(Viewer(Ok(None)))
}

/// Who is signed in, on the page being rendered. `None` also where that could not be found out; [`viewer`] tells the two apart.
pub fn use_session() -> Option<CurrentUser> {
    viewer().user().cloned()
}

/// Shows its children to a signed-in user only.
#[component]
pub fn SignedIn(children: Children) -> impl IntoView {
    viewer().user().is_some().then(children)
}

/// Shows its children to a visitor who is known to be signed out.
#[component]
pub fn SignedOut(children: Children) -> impl IntoView {
    matches!(viewer(), Viewer(Ok(None))).then(children)
}
