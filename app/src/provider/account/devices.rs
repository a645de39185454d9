//! Where the user is signed in.

use leptos::prelude::*;

use super::{Device, Form, time};
use crate::browser;

/// This device is signed out by way of the page that asks first; others at once.
pub(super) fn section(form: &Form, sign_out: &str, devices: Vec<Device>) -> impl IntoView + use<> {
    let others = devices.iter().filter(|device| !device.current).count();
    view! {
        <section class="card" aria-labelledby="devices">
            <h2 id="devices">"Where you are signed in"</h2>
            <ul class="entries">{devices.into_iter().map(|device| entry(form, sign_out, device)).collect_view()}</ul>
            {(others > 1)
                .then(|| {
                    view! {
                        <form method="post" action=form.action("devices")>
                            {form.token()}
                            <button class="button" id="sign-out-others">"Sign out everywhere else"</button>
                        </form>
                    }
                })}
        </section>
    }
}

fn entry(form: &Form, sign_out: &str, device: Device) -> impl IntoView + use<> {
    let name = browser::name(device.user_agent.as_deref());
    let label = format!("Sign out {name}");
    let way_out = if device.current {
        view! { <a class="button" id="sign-out" href=sign_out.to_owned()>"Sign out"</a> }.into_any()
    } else {
        view! {
            <form method="post" action=form.action("devices")>
                {form.token()}
                <button class="button" name="device" value=device.id aria-label=label>"Sign out"</button>
            </form>
        }
        .into_any()
    };
    view! {
        <li class="entry">
            <div>
                <strong>{name}</strong>
                {device.current.then(|| view! { <span class="tag good">"This device"</span> })}
                <p class="hint">"Since " {time(device.since)} {device.address.map(|address| format!(" · {address}"))}</p>
            </div>
            {way_out}
        </li>
    }
}
