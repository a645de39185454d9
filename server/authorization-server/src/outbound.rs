//! What the Authorization Server asks of others for a client's sake: quick to give up, never led elsewhere, never sent inside.
//!
//! Whoever registers a client names addresses that we then ask (`jwks_uri`, a back-channel logout URI). For clients that nobody
//! vouches for these must be `https` and public: the name is resolved once, what it resolves to is judged, and that very
//! address is connected to, so that a name cannot mean one thing when it is judged and another when it is used.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Client as Http, Method, RequestBuilder, Response};
use url::{Host, Url};

use crate::clients::Voucher;

mod address;

use address::Reach;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// From the first byte that we send to the last that we read.
const TOTAL_TIMEOUT: Duration = Duration::from_secs(5);
/// Connections are closed before their servers do it, which many do after five seconds: else a request may be on its way just then.
const IDLE_TIMEOUT: Duration = Duration::from_secs(4);

/// A URL that is not asked for a client's sake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Forbidden {
    /// Not `https`; `http` is for the operator's own, and for this machine in development.
    #[error("it is not https")]
    Scheme,
    /// It names no host, or a user.
    #[error("it must name a host and no user")]
    Authority,
    /// It leads to this machine, a private network, or where a cloud keeps a machine's secrets.
    #[error("it leads to an address that is not public")]
    Address,
}

/// Why an answer could not be read.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// The connection, or time, ended first.
    #[error("the answer broke off")]
    Http(#[from] reqwest::Error),
    /// It is larger than allowed.
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
}

/// Makes requests for clients' sake.
#[derive(Debug, Clone)]
pub struct Outbound {
    trusting: Http,
    wary: Http,
    development: bool,
}

impl Outbound {
    /// In `development`, clients that nobody vouches for may live on this machine. Certificates are judged by `authorities` beside
    /// those that the system trusts.
    ///
    /// # Errors
    /// [`reqwest::Error`] where no TLS provider is installed in this process.
    pub fn new(development: bool, authorities: &[reqwest::Certificate]) -> Result<Self, reqwest::Error> {
        let with = |voucher| {
            Http::builder()
                .tls_certs_merge(authorities.iter().cloned())
                .connect_timeout(CONNECT_TIMEOUT)
                .timeout(TOTAL_TIMEOUT)
                .pool_idle_timeout(IDLE_TIMEOUT)
                .redirect(reqwest::redirect::Policy::none())
                .user_agent(concat!("cloakroom/", env!("CARGO_PKG_VERSION")))
                .dns_resolver(Arc::new(Screened { lookup: system, reach: reach(voucher, development) }))
        };
        Ok(Self {
            trusting: with(Voucher::Operator).build()?,
            // A proxy of the environment would resolve names itself, unjudged.
            wary: with(Voucher::Nobody).no_proxy().build()?,
            development,
        })
    }

    /// Whether clients that nobody vouches for may live on this machine.
    pub(crate) fn is_development(&self) -> bool {
        self.development
    }

    /// Whether `url` may be asked at all, as far as can be seen without resolving its name.
    ///
    /// # Errors
    /// [`Forbidden`] says why not.
    pub fn permits(&self, url: &Url, voucher: Voucher) -> Result<(), Forbidden> {
        let reach = reach(voucher, self.development);
        let literal = match url.host() {
            _ if !url.username().is_empty() || url.password().is_some() => return Err(Forbidden::Authority),
            None => return Err(Forbidden::Authority),
            Some(Host::Domain(_)) => None,
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
        };
        if literal.is_some_and(|address| !reach.allows(address)) {
            return Err(Forbidden::Address);
        }
        let here = literal.is_some_and(|address| address.is_loopback()) || url.host_str() == Some("localhost");
        match url.scheme() {
            "https" => Ok(()),
            "http" if reach == Reach::Operator || (reach == Reach::PublicAndHere && here) => Ok(()),
            _ => Err(Forbidden::Scheme),
        }
    }

    /// Begins a request to `url`, for the sake of a client that `voucher` vouches for.
    ///
    /// # Errors
    /// [`Forbidden`] where it must not be made. A name that resolves to no allowed address fails when it is sent.
    pub fn request(&self, method: Method, url: &Url, voucher: Voucher) -> Result<RequestBuilder, Forbidden> {
        self.permits(url, voucher)?;
        let http = match voucher {
            Voucher::Operator => &self.trusting,
            Voucher::Nobody => &self.wary,
        };
        Ok(http.request(method, url.clone()))
    }
}

/// Reads an answer of `largest` bytes at the most.
///
/// # Errors
/// [`Unreadable`] where it is larger, or breaks off; what was read until then is dropped.
pub async fn read(mut response: Response, largest: usize) -> Result<Vec<u8>, Unreadable> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > largest {
            return Err(Unreadable::TooLarge(largest));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn reach(voucher: Voucher, development: bool) -> Reach {
    match voucher {
        Voucher::Operator => Reach::Operator,
        Voucher::Nobody if development => Reach::PublicAndHere,
        Voucher::Nobody => Reach::Public,
    }
}

type Lookup = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send>>;

/// Asks the system what a name means.
fn system(name: String) -> Lookup {
    Box::pin(async move { Ok(tokio::net::lookup_host((name, 0)).await?.collect()) })
}

/// Resolves names to what may be connected to, and to nothing else.
struct Screened {
    lookup: fn(String) -> Lookup,
    reach: Reach,
}

impl Resolve for Screened {
    fn resolve(&self, name: Name) -> Resolving {
        let (found, reach) = ((self.lookup)(name.as_str().to_owned()), self.reach);
        Box::pin(async move {
            let allowed: Vec<SocketAddr> = found.await?.into_iter().filter(|found| reach.allows(found.ip())).collect();
            if allowed.is_empty() {
                return Err(Forbidden::Address.into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    fn outbound(development: bool) -> Outbound {
        // Another test may have been quicker; either is the same provider.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Outbound::new(development, &[]).unwrap()
    }

    fn judged(development: bool, voucher: Voucher, url: &str) -> Result<(), Forbidden> {
        outbound(development).permits(&url.parse().unwrap(), voucher)
    }

    /// Attack 30: addresses in a URL, however they are written.
    #[test]
    fn a_url_to_the_inside_is_not_asked_for_a_client_that_nobody_vouches_for() {
        for url in [
            "https://127.0.0.1/jwks",
            "https://2130706433/jwks",
            "https://0x7f.1/jwks",
            "https://0177.0.0.1/jwks",
            "https://[::1]/jwks",
            "https://[::ffff:127.0.0.1]/jwks",
            "https://10.0.0.1/jwks",
            "https://169.254.169.254/latest/meta-data",
        ] {
            assert_eq!(judged(false, Voucher::Nobody, url), Err(Forbidden::Address), "{url}");
        }
        assert_eq!(judged(false, Voucher::Nobody, "http://app.example/jwks"), Err(Forbidden::Scheme));
        assert_eq!(judged(false, Voucher::Nobody, "ftp://app.example/jwks"), Err(Forbidden::Scheme));
        assert_eq!(judged(false, Voucher::Nobody, "https://user@app.example/jwks"), Err(Forbidden::Authority));
        assert_eq!(judged(false, Voucher::Nobody, "https://app.example/jwks"), Ok(()));
    }

    #[test]
    fn development_keeps_its_own_machine_and_the_operator_private_networks() {
        for url in ["http://localhost:3000/jwks", "http://127.0.0.1:3000/jwks", "http://[::1]:3000/jwks"] {
            assert_eq!(judged(true, Voucher::Nobody, url), Ok(()), "{url}");
            assert!(judged(false, Voucher::Nobody, url).is_err(), "{url}");
            assert_eq!(judged(false, Voucher::Operator, url), Ok(()), "{url}");
        }
        assert_eq!(judged(true, Voucher::Nobody, "http://app.example/jwks"), Err(Forbidden::Scheme));
        assert_eq!(judged(false, Voucher::Operator, "http://10.0.0.1/jwks"), Ok(()));
        assert_eq!(judged(true, Voucher::Operator, "http://169.254.169.254/"), Err(Forbidden::Address));
    }

    /// Attack 30: what counts is where a name leads when it is used; the connection goes to the address that was judged.
    #[tokio::test]
    async fn a_name_that_leads_inside_is_never_connected_to() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://localhost:{}/jwks", listener.local_addr().unwrap().port()).parse().unwrap();
        let error = outbound(false).request(Method::GET, &url, Voucher::Nobody).unwrap().send().await.unwrap_err();
        let causes = std::iter::successors(Some(&error as &dyn std::error::Error), |error| error.source());
        assert!(causes.filter_map(|cause| cause.downcast_ref::<Forbidden>()).eq([&Forbidden::Address]));
        let reached = tokio::select! { biased; _ = listener.accept() => true, () = tokio::task::yield_now() => false };
        assert!(!reached, "nobody knocked");
    }

    /// Attack 30, DNS rebinding: a name that means an address outside and one inside means the one outside; one that changes its
    /// mind is judged anew each time.
    #[tokio::test]
    async fn a_name_that_changes_its_mind_is_judged_each_time() {
        fn both(name: String) -> Lookup {
            Box::pin(async move {
                let inside: SocketAddr = "10.0.0.1:0".parse().unwrap();
                let outside: SocketAddr = "1.1.1.1:0".parse().unwrap();
                Ok(if name == "first.example" { vec![inside, outside] } else { vec![inside] })
            })
        }
        let screened = Screened { lookup: both, reach: Reach::Public };
        let first: Vec<SocketAddr> = screened.resolve("first.example".parse().unwrap()).await.unwrap().collect();
        assert_eq!(first, ["1.1.1.1:0".parse().unwrap()]);
        assert!(screened.resolve("then.example".parse().unwrap()).await.is_err());
    }

    async fn serving(answer: &'static [u8]) -> Url {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/jwks", listener.local_addr().unwrap()).parse().unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.read(&mut [0; 1024]).await;
            let _ = stream.write_all(answer).await;
            // Never closed, never continued.
            std::future::pending::<()>().await;
        });
        url
    }

    /// Attack 31: a body that never ends is not waited for.
    #[tokio::test(start_paused = true)]
    async fn a_slow_answer_is_given_up() {
        let url = serving(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{").await;
        let answer = async {
            let response = outbound(true).request(Method::GET, &url, Voucher::Operator).unwrap().send().await?;
            read(response, 1024).await
        };
        match answer.await {
            Err(Unreadable::Http(error)) => assert!(error.is_timeout(), "{error:?}"),
            other => panic!("{other:?}"),
        }
    }

    /// Attack 31: a body is read up to a limit, whatever its length is said to be.
    #[tokio::test]
    async fn a_huge_answer_is_given_up() {
        let url = serving(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n8\r\n12345678\r\n8\r\n12345678\r\n").await;
        let response = outbound(true).request(Method::GET, &url, Voucher::Operator).unwrap().send().await.unwrap();
        assert!(matches!(read(response, 12).await, Err(Unreadable::TooLarge(12))));
    }
}
