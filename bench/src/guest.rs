//! A browser at an application: it signs in there by way of the provider, and calls what it may then call.

use http::{HeaderValue, Request, StatusCode};

use crate::browser::Browser;
use crate::connection::{Answer, Connection, Origin};
use crate::failure::Failure;
use crate::jar::Jar;

/// The header that calls of a page carry.
const CSRF: &str = "x-csrf";

/// A browser with a connection to the application, and one to its provider.
pub(crate) struct Guest {
    connection: Connection,
    application: Origin,
    jar: Jar,
    browser: Browser,
}

impl Guest {
    /// One that nobody used before.
    pub(crate) async fn new(application: &Origin, provider: &Origin) -> Result<Self, Failure> {
        let (connection, browser) = (Connection::open(application).await?, Browser::new(provider).await?);
        Ok(Self { connection, application: application.clone(), jar: Jar::default(), browser })
    }

    /// One that has signed in.
    pub(crate) async fn signed_in(application: &Origin, provider: &Origin) -> Result<Self, Failure> {
        let mut guest = Self::new(application, provider).await?;
        guest.sign_in("/login").await?;
        Ok(guest)
    }

    /// Signs in from `path` on: the application's way to the provider, what the provider asks, and back.
    pub(crate) async fn sign_in(&mut self, path: &str) -> Result<(), Failure> {
        let answer = self.navigate(path).await?;
        let back = self.browser.follow(answer.location()?).await?;
        let callback = back.strip_prefix(&self.application.url);
        let callback = callback.ok_or_else(|| Failure::Odd("the way back", back.clone()))?.to_owned();
        let before = self.jar.header().to_owned();
        let answer = self.navigate(&callback).await?;
        let path = answer.location()?.strip_prefix(&self.application.url).unwrap_or(answer.location()?);
        if path.starts_with("/problem") || self.jar.header() == before {
            return Err(Failure::Odd("the callback", format!("it leads to {path}")));
        }
        Ok(())
    }

    async fn navigate(&mut self, path: &str) -> Result<Answer, Failure> {
        let request = self.jar.put_on(Request::get(path)).header("sec-fetch-mode", "navigate");
        let request = request.header("sec-fetch-dest", "document").header("sec-fetch-site", "none");
        let answer = self.connection.send("the application", request, String::new()).await?;
        self.jar.keep(&answer);
        if answer.status.is_redirection() { Ok(answer) } else { answer.expect(StatusCode::FOUND) }
    }

    /// The same browser over another connection.
    pub(crate) async fn caller(&self) -> Result<Caller, Failure> {
        let cookies = HeaderValue::from_str(self.jar.header()).map_err(http::Error::from)?;
        Ok(Caller { connection: Connection::open(&self.application).await?, cookies })
    }

    /// How many bytes of cookies go along with each request.
    pub(crate) fn cookie_bytes(&self) -> usize {
        self.jar.header().len()
    }
}

/// A connection of a browser that is signed in.
pub(crate) struct Caller {
    connection: Connection,
    cookies: HeaderValue,
}

impl Caller {
    /// Calls `path` as a page of the application does.
    pub(crate) async fn call(&mut self, path: &str) -> Result<Answer, Failure> {
        let request = Request::get(path).header(http::header::COOKIE, &self.cookies).header(CSRF, HeaderValue::from_static("1"));
        self.connection.send("the call", request.header("sec-fetch-site", "same-origin"), String::new()).await
    }
}
