//! The diagram in words: the same content for screen readers, for phones, and for reading aloud.

use leptos::prelude::*;
use protocol::Exchange;

use super::channel::{Channel, badge};
use crate::components::{Icon, Room};

/// The thirteen exchanges in order, and the call that follows.
pub(super) fn exchanges() -> impl IntoView {
    view! {
        <ol class="exchanges">{Exchange::ALL.into_iter().map(exchange).collect_view()}</ol>
        <p class="after">"After it, as often as the application needs:"</p>
        <ul class="exchanges">
            {call("Application API", "Resource API", "Bearer JWT")}
            {call("Resource API", "Application API", "JSON response")}
        </ul>
    }
}

fn exchange(exchange: Exchange) -> impl IntoView {
    let (from, to) = exchange.ends();
    let number = exchange.number();
    view! {
        <li class=format!("exchange {}", Channel::of(exchange).class()) id=format!("exchange-{number}")>
            <span class="number" aria-hidden="true">{number}</span>
            <span class="ends">
                {from.name()} <span aria-hidden="true">" → "</span> <span class="visually-hidden">" to "</span> {to.name()}
                <span class="visually-hidden">": "</span>
            </span>
            <span class="label">{exchange.label().join("; ")}</span>
            <span class="badge">{badge(exchange)}</span>
        </li>
    }
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
        let html = Owner::new().with(|| view! { {exchanges()} {rooms()} }.to_html());
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
