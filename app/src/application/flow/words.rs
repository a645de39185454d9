//! The diagram in words: the same content for screen readers, for phones, and for reading aloud.

use leptos::prelude::*;
use protocol::Exchange;
use protocol::flow::{Flow, Standing};

use super::channel::{Channel, badge};
use super::told;
use crate::components::{Icon, Room};

/// The thirteen exchanges in order, and the call that follows.
pub(super) fn exchanges(flow: Option<&Flow>, chosen: Option<Exchange>) -> impl IntoView + use<> {
    view! {
        <ol class="exchanges">
            {Exchange::ALL.into_iter().map(|one| exchange(flow, chosen, one)).collect_view()}
        </ol>
        <p class="after">"After it, as often as the application needs:"</p>
        <ul class="exchanges">
            {call("Application API", "Resource API", "Bearer JWT")}
            {call("Resource API", "Application API", "JSON response")}
        </ul>
    }
}

fn exchange(flow: Option<&Flow>, chosen: Option<Exchange>, exchange: Exchange) -> impl IntoView + use<> {
    let (from, to) = exchange.ends();
    let number = exchange.number();
    let look = told::class(flow, exchange);
    let current = (chosen == Some(exchange)).then_some("true");
    view! {
        <li class=format!("exchange {}{look}", Channel::of(exchange).class()) id=format!("exchange-{number}")>
            <span class="number" aria-hidden="true">{number}</span>
            <span class="ends">
                {from.name()} <span aria-hidden="true">" → "</span> <span class="visually-hidden">" to "</span> {to.name()}
                <span class="visually-hidden">": "</span>
            </span>
            <span class="label">
                <a href=format!("/flow?exchange={number}#panel") aria-current=current>{exchange.label().join("; ")}</a>
            </span>
            <span class="badge">{badge(exchange)}</span>
            {standing(flow, exchange).map(|words| view! { <span class="standing">{words}</span> })}
        </li>
    }
}

/// How it stands, beside the words; nothing on the sample.
fn standing(flow: Option<&Flow>, exchange: Exchange) -> Option<String> {
    Some(match flow?.standing(exchange) {
        Standing::Ahead => "not happened".to_owned(),
        Standing::Inferred => "inferred".to_owned(),
        Standing::Happened(_) => told::time(flow, exchange).unwrap_or_default(),
        Standing::Failed(_) => format!("went wrong, {}", told::time(flow, exchange).unwrap_or_default()),
    })
}

fn call(from: &'static str, to: &'static str, label: &'static str) -> impl IntoView {
    view! {
        <li class="exchange secondary">
            <span class="ends">
                {from} <span aria-hidden="true">" → "</span> <span class="visually-hidden">" to "</span> {to}
                <span class="visually-hidden">": "</span>
            </span>
            <span class="label">{label}</span>
            <span class="badge">"HTTPS"</span>
        </li>
    }
}

/// The seven boxes with their roles.
pub(super) fn rooms() -> impl IntoView {
    view! {
        <ul class="rooms">
            {Room::ALL
                .into_iter()
                .map(|room| view! {
                    <li class=format!("room {}", room.slug())>
                        <Icon room/>
                        <strong>{room.name()}</strong>
                        <span>{room.role()}</span>
                    </li>
                })
                .collect_view()}
        </ul>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_says_every_exchange_and_role_word_for_word() {
        let html = Owner::new().with(|| view! { {exchanges(None, None)} {rooms()} }.to_html());
        for exchange in Exchange::ALL {
            assert!(html.contains(&format!("id=\"exchange-{}\"", exchange.number())));
            assert!(html.contains(&exchange.label().join("; ")), "{exchange:?}");
        }
        for room in Room::ALL {
            assert!(html.contains(room.name()) && html.contains(room.role()), "{room:?}");
        }
        assert!(html.contains("Bearer JWT") && html.contains("JSON response"));
    }
}
