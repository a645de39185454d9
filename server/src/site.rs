//! The static files that cargo-leptos made, and the options it made them with.

use std::path::PathBuf;

use axum::Router;
use axum::http::{HeaderValue, Response, StatusCode, header};
use leptos::config::{ConfFile, LeptosOptions, get_configuration};
use tower::ServiceBuilder;
use tower_http::services::ServeDir;
use tower_http::set_header::SetResponseHeaderLayer;

use crate::Failure;

const FILE: &str = "Leptos.toml";

/// Reads `Leptos.toml`, from the working directory or beside the binary; cargo-leptos's environment wins over it.
///
/// # Errors
/// [`Failure::File`] where there is none, or it does not parse.
pub fn options() -> Result<LeptosOptions, Failure> {
    let beside = std::env::current_exe().ok().and_then(|binary| binary.parent().map(|directory| directory.join(FILE)));
    let places = [Some(PathBuf::from(FILE)), beside.clone()];
    let path = places.into_iter().flatten().find(|path| path.is_file());
    let Some(path) = path else {
        return Err(Failure::file(FILE.as_ref(), "not found; run Cloakroom where it lies, or put it beside the binary"));
    };
    let ConfFile { mut leptos_options, .. } = get_configuration(path.to_str()).map_err(|error| Failure::file(&path, error))?;
    // A release directory holds the site beside the binary, wherever it is started.
    if let Some(site) = beside.and_then(|beside| beside.parent().map(|directory| directory.join("site")))
        && site.is_dir()
        && std::env::var_os("LEPTOS_SITE_ROOT").is_none()
    {
        leptos_options.site_root = site.display().to_string().into();
    }
    Ok(leptos_options)
}

/// The files below the site root: hashed ones are kept by browsers for ever, the others for an hour.
pub fn files(options: &LeptosOptions) -> Router {
    let root = PathBuf::from(options.site_root.as_ref());
    let package = root.join(options.site_pkg_dir.as_ref());
    let kept = if options.hash_files { "public, max-age=31536000, immutable" } else { "no-cache" };
    let mut router = Router::new().nest_service(
        &format!("/{}", options.site_pkg_dir),
        ServiceBuilder::new().layer(cached(kept)).layer(nosniff()).service(served(package)),
    );
    for file in ["favicon.svg", "robots.txt"] {
        let service = tower_http::services::ServeFile::new(root.join(file));
        router = router.route_service(
            &format!("/{file}"),
            ServiceBuilder::new().layer(cached("public, max-age=3600")).layer(nosniff()).service(service),
        );
    }
    router
}

/// Tells browsers that `origin` is reached by https alone, where it is (RFC 6797); for a year. Not so on localhost: browsers
/// would hold it against whatever else listens there, on every port.
pub fn strictly(router: Router, origin: &str) -> Router {
    if !origin.starts_with("https://") || is_localhost(origin) {
        return router;
    }
    let year = HeaderValue::from_static("max-age=31536000");
    router.layer(SetResponseHeaderLayer::overriding(header::STRICT_TRANSPORT_SECURITY, year))
}

/// Whether `url` leads to this machine itself.
pub fn is_localhost(url: &str) -> bool {
    let url = url::Url::parse(url);
    url.is_ok_and(|url| matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]")))
}

fn served(directory: PathBuf) -> ServeDir {
    ServeDir::new(directory).precompressed_br().precompressed_gzip().append_index_html_on_directories(false)
}

/// What is there may be kept; that something is not there yet, while versions change, may not.
fn cached<B>(value: &'static str) -> SetResponseHeaderLayer<impl FnMut(&Response<B>) -> Option<HeaderValue> + Clone> {
    SetResponseHeaderLayer::if_not_present(header::CACHE_CONTROL, move |response: &Response<B>| {
        let status = response.status();
        let kept = status.is_success() || status == StatusCode::NOT_MODIFIED;
        Some(HeaderValue::from_static(if kept { value } else { "no-store" }))
    })
}

fn nosniff() -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::overriding(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use tower::ServiceExt as _;

    /// RFC 9111 §4.2.2: while replicas of two versions serve, one of them has not yet got the other's files.
    #[tokio::test]
    async fn a_file_is_kept_for_ever_and_the_lack_of_one_not_at_all() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir(directory.path().join("pkg")).unwrap();
        std::fs::write(directory.path().join("pkg/there.css"), "p{}").unwrap();
        let mut options = LeptosOptions::builder().output_name("cloakroom").build();
        options.site_root = directory.path().to_str().unwrap().into();
        options.hash_files = true;
        for (path, kept) in [
            ("/pkg/there.css", "public, max-age=31536000, immutable"),
            ("/pkg/lost.css", "no-store"),
            ("/robots.txt", "no-store"),
        ] {
            let request = axum::http::Request::get(path).body(Body::empty()).unwrap();
            let answer = files(&options).oneshot(request).await.unwrap();
            assert_eq!(answer.headers()[header::CACHE_CONTROL], kept, "{path}");
        }
    }

    /// B23, RFC 6797 §7: said over https only, and on every answer, unknown paths included.
    #[tokio::test]
    async fn an_https_origin_is_strict_about_it() {
        for (origin, told) in [
            ("https://app.example", Some("max-age=31536000")),
            ("http://localhost:3000", None),
            ("https://localhost:3000", None),
            ("https://[::1]", None),
        ] {
            let router = strictly(Router::new(), origin);
            let answer = router.oneshot(axum::http::Request::get("/").body(Body::empty()).unwrap()).await.unwrap();
            let header = answer.headers().get(header::STRICT_TRANSPORT_SECURITY).map(|value| value.to_str().unwrap());
            assert_eq!(header, told, "{origin}");
        }
    }
}
