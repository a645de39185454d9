//! URLs as they may be printed: without their passwords.

use url::Url;

const MASK: &str = "***";

/// `url` without a password: neither before the host nor in the query. What is not surely without one is not shown.
pub fn without_password(url: &str) -> String {
    if url == "embedded" || url.starts_with("sqlite:") {
        return url.to_owned();
    }
    let scheme = url.split_once("://").map_or("", |(scheme, _)| scheme);
    let hidden = || if scheme.is_empty() { MASK.to_owned() } else { format!("{scheme}://{MASK}") };
    let Ok(mut shown) = Url::parse(url) else { return hidden() };
    // A password with a slash or a hash in it ends the host early, and its rest lies behind.
    let rest = [Some(shown.path()), shown.query(), shown.fragment()];
    if shown.host_str().is_none() || rest.into_iter().flatten().any(|rest| rest.contains('@')) {
        return hidden();
    }
    if shown.password().is_some() && shown.set_password(Some(MASK)).is_err() {
        return hidden();
    }
    if shown.query().is_some() {
        let pairs: Vec<(String, String)> =
            shown.query_pairs().map(|(key, value)| (key.into_owned(), value.into_owned())).collect();
        let mask = |key: &str, value: String| if key.to_ascii_lowercase().contains("pass") { MASK.to_owned() } else { value };
        shown.query_pairs_mut().clear().extend_pairs(pairs.into_iter().map(|(key, value)| (key.clone(), mask(&key, value))));
    }
    shown.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_shown() {
        for (url, shown) in [
            ("postgres://user:secret@db/x", "postgres://user:***@db/x"),
            ("postgres://db/x?user=u&password=secret", "postgres://db/x?user=u&password=***"),
            ("redis://:secret@cache:6379/0", "redis://:***@cache:6379/0"),
            ("redis://:sec ret@@:cache", "redis://***"),
            ("postgres://user:12/secret@db/x", "postgres://***"),
            ("postgres://user:12#secret@db/x", "postgres://***"),
            ("secret", "***"),
            ("embedded", "embedded"),
            ("sqlite:data/a@b.db", "sqlite:data/a@b.db"),
        ] {
            assert_eq!(without_password(url), shown, "{url}");
        }
    }
}
