//! What a browser calls itself, in words that its user would choose.

/// Products by the mark in the `User-Agent`, the more particular first: nearly every browser claims to be Chrome and Safari too.
const PRODUCTS: [(&str, &str); 11] = [
    ("EdgA/", "Edge"),
    ("EdgiOS/", "Edge"),
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Chromium/", "Chromium"),
    ("Safari/", "Safari"),
];

/// Systems by their mark, the more particular first: Android calls itself Linux, too.
const SYSTEMS: [(&str, &str); 8] = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Macintosh", "macOS"),
    ("Linux", "Linux"),
    ("X11", "Unix"),
];

/// The longest foreign description that is repeated, in characters.
const LONGEST: usize = 60;

/// `Firefox on Linux`; what is not known is repeated as it is, cut short, and nothing is `An unknown browser`.
pub(crate) fn name(user_agent: Option<&str>) -> String {
    let told = user_agent.unwrap_or_default().trim();
    let find = |table: &[(&str, &'static str)]| table.iter().find(|(mark, _)| told.contains(mark)).map(|(_, name)| *name);
    match (find(&PRODUCTS), find(&SYSTEMS)) {
        (Some(product), Some(system)) => format!("{product} on {system}"),
        (Some(product), None) => product.to_owned(),
        (None, Some(system)) => format!("A browser on {system}"),
        (None, None) if told.is_empty() => "An unknown browser".to_owned(),
        (None, None) => told.chars().filter(|character| !character.is_control()).take(LONGEST).collect(),
    }
}

/// Whether it is on a telephone or a tablet, by its own words.
pub(crate) fn is_handheld(user_agent: Option<&str>) -> bool {
    ["iPhone", "iPad", "Android"].iter().any(|mark| user_agent.is_some_and(|told| told.contains(mark)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_browsers_are_called_what_people_call_them() {
        for (user_agent, called) in [
            ("Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0", "Firefox on Linux"),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36",
                "Chrome on Android",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15",
                "Safari on macOS",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/141.0 Mobile/15E148 Safari/604.1",
                "Chrome on iPhone",
            ),
        ] {
            assert_eq!(name(Some(user_agent)), called);
        }
    }

    #[test]
    fn telephones_and_tablets_are_told_from_computers() {
        for (user_agent, handheld) in [
            (Some("Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 Chrome/141.0.0.0 Mobile Safari/537.36"), true),
            (
                Some(
                    "Mozilla/5.0 (iPad; CPU OS 18_6 like Mac OS X) AppleWebKit/605.1.15 Version/18.6 Mobile/15E148 Safari/604.1",
                ),
                true,
            ),
            (Some("Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0"), false),
            (None, false),
        ] {
            assert_eq!(is_handheld(user_agent), handheld, "{user_agent:?}");
        }
    }

    #[test]
    fn what_is_not_known_is_told_as_it_is_or_as_unknown() {
        assert_eq!(name(Some("curl/8.16.0")), "curl/8.16.0");
        assert_eq!(name(Some(&"x".repeat(500))).len(), LONGEST);
        for nothing in [None, Some(""), Some("  ")] {
            assert_eq!(name(nothing), "An unknown browser");
        }
    }
}
