//! Reading of parameters from queries and forms.

use http::HeaderMap;
use http::header::CONTENT_TYPE;
use protocol::wire::{Duplicate, Parameters};

/// Why a body is not a form we read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum MalformedForm {
    #[error("the body must be application/x-www-form-urlencoded")]
    ContentType,
    #[error(transparent)]
    Duplicate(#[from] Duplicate),
}

/// Whether the body is said to be a form.
pub(crate) fn is_form(headers: &HeaderMap) -> bool {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

/// Reads the form in `body` (RFC 6749 appendix B).
pub(crate) fn read(headers: &HeaderMap, body: &[u8]) -> Result<Parameters, MalformedForm> {
    if is_form(headers) { Ok(Parameters::parse(body)?) } else { Err(MalformedForm::ContentType) }
}

/// Which button of a page's form was pressed.
pub(crate) fn pressed(form: &Parameters) -> &str {
    form.get("action").unwrap_or_default()
}
