//! The HTML document around every page, and which page answers which path.

use leptos::prelude::*;
use leptos_meta::{MetaTags, provide_meta_context};
use leptos_router::components::{FlatRoutes, Route, Router};
use leptos_router::{SsrMode, path};

use super::follow::FollowSession;
use super::site::Stylesheet;
use super::{
    FlowPage, HomePage, IdentityPage, NotFoundPage, OutboxPage, ProblemPage, ResourcePage, SessionsPage, SignInPage,
    SignedOutPage,
};

/// The document.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    // Islands hydrate from their own properties; nothing else of the page is sent as data.
    if let Some(context) = Owner::current_shared_context() {
        context.set_is_hydrating(false);
    }
    let stylesheet = use_context::<Stylesheet>().map(|sheet| sheet.0.to_string());
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <meta name="description" content="Sign-in for your application: tokens stay on the server, the browser carries a session cookie."/>
                <link rel="icon" type="image/svg+xml" href="/favicon.svg"/>
                {stylesheet.map(|href| view! { <link rel="stylesheet" href=href/> })}
                <FollowSession/>
                <AutoReload options/>
                <MetaTags/>
            </head>
            <body>
                <App/>
            </body>
        </html>
    }
}

/// Which page answers which path. Every page is rendered whole before it is sent, so that its status and headers are right.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    view! {
        <Router>
            <FlatRoutes fallback=NotFoundPage>
                <Route path=path!("/") view=HomePage ssr=SsrMode::Async/>
                <Route path=path!("/sign-in") view=SignInPage ssr=SsrMode::Async/>
                <Route path=path!("/signed-out") view=SignedOutPage ssr=SsrMode::Async/>
                <Route path=path!("/flow") view=FlowPage ssr=SsrMode::Async/>
                <Route path=path!("/identity") view=IdentityPage ssr=SsrMode::Async/>
                <Route path=path!("/resource") view=ResourcePage ssr=SsrMode::Async/>
                <Route path=path!("/sessions") view=SessionsPage ssr=SsrMode::Async/>
                <Route path=path!("/outbox") view=OutboxPage ssr=SsrMode::Async/>
                <Route path=path!("/problem/:kind") view=ProblemPage ssr=SsrMode::Async/>
            </FlatRoutes>
        </Router>
    }
}
