//! "Try to break it": the classic attacks, each made against the running server at the press of a button. Development alone.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use crate::application::conduct::Conduct;
use crate::attack::{Actor, Attack, AttackReport, Step};
use crate::ports::Ports;

/// The buttons, and what came of the one that was pressed last; nothing outside development.
pub(super) fn try_to_break_it() -> Option<impl IntoView> {
    let attacks = use_context::<Ports>()?.attacks?;
    if let Some(conduct) = use_context::<Conduct>() {
        conduct.has_form();
    }
    let report = use_query_map().read_untracked().get("attack").map(|name| attacks.report(&name));
    Some(view! {
        <section class="flow-words attacks" aria-labelledby="attacks">
            <h2 id="attacks">"Try to break it"</h2>
            <p class="hint">
                "In development each button makes an attack against this very server, by HTTP, with the demonstration accounts as attacker and victim. \
                 It says which defence stopped it, and where."
            </p>
            {report.map(outcome)}
            <ul class="attack-list">{Attack::ALL.map(button).collect_view()}</ul>
        </section>
    })
}

fn button(attack: Attack) -> impl IntoView {
    let described = attack.description();
    let sentence = format!("about-{}", described.name);
    view! {
        <li class="card attack">
            <h3>{described.title}</h3>
            <p class="hint" id=sentence.clone()>{described.sentence}</p>
            <form method="post" action="/flow/attack">
                <input type="hidden" name="attack" value=described.name/>
                <button class="button" id=described.name aria-label=format!("Make the attack: {}", described.title) aria-describedby=sentence>
                    "Make the attack"
                </button>
            </form>
        </li>
    }
}

/// What came of it; none where the server has forgotten.
fn outcome(report: Option<AttackReport>) -> AnyView {
    let Some(AttackReport { attack, steps, repelled }) = report else {
        return view! { <p class="notice" role="status" id="attack">"What came of that attack is not remembered any more. Make it again."</p> }
            .into_any();
    };
    let described = attack.description();
    let (grade, verdict) = if repelled {
        ("tag good", format!("Stopped at exchange {}", described.exchange.number()))
    } else {
        ("tag bad", "It got through".to_owned())
    };
    view! {
        <section class="card attack-report" role="status" id="attack" aria-labelledby="attack-title">
            <h3 id="attack-title">{described.title} " " <span class=grade>{verdict}</span></h3>
            {repelled.then(|| view! { <p>{described.defence} " " <span class="hint">{described.clause}</span></p> })}
            <ol class="attack-steps">{steps.into_iter().map(step).collect_view()}</ol>
        </section>
    }
    .into_any()
}

fn step(Step { actor, purpose, request, answer }: Step) -> impl IntoView {
    let actor = match actor {
        Actor::Attacker => "Attacker",
        Actor::Victim => "Victim",
    };
    view! {
        <li>
            <strong>{actor}</strong> " " {purpose}
            <p class="attack-wire"><code>{request}</code> <span aria-hidden="true">" → "</span> <code>{answer}</code></p>
        </li>
    }
}
