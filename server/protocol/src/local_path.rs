//! Where a browser may be sent back to within its own origin.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A path, query and fragment on the same origin, safe to put into a `Location` header.
///
/// It begins with exactly one `/`, holds visible ASCII only and no backslash, so no browser reads a host in it:
/// `//host`, `/\host`, `https:host`, their percent-encoded forms and control characters are refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LocalPath(String);

/// The text is not a path on the same origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a path on this site")]
pub struct NotLocal;

/// Longer targets are refused: they would not fit a request line everywhere.
const LONGEST: usize = 2048;

impl LocalPath {
    /// The site's front page, `/`.
    pub fn home() -> Self {
        Self("/".to_owned())
    }

    /// Reads a path, query and fragment.
    ///
    /// # Errors
    /// [`NotLocal`] where a browser could read another origin, or the text is longer than 2,048 bytes.
    pub fn parse(text: &str) -> Result<Self, NotLocal> {
        let visible = text.bytes().all(|byte| (0x21..=0x7e).contains(&byte) && byte != b'\\');
        if text.len() > LONGEST || !visible || !text.starts_with('/') || text.starts_with("//") {
            return Err(NotLocal);
        }
        // The path as any proxy may decode it, once or more, must still name no host.
        let path = text.split(['?', '#']).next().unwrap_or_default().to_ascii_lowercase();
        if path.starts_with("/%2f") || path.starts_with("/%5c") || path.starts_with("/%25") || has_encoded_control(&path) {
            return Err(NotLocal);
        }
        // Dot segments collapse before a host is looked for: `/.//host` is `//host` to some readers.
        let collapsed = url::Url::parse("http://localhost").and_then(|base| base.join(text)).map_err(|_| NotLocal)?;
        let same_origin = collapsed.host_str() == Some("localhost") && collapsed.port().is_none();
        if !same_origin || collapsed.path().starts_with("//") {
            return Err(NotLocal);
        }
        Ok(Self(text.to_owned()))
    }

    /// The text for a `Location` header or a link.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn has_encoded_control(path: &str) -> bool {
    let control = |pair: &str| u8::from_str_radix(pair, 16).is_ok_and(|byte| byte < 0x20 || byte == 0x7f);
    path.split('%').skip(1).any(|rest| rest.get(..2).is_some_and(control))
}

impl fmt::Display for LocalPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for LocalPath {
    type Error = NotLocal;

    fn try_from(text: String) -> Result<Self, NotLocal> {
        Self::parse(&text)
    }
}

impl From<LocalPath> for String {
    fn from(path: LocalPath) -> Self {
        path.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// B6: path, query and fragment survive.
    #[test]
    fn a_path_with_query_and_fragment_is_kept_as_it_is() {
        for text in ["/", "/flow", "/resource?ask=1&b=%2F#part", "/a/../b?next=https://example.org", "/caf%C3%A9"] {
            assert_eq!(LocalPath::parse(text).map(String::from).as_deref(), Ok(text));
        }
    }

    /// B6, attacks 7 and 59: every way of writing another origin.
    #[test]
    fn whatever_a_browser_could_read_as_another_origin_is_refused() {
        let evil = [
            "",
            "evil",
            "//evil",
            "/\\evil",
            "\\\\evil",
            "https:evil",
            "https://evil",
            "/%2fevil",
            "/%5cevil",
            "/%252fevil",
            "/\tevil",
            "/\n/evil",
            "/\r/evil",
            "/ evil",
            "/%0d%0aSet-Cookie:a=b",
            "/%00",
            "/.//evil",
            "/..//evil",
            "/%2e//evil",
            "/./%2e//evil",
            "javascript:alert(1)",
            "data:text/html,x",
            "/\u{e9}",
            "///evil",
            "/a\\..\\evil",
        ];
        for text in evil {
            assert_eq!(LocalPath::parse(text), Err(NotLocal), "{text:?}");
        }
        assert_eq!(LocalPath::parse(&format!("/{}", "a".repeat(LONGEST))), Err(NotLocal));
    }

    proptest! {
        /// B6, attack 59: the same for what nobody thought of.
        #[test]
        fn what_is_accepted_resolves_to_the_same_origin(text in "[/\\\\.%a-f0-9:@?#]{1,12}") {
            if let Ok(path) = LocalPath::parse(&text) {
                let base = url::Url::parse("https://app.example:8443/deep/page").unwrap();
                prop_assert_eq!(base.join(path.as_str()).unwrap().origin(), base.origin());
            }
        }
    }
}
