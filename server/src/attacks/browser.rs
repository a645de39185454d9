//! A browser as far as an attack needs one: it keeps cookies of both origins, fills in the provider's forms, and notes what it sent.

use std::collections::BTreeMap;

use app::attack::{Actor, Step};
use http::header::{CONTENT_TYPE, COOKIE, LOCATION, ORIGIN, SET_COOKIE};
use http::{HeaderMap, Method, StatusCode};
use url::Url;
use url::form_urlencoded::Serializer;

use super::{Range, Steps};

/// No sign-in at the provider takes more pages.
const MOST_PAGES: usize = 6;

/// Parameters whose values open something, or would.
const UNTOLD: [&str; 4] = ["code", "state", "request_uri", "session_state"];

/// Why an attack could not be made.
#[derive(Debug, thiserror::Error)]
pub(super) enum Odd {
    #[error("the server does not answer: {0}")]
    Unanswered(#[from] reqwest::Error),
    #[error("{0} is no address")]
    Address(String),
    #[error("the Cache does not answer: {0}")]
    Unavailable(#[from] cache::Unavailable),
    #[error("{0}")]
    Unexpected(String),
}

/// One of the two people, at a browser of their own.
pub(super) struct Browser<'r> {
    range: &'r Range,
    actor: Actor,
    account: &'r (String, String),
    /// Cookies by origin and name.
    cookies: BTreeMap<(String, String), String>,
}

/// What came back.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) location: Option<Url>,
    url: Url,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    /// The path to which it leads.
    pub(super) fn leads_to(&self, path: &str) -> bool {
        self.location.as_ref().is_some_and(|location| location.path() == path)
    }

    fn told(&self) -> String {
        match &self.location {
            Some(location) => format!("{} → {}", self.status.as_u16(), location.path()),
            None => self.status.as_u16().to_string(),
        }
    }
}

impl<'r> Browser<'r> {
    pub(super) fn new(range: &'r Range, account: usize) -> Self {
        let [attacker, victim] = &range.accounts;
        let (actor, account) = if account == 0 { (Actor::Attacker, attacker) } else { (Actor::Victim, victim) };
        Self { range, actor, account, cookies: BTreeMap::new() }
    }

    /// The value of a cookie of the application.
    pub(super) fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.get(&(self.range.application.clone(), name.to_owned())).map(String::as_str)
    }

    /// Puts a cookie into the browser, as if the application had.
    pub(super) fn plant(&mut self, name: &str, value: String) {
        self.cookies.insert((self.range.application.clone(), name.to_owned()), value);
    }

    /// Signs in up to the callback, which is not opened: its address.
    pub(super) async fn nearly_sign_in(&mut self, steps: &mut Steps) -> Result<Url, Odd> {
        let begun = self.open("begins a sign-in", self.application("/login?return_to=/flow&renew=1")?, steps).await?;
        let mut next = begun.location.ok_or_else(|| Odd::Unexpected("no sign-in begins".to_owned()))?;
        for _ in 0..MOST_PAGES {
            if next.origin().ascii_serialization() == self.range.application {
                steps.0.push(Step {
                    actor: self.actor,
                    purpose: "signs in at the provider, which sends the browser back with a code",
                    request: format!("{} /login, /consent", Method::POST),
                    answer: format!("{} → {}", StatusCode::SEE_OTHER.as_u16(), shown(&next)),
                });
                return Ok(next);
            }
            let answer = self.send(Method::GET, next, HeaderMap::new(), None).await?;
            next = if let Some(location) = answer.location { location } else { self.fill_in(&answer).await? };
        }
        Err(Odd::Unexpected("the provider leads round and round".to_owned()))
    }

    /// Signs in altogether: the address of the callback, which was opened.
    pub(super) async fn sign_in(&mut self, steps: &mut Steps) -> Result<Url, Odd> {
        let callback = self.nearly_sign_in(steps).await?;
        let answer = self.open("opens the callback", callback.clone(), steps).await?;
        if !answer.leads_to("/flow") || self.cookie("__Host-session").is_none() {
            return Err(Odd::Unexpected(format!("a proper sign-in ended at {}", answer.told())));
        }
        Ok(callback)
    }

    /// Opens an address by hand, and notes it.
    pub(super) async fn open(&mut self, purpose: &'static str, url: Url, steps: &mut Steps) -> Result<Answer, Odd> {
        let request = format!("GET {}", shown(&url));
        let answer = self.send(Method::GET, url, HeaderMap::new(), None).await?;
        steps.0.push(Step { actor: self.actor, purpose, request, answer: answer.told() });
        Ok(answer)
    }

    /// Has a page of `origin` post a form to the application, and notes it.
    pub(super) async fn post_from(
        &mut self,
        purpose: &'static str,
        origin: &str,
        path: &str,
        steps: &mut Steps,
    ) -> Result<Answer, Odd> {
        let mut headers = HeaderMap::new();
        headers.insert(ORIGIN, origin.parse().map_err(|_| Odd::Address(origin.to_owned()))?);
        let site = if origin == self.range.application { "same-origin" } else { "cross-site" };
        headers.insert("sec-fetch-site", http::HeaderValue::from_static(site));
        let answer = self.send(Method::POST, self.application(path)?, headers, Some(String::new())).await?;
        steps.0.push(Step { actor: self.actor, purpose, request: format!("POST {path}, from {origin}"), answer: answer.told() });
        Ok(answer)
    }

    /// Asks as a page does who is signed in, and notes it.
    pub(super) async fn who_am_i(&mut self, purpose: &'static str, steps: &mut Steps) -> Result<StatusCode, Odd> {
        let mut headers = HeaderMap::new();
        headers.insert("x-csrf", http::HeaderValue::from_static("1"));
        headers.insert("sec-fetch-site", http::HeaderValue::from_static("same-origin"));
        headers.insert("sec-fetch-mode", http::HeaderValue::from_static("cors"));
        let answer = self.send(Method::GET, self.application("/session")?, headers, None).await?;
        steps.0.push(Step { actor: self.actor, purpose, request: "GET /session".to_owned(), answer: answer.told() });
        Ok(answer.status)
    }

    /// Leaves nothing behind: the session of an attack is no device of anybody.
    pub(super) async fn leave(mut self) -> Result<(), Odd> {
        if self.cookie("__Host-session").is_some() {
            let origin = self.range.application.clone();
            self.post_from("signs out", &origin, "/sign-out", &mut Steps::default()).await?;
        }
        Ok(())
    }

    fn application(&self, path: &str) -> Result<Url, Odd> {
        let url = format!("{}{path}", self.range.application);
        Url::parse(&url).map_err(|_| Odd::Address(url))
    }

    /// Sends a page's form with what this person says to it; gives where it leads.
    async fn fill_in(&mut self, page: &Answer) -> Result<Url, Odd> {
        let csrf = page.body.split_once("name=\"csrf\" value=\"").and_then(|(_, rest)| rest.split_once('"'));
        let (csrf, _) = csrf.ok_or_else(|| Odd::Unexpected(format!("{} shows no form: {}", page.url.path(), page.told())))?;
        let button = if page.body.contains("id=\"allow\"") { "allow" } else { "sign-in" };
        let (username, password) = self.account;
        let fields = [("csrf", csrf), ("username", username), ("password", password), ("action", button)];
        let form = Serializer::new(String::new()).extend_pairs(fields).finish();
        let mut headers = HeaderMap::new();
        headers.insert(ORIGIN, self.range.provider.parse().map_err(|_| Odd::Address(self.range.provider.clone()))?);
        let answer = self.send(Method::POST, page.url.clone(), headers, Some(form)).await?;
        let told = answer.told();
        answer.location.ok_or_else(|| Odd::Unexpected(format!("the provider takes the form with {told}")))
    }

    async fn send(&mut self, method: Method, url: Url, headers: HeaderMap, form: Option<String>) -> Result<Answer, Odd> {
        let origin = url.origin().ascii_serialization();
        let cookies = self.cookies.iter().filter(|((of, _), _)| *of == origin);
        let cookies = cookies.map(|((_, name), value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
        let mut request = self.range.http.request(method, url.clone()).header(COOKIE, cookies);
        if !headers.contains_key("sec-fetch-mode") {
            request = request.header("sec-fetch-mode", "navigate").header("sec-fetch-dest", "document");
        }
        if !headers.contains_key("sec-fetch-site") {
            request = request.header("sec-fetch-site", if form.is_some() { "same-origin" } else { "none" });
        }
        request = request.headers(headers);
        if let Some(form) = form {
            request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(form);
        }
        let response = request.send().await?;
        let (status, headers) = (response.status(), response.headers().clone());
        let location = headers.get(LOCATION).and_then(|location| url.join(location.to_str().ok()?).ok());
        let answer = Answer { status, location, url, headers, body: response.text().await? };
        self.keep(&origin, &answer.headers);
        Ok(answer)
    }

    fn keep(&mut self, origin: &str, headers: &HeaderMap) {
        let lines = headers.get_all(SET_COOKIE).iter().filter_map(|line| line.to_str().ok());
        for cookie in lines.filter_map(|line| tower_cookies::Cookie::parse(line.to_owned()).ok()) {
            let key = (origin.to_owned(), cookie.name().to_owned());
            if cookie.max_age() == Some(tower_cookies::cookie::time::Duration::ZERO) || cookie.value().is_empty() {
                self.cookies.remove(&key);
            } else {
                self.cookies.insert(key, cookie.value().to_owned());
            }
        }
    }
}

/// Path and query; what opens something is not told.
fn shown(url: &Url) -> String {
    let pairs: Vec<String> = url
        .query_pairs()
        .map(|(name, value)| if UNTOLD.contains(&&*name) { format!("{name}=…") } else { format!("{name}={value}") })
        .collect();
    if pairs.is_empty() { url.path().to_owned() } else { format!("{}?{}", url.path(), pairs.join("&")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_opens_something_is_not_shown() {
        let url = Url::parse("https://app.example/callback?code=SECRET&state=SECRET&iss=https%3A%2F%2Fprovider.example").unwrap();
        assert_eq!(shown(&url), "/callback?code=…&state=…&iss=https://provider.example");
        assert_eq!(shown(&Url::parse("https://app.example/flow").unwrap()), "/flow");
    }
}
