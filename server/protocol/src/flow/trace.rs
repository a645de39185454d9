//! The name of a sign-in across processes (W3C Trace Context).

use std::fmt::Write as _;

use http::{HeaderMap, HeaderValue};
use sha2::{Digest as _, Sha256};

/// The header that carries it.
const HEADER: &str = "traceparent";

/// A trace, and the span that began it.
///
/// Both come of `state` by a hash, and say nothing of it: so whoever holds the request at either end knows the trace as well, and
/// nothing has to be kept or handed on for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trace {
    id: [u8; 16],
    span: [u8; 8],
}

impl Trace {
    /// The trace of the sign-in with this `state`.
    pub fn of_state(state: &str) -> Self {
        let hash: [u8; 32] = Sha256::new().chain_update(b"trace of a sign-in\0").chain_update(state).finalize().into();
        let (mut id, mut span) = ([0; 16], [0; 8]);
        for (to, from) in id.iter_mut().chain(span.iter_mut()).zip(hash) {
            *to = from;
        }
        Self { id, span }
    }

    /// The one in the headers of a request, unless it is malformed: then there is none (Trace Context §3.2.2.5).
    pub fn of_headers(headers: &HeaderMap) -> Option<Self> {
        let text = headers.get(HEADER)?.to_str().ok()?;
        let mut parts = text.split('-');
        let (version, id, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let more = parts.next().is_some();
        if version.len() != 2 || version == "ff" || (version == "00" && more) || flags.len() != 2 {
            return None;
        }
        let trace = Self { id: bytes(id)?, span: bytes(span)? };
        (trace.id != [0; 16] && trace.span != [0; 8]).then_some(trace)
    }

    /// Writes it into the headers of a request to somebody else.
    pub fn write(self, headers: &mut HeaderMap) {
        if let Ok(value) = HeaderValue::try_from(format!("00-{}-{}-01", self.id(), hexadecimal(&self.span))) {
            headers.insert(HEADER, value);
        }
    }

    /// 32 hexadecimal digits.
    pub fn id(self) -> String {
        hexadecimal(&self.id)
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() != 2 * N || !text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
        return None;
    }
    let mut bytes = [0; N];
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &str) -> Option<Trace> {
        Trace::of_headers(&HeaderMap::from_iter([(HEADER.parse().unwrap(), HeaderValue::from_str(value).unwrap())]))
    }

    /// Trace Context §3.2.2: what is written is read.
    #[test]
    fn both_ends_know_the_trace() {
        let (mut headers, trace) = (HeaderMap::new(), Trace::of_state("a-state"));
        trace.write(&mut headers);
        assert_eq!(Trace::of_headers(&headers), Some(trace));
        assert_ne!(trace, Trace::of_state("another-state"));
        assert!(!trace.id().contains("a-state"));
    }

    /// Trace Context §3.2.2.3, §3.2.2.4, §4.3.
    #[test]
    fn what_is_malformed_is_no_trace() {
        let (id, span) = ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331");
        assert_eq!(read(&format!("00-{id}-{span}-01")).unwrap().id(), id);
        assert!(read(&format!("01-{id}-{span}-01-more")).is_some(), "a later version may have more");
        for wrong in [
            String::new(),
            "00".to_owned(),
            format!("00-{id}-{span}"),
            format!("00-{id}-{span}-01-more"),
            format!("ff-{id}-{span}-01"),
            format!("00-{}-{span}-01", "0".repeat(32)),
            format!("00-{id}-{}-01", "0".repeat(16)),
            format!("00-{}-{span}-01", id.to_uppercase()),
            format!("00-{id}0-{span}-01"),
            format!("00-+{}-{span}-01", &id[1..]),
        ] {
            assert_eq!(read(&wrong), None, "{wrong}");
        }
    }
}
