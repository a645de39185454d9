//! A browser as far as signing in needs one: it keeps cookies, follows redirects within the provider, and posts its forms.

use http::header::{CONTENT_TYPE, ORIGIN};
use http::{Method, Request, StatusCode};
use url::Url;
use url::form_urlencoded::Serializer;

use crate::connection::{Answer, Connection, Origin};
use crate::failure::Failure;
use crate::jar::Jar;

/// A demonstration account.
const USERNAME: &str = "ada";
const PASSWORD: &str = "ada-loves-tea";
/// No sign-in takes more steps.
const MOST_STEPS: usize = 10;

/// A browser at the provider, over one connection.
pub(crate) struct Browser {
    pub(crate) connection: Connection,
    provider: Origin,
    jar: Jar,
}

impl Browser {
    /// One that nobody used before.
    pub(crate) async fn new(provider: &Origin) -> Result<Self, Failure> {
        let (connection, provider) = (Connection::open(provider).await?, provider.clone());
        Ok(Self { connection, provider, jar: Jar::default() })
    }

    /// Brings an authorization request to the provider, fills in whatever page it shows, and gives the address of the client that
    /// it leads to.
    pub(crate) async fn sign_in(&mut self, request: &str) -> Result<String, Failure> {
        let answer = self.authorize(request).await?;
        self.go_on(answer).await
    }

    /// The same for an address of the provider that an application has sent its user to.
    pub(crate) async fn follow(&mut self, address: &str) -> Result<String, Failure> {
        let path = address.strip_prefix(&self.provider.url);
        let path = path.ok_or_else(|| Failure::Odd("the way to the provider", address.to_owned()))?;
        let answer = self.ask(Request::get(path), String::new()).await?;
        self.go_on(answer).await
    }

    async fn go_on(&mut self, answer: Answer) -> Result<String, Failure> {
        let mut answer = answer;
        for _ in 0..MOST_STEPS {
            answer = if answer.status.is_redirection() {
                let location = answer.location()?.to_owned();
                let Some(path) = location.strip_prefix(&self.provider.url) else { return Ok(location) };
                self.ask(Request::get(path), String::new()).await?
            } else {
                let (path, form) = self.filled_in(&answer.expect(StatusCode::OK)?)?;
                self.ask(Request::builder().method(Method::POST).uri(path), form).await?
            };
        }
        Err(answer.odd("it leads round and round"))
    }

    /// Brings an authorization request to the provider.
    pub(crate) async fn authorize(&mut self, request: &str) -> Result<Answer, Failure> {
        self.ask(Request::get(format!("/authorize?{request}")), String::new()).await
    }

    async fn ask(&mut self, request: http::request::Builder, body: String) -> Result<Answer, Failure> {
        let mut request = self.jar.put_on(request);
        if !body.is_empty() {
            request = request.header(ORIGIN, &self.provider.url).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        let answer = self.connection.send("the sign-in", request, body).await?;
        self.jar.keep(&answer);
        Ok(answer)
    }

    /// The form of a login or consent page, with what this user says to it.
    fn filled_in(&self, page: &Answer) -> Result<(String, String), Failure> {
        let html = String::from_utf8_lossy(&page.body);
        let form = tag(&html, "<form", "").and_then(|tag| attribute(tag, "action"));
        let csrf = tag(&html, "<input", "name=\"csrf\"").and_then(|tag| attribute(tag, "value"));
        let (Some(action), Some(csrf)) = (form, csrf) else { return Err(page.odd("a page without a form")) };
        let address =
            Url::parse(&self.provider.url).and_then(|base| base.join(&action)).map_err(|error| page.odd(error.to_string()))?;
        let button = if html.contains("id=\"allow\"") { "allow" } else { "sign-in" };
        let fields = [("csrf", csrf.as_str()), ("username", USERNAME), ("password", PASSWORD), ("action", button)];
        Ok((address.path().to_owned(), Serializer::new(String::new()).extend_pairs(fields).finish()))
    }
}

/// The inside of the first tag of a kind that holds `mark`.
fn tag<'a>(html: &'a str, opening: &str, mark: &str) -> Option<&'a str> {
    html.split(opening).skip(1).filter_map(|rest| rest.split_once('>')).map(|(tag, _)| tag).find(|tag| tag.contains(mark))
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!("{name}=\""))?;
    rest.split_once('"').map(|(value, _)| value.replace("&quot;", "\"").replace("&#x27;", "'").replace("&amp;", "&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_found_by_its_tags() {
        let html = r#"<form class="card" method="post" action="/login/1?a=b&amp;c=d"><input name="x" value="1"/><input type="hidden" name="csrf" value="t"/>"#;
        assert_eq!(tag(html, "<form", "").and_then(|tag| attribute(tag, "action")).as_deref(), Some("/login/1?a=b&c=d"));
        assert_eq!(tag(html, "<input", "name=\"csrf\"").and_then(|tag| attribute(tag, "value")).as_deref(), Some("t"));
        assert_eq!(tag("<p>", "<form", ""), None);
    }
}
