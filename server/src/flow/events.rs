//! `GET /flow/events`: tells a page that the viewer's flow has gone on, as server-sent events.
//!
//! The stream says `flow` when it opens and whenever something was added, with a name for what is there now; the page then asks for
//! itself again. A browser that never began a sign-in gets 204, at which an `EventSource` gives up. The stream ends after a while, and
//! when this process stops: the browser asks again by itself.

use std::convert::Infallible;
use std::time::Duration;

use app::ports::Visit;
use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::sse::{Event, KeepAlive};
use axum::response::{IntoResponse, Response, Sse};
use axum::routing::get;
use futures::stream::{self, Stream};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use protocol::fetch_metadata::is_our_own;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

use super::viewer::known;
use super::{Book, Gallery};

/// So that proxies between do not take the stream for dead.
const ALIVE_EVERY: Duration = Duration::from_secs(15);
/// How often it is looked whether there is more.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// How many looks make a stream: five minutes.
const LOOKS: u32 = 1200;

#[derive(Clone)]
struct Door {
    gallery: Gallery,
    origin: Arc<str>,
    stopping: CancellationToken,
}

/// The route, for pages of `origin` alone; open streams end with `stopping`.
pub(crate) fn router(gallery: Gallery, origin: &str, stopping: CancellationToken) -> Router {
    let door = Door { gallery, origin: origin.into(), stopping };
    let router = Router::new().route("/flow/events", get(events));
    router.route_layer(from_fn_with_state(door.clone(), refuse_other_sites)).with_state(door)
}

async fn refuse_other_sites(State(door): State<Door>, request: Request, next: Next) -> Response {
    let ours = is_our_own(request.method(), request.headers(), &door.origin);
    let mut response = if ours { next.run(request).await } else { StatusCode::FORBIDDEN.into_response() };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

async fn events(State(door): State<Door>, headers: HeaderMap) -> Response {
    let visit = Visit { headers, ..Visit::default() };
    match known(&visit) {
        Some(viewer) => {
            let stream = editions(door.gallery.book, viewer, door.stopping);
            Sse::new(stream).keep_alive(KeepAlive::new().interval(ALIVE_EVERY)).into_response()
        }
        None => StatusCode::NO_CONTENT.into_response(),
    }
}

/// One event at once, and one for each change.
fn editions(book: Book, viewer: String, stopping: CancellationToken) -> impl Stream<Item = Result<Event, Infallible>> {
    struct Watch {
        book: Book,
        viewer: String,
        stopping: CancellationToken,
        told: Option<String>,
        looks: u32,
    }
    let watch = Watch { book, viewer, stopping, told: None, looks: 0 };
    stream::unfold(watch, |mut watch| async move {
        loop {
            if watch.looks > 0 {
                tokio::select! {
                    () = tokio::time::sleep(LOOK_EVERY) => {}
                    () = watch.stopping.cancelled() => return None,
                }
            }
            watch.looks += 1;
            if watch.looks > LOOKS {
                return None;
            }
            // An engine that does not answer now may do so later.
            let Ok(edition) = watch.book.edition(&watch.viewer).await else { continue };
            let edition = edition.unwrap_or_default();
            if watch.told.as_ref() != Some(&edition) {
                let event = Event::default().event("flow").data(edition.clone());
                watch.told = Some(edition);
                return Some((Ok(event), watch));
            }
        }
    })
}
