//! `/outbox`: the e-mails that development mode does not send.

use leptos::prelude::*;
use protocol::LocalPath;

use super::{NotFoundPage, Unavailable, moment};
use crate::components::Page;
use crate::error::PageError;
use crate::model::OutboxMessage;
use crate::ports::Ports;

/// Lists the outbox, newest first; outside development mode there is no such page.
#[component]
pub fn OutboxPage() -> impl IntoView {
    let Some(development) = use_context::<Ports>().and_then(|ports| ports.development) else {
        return view! { <NotFoundPage/> }.into_any();
    };
    Suspend::new(async move { shown(development.outbox().await) }).into_any()
}

fn shown(messages: Result<Vec<OutboxMessage>, PageError>) -> AnyView {
    let messages = match messages {
        Ok(messages) => messages,
        Err(error) => return view! { <Unavailable error/> }.into_any(),
    };
    let list = if messages.is_empty() {
        view! { <p class="empty">"No e-mail yet. Sign in, and one arrives."</p> }.into_any()
    } else {
        view! { <ol class="mails">{messages.into_iter().map(mail).collect_view()}</ol> }.into_any()
    };
    let sign_in = LocalPath::parse("/outbox").ok();
    view! {
        <Page title="Outbox" sign_in>
            <h1>"Outbox"</h1>
            <p class="lede">"Development mode sends no e-mail. What would have gone out is kept here."</p>
            {list}
        </Page>
    }
    .into_any()
}

fn mail(message: OutboxMessage) -> impl IntoView {
    let OutboxMessage { file: _, at, to, subject, body } = message;
    view! {
        <li class="card">
            <h2>{subject}</h2>
            <p class="mail-line">"To " <strong>{to}</strong> ", " <time datetime=at.clone()>{moment(&at)}</time></p>
            <p class="mail-body">{body.lines().map(line).collect_view()}</p>
        </li>
    }
}

/// A line of a message. Where it is nothing but an address, it leads there: what others wrote has no such lines.
fn line(text: &str) -> AnyView {
    let text = text.to_owned();
    let is_address = ["http://", "https://"].iter().any(|scheme| text.starts_with(scheme)) && !text.contains(char::is_whitespace);
    if is_address {
        let href = text.clone();
        view! { <a rel="external" href=href>{text}</a> "\n" }.into_any()
    } else {
        view! { {text} "\n" }.into_any()
    }
}
