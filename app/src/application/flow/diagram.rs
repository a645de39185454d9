//! The infographic, drawn as SVG from the exchanges themselves.

#![allow(clippy::needless_pass_by_value, reason = "a component owns its properties")]

use leptos::prelude::*;
use protocol::Exchange;
use protocol::flow::Flow;

use super::arrangement::{ANSWER, CALL, Line, Placed, Setting, line, place};
use super::channel::{Channel, badge};
use super::legend::STEPS;
use super::told;
use crate::components::{Icon, Room};

/// Half of the gap that an arrow leaves around its number.
const NUMBER_GAP: i32 = 18;
/// Half of the gap that it leaves around its time.
const TIME_GAP: i32 = 29;
/// The length of an arrow's head.
const HEAD: i32 = 10;

/// The OAuth 2 flow on a sheet of 1024 × 1024: as a sample, or as one sign-in went.
#[component]
pub fn Diagram(
    /// The sign-in; its arrows carry how long they took.
    #[prop(default = None)]
    flow: Option<Flow>,
    /// The exchange that is chosen.
    #[prop(default = None)]
    chosen: Option<Exchange>,
) -> impl IntoView {
    let recorded = if flow.is_some() { "flow recorded" } else { "flow" };
    let arrows = Exchange::ALL.into_iter().map(|exchange| arrow(flow.as_ref(), chosen, exchange)).collect_view();
    view! {
        <svg class=recorded viewBox="0 0 1024 1024" role="img" aria-labelledby="flow-title flow-description">
            <title id="flow-title">"OAuth 2 Flow"</title>
            <desc id="flow-description">
                "Thirteen numbered exchanges between Browser, Application API, Authorization Server, User Database, Cache and Queue. \
                 The list after the drawing tells each of them in words."
            </desc>
            <text class="flow-heading" x="24" y="52">"OAuth 2 Flow"</text>
            <Cloud/>
            {Room::ALL.into_iter().map(boxed).collect_view()}
            {arrows}
            <ResourceCall/>
            <Steps/>
        </svg>
    }
}

/// The cloud around the Authorization Server: it may be anyone's.
#[component]
fn Cloud() -> impl IntoView {
    let puffs = [(848, 122, 30), (886, 88, 40), (946, 84, 46), (988, 124, 28), (836, 486, 24), (998, 482, 22)];
    view! {
        <g class="cloud">
            <rect x="828" y="110" width="180" height="430" rx="36"/>
            {puffs.into_iter().map(|(x, y, radius)| view! { <circle cx=x cy=y r=radius/> }).collect_view()}
        </g>
    }
}

fn boxed(room: Room) -> impl IntoView {
    let Placed { frame, setting, name, role } = place(room);
    let text_height = 19 * lines(name) + 16 * lines(role);
    let words = match setting {
        Setting::Upright => {
            let top = frame.y + (frame.height - (32 + 10 + text_height)) / 2;
            let icon = view! { <Icon room x=Some(frame.center() - 16) y=Some(top) size=32/> };
            (icon, written(name, role, frame.center(), top + 42, "middle")).into_any()
        }
        Setting::Lying => {
            let icon = view! { <Icon room x=Some(frame.x + 16) y=Some(frame.y + frame.height / 2 - 16) size=32/> };
            let top = frame.y + (frame.height - text_height) / 2;
            (icon, written(name, role, frame.x + 62, top, "start")).into_any()
        }
    };
    view! {
        <g class=format!("box {}", room.slug())>
            <rect x=frame.x y=frame.y width=frame.width height=frame.height rx="16"/>
            {words}
        </g>
    }
}

/// Name and role from `top` downwards.
fn written(
    name: &'static [&'static str],
    role: &'static [&'static str],
    x: i32,
    top: i32,
    anchor: &'static str,
) -> impl IntoView {
    let role_top = top + 19 * lines(name);
    let spans = |lines: &'static [&'static str], first: i32, pitch: i32| {
        (0..)
            .zip(lines)
            .map(|(row, line)| {
                // A space without width keeps the words apart for whoever reads the text without the drawing.
                let gap = (row > 0).then(|| view! { <tspan font-size="0">" "</tspan> });
                view! {
                    {gap}
                    <tspan x=x y=first + pitch * row>{*line}</tspan>
                }
            })
            .collect_view()
    };
    view! {
        <text class="name" text-anchor=anchor>{spans(name, top + 15, 19)}</text>
        <text class="role" text-anchor=anchor>{spans(role, role_top + 13, 16)}</text>
    }
}

fn lines(of: &[&str]) -> i32 {
    i32::try_from(of.len()).unwrap_or(i32::MAX)
}

fn arrow(flow: Option<&Flow>, chosen: Option<Exchange>, exchange: Exchange) -> impl IntoView + use<> {
    let line = line(exchange);
    let (x, y) = middle(line);
    let time = told::time(flow, exchange);
    let look = told::class(flow, exchange);
    let selected = if chosen == Some(exchange) { " selected" } else { "" };
    view! {
        <g class=format!("arrow {}{look}{selected}", Channel::of(exchange).class()) data-exchange=exchange.number()>
            <path class="shaft" d=shaft(line, badge(exchange), time.is_some())/>
            <path class="head" d=head(line)/>
            <circle class="number-disc" cx=x cy=y r="14"/>
            <text class="number" x=x y=y + 5 text-anchor="middle">{exchange.number()}</text>
            {labelled(line, exchange.label(), badge(exchange))}
            {protocol(line, badge(exchange))}
            {time.map(|time| timed(line, time))}
        </g>
    }
}

fn middle(line: Line) -> (i32, i32) {
    match line {
        Line::Across { from, to, y } => (i32::midpoint(from, to), y),
        Line::Along { x, from, to } => (x, i32::midpoint(from, to)),
    }
}

/// Half the width of a protocol badge.
fn half_width(badge: &str) -> i32 {
    if badge.len() > 3 { 24 } else { 17 }
}

/// The centre of the protocol badge on a line across: between the tail and the number.
fn badge_center(from: i32, to: i32) -> i32 {
    from + (i32::midpoint(from, to) - from) / 2 - 4 * (to - from).signum()
}

/// The centre of the time on a line across: between the number and the head.
fn time_center(from: i32, to: i32) -> i32 {
    to - (to - i32::midpoint(from, to)) / 2 - 2 * (to - from).signum()
}

/// The line from tail to head, with gaps for what stands on it.
fn shaft(line: Line, badge: &str, timed: bool) -> String {
    match line {
        Line::Across { from, to, y } => {
            let way = (to - from).signum();
            let (number, badge_at, time_at) = (i32::midpoint(from, to), badge_center(from, to), time_center(from, to));
            let (gap, half, time) = (NUMBER_GAP * way, (half_width(badge) + 4) * way, TIME_GAP * way);
            let last = if timed { format!("H{}M{} {y}", time_at - time, time_at + time) } else { String::new() };
            format!(
                "M{from} {y}H{}M{} {y}H{}M{} {y}{last}H{}",
                badge_at - half,
                badge_at + half,
                number - gap,
                number + gap,
                to - HEAD * way
            )
        }
        Line::Along { x, from, to } => {
            let way = (to - from).signum();
            let (number, gap) = (i32::midpoint(from, to), NUMBER_GAP * way);
            format!("M{x} {from}V{}M{x} {}V{}", number - gap, number + gap, to - HEAD * way)
        }
    }
}

/// The head, its point on the edge of the receiver.
fn head(line: Line) -> String {
    match line {
        Line::Across { from, to, y } => {
            let base = to - (HEAD + 1) * (to - from).signum();
            format!("M{to} {y}L{base} {}V{}z", y - 6, y + 6)
        }
        Line::Along { x, from, to } => {
            let base = to - (HEAD + 1) * (to - from).signum();
            format!("M{x} {to}L{} {base}H{}z", x - 6, x + 6)
        }
    }
}

/// The label: across, its first line above the number and its second below; along, to the left of the badge.
fn labelled(line: Line, label: &'static [&'static str], badge: &str) -> impl IntoView {
    let (x, y) = middle(line);
    let text = |x: i32, y: i32, anchor: &'static str, words: &'static str| {
        view! { <text class="label" x=x y=y text-anchor=anchor>{words}</text> }
    };
    match line {
        Line::Across { .. } => [y - 22, y + 30]
            .into_iter()
            .zip(label)
            .map(|(baseline, words)| text(x, baseline, "middle", words))
            .collect_view()
            .into_any(),
        Line::Along { .. } => {
            let end = x - 32 - 2 * half_width(badge);
            label.iter().map(|words| text(end, y + 5, "end", words)).collect_view().into_any()
        }
    }
}

/// The protocol badge: across, on the line; along, to the left of the number.
fn protocol(line: Line, badge: &'static str) -> impl IntoView {
    let half = half_width(badge);
    let (x, y) = match line {
        Line::Across { from, to, y } => (badge_center(from, to), y),
        Line::Along { .. } => {
            let (x, y) = middle(line);
            (x - 22 - half, y)
        }
    };
    view! {
        <rect class="badge-frame" x=x - half y=y - 9 width=half * 2 height="18" rx="9"/>
        <text class="badge-text" x=x y=y + 4 text-anchor="middle">{badge}</text>
    }
}

/// How long it took: across, on the line before its head; along, at the right of the number.
fn timed(line: Line, time: String) -> impl IntoView {
    let (x, y, anchor) = match line {
        Line::Across { from, to, y } => (time_center(from, to), y + 4, "middle"),
        Line::Along { .. } => {
            let (x, y) = middle(line);
            (x + 18, y - 12, "start")
        }
    };
    view! { <text class="time" x=x y=y text-anchor=anchor>{time}</text> }
}

/// What follows the thirteen: the call with the access token.
#[component]
fn ResourceCall() -> impl IntoView {
    let pair = [(CALL, "Bearer JWT", -10, "end"), (ANSWER, "JSON response", 10, "start")];
    pair.into_iter()
        .map(|(line, label, aside, anchor)| {
            let (x, y) = middle(line);
            let (from, to) = if let Line::Along { from, to, .. } = line { (from, to) } else { (y, y) };
            view! {
                <g class="arrow secondary">
                    <path class="shaft" d=format!("M{x} {from}V{}", to - HEAD * (to - from).signum())/>
                    <path class="head" d=head(line)/>
                    <text class="label" x=x + aside y=y + 5 text-anchor=anchor>{label}</text>
                </g>
            }
        })
        .collect_view()
}

/// The legend at the foot of the sheet, in two columns.
#[component]
fn Steps() -> impl IntoView {
    (1..)
        .zip(STEPS)
        .map(|(number, step)| {
            let (column, row) = if number <= 4 { (24, number - 1) } else { (524, number - 5) };
            let y = 916 + 29 * row;
            view! {
                <g class="step">
                    <rect x=column y=y - 16 width="22" height="22" rx="6"/>
                    <text class="step-number" x=column + 11 y=y text-anchor="middle">{number}</text>
                    <text class="step-words" x=column + 32 y=y>{step}</text>
                </g>
            }
        })
        .collect_view()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn() -> String {
        Owner::new().with(|| view! { <Diagram/> }.to_html())
    }

    /// The text content, as a browser reads it.
    fn text_of(html: &str) -> String {
        let mut text = String::new();
        let mut inside = false;
        for character in html.chars() {
            match character {
                '<' => inside = true,
                '>' => inside = false,
                _ if !inside => text.push(character),
                _ => {}
            }
        }
        text
    }

    #[test]
    fn the_drawing_says_every_name_role_label_and_step_word_for_word() {
        let text = text_of(&drawn());
        for room in Room::ALL {
            assert!(text.contains(room.name()), "{} in {text}", room.name());
            assert!(text.contains(room.role()), "{} in {text}", room.role());
        }
        for label in Exchange::ALL.into_iter().flat_map(Exchange::label).chain(["Bearer JWT", "JSON response"].iter()) {
            assert!(text.contains(label), "{label} in {text}");
        }
        for words in STEPS.iter().chain(&["OAuth 2 Flow", "HTTPS", "TCP", "JWT"]) {
            assert!(text.contains(words), "{words} in {text}");
        }
    }

    #[test]
    fn the_drawing_has_thirteen_numbered_arrows_and_no_inline_style() {
        let html = drawn();
        for exchange in Exchange::ALL {
            assert_eq!(html.matches(&format!("data-exchange=\"{}\"", exchange.number())).count(), 1);
        }
        assert!(!html.contains("style="));
    }

    #[test]
    fn a_line_leaves_room_for_its_number_and_badge() {
        let line = Line::Across { from: 100, to: 300, y: 10 };
        assert_eq!(shaft(line, "TCP", false), "M100 10H125M167 10H182M218 10H290");
        assert_eq!(shaft(line, "TCP", true), "M100 10H125M167 10H182M218 10H219M277 10H290");
        assert_eq!(head(line), "M300 10L289 4V16z");
    }
}
