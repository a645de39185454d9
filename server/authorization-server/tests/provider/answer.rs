//! A response, read to its end.

use axum::response::Response;
use http::{HeaderMap, StatusCode};
use serde_json::Value;
use url::Url;

#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) async fn read(response: Response) -> Self {
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap();
        Self { status: parts.status, headers: parts.headers, body: String::from_utf8(bytes.to_vec()).unwrap() }
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    /// `error` of a JSON answer.
    pub(crate) fn error(&self) -> String {
        self.json()["error"].as_str().unwrap_or_else(|| panic!("no error: {self:?}")).to_owned()
    }

    pub(crate) fn location(&self) -> Url {
        Url::parse(self.header("location")).unwrap_or_else(|_| panic!("no location: {self:?}"))
    }

    /// A parameter of the URL that the browser is sent to.
    pub(crate) fn sent(&self, name: &str) -> Option<String> {
        self.location().query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
    }

    /// A field of a page, as `plain_pages` writes them.
    pub(crate) fn field(&self, name: &str) -> String {
        let line = self.body.lines().find_map(|line| line.strip_prefix(&format!("{name}=")));
        line.unwrap_or_else(|| panic!("no {name} on the page: {self:?}")).to_owned()
    }

    /// Which page it is.
    pub(crate) fn page(&self) -> &str {
        self.body.lines().next().unwrap_or_default()
    }
}
