//! One connection over which requests go one after the other, as HTTP/1.1 keeps it alive.

use std::net::SocketAddr;

use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::request::Builder;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::failure::Failure;

/// A place that listens, and what it is called.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    pub(crate) address: SocketAddr,
    /// Without a slash at the end.
    pub(crate) url: String,
}

impl Origin {
    /// `http://localhost` with the port of `address`.
    pub(crate) fn local(address: SocketAddr) -> Self {
        Self { address, url: format!("http://localhost:{}", address.port()) }
    }
}

/// A connection to an origin.
pub(crate) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    host: HeaderValue,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    what: &'static str,
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Connection {
    /// Connects.
    pub(crate) async fn open(origin: &Origin) -> Result<Self, Failure> {
        let stream = TcpStream::connect(origin.address).await.map_err(Failure::io(origin.url.clone()))?;
        stream.set_nodelay(true).map_err(Failure::io("TCP_NODELAY"))?;
        let (sender, driver) = handshake(TokioIo::new(stream)).await?;
        // It ends with the connection; what went wrong is told by the request that met it.
        tokio::spawn(driver);
        let host = origin.url.trim_start_matches("http://");
        Ok(Self { sender, host: HeaderValue::from_str(host).map_err(http::Error::from)? })
    }

    /// Sends a GET.
    pub(crate) async fn get(&mut self, what: &'static str, path: &str) -> Result<Answer, Failure> {
        self.send(what, Request::get(path), String::new()).await
    }

    /// Sends a form, with `authorization` where a client proves itself by it.
    pub(crate) async fn post(
        &mut self,
        what: &'static str,
        path: &str,
        form: String,
        authorization: Option<&HeaderValue>,
    ) -> Result<Answer, Failure> {
        let mut request = Request::builder().method(Method::POST).uri(path);
        if let Some(authorization) = authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        self.send(what, request.header(CONTENT_TYPE, "application/x-www-form-urlencoded"), form).await
    }

    /// Sends a request and reads its answer to the end. `what` names it where it fails.
    pub(crate) async fn send(&mut self, what: &'static str, request: Builder, body: String) -> Result<Answer, Failure> {
        let request = request.header(HOST, &self.host).body(Full::new(Bytes::from(body)))?;
        self.sender.ready().await?;
        let (head, body) = self.sender.send_request(request).await?.into_parts();
        let body = body.collect().await?.to_bytes();
        Ok(Answer { what, status: head.status, headers: head.headers, body })
    }
}

impl Answer {
    /// The answer, if its status is `expected`.
    pub(crate) fn expect(self, expected: StatusCode) -> Result<Self, Failure> {
        if self.status == expected {
            return Ok(self);
        }
        let body = String::from_utf8_lossy(&self.body).chars().take(300).collect();
        Err(Failure::Answer { what: self.what, status: self.status, body })
    }

    /// The value of a member of the JSON object in it.
    pub(crate) fn member(&self, name: &str) -> Result<String, Failure> {
        let json: serde_json::Value = serde_json::from_slice(&self.body).map_err(|error| self.odd(error.to_string()))?;
        let member = json.get(name).and_then(serde_json::Value::as_str);
        member.map(str::to_owned).ok_or_else(|| self.odd(format!("it has no {name}")))
    }

    /// Where it leads.
    pub(crate) fn location(&self) -> Result<&str, Failure> {
        let location = self.headers.get(http::header::LOCATION).and_then(|location| location.to_str().ok());
        location.ok_or_else(|| self.odd("it leads nowhere"))
    }

    /// Whether the body holds `text`.
    pub(crate) fn holds(&self, text: &str) -> Result<(), Failure> {
        let found = self.body.windows(text.len()).any(|window| window == text.as_bytes());
        if found { Ok(()) } else { Err(self.odd(String::from_utf8_lossy(&self.body))) }
    }

    /// It is not what it should be.
    pub(crate) fn odd(&self, why: impl Into<String>) -> Failure {
        Failure::Odd(self.what, why.into())
    }
}
