//! Where the user is signed in.

use leptos::prelude::*;

use super::{Device, Form, time};
use crate::browser;
use crate::components::DeviceIcon;

/// This device comes first, and is signed out by way of the page that asks; another one at once, and all others after a second look.
pub(super) fn section(form: &Form, sign_out: &str, devices: Vec<Device>) -> impl IntoView + use<> {
    let (here, others): (Vec<_>, Vec<_>) = devices.into_iter().partition(|device| device.current);
    let count = others.len();
    view! {
        <section class="card" aria-labelledby="devices">
            <h2 id="devices">"Where you are signed in"</h2>
            <ul class="entries">
                {here.into_iter().chain(others).enumerate().map(|(place, device)| entry(form, sign_out, place, device)).collect_view()}
            </ul>
            {(count == 0).then(|| view! { <p class="hint">"You are signed in on no other device."</p> })}
            {(count > 1).then(|| all_others(form, count))}
        </section>
    }
}

fn all_others(form: &Form, count: usize) -> impl IntoView + use<> {
    view! {
        <details class="second-look">
            <summary class="button">"Sign out everywhere else"</summary>
            <p>{format!("This signs out the {count} other devices listed here, and the applications in use on them. This device stays signed in.")}</p>
            <form method="post" action=form.action("devices")>
                {form.token()}
                <button class="button primary" id="sign-out-others">{format!("Sign out {count} devices")}</button>
            </form>
        </details>
    }
}

/// Two devices may have one name; what sets them apart describes the button as well.
fn entry(form: &Form, sign_out: &str, place: usize, device: Device) -> impl IntoView + use<> {
    let name = browser::name(device.user_agent.as_deref());
    let handheld = browser::is_handheld(device.user_agent.as_deref());
    let (label, described) = (format!("Sign out {name}"), format!("device-{place}"));
    let way_out = if device.current {
        view! { <a class="button" id="sign-out" href=sign_out.to_owned()>"Sign out"</a> }.into_any()
    } else {
        view! {
            <form method="post" action=form.action("devices")>
                {form.token()}
                <button class="button" name="device" value=device.id aria-label=label aria-describedby=described.clone()>
                    "Sign out"
                </button>
            </form>
        }
        .into_any()
    };
    view! {
        <li class="entry">
            <DeviceIcon handheld/>
            <div>
                <p class="called">
                    <strong>{name}</strong>
                    {device.current.then(|| view! { <span class="tag good">"This device"</span> })}
                </p>
                <p class="hint" id=described>
                    "Signed in " {time(device.since)} {device.address.map(|address| format!(", from {address}"))}
                </p>
            </div>
            {way_out}
        </li>
    }
}
