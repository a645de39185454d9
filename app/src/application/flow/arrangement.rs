//! Where everything stands on the 1024 × 1024 sheet.
//!
//! Two pillars, the Browser and the Authorization Server, with the Application API between them and the stores around it, so
//! that each arrow is one straight line with room for its label. Lengths are in units of the sheet.

use protocol::Exchange;
use protocol::exchange::Part;

use crate::components::Room;

/// A rounded rectangle.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    pub(super) x: i32,
    pub(super) y: i32,
    pub(super) width: i32,
    pub(super) height: i32,
}

impl Frame {
    pub(super) fn center(self) -> i32 {
        self.x + self.width / 2
    }

    fn right(self) -> i32 {
        self.x + self.width
    }

    fn bottom(self) -> i32 {
        self.y + self.height
    }
}

/// How the icon and the words stand in a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Setting {
    /// Icon above, words centred below it.
    Upright,
    /// Icon at the left, words beside it.
    Lying,
}

/// A box: where it is, and its words broken into lines that fit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Placed {
    pub(super) frame: Frame,
    pub(super) setting: Setting,
    pub(super) name: &'static [&'static str],
    pub(super) role: &'static [&'static str],
}

const BROWSER: Frame = Frame { x: 24, y: 84, width: 148, height: 438 };
const APPLICATION_API: Frame = Frame { x: 422, y: 318, width: 172, height: 384 };
const AUTHORIZATION_SERVER: Frame = Frame { x: 844, y: 84, width: 148, height: 438 };
const USER_DATABASE: Frame = Frame { x: 844, y: 612, width: 148, height: 146 };
const CACHE: Frame = Frame { x: 24, y: 556, width: 148, height: 146 };
const QUEUE: Frame = Frame { x: 244, y: 786, width: 236, height: 84 };
const RESOURCE_API: Frame = Frame { x: 528, y: 786, width: 256, height: 84 };

/// Where a box stands.
pub(super) fn place(room: Room) -> Placed {
    use Setting::{Lying, Upright};
    let (frame, setting, name, role): (_, _, &[&str], &[&str]) = match room {
        Room::Part(Part::Browser) => (BROWSER, Upright, &["Browser"], &["End user client", "initiating login"]),
        Room::Part(Part::ApplicationApi) => {
            (APPLICATION_API, Upright, &["Application API"], &["Backend that starts", "OAuth and exchanges", "code for tokens"])
        }
        Room::Part(Part::AuthorizationServer) => {
            (AUTHORIZATION_SERVER, Upright, &["Authorization", "Server"], &["Identity provider", "handling login", "and consent"])
        }
        Room::Part(Part::UserDatabase) => {
            (USER_DATABASE, Upright, &["User Database"], &["Stores account", "and consent", "records"])
        }
        Room::Part(Part::Cache) => (CACHE, Upright, &["Cache"], &["Stores temporary", "state, nonce,", "session data"]),
        Room::Part(Part::Queue) => (QUEUE, Lying, &["Queue"], &["Async events for", "audit and notifications"]),
        Room::ResourceApi => (
            RESOURCE_API,
            Lying,
            &["Resource API"],
            &["what the Application API", "calls with Bearer JWT,", "answering JSON response"],
        ),
    };
    Placed { frame, setting, name, role }
}

/// A straight arrow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line {
    /// From `from` to `to` at the height `y`.
    Across { from: i32, to: i32, y: i32 },
    /// Down or up the column `x`.
    Along { x: i32, from: i32, to: i32 },
}

/// Where the arrow of an exchange runs.
pub(super) fn line(exchange: Exchange) -> Line {
    let (browser, api) = (BROWSER.right(), APPLICATION_API.x);
    let (api_right, server) = (APPLICATION_API.right(), AUTHORIZATION_SERVER.x);
    let across = |from, to, y| Line::Across { from, to, y };
    match exchange {
        Exchange::Login => across(browser, api, 364),
        Exchange::TemporaryState => across(api, CACHE.right(), 604),
        Exchange::PushedAuthorizationRequest => across(api_right, server, 364),
        Exchange::RedirectToAuthorizationEndpoint => across(server, browser, 128),
        Exchange::AuthorizationRequest => across(browser, server, 188),
        Exchange::AccountAndConsentRecords => {
            Line::Along { x: AUTHORIZATION_SERVER.center(), from: AUTHORIZATION_SERVER.bottom(), to: USER_DATABASE.y }
        }
        Exchange::RedirectWithCode => across(server, browser, 268),
        Exchange::Callback => across(browser, api, 422),
        Exchange::TokenRequest => across(api_right, server, 422),
        Exchange::TokenResponse => across(server, api_right, 480),
        Exchange::SessionStorage => across(api, CACHE.right(), 664),
        Exchange::AuditEvent => Line::Along { x: 448, from: APPLICATION_API.bottom(), to: QUEUE.y },
        Exchange::SessionCookie => across(api, browser, 480),
    }
}

/// The call to the Resource API, down, and its answer, up.
pub(super) const CALL: Line = Line::Along { x: 556, from: APPLICATION_API.y + APPLICATION_API.height, to: RESOURCE_API.y };
pub(super) const ANSWER: Line = Line::Along { x: 576, from: RESOURCE_API.y, to: APPLICATION_API.y + APPLICATION_API.height };

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(part: Part) -> Frame {
        place(Room::Part(part)).frame
    }

    fn touches(frame: Frame, x: i32, y: i32) -> bool {
        let within = (frame.x..=frame.right()).contains(&x) && (frame.y..=frame.bottom()).contains(&y);
        within && (x == frame.x || x == frame.right() || y == frame.y || y == frame.bottom())
    }

    #[test]
    fn every_arrow_runs_from_the_edge_of_its_sender_to_the_edge_of_its_receiver() {
        for exchange in Exchange::ALL {
            let (from, to) = exchange.ends();
            let (tail, head) = match line(exchange) {
                Line::Across { from, to, y } => ((from, y), (to, y)),
                Line::Along { x, from, to } => ((x, from), (x, to)),
            };
            assert!(touches(frame(from), tail.0, tail.1), "the tail of {exchange:?}");
            assert!(touches(frame(to), head.0, head.1), "the head of {exchange:?}");
        }
    }

    #[test]
    fn the_lines_in_a_box_are_its_name_and_role_word_for_word() {
        for room in Room::ALL {
            assert_eq!(place(room).name.join(" "), room.name());
            assert_eq!(place(room).role.join(" "), room.role());
        }
    }

    #[test]
    fn no_two_boxes_touch() {
        for (i, one) in Room::ALL.into_iter().enumerate() {
            for other in Room::ALL.into_iter().skip(i + 1) {
                let (a, b) = (place(one).frame, place(other).frame);
                let apart = a.right() < b.x || b.right() < a.x || a.bottom() < b.y || b.bottom() < a.y;
                assert!(apart, "{one:?} and {other:?}");
            }
        }
    }
}
