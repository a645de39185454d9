//! Attack 46: links lead to the configured issuer, whatever a request says.

use super::mailbox::{ADA, Mailbox};
use crate::house::{House, ISSUER, form};

const FORGED: [(&str, &str); 6] = [
    ("host", "evil.example"),
    ("x-forwarded-host", "evil.example"),
    ("x-forwarded-proto", "http"),
    ("x-forwarded-prefix", "/evil.example"),
    ("forwarded", "host=evil.example;proto=http"),
    ("x-original-url", "https://evil.example/"),
];

/// Attack 46.
#[tokio::test]
async fn no_header_of_a_request_decides_where_a_link_leads() {
    let house = House::build().await;
    let mut mailbox = Mailbox::of(&house);
    for (path, email) in [("/sign-up", ADA), ("/sign-up", "demo@example.com"), ("/reset-password", "demo@example.com")] {
        let mut browser = house.browser();
        let page = browser.send("GET", path, &FORGED, String::new()).await;
        assert!(!page.body.contains("evil.example"), "{page:?}");
        let mut headers = FORGED.to_vec();
        headers.extend([("sec-fetch-site", "same-origin"), ("content-type", "application/x-www-form-urlencoded")]);
        let body = form(&[("csrf", &page.field("csrf")), ("email", email)]);
        let answer = browser.send("POST", &page.field("action"), &headers, body).await;
        assert_eq!(answer.location().as_str(), format!("{ISSUER}{path}/sent"));
        let letters = mailbox.letters(&house).await;
        let links: Vec<_> = letters[0].body.lines().filter(|line| line.contains("://")).collect();
        assert_eq!(links.len(), 1, "{letters:?}");
        assert!(links[0].starts_with(&format!("{ISSUER}/")) && !letters[0].body.contains("evil"), "{letters:?}");
        if links[0].contains("token=") {
            let opened = browser.send("GET", links[0], &FORGED, String::new()).await;
            assert!(opened.location().as_str().starts_with(&format!("{ISSUER}/confirm/")), "{opened:?}");
        }
    }
}
