//! Flat icons of the boxes, of devices and of people, drawn on a grid of 24.

use leptos::prelude::*;
use protocol::exchange::Part;

use super::Room;

/// The icon of a box. It says nothing that the name beside it does not, so it is hidden from screen readers.
#[component]
pub fn Icon(
    /// Whose icon.
    room: Room,
    /// The left edge, where it stands inside another drawing.
    #[prop(optional_no_strip)]
    x: Option<i32>,
    /// The upper edge, where it stands inside another drawing.
    #[prop(optional_no_strip)]
    y: Option<i32>,
    /// Width and height.
    #[prop(default = 24)]
    size: i32,
) -> impl IntoView {
    let strokes: &[&str] = match room {
        Room::Part(Part::Browser) => &["M3 5.5h18v13H3z", "M3 9.5h18", "M5.7 7.5h.1M8.2 7.5h.1", "M9.5 12l5 2.2-2.2.8-.8 2.2z"],
        // A hanger: the coat stays here.
        Room::Part(Part::ApplicationApi) => {
            &["M12 9.4V8.2a2.4 2.4 0 1 0-2.4-2.4", "M12 9.4l8.6 6.3c.9.7.4 2.3-.8 2.3H4.2c-1.2 0-1.7-1.6-.8-2.3z"]
        }
        Room::Part(Part::AuthorizationServer) => &[
            "M12 3l7.5 2.6v5.4c0 4.6-3.1 8.2-7.5 10-4.4-1.8-7.5-5.4-7.5-10V5.6z",
            "M12 9.2a1.7 1.7 0 1 0 .01 0z",
            "M12 12.6v3.2",
        ],
        Room::Part(Part::UserDatabase) => &[
            "M4.5 6c0-1.7 3.4-3 7.5-3s7.5 1.3 7.5 3-3.4 3-7.5 3-7.5-1.3-7.5-3z",
            "M4.5 6v12c0 1.7 3.4 3 7.5 3s7.5-1.3 7.5-3V6",
            "M4.5 12c0 1.7 3.4 3 7.5 3s7.5-1.3 7.5-3",
        ],
        Room::Part(Part::Cache) => &[
            "M7 7h10v10H7z",
            "M10 3.5V7M14 3.5V7M10 17v3.5M14 17v3.5M3.5 10H7M3.5 14H7M17 10h3.5M17 14h3.5",
            "M12.6 9.3l-2 3.2h2.8l-2 3.2",
        ],
        Room::Part(Part::Queue) => &["M3 8h4.5v8H3z", "M9.8 8h4.4v8H9.8z", "M16.5 8H21v8h-4.5z", "M3 4.5h18M3 19.5h18"],
        Room::ResourceApi => &[
            "M6 3h8.5L19 7.5V21H6z",
            "M14.5 3v4.5H19",
            "M10.5 11.5c-1.4 0 0 2.3-1.5 2.5 1.5.2.1 2.5 1.5 2.5",
            "M14 11.5c1.4 0 0 2.3 1.5 2.5-1.5.2-.1 2.5-1.5 2.5",
        ],
    };
    view! {
        <svg class=format!("icon icon-{}", room.slug()) viewBox="0 0 24 24" x=x y=y width=size height=size aria-hidden="true" focusable="false">
            {strokes.iter().map(|stroke| view! { <path d=*stroke/> }).collect_view()}
        </svg>
    }
}

/// The icon of a device. It says nothing that the words beside it do not.
#[component]
pub(crate) fn DeviceIcon(
    /// A telephone or a tablet; else a computer.
    handheld: bool,
) -> impl IntoView {
    let stroke = if handheld { "M7.5 2.5h9v19h-9zM11 18.5h2" } else { "M3.5 5h17v11h-17zM1.5 19h21" };
    view! {
        <svg class="icon" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" focusable="false">
            <path d=stroke/>
        </svg>
    }
}

/// The icon of whoever is signed in, beside the name.
#[component]
pub(super) fn PersonIcon() -> impl IntoView {
    view! {
        <svg class="icon" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" focusable="false">
            <path d="M12 4a4 4 0 1 0 .01 0zM4.5 20.5c.6-4 3.6-6 7.5-6s6.9 2 7.5 6"/>
        </svg>
    }
}
