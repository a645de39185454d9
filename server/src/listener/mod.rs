//! The doors of the house: a TCP port each, with TLS of its own where the configuration says so.
//!
//! Whoever comes in is told to the boxes as a `ClientAddress`; `X-Forwarded-*` headers decide nothing else, for every URL that
//! is given out comes from the configuration.

mod advice;
mod certificate;
mod client;
mod plain;
mod renewal;
mod tls;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use protocol::client_address::TrustedProxies;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;

pub use advice::advice;
pub use certificate::{Certificate, Validity, read_authorities, validity};
pub use renewal::renew;

use crate::configuration::Door;
use crate::{Configuration, Failure};
use client::Peer;
use tls::TlsListener;

/// A port that is open, and how it speaks.
pub struct OpenDoor {
    tcp: TcpListener,
    certificate: Option<Arc<Certificate>>,
    origin: String,
}

impl OpenDoor {
    /// Speaks TLS with `certificate` where there is one, for `origin`.
    pub fn new(tcp: TcpListener, certificate: Option<Arc<Certificate>>, origin: &str) -> Self {
        Self { tcp, certificate, origin: origin.to_owned() }
    }

    /// Opens `door`.
    ///
    /// # Errors
    /// [`Failure::Listen`] where the address is taken.
    pub async fn open(door: &Door<'_>, certificate: Option<Arc<Certificate>>) -> Result<Self, Failure> {
        let (address, role, setting) = (door.listen, door.section, format!("{}.listen", door.section));
        let tcp = TcpListener::bind(address).await.map_err(|reason| Failure::Listen { address, role, reason, setting })?;
        Ok(Self::new(tcp, certificate, door.origin))
    }

    /// Answers with `router` until `stop`; then requests in flight finish, and no new ones are taken.
    ///
    /// # Errors
    /// Why it could not go on.
    pub async fn answer(self, router: Router, proxies: Arc<TrustedProxies>, stop: CancellationToken) -> Result<(), String> {
        match &self.certificate {
            None => serve(self.tcp, router, proxies, stop).await,
            Some(certificate) => {
                let listener = TlsListener::new(self.tcp, certificate, &self.origin).map_err(|error| error.to_string())?;
                serve(listener, router, proxies, stop).await
            }
        }
    }
}

async fn serve<L>(listener: L, router: Router, proxies: Arc<TrustedProxies>, stop: CancellationToken) -> Result<(), String>
where
    L: Listener<Addr = SocketAddr>,
    Peer: for<'a> Connected<IncomingStream<'a, L>>,
{
    let router = router.layer(CatchPanicLayer::new()).layer(axum::middleware::from_fn_with_state(proxies, client::note));
    let service = router.into_make_service_with_connect_info::<Peer>();
    let served = axum::serve(listener, service).with_graceful_shutdown(stop.cancelled_owned()).await;
    served.map_err(|error| error.to_string())
}

/// Reads the certificates of the doors that have one, in the order of [`Configuration::doors`].
///
/// # Errors
/// [`Failure::Configuration`] names the key of the file that is missing, cannot be read, or does not belong to the other.
pub fn certificates(configuration: &Configuration) -> Result<Vec<Option<Arc<Certificate>>>, Failure> {
    let load = |door: &Door<'_>| door.tls.map(|tls| Certificate::load(door.section, tls)).transpose();
    configuration.doors().iter().map(load).collect()
}
