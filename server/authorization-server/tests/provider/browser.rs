//! A browser: it keeps cookies, follows redirects within the provider, and says where its requests come from.

use std::collections::BTreeMap;
use std::net::IpAddr;

use axum::Router;
use axum::body::Body;
use http::Request;
use protocol::ClientAddress;
use tower::ServiceExt as _;

use crate::answer::Answer;
use crate::house::{ISSUER, PASSWORD, form};

#[derive(Clone)]
pub(crate) struct Browser {
    pub(crate) router: Router,
    pub(crate) cookies: BTreeMap<String, String>,
    /// The last `Set-Cookie` lines.
    pub(crate) set: Vec<String>,
    /// Where it is.
    pub(crate) address: Option<IpAddr>,
    /// What it calls itself.
    pub(crate) user_agent: Option<&'static str>,
}

impl Browser {
    pub(crate) fn new(router: Router) -> Self {
        Self { router, cookies: BTreeMap::new(), set: Vec::new(), address: None, user_agent: None }
    }

    pub(crate) async fn send(&mut self, method: &str, url: &str, headers: &[(&str, &str)], body: String) -> Answer {
        let path = url.strip_prefix(ISSUER).unwrap_or(url);
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(user_agent) = self.user_agent {
            request = request.header("user-agent", user_agent);
        }
        if !self.cookies.is_empty() {
            let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header("cookie", cookies.join("; "));
        }
        let mut request = request.body(Body::from(body)).unwrap();
        if let Some(address) = self.address {
            request.extensions_mut().insert(ClientAddress::new(address));
        }
        let response = self.router.clone().oneshot(request).await.unwrap();
        let answer = Answer::read(response).await;
        self.set = answer.headers.get_all("set-cookie").iter().map(|line| line.to_str().unwrap().to_owned()).collect();
        for line in &self.set {
            let (name, rest) = line.split_once('=').unwrap();
            if line.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), rest.split(';').next().unwrap().to_owned());
            }
        }
        answer
    }

    /// A GET, without following where it leads.
    pub(crate) async fn get(&mut self, url: &str) -> Answer {
        self.send("GET", url, &[("sec-fetch-site", "none"), ("sec-fetch-mode", "navigate")], String::new()).await
    }

    /// A GET, followed until there is a page or another site.
    pub(crate) async fn open(&mut self, url: &str) -> Answer {
        let mut answer = self.get(url).await;
        for _ in 0..5 {
            match answer.headers.get("location").map(|location| location.to_str().unwrap().to_owned()) {
                Some(location) if location.starts_with(ISSUER) => answer = self.get(&location).await,
                _ => return answer,
            }
        }
        panic!("the redirects do not end: {answer:?}");
    }

    /// A form of a page of the provider's own.
    pub(crate) async fn post(&mut self, url: &str, pairs: &[(&str, &str)]) -> Answer {
        self.post_from("same-origin", url, pairs).await
    }

    pub(crate) async fn post_from(&mut self, site: &str, url: &str, pairs: &[(&str, &str)]) -> Answer {
        let headers = [("sec-fetch-site", site), ("content-type", "application/x-www-form-urlencoded")];
        self.send("POST", url, &headers, form(pairs)).await
    }

    /// Fills in the login page and goes where it leads.
    pub(crate) async fn log_in_as(&mut self, page: &Answer, username: &str, password: &str) -> Answer {
        let csrf = page.field("csrf");
        let fields = [("csrf", csrf.as_str()), ("username", username), ("password", password), ("action", "sign-in")];
        let answer = self.post(&page.field("action"), &fields).await;
        self.follow(answer).await
    }

    pub(crate) async fn log_in(&mut self, page: &Answer) -> Answer {
        self.log_in_as(page, "demo", PASSWORD).await
    }

    /// Presses a button of a page and goes where it leads.
    pub(crate) async fn press(&mut self, page: &Answer, button: &str) -> Answer {
        let answer = self.post(&page.field("action"), &[("csrf", &page.field("csrf")), ("action", button)]).await;
        self.follow(answer).await
    }

    pub(crate) async fn follow(&mut self, answer: Answer) -> Answer {
        match answer.headers.get("location").map(|location| location.to_str().unwrap().to_owned()) {
            Some(location) if location.starts_with(ISSUER) => self.open(&location).await,
            _ => answer,
        }
    }
}
