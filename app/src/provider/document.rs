//! The document around every page of the provider.

use leptos::prelude::*;

use super::ProviderSite;
use crate::components::Ticket;

/// Renders a whole document with `content` in its `<main>`.
pub(super) fn document<View: IntoView + 'static>(site: &ProviderSite, title: &str, content: impl FnOnce() -> View) -> String {
    let ProviderSite { stylesheet, application_name, .. } = site.clone();
    // As text of a view the title would end in a marker of Leptos's, which the browser would show.
    let title = html_escape::encode_text(&format!("{title} · {application_name}")).into_owned();
    let description = format!("The sign-in of {application_name}: here you enter your password, and see what may act for you.");
    let owner = Owner::new();
    let html = owner.with(|| {
        view! {
            <html lang="en">
                <head>
                    <meta charset="utf-8"/>
                    <meta name="viewport" content="width=device-width, initial-scale=1"/>
                    <meta name="color-scheme" content="light dark"/>
                    <meta name="description" content=description/>
                    <title inner_html=title></title>
                    <link rel="icon" type="image/svg+xml" href="/favicon.svg"/>
                    <link rel="stylesheet" href=stylesheet/>
                </head>
                <body class="provider">
                    <header class="site-header">
                        <span class="brand">
                            <Ticket/>
                            <span>{application_name}</span>
                        </span>
                        <span class="origin-note">"Sign-in"</span>
                    </header>
                    <main id="main" class="narrow">{content()}</main>
                </body>
            </html>
        }
        .to_html()
    });
    owner.cleanup();
    format!("<!DOCTYPE html>{html}")
}

/// The way back to the application, from a page that ends here.
pub(super) fn way_home(site: &ProviderSite) -> impl IntoView + use<> {
    let (url, name) = (site.application_url.clone(), site.application_name.clone());
    url.map(|url| view! { <p class="ways"><a class="button primary" rel="external" href=url>{format!("Go to {name}")}</a></p> })
}
