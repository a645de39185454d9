//! The page that explains why the provider does not go on.

use leptos::prelude::*;

use super::document::{document, way_home};
use super::{Problem, ProviderSite};

/// Renders the page; `incident` is what support can look for in the log.
pub fn problem(site: &ProviderSite, problem: Problem, incident: &str) -> String {
    let (heading, sentence) = words(problem);
    let incident = incident.to_owned();
    document(site, heading, || {
        view! {
            <h1>{heading}</h1>
            <p class="lede">{sentence}</p>
            {way_home(site)}
            {(!incident.is_empty()).then(|| view! { <p class="note">"Incident " <code id="incident">{incident}</code></p> })}
        }
    })
}

fn words(problem: Problem) -> (&'static str, &'static str) {
    match problem {
        Problem::RequestExpired => (
            "This sign-in has expired",
            "It was completed already, or it took too long. Go back to the application and begin again.",
        ),
        Problem::RequestInvalid => (
            "This request is not valid",
            "The application that sent you here is not known, or asked to send you somewhere it may not. Nothing was shared with it.",
        ),
        Problem::OtherBrowser => (
            "This sign-in began in another browser",
            "For your safety a sign-in ends in the browser in which it began. Its cookie is missing here: it may have been \
             cleared or blocked. Go back to the application and begin again.",
        ),
        Problem::Crowded => (
            "Too many sign-ins at once",
            "More sign-ins have begun on your network than is usual. Nothing is lost; please try again in a few seconds.",
        ),
        Problem::Unavailable => {
            ("Not available right now", "A part of this service is not answering. Nothing is lost; please try again in a moment.")
        }
        Problem::NotFound => ("There is no such page", "The address may be mistyped, or the page may have moved."),
    }
}
