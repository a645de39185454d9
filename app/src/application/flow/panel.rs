//! One exchange, opened: what was asked and answered, and what each parameter is for.

use leptos::prelude::*;
use protocol::Exchange;
use protocol::exchange::Part;
use protocol::flow::{Flow, Parameter, Seen, Shown, Standing};

use super::channel::Channel;
use super::curl;
use super::meaning;
use super::told::duration;

/// The panel of the exchange that was chosen.
pub(super) fn panel(flow: Option<&Flow>, exchange: Exchange) -> AnyView {
    let (from, to) = exchange.ends();
    let (sentence, clause) = meaning::exchange(exchange);
    let number = exchange.number();
    view! {
        <section class=format!("flow-panel exchange-panel {}", Channel::of(exchange).class()) id="panel" aria-labelledby="panel-title">
            <header>
                <span class="number" aria-hidden="true">{number}</span>
                <div>
                    <h2 id="panel-title">
                        <span class="visually-hidden">{format!("Exchange {number}: ")}</span>
                        {exchange.label().join("; ")}
                    </h2>
                    <p class="ends">
                        {from.name()} <span aria-hidden="true">" → "</span> <span class="visually-hidden">" to "</span> {to.name()}
                    </p>
                </div>
            </header>
            <p class="meaning">{sentence} {cite(clause)}</p>
            <nav class="steps" aria-label="Exchanges">{beside(exchange)}</nav>
            {body(flow, exchange)}
        </section>
    }
    .into_any()
}

fn body(flow: Option<&Flow>, exchange: Exchange) -> AnyView {
    let Some(flow) = flow else { return sample(exchange).into_any() };
    match flow.standing(exchange) {
        Standing::Ahead => view! { <p class="empty">"This exchange has not happened."</p> }.into_any(),
        Standing::Inferred => view! {
            <p class="empty">
                "Inferred from its ends: it happened between the browser and another provider, and what came before and after it was \
                 seen here. What it carried was not."
            </p>
        }
        .into_any(),
        Standing::Happened(_) | Standing::Failed(_) => {
            // The end that asked first: it is the one that knows what it sent.
            let mut seen: Vec<&Seen> = flow.of(exchange).collect();
            seen.sort_by_key(|seen| seen.by != Part::ApplicationApi);
            seen.into_iter().map(visit).collect_view().into_any()
        }
    }
}

/// What an exchange usually carries, where none happened.
fn sample(exchange: Exchange) -> impl IntoView {
    let parameters = meaning::usual(exchange).iter().map(|name| {
        let (purpose, clause) = meaning::parameter(name).unwrap_or_default();
        view! { <div><dt><code>{*name}</code></dt><dd><p class="purpose">{purpose} {cite(clause)}</p></dd></div> }
    });
    view! {
        <p class="hint"><strong class="sample">"Sample"</strong> " What it carries:"</p>
        <dl class="parameters">{parameters.collect_view()}</dl>
    }
}

fn visit(seen: &Seen) -> AnyView {
    let request = seen.method.clone().zip(seen.url.clone());
    let title = match &request {
        Some((method, url)) => view! { <strong>{method.clone()}</strong> " " <code>{url.clone()}</code> }.into_any(),
        None => view! { <strong>{format!("As the {} saw it", seen.by.name())}</strong> }.into_any(),
    };
    let parameters = seen.parameters.iter().map(parameter).collect_view();
    view! {
        <section class="visit">
            <h3>{title}</h3>
            <p class="hint">
                {seen.status.map(|status| view! { <span class="status">{status}</span> " " })}
                {format!("{} at the {}", duration(seen.micros), seen.by.name())}
            </p>
            {seen.trouble.clone().map(|why| view! { <p class="trouble">"It went wrong: " {why} "."</p> })}
            {(!seen.parameters.is_empty()).then(|| view! { <dl class="parameters">{parameters}</dl> })}
            {curl::of(seen).map(|command| view! {
                <details class="curl">
                    <summary>"As curl"</summary>
                    <pre tabindex="0"><code>{command}</code></pre>
                </details>
            })}
        </section>
    }
    .into_any()
}

fn parameter(parameter: &Parameter) -> impl IntoView + use<> {
    let told = meaning::parameter(&parameter.name);
    view! {
        <div>
            <dt><code>{parameter.name.clone()}</code></dt>
            <dd>
                {shown(&parameter.value)}
                {told.map(|(purpose, clause)| view! { <p class="purpose">{purpose} {cite(clause)}</p> })}
            </dd>
        </div>
    }
}

fn shown(value: &Shown) -> AnyView {
    match value {
        Shown::Plain { text } => view! { <p class="value"><code>{text.clone()}</code></p> }.into_any(),
        Shown::Beginning { text, length } => {
            view! { <p class="value"><code>{format!("{text}…")}</code> {format!(" {length} characters")}</p> }.into_any()
        }
        Shown::Kept { kind, length } => {
            let length = length.map(|length| format!(", {length} characters")).unwrap_or_default();
            view! { <p class="value kept">{format!("{kind}{length}, kept back")}</p> }.into_any()
        }
        Shown::Jwt { kind, header, claims } => {
            let pretty = |value| serde_json::to_string_pretty(value).unwrap_or_default();
            view! {
                <details class="token">
                    <summary>{format!("{kind}: header and claims, without the signature")}</summary>
                    <pre tabindex="0"><code>{pretty(header)} "\n" {pretty(claims)}</code></pre>
                </details>
            }
            .into_any()
        }
    }
}

/// The clause that asks for it, where one does.
fn cite(clause: &'static str) -> impl IntoView {
    (!clause.is_empty()).then(|| view! { " " <cite>{clause}</cite> })
}

/// To the exchange before and to the one after; plain links.
fn beside(exchange: Exchange) -> impl IntoView {
    let at = usize::from(exchange.number());
    let step = |to: Option<&Exchange>, rel: &'static str, words: &'static str| {
        let to = to?.number();
        Some(view! { <a class="button" rel=rel href=format!("/flow?exchange={to}#panel")>{words}</a> })
    };
    let before = at.checked_sub(2).and_then(|at| Exchange::ALL.get(at));
    view! {
        {step(before, "prev", "Back")}
        {step(Exchange::ALL.get(at), "next", "Next")}
        <a class="close" href="/flow">"Close"</a>
    }
}
