//! TLS of our own: the whole house on three https origins, by real sockets.

use std::net::SocketAddr;
use std::sync::Arc;

use reqwest::{StatusCode, Version};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use server::dev_certificate::{self, Made};
use server::house::Nature;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::support::{Browser, house_with_tls};

fn client(made: &Made) -> reqwest::ClientBuilder {
    let pem = std::fs::read(&made.authority).unwrap();
    reqwest::Client::builder().tls_certs_merge([reqwest::Certificate::from_pem(&pem).unwrap()])
}

/// Every arrow of the diagram between the three origins goes over TLS: pages, token requests, published keys, the API call.
#[tokio::test]
async fn a_whole_sign_in_over_https() {
    let (house, made) = house_with_tls().await;
    let origin = &house.configuration.application.origin;
    let mut browser = Browser::trusting(&made);
    let page = browser.sign_in(origin, "/resource?ask=1").await;
    assert_eq!(page.url.as_str(), format!("{origin}/resource?ask=1"), "{:?}", browser.hops);
    assert!(page.body.contains("token_expires_in_seconds"), "{}", page.body);
    assert!(browser.hops.iter().all(|hop| hop.contains(" https://localhost:")), "{:?}", browser.hops);
    let page = browser.post(&format!("{origin}/sign-out"), &[]).await;
    assert_eq!((page.status, page.url.path()), (StatusCode::OK, "/signed-out"));
}

/// TLS 1.2 and 1.3 are spoken, with HTTP/2 where the client can and HTTP/1.1 where it cannot.
#[tokio::test]
async fn both_versions_of_tls_and_of_http_are_spoken() {
    let (house, made) = house_with_tls().await;
    let url = format!("{}/.well-known/openid-configuration", house.configuration.provider.issuer);
    for version in [reqwest::tls::Version::TLS_1_2, reqwest::tls::Version::TLS_1_3] {
        let client = client(&made).tls_version_min(version).tls_version_max(version);
        let answer = client.build().unwrap().get(&url).send().await.unwrap();
        assert_eq!((answer.status(), answer.version()), (StatusCode::OK, Version::HTTP_2), "{version:?}");
    }
    let answer = client(&made).http1_only().build().unwrap().get(&url).send().await.unwrap();
    assert_eq!(answer.version(), Version::HTTP_11);
}

/// RFC 8996: whoever knows nothing newer than TLS 1.1 is told so by the alert `protocol_version`, and sent away; the same
/// words with TLS 1.2 are answered.
#[tokio::test]
async fn tls_1_1_is_refused() {
    let (house, _made) = house_with_tls().await;
    for (version, answer) in [([3, 1], ALERT), ([3, 2], ALERT), ([3, 3], HANDSHAKE)] {
        let mut stream = TcpStream::connect(house.configuration.provider.listen).await.unwrap();
        stream.write_all(&client_hello(version)).await.unwrap();
        let mut record = [0; 7];
        stream.read_exact(&mut record).await.unwrap();
        assert_eq!(record[0], answer, "{version:?}: {record:?}");
        if answer == ALERT {
            assert_eq!(record[5..], [FATAL, PROTOCOL_VERSION], "{version:?}");
            assert_eq!(stream.read(&mut record).await.unwrap_or_default(), 0, "the connection has ended");
        }
    }
}

const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const FATAL: u8 = 2;
const PROTOCOL_VERSION: u8 = 70;

/// A `ClientHello` (RFC 5246 §7.4.1.2) that offers `version` and older ones, with suites for each.
fn client_hello(version: [u8; 2]) -> Vec<u8> {
    let mut body = version.to_vec();
    body.extend([7; 32]);
    // No session; ECDHE with ECDSA, AES and either GCM or CBC; no compression.
    body.extend([0, 0, 4, 0xc0, 0x2b, 0xc0, 0x09, 1, 0]);
    // P-256; uncompressed points; ECDSA with SHA-256.
    let extensions = [0, 10, 0, 4, 0, 2, 0, 23, 0, 11, 0, 2, 1, 0, 0, 13, 0, 4, 0, 2, 4, 3];
    body.extend([0, u8::try_from(extensions.len()).unwrap()]);
    body.extend(extensions);
    let length = u8::try_from(body.len()).unwrap();
    let mut record = vec![HANDSHAKE, 3, 1, 0, length + 4, 1, 0, 0, length];
    record.extend(body);
    record
}

/// A browser that was sent to http:// reads where to go; the port goes on speaking TLS.
#[tokio::test]
async fn plain_http_on_the_port_of_tls_is_told_where_to_go() {
    let (house, made) = house_with_tls().await;
    let origin = &house.configuration.application.origin;
    let answer = reqwest::Client::new().post(origin.replace("https:", "http:")).body("x".repeat(20_000)).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    assert_eq!(answer.text().await.unwrap(), format!("This port speaks HTTPS. Go to {origin} instead.\n"));
    assert_eq!(client(&made).build().unwrap().get(origin).send().await.unwrap().status(), StatusCode::OK);
}

/// Whoever connects and says nothing, or half a word, keeps nobody waiting.
#[tokio::test]
async fn slow_handshakes_block_nobody() {
    let (house, made) = house_with_tls().await;
    let mut silent = Vec::new();
    for part in 0..60 {
        let mut stream = TcpStream::connect(house.configuration.application.listen).await.unwrap();
        stream.write_all(&client_hello([3, 3])[..part % 30]).await.unwrap();
        silent.push(stream);
    }
    let url = &house.configuration.application.origin;
    assert_eq!(client(&made).build().unwrap().get(url).send().await.unwrap().status(), StatusCode::OK);
}

/// A replaced certificate is shown to whoever comes next; who is connected already notices nothing.
#[tokio::test]
async fn a_certificate_is_replaced_while_running() {
    let (house, made) = house_with_tls().await;
    let address = house.configuration.provider.listen;
    let mut before = connect(&made, address).await;
    ask(&mut before).await;
    let first = shown(&before);
    dev_certificate::make(&house.configuration, &Nature::default(), true).unwrap();
    for certificate in &house.certificates {
        assert!(certificate.refresh(false));
    }
    ask(&mut before).await;
    let mut after = connect(&made, address).await;
    ask(&mut after).await;
    assert_ne!(shown(&after), first);

    // What cannot be used changes nothing.
    std::fs::write(&made.tls.certificate, "nonsense").unwrap();
    assert!(!house.certificates.iter().any(|certificate| certificate.refresh(true)));
    assert_eq!(shown(&connect(&made, address).await), shown(&after));
}

async fn connect(made: &Made, address: SocketAddr) -> TlsStream<TcpStream> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(&made.authority).unwrap()).unwrap();
    let config = rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let stream = TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap()
}

fn shown(stream: &TlsStream<TcpStream>) -> CertificateDer<'static> {
    stream.get_ref().1.peer_certificates().unwrap()[0].clone().into_owned()
}

/// One request on a connection that stays open.
async fn ask(stream: &mut TlsStream<TcpStream>) {
    stream.write_all(b"HEAD /jwks HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    let mut said = Vec::new();
    while !said.ends_with(b"\r\n\r\n") {
        said.push(stream.read_u8().await.unwrap());
    }
    assert!(said.starts_with(b"HTTP/1.1 200 OK"), "{}", String::from_utf8_lossy(&said));
}
