//! `/signed-out`: where signing out ends.

use leptos::prelude::*;

use crate::components::{Page, SignInButton};

/// Says that the session is over.
#[component]
pub fn SignedOutPage() -> impl IntoView {
    view! {
        <Page title="Signed out">
            <h1>"You are signed out"</h1>
            <p class="lede">"The session is over, here and at the sign-in provider."</p>
            <p class="ways"><SignInButton label="Sign in again"/> <a href="/">"Home"</a></p>
        </Page>
    }
}
