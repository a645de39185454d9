//! `/problem/{kind}`: why a sign-in did not go on, and what to do now (B12).

use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};
use protocol::LocalPath;

use super::NotFoundPage;
use super::sign_in::return_to;
use crate::components::{Page, SignInButton};
use crate::functions::exchange::{set_status, this_page};

/// What went wrong, as a person sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Problem {
    /// The last segment of the path.
    pub kind: &'static str,
    /// HTTP status.
    pub status: u16,
    /// The heading.
    pub heading: &'static str,
    /// What happened, and what it means for the reader.
    pub sentence: &'static str,
    /// What the button to begin again says.
    pub again: &'static str,
}

/// What stands in the way of a user to whom the provider did not grant a scope.
const NO_ACCESS: Problem = Problem {
    kind: "no-access",
    status: 403,
    heading: "Your sign-in does not include this",
    sentence: "This part of the site needs something that the sign-in provider did not grant. If you were asked and said no, you can \
               sign in again and say yes.",
    again: "Sign in again",
};

/// Every problem that has a page.
pub const PROBLEMS: [Problem; 11] = [
    Problem {
        kind: "sign-in-expired",
        status: 400,
        heading: "This sign-in has expired",
        sentence: "It was completed already, or it took too long. Nothing is wrong with your account; begin again.",
        again: "Sign in again",
    },
    Problem {
        kind: "other-browser",
        status: 403,
        heading: "This sign-in began in another browser",
        sentence: "For your safety a sign-in ends in the browser in which it began. The cookie that says so is missing here: \
                   it may have been cleared or blocked, or the link was opened somewhere else.",
        again: "Sign in again",
    },
    Problem {
        kind: "denied",
        status: 403,
        heading: "Access was denied",
        sentence: "The sign-in was stopped at the sign-in provider, so nothing was shared with this site and you are not signed in.",
        again: "Sign in again",
    },
    Problem {
        kind: "provider-error",
        status: 502,
        heading: "The sign-in provider reported an error",
        sentence: "It did not complete the sign-in. You can try again; if it keeps happening, tell the people who run this site.",
        again: "Sign in again",
    },
    Problem {
        kind: "provider-unreachable",
        status: 503,
        heading: "The sign-in provider is not answering",
        sentence: "Nothing is wrong with your account. Please try again in a moment.",
        again: "Try again",
    },
    Problem {
        kind: "unavailable",
        status: 503,
        heading: "Not available right now",
        sentence: "A part of this service is not answering. Nothing is lost; please try again in a moment.",
        again: "Try again",
    },
    Problem {
        kind: "invalid-response",
        status: 400,
        heading: "The answer could not be trusted",
        sentence: "What came back from the sign-in provider was incomplete, or did not come from the provider that was asked, \
                   so this site stopped. You are not signed in.",
        again: "Sign in again",
    },
    Problem {
        kind: "step-up",
        status: 403,
        heading: "This asks for more than your sign-in",
        sentence: "Some parts of this site want you to have signed in a moment ago, or in a stronger way than usual. The sign-in \
                   provider did not do that, so this part stays closed. If you were signed in, you still are.",
        again: "Try again",
    },
    NO_ACCESS,
    Problem {
        kind: "unknown-provider",
        status: 404,
        heading: "There is no such sign-in provider",
        sentence: "The link that led here names a way to sign in that this site does not have, or has no more.",
        again: "Sign in",
    },
    Problem {
        kind: "cross-site",
        status: 403,
        heading: "Another site asked for this",
        sentence: "The request did not come from a page of this site, so nothing was done.",
        again: "Sign in",
    },
];

/// The page that explains; an unknown kind is an unknown path.
#[component]
pub fn ProblemPage() -> impl IntoView {
    let kind = use_params_map().read_untracked().get("kind").unwrap_or_default();
    match PROBLEMS.iter().find(|problem| problem.kind == kind) {
        Some(problem) => explained(*problem, return_to()).into_any(),
        None => view! { <NotFoundPage/> }.into_any(),
    }
}

/// The same in place of a page that asks for a scope which was not granted.
#[component]
pub(crate) fn NoAccess() -> impl IntoView {
    explained(NO_ACCESS, this_page())
}

fn explained(problem: Problem, return_to: LocalPath) -> impl IntoView {
    set_status(problem.status);
    // Who is signed in would be led straight back to what is closed to them.
    let anew = problem == NO_ACCESS;
    let code = use_query_map().read_untracked().get("error").filter(|code| is_error_code(code));
    view! {
        <Page title=problem.heading>
            <h1>{problem.heading}</h1>
            <p class="lede">{problem.sentence}</p>
            {code.map(|code| view! { <p class="note">"Error code: " <code id="error-code">{code}</code></p> })}
            <p class="ways"><SignInButton return_to label=problem.again anew/> <a href="/">"Home"</a></p>
        </Page>
    }
}

/// Whether the text is shaped like a registered error code. Anyone can write a link to this page, so nothing that could be
/// read as a sentence of ours is repeated on it.
fn is_error_code(text: &str) -> bool {
    (1..=40).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_looks_like_an_error_code_is_repeated() {
        for code in ["access_denied", "temporarily_unavailable", "x"] {
            assert!(is_error_code(code));
        }
        for text in ["", "<script>", "Call 555 now", "call us", &"a".repeat(41)] {
            assert!(!is_error_code(text), "{text}");
        }
    }

    #[test]
    fn every_problem_has_its_own_path_and_words() {
        for (i, one) in PROBLEMS.iter().enumerate() {
            assert!((400..600).contains(&one.status));
            for other in PROBLEMS.iter().skip(i + 1) {
                assert_ne!(one.kind, other.kind);
                assert_ne!(one.heading, other.heading);
                assert_ne!(one.sentence, other.sentence);
            }
        }
    }
}
