//! Routes of the proxy: what may be called, how, and with whose token. What no route names is not reachable.

use std::time::Duration;

use http::Method;
use http::uri::PathAndQuery;
use jiff::SignedDuration;
use percent_encoding::percent_decode_str;
use protocol::step_up::{self, Demand};
use serde::Deserialize;
use url::Url;

/// A route, as a configuration file declares it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// What paths of our origin begin with, in whole segments: `/shop/orders`.
    pub path: String,
    /// What stands in its place: `https://orders.example.com/v1`.
    pub upstream: Url,
    /// The methods that may be used.
    #[serde(default = "reading")]
    pub methods: Vec<String>,
    /// Whose access token goes along.
    #[serde(default)]
    pub token: TokenUse,
    /// The API's resource indicator (RFC 8707): the token that goes along is for it alone. Not set, it is the sign-in's own token.
    pub resource: Option<String>,
    /// Authentication context classes, in any of which the user must have authenticated (step-up); where there are none, each will do.
    #[serde(default)]
    pub acr: Vec<String>,
    /// How long ago the user may have authenticated at the most, in seconds (step-up).
    pub max_age: Option<u32>,
    /// Whether calls need the header `X-CSRF`, which other sites cannot send.
    #[serde(default = "yes")]
    pub anti_forgery: bool,
    /// Whether the upstream may answer by switching to the WebSocket protocol.
    #[serde(default)]
    pub websocket: bool,
    /// How long the upstream may be silent before it answers: `30s`.
    #[serde(default = "half_a_minute")]
    pub timeout: SignedDuration,
}

/// Whose access token goes along.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TokenUse {
    /// The user's; without a session there is no call.
    #[default]
    User,
    /// Nobody's.
    None,
}

fn reading() -> Vec<String> {
    vec!["GET".to_owned(), "HEAD".to_owned()]
}

fn yes() -> bool {
    true
}

fn half_a_minute() -> SignedDuration {
    SignedDuration::from_secs(30)
}

/// A route with which the Application API must not run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRoute {
    /// The path is none.
    #[error("the route {0} must be a path of plain segments, like /shop/orders")]
    Path(String),
    /// The path is one of our own.
    #[error("the route {0} would hide a path of ours ({1})")]
    Reserved(String, &'static str),
    /// Two routes have one path.
    #[error("the route {0} is there twice")]
    Twice(String),
    /// The upstream is none.
    #[error("the upstream of the route {0} must be an http or https URL without user, query and fragment")]
    Upstream(String),
    /// A method is none, or none is named.
    #[error("the route {0} must name methods like GET, in capitals")]
    Methods(String),
    /// The resource indicator is none, or nobody's token would go along.
    #[error("the resource of the route {0} must be an absolute URI without a fragment, and goes with token = \"user\"")]
    Resource(String),
    /// A class is none.
    #[error("the route {0} demands an acr that cannot be: a name without spaces, quotes and backslashes")]
    Class(String),
    /// Nobody can have authenticated that lately.
    #[error("the max_age of the route {0} must be longer than nothing")]
    Age(String),
    /// It is open to everybody, and demands something of the user.
    #[error("the route {0} has token = \"none\", so that there is no user of whom acr or max_age could be demanded")]
    Nobody(String),
    /// The timeout is nothing.
    #[error("the timeout of the route {0} must be longer than nothing")]
    Timeout(String),
}

/// Paths of our own origin that no route may hide.
const RESERVED: [&str; 10] =
    ["/login", "/callback", "/sign-out", "/logout", "/session", "/sessions", "/backchannel-logout", "/jwks", "/pkg", "/api"];

/// Why a path below a route goes nowhere: it could mean another one upstream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the path is ambiguous")]
pub struct AmbiguousPath;

/// Judges all routes together.
///
/// # Errors
/// [`InvalidRoute`] tells the first fault.
pub fn check(routes: &[Route]) -> Result<(), InvalidRoute> {
    for (index, route) in routes.iter().enumerate() {
        route.check()?;
        if routes.iter().skip(index + 1).any(|other| other.path == route.path) {
            return Err(InvalidRoute::Twice(route.path.clone()));
        }
    }
    Ok(())
}

/// The route of `path`: of several that fit, the longest.
pub fn find<'a>(routes: &'a [Route], path: &str) -> Option<&'a Route> {
    routes.iter().filter(|route| route.rest(path).is_some()).max_by_key(|route| route.path.len())
}

impl Route {
    /// A route by which `upstream` is read with the user's token, as a configuration that says nothing more declares it.
    pub fn new(path: &str, upstream: Url) -> Self {
        Self {
            path: path.to_owned(),
            upstream,
            methods: reading(),
            token: TokenUse::default(),
            resource: None,
            acr: Vec::new(),
            max_age: None,
            anti_forgery: yes(),
            websocket: false,
            timeout: half_a_minute(),
        }
    }

    fn check(&self) -> Result<(), InvalidRoute> {
        let name = || self.path.clone();
        let plain = |segment: &str| {
            !segment.is_empty()
                && segment.chars().all(|character| character.is_ascii_alphanumeric() || "-_.~".contains(character))
                && !matches!(segment, "." | "..")
        };
        let mut segments = self.path.split('/');
        if segments.next() != Some("") || !segments.clone().all(plain) || segments.next().is_none() {
            return Err(InvalidRoute::Path(name()));
        }
        let hidden = RESERVED.into_iter().find(|reserved| is_below(&self.path, reserved) || is_below(reserved, &self.path));
        if let Some(reserved) = hidden {
            return Err(InvalidRoute::Reserved(name(), reserved));
        }
        let url = &self.upstream;
        let bare = url.query().is_none() && url.fragment().is_none() && url.username().is_empty() && url.password().is_none();
        if !matches!(url.scheme(), "http" | "https") || !bare || !url.has_host() {
            return Err(InvalidRoute::Upstream(name()));
        }
        let known = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
        if self.methods.is_empty() || !self.methods.iter().all(|method| known.contains(&method.as_str())) {
            return Err(InvalidRoute::Methods(name()));
        }
        let indicates = |resource: &str| {
            let bare = !resource.contains(|letter: char| letter.is_whitespace() || letter == '#');
            bare && Url::parse(resource).is_ok()
        };
        if self.resource.as_deref().is_some_and(|resource| self.token == TokenUse::None || !indicates(resource)) {
            return Err(InvalidRoute::Resource(name()));
        }
        if !self.acr.iter().all(|class| step_up::is_class(class)) {
            return Err(InvalidRoute::Class(name()));
        }
        if self.max_age == Some(0) {
            return Err(InvalidRoute::Age(name()));
        }
        if self.token == TokenUse::None && !self.demand().is_nothing() {
            return Err(InvalidRoute::Nobody(name()));
        }
        if self.timeout.is_positive() { Ok(()) } else { Err(InvalidRoute::Timeout(name())) }
    }

    /// What follows the route's path: empty, or from a slash on. None where the path is another's.
    fn rest<'a>(&self, path: &'a str) -> Option<&'a str> {
        path.strip_prefix(&self.path).filter(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// What it demands of how the user has authenticated.
    pub(super) fn demand(&self) -> Demand {
        Demand { acr: self.acr.clone(), max_age: self.max_age }
    }

    /// Whether `method` may be used.
    pub fn allows(&self, method: &Method) -> bool {
        self.methods.iter().any(|allowed| allowed == method.as_str())
    }

    /// How long the upstream may be silent.
    pub(super) fn patience(&self) -> Duration {
        self.timeout.unsigned_abs()
    }

    /// Where a call goes. Nothing of the path leaves the upstream's own: segments that mean another place, or that servers read
    /// differently, are refused.
    ///
    /// # Errors
    /// [`AmbiguousPath`] for `.`, `..`, empty segments before the last, encoded slashes, backslashes and control characters.
    pub fn target(&self, called: &PathAndQuery) -> Result<Url, AmbiguousPath> {
        let rest = self.rest(called.path()).ok_or(AmbiguousPath)?;
        let segments: Vec<&str> = rest.split('/').skip(1).collect();
        for (index, segment) in segments.iter().enumerate() {
            let decoded = percent_decode_str(segment).decode_utf8().map_err(|_| AmbiguousPath)?;
            let misleading = |character: char| matches!(character, '/' | '\\') || character.is_control();
            let empty = decoded.is_empty() && index + 1 < segments.len();
            if empty || matches!(&*decoded, "." | "..") || decoded.contains(misleading) {
                return Err(AmbiguousPath);
            }
        }
        let mut target = self.upstream.clone();
        target.set_path(&format!("{}{rest}", self.upstream.path().trim_end_matches('/')));
        target.set_query(called.query());
        Ok(target)
    }
}

fn is_below(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests stop at surprises")]
mod tests {
    use super::*;

    fn route(path: &str) -> Route {
        serde_json::from_value(serde_json::json!({ "path": path, "upstream": "https://api.example/v1/" })).unwrap()
    }

    fn target(called: &str) -> Result<String, AmbiguousPath> {
        route("/shop").target(&called.parse().unwrap()).map(String::from)
    }

    /// B21: a misspelt key is refused at start, never silently open.
    #[test]
    fn an_unknown_key_is_refused() {
        let misspelt = serde_json::json!({ "path": "/shop", "upstream": "https://api.example", "antiforgery": false });
        assert!(serde_json::from_value::<Route>(misspelt).is_err());
    }

    #[test]
    fn a_route_of_our_own_is_as_one_that_says_nothing_more() {
        assert_eq!(Route::new("/shop", "https://api.example/v1/".parse().unwrap()), route("/shop"));
    }

    #[test]
    fn a_route_reads_with_the_users_token_and_the_header_unless_it_says_otherwise() {
        let route = route("/shop");
        assert!(route.anti_forgery && !route.websocket && route.token == TokenUse::User);
        assert!(route.allows(&Method::GET) && !route.allows(&Method::POST));
    }

    #[test]
    fn routes_that_cannot_be_are_refused() {
        for path in ["", "/", "shop", "/shop/", "//shop", "/a/../b", "/a//b", "/a b", "/a%2f", "/{x}", "/a?b"] {
            assert_eq!(check(&[route(path)]), Err(InvalidRoute::Path(path.to_owned())), "{path}");
        }
        for path in
            ["/session", "/session/x", "/sessions", "/sessions/sign-out", "/api", "/api/shop", "/login", "/callback/other"]
        {
            assert!(matches!(check(&[route(path)]), Err(InvalidRoute::Reserved(..))), "{path}");
        }
        assert_eq!(check(&[route("/shop"), route("/shop")]), Err(InvalidRoute::Twice("/shop".to_owned())));
        assert_eq!(check(&[route("/shop"), route("/shop/orders"), route("/session-notes")]), Ok(()));
        for upstream in ["ftp://api.example", "https://user@api.example", "https://api.example?x=1", "data:x"] {
            let odd = Route { upstream: upstream.parse().unwrap(), ..route("/shop") };
            assert!(matches!(check(&[odd]), Err(InvalidRoute::Upstream(_))), "{upstream}");
        }
        for resource in ["", "orders", "/orders", "https://a.example#b", "https://a.example https://b.example"] {
            let odd = Route { resource: Some(resource.to_owned()), ..route("/shop") };
            assert!(matches!(check(&[odd]), Err(InvalidRoute::Resource(_))), "{resource}");
        }
        let restricted = Route { resource: Some("urn:orders".to_owned()), ..route("/shop") };
        assert_eq!(check(std::slice::from_ref(&restricted)), Ok(()));
        assert!(matches!(check(&[Route { token: TokenUse::None, ..restricted }]), Err(InvalidRoute::Resource(_))));
        for acr in ["", "two words", "a\"b", "a\\b", "é"] {
            let odd = Route { acr: vec!["gold".to_owned(), acr.to_owned()], ..route("/shop") };
            assert!(matches!(check(&[odd]), Err(InvalidRoute::Class(_))), "{acr}");
        }
        assert!(matches!(check(&[Route { max_age: Some(0), ..route("/shop") }]), Err(InvalidRoute::Age(_))));
        let demanding = Route { acr: vec!["urn:x:gold".to_owned()], max_age: Some(1), ..route("/shop") };
        assert_eq!(check(std::slice::from_ref(&demanding)), Ok(()));
        assert!(matches!(check(&[Route { token: TokenUse::None, ..demanding }]), Err(InvalidRoute::Nobody(_))));
        for methods in [vec![], vec!["get".to_owned()], vec!["TRACE".to_owned()], vec!["CONNECT".to_owned()]] {
            assert!(matches!(check(&[Route { methods, ..route("/shop") }]), Err(InvalidRoute::Methods(_))));
        }
    }

    #[test]
    fn the_longest_route_in_whole_segments_answers() {
        let routes = [route("/shop"), route("/shop/orders")];
        let found = |path: &str| find(&routes, path).map(|route| route.path.clone());
        assert_eq!(found("/shop/orders/1").as_deref(), Some("/shop/orders"));
        assert_eq!(found("/shop/ordersx").as_deref(), Some("/shop"));
        assert_eq!(found("/shop").as_deref(), Some("/shop"));
        assert_eq!(found("/shopping"), None);
    }

    #[test]
    fn the_rest_of_the_path_and_the_query_go_on_as_they_are() {
        assert_eq!(target("/shop").unwrap(), "https://api.example/v1");
        assert_eq!(target("/shop/").unwrap(), "https://api.example/v1/");
        assert_eq!(target("/shop/a%20b/c?d=%2F..&e").unwrap(), "https://api.example/v1/a%20b/c?d=%2F..&e");
    }

    /// B21: path traversal is refused, however it is written.
    #[test]
    fn no_path_leaves_the_upstreams_own() {
        for rest in [
            "/..",
            "/../admin",
            "/a/../../admin",
            "/%2e%2e/admin",
            "/%2E./admin",
            "/.%2e",
            "/./a",
            "/%2e",
            "//evil.example/a",
            "/a//b",
            "/a%2f..%2fadmin",
            "/a%5c..%5cadmin",
            "/a%00",
            "/a%0d%0ab",
            "/%ff",
        ] {
            assert_eq!(target(&format!("/shop{rest}")), Err(AmbiguousPath), "{rest}");
        }
    }

    proptest::proptest! {
        /// Whatever is called, it is called at the upstream's origin, below its path.
        #[test]
        fn a_target_is_always_below_the_upstream(rest in "[ -~]{0,40}") {
            if let Ok(called) = format!("/shop/{rest}").parse::<PathAndQuery>()
                && let Ok(target) = route("/shop").target(&called)
            {
                proptest::prop_assert_eq!(target.origin(), route("/shop").upstream.origin());
                proptest::prop_assert!(target.path().starts_with("/v1/"), "{}", target);
                proptest::prop_assert!(!target.path().split('/').any(|segment| segment == ".."));
            }
        }
    }
}
