//! A listener that speaks TLS 1.2 and 1.3, whatever comes to its port.
//!
//! Handshakes run beside the listener, each with a time limit, so that nobody who is slow keeps the next one waiting.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::serve::Listener;
use rustls::ServerConfig;
use rustls::version::{TLS12, TLS13};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::certificate::Certificate;
use super::plain::{self, Opening};

/// How long a handshake may take, from the connection on.
const PATIENCE: Duration = Duration::from_secs(10);
/// How many handshakes are under way at the most; one more ends the eldest.
const MOST: usize = 512;

type Ready = (TlsStream<TcpStream>, SocketAddr);

/// Accepts connections whose handshake is done.
pub(super) struct TlsListener {
    tcp: TcpListener,
    acceptor: TlsAcceptor,
    origin: Arc<str>,
    handshakes: JoinSet<(u64, Option<Ready>)>,
    /// Those of `handshakes`, the eldest first.
    under_way: BTreeMap<u64, AbortHandle>,
    begun: u64,
    most: usize,
    patience: Duration,
}

impl TlsListener {
    /// Serves `certificate`, as it is at the time of each handshake, on `tcp`; `origin` is where those are sent who speak no TLS.
    pub(super) fn new(tcp: TcpListener, certificate: &Arc<Certificate>, origin: &str) -> Result<Self, rustls::Error> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let versions = ServerConfig::builder_with_provider(provider).with_protocol_versions(&[&TLS13, &TLS12])?;
        let mut config = versions.with_no_client_auth().with_cert_resolver(Arc::clone(certificate) as _);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self {
            tcp,
            acceptor: TlsAcceptor::from(Arc::new(config)),
            origin: origin.into(),
            handshakes: JoinSet::new(),
            under_way: BTreeMap::new(),
            begun: 0,
            most: MOST,
            patience: PATIENCE,
        })
    }

    fn greet(&mut self, stream: TcpStream, address: SocketAddr) {
        while self.under_way.len() >= self.most
            && let Some((_, eldest)) = self.under_way.pop_first()
        {
            eldest.abort();
        }
        self.begun += 1;
        let (number, acceptor, origin, patience) = (self.begun, self.acceptor.clone(), Arc::clone(&self.origin), self.patience);
        let handle = self.handshakes.spawn(async move {
            let shaken = tokio::time::timeout(patience, shake_hands(&acceptor, stream, &origin)).await;
            let stream = match shaken {
                Ok(Ok(stream)) => stream,
                Ok(Err(error)) => {
                    tracing::debug!(%address, %error, "a TLS handshake failed");
                    None
                }
                Err(_) => {
                    tracing::debug!(%address, "a TLS handshake took too long");
                    None
                }
            };
            (number, stream.map(|stream| (stream, address)))
        });
        self.under_way.insert(number, handle);
    }
}

async fn shake_hands(acceptor: &TlsAcceptor, stream: TcpStream, origin: &str) -> io::Result<Option<TlsStream<TcpStream>>> {
    match plain::opening(&stream).await {
        Opening::Handshake => {
            stream.set_nodelay(true)?;
            acceptor.accept(stream).await.map(Some)
        }
        Opening::Request => plain::direct(stream, origin).await.map(|()| None),
        Opening::Other => Ok(None),
    }
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> Ready {
        loop {
            tokio::select! {
                (stream, address) = Listener::accept(&mut self.tcp) => self.greet(stream, address),
                Some(done) = self.handshakes.join_next() => {
                    // One that was ended for a younger one is off the list already.
                    let Ok((number, ready)) = done else { continue };
                    self.under_way.remove(&number);
                    if let Some(ready) = ready {
                        return ready;
                    }
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.tcp.local_addr()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dev_certificate;
    use crate::house::Nature;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    async fn listener() -> (TlsListener, tempfile::TempDir) {
        let directory = tempfile::tempdir().unwrap();
        let configuration = crate::Configuration { data_directory: directory.path().to_owned(), ..Default::default() };
        let made = dev_certificate::make(&configuration, &Nature::default(), false).unwrap();
        let certificate = Certificate::load("application", &made.tls).unwrap();
        let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
        (TlsListener::new(tcp, &certificate, "https://localhost:3000").unwrap(), directory)
    }

    /// Whoever says nothing is sent away, while nobody is kept from coming in.
    #[tokio::test]
    async fn a_handshake_that_takes_too_long_ends() {
        let (mut listener, _directory) = listener().await;
        listener.patience = Duration::from_millis(1);
        let mut silent = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let mut said = Vec::new();
        tokio::select! {
            _ = listener.accept() => panic!("nobody came in"),
            ended = silent.read_to_end(&mut said) => assert_eq!(ended.unwrap_or_default(), 0),
        }
    }

    /// A flood of those who never finish costs the eldest of them their place, and nobody else anything.
    #[tokio::test]
    async fn one_handshake_too_many_ends_the_eldest() {
        let (mut listener, _directory) = listener().await;
        listener.most = 2;
        let address = listener.local_addr().unwrap();
        let mut eldest = TcpStream::connect(address).await.unwrap();
        let (stream, from) = Listener::accept(&mut listener.tcp).await;
        listener.greet(stream, from);
        let _others = [TcpStream::connect(address).await.unwrap(), TcpStream::connect(address).await.unwrap()];
        let mut said = Vec::new();
        tokio::select! {
            _ = listener.accept() => panic!("nobody came in"),
            ended = eldest.read_to_end(&mut said) => assert_eq!(ended.unwrap_or_default(), 0),
        }
        assert_eq!(listener.under_way.len(), 2);
    }

    #[tokio::test]
    async fn what_is_neither_tls_nor_http_is_sent_away_without_a_word() {
        let (mut listener, _directory) = listener().await;
        let mut other = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        other.write_all(b"\x00\x01\x02").await.unwrap();
        let mut said = Vec::new();
        tokio::select! {
            _ = listener.accept() => panic!("nobody came in"),
            // Unread bytes make it a reset, which is an end as well.
            _ = other.read_to_end(&mut said) => assert!(said.is_empty()),
        }
    }
}
