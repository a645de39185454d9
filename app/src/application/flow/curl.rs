//! A request as a command line, with placeholders where secrets stood.

use protocol::flow::{Parameter, Seen, Shown};
use url::form_urlencoded::byte_serialize;

/// What is sent in a header and not in the form or the query.
const HEADERS: [&str; 2] = ["Authorization", "DPoP"];

/// The command that asks the same; none for what was no HTTP request.
pub(super) fn of(seen: &Seen) -> Option<String> {
    let (method, url) = (seen.method.as_deref()?, seen.url.as_deref()?);
    let mut lines = vec![format!("curl --request {method} {}", quoted(url))];
    let sent: Vec<&Parameter> = seen.parameters.iter().filter(|parameter| is_sent(seen, parameter)).collect();
    let (headers, form): (Vec<_>, Vec<_>) = sent.into_iter().partition(|parameter| HEADERS.contains(&parameter.name.as_str()));
    lines.extend(
        headers.iter().map(|header| format!("--header {}", quoted(&format!("{}: {}", header.name, value(header, false))))),
    );
    if method == "GET" && !form.is_empty() {
        lines.push("--get".to_owned());
    }
    lines.extend(form.iter().map(|field| format!("--data {}", quoted(&format!("{}={}", field.name, value(field, true))))));
    Some(lines.join(" \\\n  "))
}

/// What came in the answer is not sent; nor is a cookie, which belongs to a browser.
fn is_sent(seen: &Seen, parameter: &Parameter) -> bool {
    let answered = match seen.number {
        3 => ["request_uri", "expires_in"].contains(&parameter.name.as_str()),
        10 => parameter.name != "Authorization" && parameter.name != "DPoP",
        _ => false,
    };
    !answered && !parameter.name.starts_with("cookie ") && !["records", "Location"].contains(&parameter.name.as_str())
}

fn value(parameter: &Parameter, encoded: bool) -> String {
    match &parameter.value {
        Shown::Plain { text } if encoded => byte_serialize(text.as_bytes()).collect(),
        Shown::Plain { text } => text.clone(),
        Shown::Beginning { .. } => format!("<{}>", parameter.name),
        Shown::Jwt { kind, .. } | Shown::Kept { kind, .. } => format!("<{kind}>"),
    }
}

/// For a POSIX shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::exchange::Part;

    fn seen(method: &str, number: u8, parameters: Vec<Parameter>) -> Seen {
        Seen {
            number,
            by: Part::ApplicationApi,
            began_at: "2026-01-01T10:00:00Z".parse().unwrap(),
            micros: 1,
            method: Some(method.to_owned()),
            url: Some("https://id.example/o'brien".to_owned()),
            status: Some(200),
            trouble: None,
            parameters,
        }
    }

    #[test]
    fn a_request_is_a_command_with_placeholders_for_its_secrets() {
        let parameters = vec![
            Parameter::plain("scope", "openid a b"),
            Parameter::on_the_wire("code_verifier", "the-verifier-itself"),
            Parameter::plain("expires_in", "60"),
        ];
        let command = of(&seen("POST", 3, parameters)).unwrap();
        assert_eq!(
            command,
            "curl --request POST 'https://id.example/o'\\''brien' \\\n  --data 'scope=openid+a+b' \\\n  \
             --data 'code_verifier=<code verifier>'"
        );
    }

    #[test]
    fn what_was_no_request_is_no_command() {
        assert_eq!(of(&Seen { url: None, ..seen("GET", 2, Vec::new()) }), None);
    }
}
