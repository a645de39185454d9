//! WebSockets through the proxy (RFC 6455 §4): the handshake is made upstream with the user's token, then both connections are
//! joined until one of them, or the session, ends.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use futures::FutureExt as _;
use http::header::{
    CONNECTION, HeaderName, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_EXTENSIONS, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL,
    SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;

use super::{Call, ProxyError, unreachable};
use crate::ApplicationApi;

/// What the browser says of the WebSocket that it wants.
const ASKED: [HeaderName; 4] = [SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_EXTENSIONS];
/// What upstream says of the one that it gives.
const GIVEN: [HeaderName; 3] = [SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_EXTENSIONS];

/// Whether the browser wants to go on as a WebSocket.
pub(super) fn is_asked(headers: &HeaderMap) -> bool {
    headers.get(UPGRADE).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

impl ApplicationApi {
    pub(super) async fn tunnel(self: &Arc<Self>, mut call: Call<'_>, parts: &mut Parts) -> Result<Response<Body>, ProxyError> {
        let browser = parts.extensions.remove::<OnUpgrade>();
        let browser = browser.ok_or_else(|| ProxyError::Unreachable("the connection cannot be upgraded".to_owned()))?;
        for name in ASKED {
            if let Some(value) = parts.headers.get(&name) {
                call.headers.insert(name, value.clone());
            }
        }
        call.headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        call.headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        let token = self.token(&call, None).await?;
        let nothing = Bytes::new();
        let pace = super::Pace::new(call.route.patience());
        let mut answer = self.send_kept(&call, token.as_ref(), &nothing, &pace).await?;
        if answer.status() == StatusCode::UNAUTHORIZED && token.is_some() {
            let token = self.token(&call, token.as_ref()).await?;
            answer = self.send_kept(&call, token.as_ref(), &nothing, &pace).await?;
        }
        if answer.status() != StatusCode::SWITCHING_PROTOCOLS {
            return Ok(self.returned(call, answer));
        }
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        for name in GIVEN {
            if let Some(value) = answer.headers().get(&name) {
                response.headers_mut().insert(name, value.clone());
            }
        }
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("upgrade"));
        response.headers_mut().insert(UPGRADE, HeaderValue::from_static("websocket"));
        let upstream = answer.upgrade().await.map_err(|error| unreachable(&error))?;
        self.join(browser, upstream, call.session);
        Ok(response)
    }

    /// Carries both ways until one side closes, or the session is over.
    fn join(self: &Arc<Self>, browser: OnUpgrade, mut upstream: reqwest::Upgraded, session: Option<crate::Session>) {
        let api = Arc::clone(self);
        let over = async move {
            match session {
                Some(session) => drop(api.until_ended(&session).await),
                None => api.stopping.cancelled().await,
            }
        };
        tokio::spawn(async move {
            let Ok(browser) = browser.await else { return };
            let mut browser = TokioIo::new(browser);
            let carried = tokio::io::copy_bidirectional(&mut browser, &mut upstream).map(|carried| carried.map(drop));
            tokio::select! {
                carried = carried => if let Err(error) = carried {
                    tracing::debug!(%error, "a WebSocket broke off");
                },
                () = over => tracing::debug!("a WebSocket ends with its session"),
            }
        });
    }
}
