//! `/sessions`: where the user is signed in, and signing out there.

use leptos::prelude::*;
use protocol::LocalPath;

use super::conduct::Conduct;
use super::notice::Notice;
use super::{Unavailable, ago, moment};
use crate::browser;
use crate::components::{DeviceIcon, Page, SignInButton, Viewer, viewer};
use crate::error::PageError;
use crate::functions::exchange::asked;
use crate::model::Device;

const TITLE: &str = "Where you are signed in";

/// Lists the browsers in which the user is signed in. Its forms need no script.
#[component]
pub fn SessionsPage() -> impl IntoView {
    match viewer() {
        Viewer(Ok(None)) => view! { <NeedsSession/> }.into_any(),
        Viewer(Ok(Some(_))) => {
            let notice = Notice::take();
            Suspend::new(async move { shown(listed().await, notice) }).into_any()
        }
        Viewer(Err(error)) => view! { <Unavailable error/> }.into_any(),
    }
}

async fn listed() -> Result<Vec<Device>, PageError> {
    let (ports, visit) = asked()?;
    ports.devices.list(&visit).await
}

#[component]
fn NeedsSession() -> impl IntoView {
    let return_to = LocalPath::parse("/sessions").unwrap_or_else(|_| LocalPath::home());
    view! {
        <Page title=TITLE>
            <h1>{TITLE}</h1>
            <p class="lede">"This page lists the browsers in which you are signed in, so it needs you to sign in first."</p>
            <p class="ways"><SignInButton return_to/> <a href="/">"Home"</a></p>
        </Page>
    }
}

fn shown(devices: Result<Vec<Device>, PageError>, notice: Option<Notice>) -> AnyView {
    let devices = match devices {
        Ok(devices) => devices,
        // The session ended while the page was on its way.
        Err(PageError::SignedOut) => return view! { <NeedsSession/> }.into_any(),
        Err(error) => return view! { <Unavailable error/> }.into_any(),
    };
    if let Some(conduct) = use_context::<Conduct>() {
        conduct.has_form();
    }
    let (here, elsewhere): (Vec<_>, Vec<_>) = devices.into_iter().partition(|device| device.current);
    view! {
        <Page title=TITLE>
            {notice.map(|notice| view! { <p class="notice" role="status" id="notice">{notice.sentence()}</p> })}
            <h1>{TITLE}</h1>
            <p class="lede">"Each of these browsers holds a session of yours. Sign out those that you do not know, or use no more."</p>
            <section class="card" aria-labelledby="here">
                <h2 id="here">"This browser"</h2>
                <ul class="entries">{here.into_iter().map(this_one).collect_view()}</ul>
            </section>
            <section class="card" aria-labelledby="elsewhere">
                <h2 id="elsewhere">"Elsewhere"</h2>
                {others(elsewhere)}
            </section>
        </Page>
    }
    .into_any()
}

fn this_one(device: Device) -> impl IntoView {
    view! {
        <li class="entry">
            <DeviceIcon handheld=browser::is_handheld(device.user_agent.as_deref())/>
            <div>
                <strong>{browser::name(device.user_agent.as_deref())}</strong>
                <p class="hint">"Signed in " {time(device.signed_in_at, device.signed_in_seconds)} {from(device.address)}</p>
            </div>
            <form method="post" action="/sign-out">
                <button class="button" aria-label="Sign out of this browser">"Sign out"</button>
            </form>
        </li>
    }
}

/// All of them at once only where there are several, and only after a second look.
fn others(devices: Vec<Device>) -> AnyView {
    if devices.is_empty() {
        return view! { <p class="empty">"You are signed in nowhere else."</p> }.into_any();
    }
    let count = devices.len();
    view! {
        <ul class="entries">{devices.into_iter().enumerate().map(|(place, device)| other(place, device)).collect_view()}</ul>
        {(count > 1).then(|| view! {
            <details class="second-look">
                <summary class="button">"Sign out everywhere else"</summary>
                <p>{format!("This signs out the {count} browsers listed here. The one that you look at stays signed in.")}</p>
                <form method="post" action="/sessions/sign-out-others">
                    <button class="button primary" id="sign-out-others">{format!("Sign out {count} browsers")}</button>
                </form>
            </details>
        })}
        <p class="hint remark">"The time of the last use is exact to a few minutes."</p>
    }
    .into_any()
}

/// Two browsers may have one name; what sets them apart describes the button as well.
fn other(place: usize, device: Device) -> impl IntoView {
    let name = browser::name(device.user_agent.as_deref());
    let (label, described) = (format!("Sign out {name}"), format!("device-{place}"));
    view! {
        <li class="entry">
            <DeviceIcon handheld=browser::is_handheld(device.user_agent.as_deref())/>
            <div>
                <strong>{name}</strong>
                <p class="hint" id=described.clone()>
                    "Signed in " {time(device.signed_in_at, device.signed_in_seconds)} ", last used "
                    {time(device.seen_at, device.seen_seconds)} {from(device.address)}
                </p>
            </div>
            <form method="post" action="/sessions/sign-out">
                <button class="button" name="device" value=device.id aria-label=label aria-describedby=described>"Sign out"</button>
            </form>
        </li>
    }
}

fn time(at: String, seconds: i64) -> impl IntoView {
    let exactly = moment(&at);
    view! { <time datetime=at title=exactly>{ago(seconds)}</time> }
}

fn from(address: Option<String>) -> Option<String> {
    address.map(|address| format!(", from {address}"))
}
