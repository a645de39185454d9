//! What a redirect URI may look like, and when one that is asked for is one that is registered.

use url::{Host, Url};

use super::{ApplicationType, MalformedClient};

/// Whether `asked` is `registered`: the same text (RFC 9700 §2.1), but for the port where a native client listens on the
/// loopback interface, which its system picks anew each time (RFC 8252 §7.3).
pub(super) fn is_same(registered: &str, asked: &str, application: ApplicationType) -> bool {
    if registered == asked {
        return true;
    }
    application == ApplicationType::Native
        && matches!((without_port(registered), without_port(asked)), (Some(registered), Some(asked)) if registered == asked)
}

/// A loopback URI in two parts: before its port, if it has one, and after. By name (`localhost`) it is none: whose machine that
/// is, a resolver decides (RFC 8252 §8.3).
fn without_port(uri: &str) -> Option<(&str, &str)> {
    let host = ["http://127.0.0.1", "http://[::1]"].into_iter().find(|host| uri.starts_with(host))?;
    let rest = uri.strip_prefix(host)?;
    let rest = match rest.strip_prefix(':') {
        None => rest,
        Some(after) => {
            let digits = after.bytes().take_while(u8::is_ascii_digit).count();
            let (port, rest) = after.split_at_checked(digits)?;
            port.parse::<u16>().ok().filter(|port| *port > 0)?;
            rest
        }
    };
    (rest.is_empty() || rest.starts_with(['/', '?'])).then_some((host, rest))
}

/// What no redirect URI may be, whoever registers it (RFC 6749 §3.1.2).
pub(super) fn check(uri: &str) -> Result<Url, MalformedClient> {
    let parsed = Url::parse(uri).map_err(|_| MalformedClient::Uri(uri.to_owned()))?;
    let visible = uri.bytes().all(|byte| (0x21..=0x7e).contains(&byte));
    if uri.contains('#') || !visible {
        return Err(MalformedClient::Uri(uri.to_owned()));
    }
    if matches!(parsed.scheme(), "javascript" | "data" | "vbscript" | "blob" | "file" | "about") {
        return Err(MalformedClient::Scheme(uri.to_owned()));
    }
    if !parsed.username().is_empty() || parsed.password().is_some() {
        return Err(MalformedClient::UserInformation(uri.to_owned()));
    }
    Ok(parsed)
}

/// What a client that nobody vouches for may register: `https`; a native client also the loopback interface and a scheme of its
/// own, which is a domain name turned round (RFC 8252 §7.1, §7.3); in development everybody the loopback interface.
pub(super) fn check_strictly(uri: &str, application: ApplicationType, development: bool) -> Result<(), MalformedClient> {
    let parsed = check(uri)?;
    let native = application == ApplicationType::Native;
    let allowed = match parsed.scheme() {
        "https" => parsed.host().is_some(),
        "http" => (native || development) && is_loopback(&parsed),
        scheme => native && scheme.contains('.'),
    };
    if allowed { Ok(()) } else { Err(MalformedClient::Insecure(uri.to_owned())) }
}

/// Whether a URL leads to this machine.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A7, attack 4: the port of the loopback interface is free for native clients, and nothing else is.
    #[test]
    fn a_native_client_may_listen_on_any_port() {
        for registered in ["http://127.0.0.1/cb", "http://127.0.0.1:0/cb", "http://127.0.0.1:1000/cb"] {
            let same = |asked| is_same(registered, asked, ApplicationType::Native);
            let port = same("http://127.0.0.1:51234/cb") && same("http://127.0.0.1/cb");
            assert_eq!(port, registered != "http://127.0.0.1:0/cb", "{registered}");
            for asked in [
                "http://127.0.0.1:51234/other",
                "http://127.0.0.1:51234/cb?x=1",
                "http://127.0.0.1:51234/cb/",
                "http://127.0.0.1:/cb",
                "http://127.0.0.1:0/cb/..",
                "http://127.0.0.1:99999/cb",
                "http://127.0.0.1:80@evil.example/cb",
                "http://127.0.0.1.evil.example/cb",
                "http://127.0.0.2:51234/cb",
                "http://[::1]:51234/cb",
                "http://localhost:51234/cb",
                "https://127.0.0.1:51234/cb",
                "HTTP://127.0.0.1:51234/cb",
            ] {
                assert!(!same(asked), "{asked}");
            }
        }
        assert!(is_same("http://[::1]/cb", "http://[::1]:51234/cb", ApplicationType::Native));
        assert!(!is_same("http://127.0.0.1/cb", "http://127.0.0.1:51234/cb", ApplicationType::Web));
        assert!(!is_same("http://localhost/cb", "http://localhost:51234/cb", ApplicationType::Native));
    }

    /// Text with what has deceived parsers of URLs before, and what changes a URL that is registered.
    fn odd() -> impl Strategy<Value = String> {
        let pieces = prop::sample::select(vec![
            "http://127.0.0.1",
            "http://[::1]",
            "https://app.example",
            "HTTP://",
            "//",
            "/",
            "\\",
            "/cb",
            "/../",
            "/..;/",
            "@",
            ":",
            "@@",
            "%25@",
            "%40",
            "%2f",
            "%00",
            "#",
            "?",
            "&",
            ";",
            ".",
            ".evil.example",
            "evil.example",
            "localhost",
            "user",
            "0",
            "80",
            "65536",
            "\t",
            "\n",
            "\u{ff0e}",
            "\u{202e}",
            " ",
            "javascript:",
            "data:",
        ]);
        prop_oneof![prop::collection::vec(pieces, 0..8).prop_map(|pieces| pieces.concat()), ".*"]
    }

    proptest! {
        /// A7, attacks 1 to 3: of a web client's URIs nothing but the very text is the same, whatever it is made of.
        #[test]
        fn a_web_client_is_sent_nowhere_but_to_the_very_text(before in odd(), after in odd()) {
            let registered = "https://app.example/cb";
            for asked in [format!("{before}{registered}{after}"), before.clone(), format!("https://app.example{after}"), format!("{before}{after}")] {
                prop_assert_eq!(is_same(registered, &asked, ApplicationType::Web), registered == asked, "{}", asked);
                // Nor of a native client's, where it is not on the loopback interface.
                prop_assert_eq!(is_same(registered, &asked, ApplicationType::Native), registered == asked, "{}", asked);
            }
        }

        /// Attack 4: of a native client's URI on the loopback interface the port is free; as every parser reads it, what is the same leads to
        /// the same interface, path and query, and to nobody's name.
        #[test]
        fn a_native_client_is_sent_nowhere_but_to_its_own_machine(before in odd(), after in odd(), port in any::<u16>()) {
            let registered = "http://127.0.0.1/cb?a=b";
            let asked = [
                format!("http://127.0.0.1:{port}{after}"), format!("http://127.0.0.1{before}:{port}/cb?a=b"),
                format!("{before}127.0.0.1:{port}/cb?a=b{after}"), format!("http://127.0.0.1:{port}/cb?a=b{after}"), before,
            ];
            for asked in asked.iter().filter(|asked| is_same(registered, asked, ApplicationType::Native)) {
                let url = Url::parse(asked).unwrap();
                prop_assert_eq!(url.host_str(), Some("127.0.0.1"), "{}", asked);
                prop_assert_eq!((url.scheme(), url.path(), url.query(), url.fragment()), ("http", "/cb", Some("a=b"), None), "{}", asked);
                prop_assert!(url.username().is_empty() && url.password().is_none(), "{}", asked);
            }
            let honest = format!("http://127.0.0.1:{port}/cb?a=b");
            prop_assert_eq!(is_same(registered, &honest, ApplicationType::Native), port > 0);
        }
    }

    /// RFC 6749 §3.1.2; attack 1.
    #[test]
    fn what_no_redirect_uri_may_be() {
        for uri in [
            "/callback",
            "https://app.example/#",
            "https://app.example/#a",
            "javascript:alert(1)",
            "data:text/html,x",
            "https://a b/",
            "https://app.example@evil.example/cb",
            "https://user:word@app.example/cb",
            "https://app.example/\u{e9}",
        ] {
            assert!(check(uri).is_err(), "{uri}");
        }
        assert!(check("https://app.example/cb?tenant=1").is_ok());
    }

    /// OpenID Connect Registration §2, RFC 8252 §7.
    #[test]
    fn a_client_that_nobody_vouches_for_redirects_to_https_or_to_its_own_machine() {
        use ApplicationType::{Native, Web};
        let allowed = |uri, application, development| check_strictly(uri, application, development).is_ok();
        assert!(allowed("https://app.example/cb", Web, false) && allowed("https://app.example/cb", Native, false));
        for uri in ["http://127.0.0.1/cb", "http://[::1]:8080/cb", "http://localhost/cb"] {
            assert!(allowed(uri, Native, false) && allowed(uri, Web, true) && !allowed(uri, Web, false), "{uri}");
        }
        assert!(allowed("com.example.app:/cb", Native, false) && !allowed("com.example.app:/cb", Web, true));
        for uri in ["http://app.example/cb", "app:/cb", "ftp://app.example/cb", "https:///"] {
            assert!(!allowed(uri, Native, true), "{uri}");
        }
    }
}
