//! Whether `htu` names the endpoint that was asked (RFC 9449 §4.3, item 9).

use url::Url;

/// No honest `htu` is longer, in bytes.
const LONGEST: usize = 2048;

/// Whether both URIs name the same endpoint: compared after normalisation by syntax and scheme (RFC 3986 §6.2.2, §6.2.3),
/// query and fragment left out. What is no plain `http` or `https` URI is the same as nothing.
pub fn is_same(claimed: &str, endpoint: &str) -> bool {
    normal(claimed).is_some_and(|claimed| normal(endpoint) == Some(claimed))
}

/// Scheme, host, port and path.
fn normal(uri: &str) -> Option<(String, String, Option<u16>, String)> {
    // Parsers for browsers repair spaces, backslashes and missing slashes; a repaired URI is not the one that was signed.
    if uri.len() > LONGEST || !uri.bytes().all(|byte| matches!(byte, 0x21..=0x7e) && byte != b'\\') {
        return None;
    }
    let (scheme, rest) = uri.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next().filter(|authority| !authority.is_empty() && !authority.contains('@'))?;
    let web = scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http");
    if !web || authority.ends_with(':') {
        return None;
    }
    let url = Url::parse(uri).ok()?;
    Some((url.scheme().to_owned(), url.host_str()?.to_owned(), url.port_or_known_default(), normal_path(url.path())))
}

/// A path whose escapes are written in the one way: unreserved characters as themselves, the others in upper case.
fn normal_path(path: &str) -> String {
    let mut normal = String::with_capacity(path.len());
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('%') {
        normal.push_str(before);
        match after.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => normal.push(char::from(byte)),
            Some(byte) => normal.extend(['%', digit(byte >> 4), digit(byte & 0xf)]),
            None => {
                normal.push('%');
                rest = after;
                continue;
            }
        }
        rest = after.get(2..).unwrap_or_default();
    }
    normal.push_str(rest);
    normal
}

/// A digit of base sixteen.
fn digit(value: u8) -> char {
    char::from_digit(value.into(), 16).unwrap_or_default().to_ascii_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TOKEN: &str = "https://provider.example/token";

    #[test]
    fn an_endpoint_is_itself_however_it_is_written() {
        for same in [
            TOKEN,
            "HTTPS://Provider.EXAMPLE:443/token",
            "https://provider.example/token?query=1#fragment",
            "https://provider.example/%74oken",
            "https://provider.example/a/../token",
        ] {
            assert!(is_same(same, TOKEN), "{same}");
        }
        assert!(is_same("https://provider.example", "https://provider.example/"));
        assert!(is_same("https://provider.example/a%2fb", "https://provider.example/a%2Fb"));
    }

    /// Attack 25: a proof for one place is no proof for another.
    #[test]
    fn another_endpoint_is_another() {
        for other in [
            "http://provider.example/token",
            "https://provider.example:444/token",
            "https://other.example/token",
            "https://provider.example/token/",
            "https://provider.example/Token",
            "https://provider.example/",
            "https://provider.example.evil/token",
            "https://provider.example@evil.example/token",
            "https://user@provider.example/token",
            "https:/provider.example/token",
            "https:///provider.example/token",
            "https:\\\\provider.example\\token",
            " https://provider.example/token",
            "https://provider.example/tok\ten",
            "https://provider.example:/token",
            "//provider.example/token",
            "/token",
            "wss://provider.example/token",
            "",
        ] {
            assert!(!is_same(other, TOKEN), "{other:?}");
        }
        assert!(!is_same("https://provider.example/a/b", "https://provider.example/a%2Fb"), "an escaped slash is no slash");
        assert!(!is_same("/token", "/token"), "what is no URI is the same as nothing");
    }

    /// Parts of an endpoint: scheme, host, port, segments of the path.
    type Parts = (bool, String, u16, Vec<String>);

    fn parts() -> impl Strategy<Value = Parts> {
        let segment = "([a-zA-Z0-9_~-]|%2F|%20|%C3){1,6}";
        (any::<bool>(), "[a-z]{1,5}\\.[a-z]{2,4}", 1..=3_u16, proptest::collection::vec(segment, 0..4))
    }

    fn scheme(secure: bool) -> &'static str {
        if secure { "https" } else { "http" }
    }

    fn plain((secure, host, port, segments): &Parts) -> String {
        format!("{}://{host}:{port}/{}", scheme(*secure), segments.join("/"))
    }

    /// The same endpoint in another spelling, as the bits of `whim` have it.
    fn disguised((secure, host, port, segments): &Parts, whim: u64, tail: &str) -> String {
        let odd = |place: usize| whim.rotate_right(u32::try_from(place % 64).unwrap()) & 1 == 1;
        let cased: String = format!("{}://{host}", scheme(*secure))
            .chars()
            .enumerate()
            .map(|(place, c)| if odd(place) { c.to_ascii_uppercase() } else { c })
            .collect();
        let mut path = String::new();
        let mut escape = 0;
        for (place, c) in segments.join("/").chars().enumerate() {
            escape = if c == '%' { 3_u8 } else { escape.saturating_sub(1) };
            match c {
                _ if escape > 0 => path.push(if odd(place) { c.to_ascii_lowercase() } else { c }),
                '/' => path.push(c),
                _ if odd(place) => {
                    let byte = u8::try_from(c).unwrap();
                    path.extend(['%', digit(byte >> 4), digit(byte & 0xf)].map(|c| c.to_ascii_lowercase()));
                }
                _ => path.push(c),
            }
        }
        format!("{cased}:{port}/{path}{tail}")
    }

    proptest! {
        #[test]
        fn spelling_query_and_fragment_never_count(parts in parts(), whim: u64, tail in "(\\?[a-z/=@:]{0,6})?(#[a-z/?]{0,6})?") {
            let (plain, disguised) = (plain(&parts), disguised(&parts, whim, &tail));
            prop_assert!(is_same(&disguised, &plain), "{disguised} and {plain}");
        }

        #[test]
        fn everything_else_counts(a in parts(), b in parts(), near in 0..5_u8) {
            // Mostly neighbours: all parts but one the same.
            let mut neighbour = a.clone();
            match near {
                0 => neighbour.0 = b.0,
                1 => neighbour.1 = b.1,
                2 => neighbour.2 = b.2,
                3 => neighbour.3 = b.3,
                _ => neighbour = b,
            }
            prop_assert_eq!(is_same(&plain(&neighbour), &plain(&a)), neighbour == a);
        }

        #[test]
        fn whatever_comes_is_judged(claimed in "\\PC{0,60}") {
            let _ = is_same(&claimed, TOKEN);
        }
    }
}
