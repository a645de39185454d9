//! Scripts that are no WebAssembly: each is a file of its own by a name that holds a hash of it, so that browsers keep it for ever.

use std::sync::OnceLock;

use axum::response::IntoResponse;
use http::HeaderName;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use leptos::config::LeptosOptions;
use leptos::prelude::use_context;
use protocol::seal::digest;

use super::Conduct;

/// A script of `app/scripts`.
pub(super) struct Script {
    title: &'static str,
    text: &'static str,
    name: OnceLock<String>,
}

impl Script {
    /// The script `text`, whose name begins with `title`.
    pub(super) const fn of(title: &'static str, text: &'static str) -> Self {
        Self { title, text, name: OnceLock::new() }
    }

    /// Where it is.
    pub(super) fn path(&self, options: &LeptosOptions) -> String {
        let name = self.name.get_or_init(|| {
            let hash: String = digest("script", self.text.as_bytes()).chars().take(16).collect();
            format!("{}.{hash}.js", self.title)
        });
        format!("/{}/{name}", options.site_pkg_dir)
    }

    /// The same for a page that brings it along, and is allowed to run it by that; none outside of a page.
    pub(super) fn brought(&self) -> Option<String> {
        let path = self.path(&use_context::<LeptosOptions>()?);
        use_context::<Conduct>()?.runs_script();
        Some(path)
    }

    /// The answer that holds it.
    pub(super) fn served(&self) -> impl IntoResponse + use<> {
        let headers = [
            (CONTENT_TYPE, "text/javascript; charset=utf-8"),
            (CACHE_CONTROL, "public, max-age=31536000, immutable"),
            (X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        ];
        (headers, self.text)
    }
}
