//! The cookies that a browser keeps of one origin.

use std::collections::BTreeMap;

use http::header::{COOKIE, SET_COOKIE};
use http::request::Builder;

use crate::connection::Answer;

/// Cookies by name, and the header that carries them.
#[derive(Default)]
pub(crate) struct Jar {
    cookies: BTreeMap<String, String>,
    header: String,
}

impl Jar {
    /// Keeps what an answer sets, and lets go of what it removes.
    pub(crate) fn keep(&mut self, answer: &Answer) {
        if !answer.headers.contains_key(SET_COOKIE) {
            return;
        }
        let all = answer.headers.get_all(SET_COOKIE).iter().filter_map(|cookie| cookie.to_str().ok());
        for (name, rest) in all.filter_map(|cookie| cookie.split_once('=')) {
            let (value, attributes) = rest.split_once(';').unwrap_or((rest, ""));
            let attributes = attributes.to_ascii_lowercase();
            if value.is_empty() || attributes.contains("max-age=0") || attributes.contains("1970") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        self.header = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
    }

    /// What is sent along, as the value of the header `Cookie`.
    pub(crate) fn header(&self) -> &str {
        &self.header
    }

    /// Puts it into a request.
    pub(crate) fn put_on(&self, request: Builder) -> Builder {
        if self.header.is_empty() { request } else { request.header(COOKIE, &self.header) }
    }
}
