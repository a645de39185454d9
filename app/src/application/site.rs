//! Answers requests to the application's origin: pages, and the server functions.

use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::response::IntoResponse as _;
use axum::routing::{any, get, post};
use futures::stream::{Stream, StreamExt, once};
use http::header::{ACCEPT, LOCATION, REFERER};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri};
use leptos::config::LeptosOptions;
use leptos::nonce::use_nonce;
use leptos::prelude::{IntoView, provide_context, use_context};
use leptos_axum::{AxumRouteListing, generate_route_list, handle_response_inner, handle_server_fns_with_context};
use protocol::LocalPath;
use protocol::fetch_metadata::is_navigation;

use super::conduct::Conduct;
use super::headers::{Policy, write_for_data};
use super::identity;
use super::not_found::WrongMethod;
use super::shell::{App, shell};
use super::{flow, follow};
use crate::components::Viewer;
use crate::error::PageError;
use crate::functions::exchange::visit_of;
use crate::ports::Ports;

/// Where the stylesheet is, as pages link to it.
#[derive(Debug, Clone)]
pub(crate) struct Stylesheet(pub(crate) Arc<str>);

/// Marks a page, among a response's extensions, that is the same for everybody: nobody is signed in, and it holds no nonce. Such a
/// page may be compressed; one that holds what only its reader may know may not, since its length would tell of that (BREACH).
#[derive(Debug, Clone, Copy)]
pub struct ForEverybody;

/// The application's origin, ready to answer.
#[derive(Clone)]
pub struct Site {
    options: LeptosOptions,
    ports: Ports,
    stylesheet: Stylesheet,
}

impl Site {
    /// Puts the site together.
    pub fn new(options: LeptosOptions, ports: Ports) -> Self {
        let stylesheet = Stylesheet(stylesheet_path(&options).into());
        Self { options, ports, stylesheet }
    }

    /// All pages and server functions by path. The caller adds the static files, and [`Site::page`] as the fallback: it
    /// answers an unknown path with the page that says so.
    pub fn router(&self) -> Router {
        let (pages, functions, unknown, wrong) = (self.clone(), self.clone(), self.clone(), self.clone());
        let page = move |request: Request<Body>| {
            let site = pages.clone();
            async move { site.page(request).await }
        };
        let function = move |request: Request<Body>| {
            let site = functions.clone();
            async move { site.function(request).await }
        };
        let unknown = move |request: Request<Body>| {
            let site = unknown.clone();
            async move { site.unknown(request).await }
        };
        let wrong_method = move |request: Request<Body>| {
            let site = wrong.clone();
            async move { site.wrong_method(request).await }
        };
        let router = Router::new()
            .route("/login", get(function.clone()))
            .route("/callback", get(function.clone()))
            .route("/callback/{provider}", get(function.clone()))
            .route("/sign-out", post(function.clone()))
            .route("/sessions/sign-out", post(function.clone()))
            .route("/sessions/sign-out-others", post(function.clone()))
            .route(&follow::SCRIPT.path(&self.options), get(async || follow::SCRIPT.served()))
            .route(&flow::SCRIPT.path(&self.options), get(async || flow::SCRIPT.served()))
            .route("/api/current-user", get(function.clone()))
            .route("/api/ask-resource", post(function.clone()))
            .route("/api/{*unknown}", any(unknown))
            .merge(identity::download(&self.ports))
            .merge(flow::downloads(&self.ports));
        let router = if self.ports.attacks.is_some() { router.route("/flow/attack", post(function)) } else { router };
        // Listing the routes also starts the executor that Leptos renders on.
        generate_route_list(App)
            .iter()
            .map(AxumRouteListing::path)
            .fold(router, |router, path| router.route(path, get(page.clone())))
            .method_not_allowed_fallback(wrong_method)
    }

    /// An unknown path below `/api`: a page for people, 404 without a body for scripts.
    async fn unknown(&self, request: Request<Body>) -> Response<Body> {
        if is_navigation(request.headers()) { self.page(request).await } else { bare(StatusCode::NOT_FOUND) }
    }

    /// A known path and a method that it does not take: a page for people, 405 without a body for scripts.
    async fn wrong_method(&self, mut request: Request<Body>) -> Response<Body> {
        if !is_navigation(request.headers()) {
            return bare(StatusCode::METHOD_NOT_ALLOWED);
        }
        // Rendered as a GET of a path that is no page, so that no page takes the request for its own.
        *request.method_mut() = Method::GET;
        *request.uri_mut() = Uri::from_static("/sign-out");
        self.render(request, Some(WrongMethod)).await
    }

    /// The answer to a request that another site sent (B4): the page that says so for people, 403 with
    /// [`PageError::CrossSite`] for scripts and for everything below `/api`.
    pub fn refuse_other_site(path: &str, headers: &HeaderMap) -> Response<Body> {
        if is_navigation(headers) && !path.starts_with("/api/") {
            return moved(StatusCode::SEE_OTHER, HeaderValue::from_static("/problem/cross-site"));
        }
        let mut response = (StatusCode::FORBIDDEN, axum::Json(PageError::CrossSite)).into_response();
        write_for_data(response.headers_mut());
        response
    }

    /// Renders a page. Who is here is asked first, once for the whole page.
    pub async fn page(&self, request: Request<Body>) -> Response<Body> {
        if let Some(location) = without_trailing_slash(request.uri()) {
            return moved(StatusCode::PERMANENT_REDIRECT, location);
        }
        self.render(request, None).await
    }

    async fn render(&self, request: Request<Body>, wrong_method: Option<WrongMethod>) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let viewer = Viewer(self.ports.sessions.current_user(&visit_of(&parts)).await);
        let nobody = viewer == Viewer(Ok(None));
        let conduct = Conduct::default();
        let nonce = Arc::new(std::sync::OnceLock::new());
        let context = {
            let (site, conduct, nonce) = (self.clone(), conduct.clone(), Arc::clone(&nonce));
            move || {
                provide_context(site.ports.clone());
                provide_context(site.options.clone());
                provide_context(site.stylesheet.clone());
                provide_context(viewer.clone());
                provide_context(conduct.clone());
                if let Some(wrong_method) = wrong_method {
                    provide_context(wrong_method);
                }
                nonce.get_or_init(|| use_nonce().map(|nonce| nonce.to_string()));
            }
        };
        let options = self.options.clone();
        let mut response = handle_response_inner(context, move || shell(options), Request::from_parts(parts, body), whole).await;
        let reload_port = std::env::var_os("LEPTOS_WATCH").map(|_| self.options.reload_port);
        let islands = conduct.runs_islands();
        let scripted = islands || conduct.is_scripted() || reload_port.is_some();
        let posts = conduct.posts();
        let sign_out_origins = if posts { self.ports.sign_in.sign_out_origins().await } else { Vec::new() };
        let policy = Policy {
            nonce: nonce.get().and_then(Option::as_deref).filter(|_| scripted),
            islands,
            sign_out_origins: &sign_out_origins,
            posts,
            reload_port,
        };
        policy.write(response.headers_mut());
        if nobody && !scripted {
            response.extensions_mut().insert(ForEverybody);
        }
        response
    }

    /// Runs a server function.
    ///
    /// Leptos redirects a caller that accepts HTML to its `Referer` where the function itself does not redirect. Ours
    /// always say where to go, so it is not shown those two headers; the functions still see the request as it came. The
    /// exchanges read the raw query themselves, so Leptos is not given that either, and cannot stumble over it.
    pub async fn function(&self, request: Request<Body>) -> Response<Body> {
        let (mut parts, body) = request.into_parts();
        let original: Parts = parts.clone();
        parts.headers.remove(ACCEPT);
        parts.headers.remove(REFERER);
        let path = parts.uri.path();
        // One function answers at all redirect URIs.
        let path = if path.starts_with("/callback/") { "/callback" } else { path };
        if !path.starts_with("/api/")
            && let Ok(bare) = path.parse::<Uri>()
        {
            parts.uri = bare;
        }
        let site = self.clone();
        let context = move || {
            provide_context(original.clone());
            provide_context(site.ports.clone());
        };
        let answer = handle_server_fns_with_context(context, Request::from_parts(parts, body)).await;
        let mut response = answer.into_response();
        write_for_data(response.headers_mut());
        response
    }
}

type Chunks = Pin<Box<dyn Stream<Item = String> + Send>>;

/// Renders the page whole. Leptos's own inline scripts follow only where an island needs them.
fn whole<View: IntoView + 'static>(
    page: View,
    scripts: Box<dyn FnOnce() -> Chunks + Send>,
    _out_of_order: bool,
) -> Pin<Box<dyn Future<Output = Chunks> + Send>> {
    let conduct = use_context::<Conduct>();
    Box::pin(async move {
        let html = page.to_html_stream_in_order().collect::<String>().await;
        let page = once(async move { html });
        if conduct.is_some_and(|conduct| conduct.runs_islands()) {
            Box::pin(page.chain(scripts())) as Chunks
        } else {
            Box::pin(page)
        }
    })
}

/// `/flow/` is `/flow`; anything that a browser could read as another origin is left for the 404 page.
fn without_trailing_slash(uri: &Uri) -> Option<HeaderValue> {
    let path = uri.path().strip_suffix('/').filter(|path| !path.is_empty())?;
    let target = uri.query().map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"));
    LocalPath::parse(&target).ok().and_then(|target| HeaderValue::from_str(target.as_str()).ok())
}

fn moved(status: StatusCode, location: HeaderValue) -> Response<Body> {
    let mut response = bare(status);
    response.headers_mut().insert(LOCATION, location);
    response
}

fn bare(status: StatusCode) -> Response<Body> {
    let mut response = status.into_response();
    write_for_data(response.headers_mut());
    response
}

/// The stylesheet's name carries a hash of its content where cargo-leptos wrote one beside the binary.
pub fn stylesheet_path(options: &LeptosOptions) -> String {
    let hash = options.hash_files.then(|| style_hash(options)).flatten();
    let (directory, name) = (&options.site_pkg_dir, &options.output_name);
    match hash {
        Some(hash) => format!("/{directory}/{name}.{hash}.css"),
        None => format!("/{directory}/{name}.css"),
    }
}

fn style_hash(options: &LeptosOptions) -> Option<String> {
    let beside: PathBuf = std::env::current_exe().ok()?.parent()?.join(options.hash_file.as_ref());
    let hashes = std::fs::read_to_string(beside).ok()?;
    hashes.lines().find_map(|line| line.trim().strip_prefix("css:")).map(|hash| hash.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(uri: &'static str) -> Option<String> {
        without_trailing_slash(&Uri::from_static(uri)).map(|value| value.to_str().unwrap().to_owned())
    }

    #[test]
    fn a_trailing_slash_is_taken_off_and_the_query_kept() {
        assert_eq!(target("/flow/").as_deref(), Some("/flow"));
        assert_eq!(target("/resource/?ask=1").as_deref(), Some("/resource?ask=1"));
        assert_eq!(target("/"), None);
        assert_eq!(target("/flow"), None);
    }

    #[test]
    fn a_path_that_names_a_host_is_never_redirected_to() {
        assert_eq!(target("//evil.example/"), None);
        assert_eq!(target("/%2fevil.example/"), None);
    }
}
