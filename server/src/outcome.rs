//! From what the Application API decided to what the browser gets: one table for each of the three steps.

use app::ports::Outcome;
use application_api::visit::set_cookie;
use application_api::{Begin, Completion, SignOut};
use http::{HeaderValue, StatusCode};
use protocol::LocalPath;
use url::form_urlencoded;

/// `GET /login`.
pub fn of_begin(begin: Begin) -> Outcome {
    match begin {
        Begin::Redirect(url, cookies) => go(url.as_str(), &cookies),
        Begin::SignedInAlready(path) => go(path.as_str(), &[]),
        Begin::AskFirst(path) | Begin::Choose(path) => go(&with_return("/sign-in", &path), &[]),
        Begin::UnknownProvider(path) => go(&with_return("/problem/unknown-provider", &path), &[]),
        Begin::NotANavigation => Outcome { status: Some(StatusCode::UNAUTHORIZED), ..Outcome::default() },
        Begin::ProviderUnreachable(path) => go(&with_return("/problem/provider-unreachable", &path), &[]),
        Begin::ProviderRefused(path) => go(&with_return("/problem/provider-error", &path), &[]),
        Begin::Insufficient(path) => go(&with_return("/problem/step-up", &path), &[]),
        Begin::Unavailable(path) => go(&with_return("/problem/unavailable", &path), &[]),
    }
}

/// `GET /callback`.
pub fn of_completion(completion: Completion) -> Outcome {
    match completion {
        Completion::SignedIn(path, cookies) => go(path.as_str(), &cookies),
        Completion::SignedInAlready => go("/", &[]),
        Completion::Denied(path) => go(&with_return("/problem/denied", &path), &[]),
        Completion::ProviderRefused(path, code) => go(&with_error("/problem/provider-error", &path, &code), &[]),
        Completion::Expired => go("/problem/sign-in-expired", &[]),
        Completion::OtherBrowser => go("/problem/other-browser", &[]),
        Completion::UnknownProvider => go("/problem/unknown-provider", &[]),
        Completion::InvalidResponse => go("/problem/invalid-response", &[]),
        Completion::Unacceptable(path) => go(&with_return("/problem/invalid-response", &path), &[]),
        Completion::Insufficient(path) => go(&with_return("/problem/step-up", &path), &[]),
        Completion::ProviderUnreachable(path) => go(&with_return("/problem/provider-unreachable", &path), &[]),
        Completion::Unavailable(path) => go(&with_return("/problem/unavailable", &path), &[]),
    }
}

/// `POST /sign-out`; 303, so that the browser goes on with GET.
pub fn of_sign_out(sign_out: SignOut) -> Outcome {
    let outcome = match sign_out {
        SignOut::AtProvider(url, cookie) => go(url.as_str(), &[cookie]),
        SignOut::Here(cookie) => go("/signed-out", &[cookie]),
        SignOut::HereOnly(cookie) => go("/signed-out?provider=open", &[cookie]),
        SignOut::CrossSite => return Outcome { status: Some(StatusCode::FORBIDDEN), ..Outcome::default() },
        SignOut::Unavailable => go("/problem/unavailable", &[]),
    };
    Outcome { status: Some(StatusCode::SEE_OTHER), ..outcome }
}

fn with_return(page: &str, path: &LocalPath) -> String {
    with(page, &[("return_to", path.as_str())])
}

fn with_error(page: &str, path: &LocalPath, code: &str) -> String {
    with(page, &[("return_to", path.as_str()), ("error", code)])
}

fn with(page: &str, parameters: &[(&str, &str)]) -> String {
    format!("{page}?{}", form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish())
}

fn go(location: &str, cookies: &[tower_cookies::Cookie<'static>]) -> Outcome {
    let cookies = cookies.iter().filter_map(|cookie| HeaderValue::from_str(&set_cookie(cookie)).ok()).collect();
    Outcome { cookies, location: HeaderValue::from_str(location).ok(), status: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_and_a_target_go_out_as_they_are() {
        let cookies = vec![application_api::cookies::remove("__Host-session".to_owned())];
        let outcome = of_completion(Completion::SignedIn(LocalPath::parse("/resource?ask=1#top").unwrap(), cookies));
        assert_eq!(outcome.location.unwrap(), "/resource?ask=1#top");
        assert!(outcome.cookies[0].to_str().unwrap().starts_with("__Host-session=;"));
    }

    #[test]
    fn the_way_back_is_kept_encoded() {
        let outcome = of_begin(Begin::ProviderUnreachable(LocalPath::parse("/resource?ask=1&x=2").unwrap()));
        assert_eq!(outcome.location.unwrap(), "/problem/provider-unreachable?return_to=%2Fresource%3Fask%3D1%26x%3D2");
    }

    #[test]
    fn a_fetch_gets_a_status_and_no_redirect() {
        let outcome = of_begin(Begin::NotANavigation);
        assert_eq!((outcome.location, outcome.status), (None, Some(StatusCode::UNAUTHORIZED)));
    }
}
