//! The security headers of the application's origin (B23), all in one place.

use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderMap, HeaderValue};

const OPENER: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const RESOURCE: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// What differs from page to page.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Policy<'a> {
    /// The nonce of scripts where the page runs any.
    pub(crate) nonce: Option<&'a str>,
    /// Whether WebAssembly is among them.
    pub(crate) islands: bool,
    /// The providers' origins: signing out posts here and is redirected there, and browsers hold `form-action` against both.
    pub(crate) sign_out_origins: &'a [String],
    /// Whether a form on the page posts.
    pub(crate) posts: bool,
    /// The port of cargo-leptos's live reload, in development.
    pub(crate) reload_port: Option<u32>,
}

impl Policy<'_> {
    /// The Content Security Policy of a page.
    ///
    /// Where islands are, `'self'` stands beside the nonce because the WebAssembly's JavaScript is preloaded by a link that carries no nonce.
    fn content_security_policy(&self) -> String {
        let script = match self.nonce {
            Some(nonce) if self.islands => format!("'nonce-{nonce}' 'self' 'wasm-unsafe-eval'"),
            Some(nonce) => format!("'nonce-{nonce}'"),
            None => "'none'".to_owned(),
        };
        let reload = self.reload_port.map(|port| format!(" ws://localhost:{port} ws://127.0.0.1:{port}")).unwrap_or_default();
        let connect = if self.nonce.is_some() { format!("'self'{reload}") } else { "'none'".to_owned() };
        let forms = ["'self'"].into_iter().chain(self.sign_out_origins.iter().map(String::as_str)).collect::<Vec<_>>().join(" ");
        format!(
            "default-src 'none'; script-src {script}; style-src 'self'; img-src 'self' data:; font-src 'self'; \
             connect-src {connect}; form-action {forms}; base-uri 'none'; object-src 'none'; frame-ancestors 'none'"
        )
    }

    /// Writes the headers of a page.
    ///
    /// A page that posts tells its own origin where the post comes from: with `no-referrer` browsers send `Origin: null`,
    /// and a browser without Fetch Metadata could no longer sign out.
    pub(crate) fn write(&self, headers: &mut HeaderMap) {
        write_everywhere(headers);
        let referrer = if self.posts { "same-origin" } else { "no-referrer" };
        headers.insert(REFERRER_POLICY, HeaderValue::from_static(referrer));
        if let Ok(policy) = HeaderValue::try_from(self.content_security_policy()) {
            headers.insert(CONTENT_SECURITY_POLICY, policy);
        }
    }
}

/// Writes the headers of an answer that is no page.
pub(crate) fn write_for_data(headers: &mut HeaderMap) {
    write_everywhere(headers);
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
}

fn write_everywhere(headers: &mut HeaderMap) {
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(OPENER, HeaderValue::from_static("same-origin"));
    headers.insert(RESOURCE, HeaderValue::from_static("same-origin"));
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Policy<'static> = Policy { nonce: None, islands: false, sign_out_origins: &[], posts: false, reload_port: None };

    fn policy_of(policy: &Policy<'_>) -> String {
        let mut headers = HeaderMap::new();
        policy.write(&mut headers);
        headers.get(CONTENT_SECURITY_POLICY).unwrap().to_str().unwrap().to_owned()
    }

    #[test]
    fn a_page_without_a_script_may_run_none() {
        let policy = policy_of(&PLAIN);
        assert!(policy.contains("script-src 'none';"), "{policy}");
        assert!(policy.contains("connect-src 'none';"), "{policy}");
    }

    #[test]
    fn a_page_with_an_island_runs_scripts_by_nonce_and_webassembly_but_nothing_inline() {
        let policy = policy_of(&Policy { nonce: Some("abc"), islands: true, ..PLAIN });
        assert!(policy.contains("script-src 'nonce-abc' 'self' 'wasm-unsafe-eval';"), "{policy}");
        assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"), "{policy}");
    }

    /// B23: what follows the session is one script by its nonce, which may ask its own origin.
    #[test]
    fn a_page_that_follows_its_session_runs_that_script_alone() {
        let policy = policy_of(&Policy { nonce: Some("abc"), ..PLAIN });
        assert!(policy.contains("script-src 'nonce-abc';"), "{policy}");
        assert!(policy.contains("connect-src 'self';"), "{policy}");
    }

    #[test]
    fn signing_out_may_be_redirected_to_the_providers_and_nowhere_else() {
        let origins = ["http://localhost:4000".to_owned(), "https://id.example".to_owned()];
        let policy = policy_of(&Policy { sign_out_origins: &origins, posts: true, ..PLAIN });
        assert!(policy.contains("form-action 'self' http://localhost:4000 https://id.example;"), "{policy}");
        assert!(policy_of(&PLAIN).contains("form-action 'self';"));
    }

    #[test]
    fn a_page_with_a_form_lets_its_own_origin_see_where_the_post_comes_from() {
        let mut headers = HeaderMap::new();
        Policy { posts: true, ..PLAIN }.write(&mut headers);
        assert_eq!(headers.get(REFERRER_POLICY).unwrap(), "same-origin");
        PLAIN.write(&mut headers);
        assert_eq!(headers.get(REFERRER_POLICY).unwrap(), "no-referrer");
    }
}
