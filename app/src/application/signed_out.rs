//! `/signed-out`: where signing out ends.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use crate::components::{Page, SignInButton};

/// Says that the session is over; and with `provider=open`, that the provider was not told, so that its own may not be.
#[component]
pub fn SignedOutPage() -> impl IntoView {
    let open = use_query_map().read_untracked().get("provider").as_deref() == Some("open");
    let sentence = if open {
        "The session here is over. At the sign-in provider you may still be signed in; on a computer that others use, sign out \
         there as well."
    } else {
        "The session is over, here and at the sign-in provider."
    };
    view! {
        <Page title="Signed out">
            <h1>"You are signed out"</h1>
            <p class="lede">{sentence}</p>
            <p class="ways"><SignInButton label="Sign in again"/> <a href="/">"Home"</a></p>
        </Page>
    }
}
