//! Messages that carry a link, and the one that takes its place where there is no use for one.
//!
//! They are not composed of an event alone: the link is made when the message is, and lies in no Queue.

use jiff::SignedDuration;

use crate::Envelope;
use crate::notification::{Notification, circumstances, greeting};

/// Whose browser asked, as far as is known.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The event by which it asked.
    pub envelope: &'a Envelope,
    /// The browser, by its own words.
    pub user_agent: Option<&'a str>,
    /// Where the browser is.
    pub address: Option<&'a str>,
}

/// A link, and for how long it is good.
#[derive(Debug, Clone, Copy)]
pub struct MailedLink<'a> {
    /// The whole URL.
    pub url: &'a str,
    /// For how long it is good.
    pub lifetime: SignedDuration,
}

/// Asks whoever reads the mailbox to confirm that they want an account.
pub fn confirm_sign_up(to: &str, link: MailedLink<'_>, asked: Asked<'_>) -> Notification {
    let news = "somebody, you perhaps, wants to open an account with this e-mail address. To go on, open this link:";
    written(to, None, "Confirm your e-mail address", news, Some(link), asked)
}

/// Tells the owner of an account that somebody wanted to open one with its address.
pub fn account_exists(to: &str, name: &str, sign_in: &str, asked: Asked<'_>) -> Notification {
    let news = format!(
        "somebody, you perhaps, wants to open an account with this e-mail address. You have an account already, and nothing was \
         changed. Sign in here, and choose a new password there if you have forgotten yours:\n\n{sign_in}"
    );
    written(to, Some(name), "You have an account already", &news, None, asked)
}

/// Lets the owner of an account choose a new password.
pub fn reset_password(to: &str, name: &str, link: MailedLink<'_>, asked: Asked<'_>) -> Notification {
    let news = "somebody, you perhaps, has forgotten the password of your account. To choose a new one, open this link:";
    written(to, Some(name), "Choose a new password", news, Some(link), asked)
}

fn written(
    to: &str,
    name: Option<&str>,
    subject: &str,
    news: &str,
    link: Option<MailedLink<'_>>,
    asked: Asked<'_>,
) -> Notification {
    let greeting = greeting(name);
    let circumstances = circumstances(asked.envelope, asked.user_agent, asked.address);
    let unless = if link.is_some() { ": nothing happens unless the link is opened and its form is sent" } else { "" };
    let link = link.map_or_else(String::new, |MailedLink { url, lifetime }| {
        format!("{url}\n\nIt can be used once, within {}.\n\n", in_words(lifetime))
    });
    Notification {
        to: to.to_owned(),
        subject: subject.to_owned(),
        body: format!(
            "{greeting}\n\
             \n\
             {news}\n\
             \n\
             {link}\
             {circumstances}\
             \n\
             If it was not you, there is nothing to do{unless}.\n"
        ),
    }
}

/// A lifetime as people say it, never longer than it is.
fn in_words(lifetime: SignedDuration) -> String {
    match (lifetime.as_hours(), lifetime.as_mins()) {
        (hours @ 2.., _) => format!("{hours} hours"),
        (_, minutes @ 2..) => format!("{minutes} minutes"),
        _ => "a minute".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use uuid::Uuid;

    use super::*;
    use crate::Event;

    const URL: &str = "https://id.example/confirm?token=t";

    fn envelope() -> Envelope {
        let event = Event::SignUpAsked { email: "ada@example.org".to_owned(), sign_in: None, user_agent: None, address: None };
        Envelope { id: Uuid::from_u128(7), at: "2025-06-15T12:34:56Z".parse::<Timestamp>().unwrap(), event }
    }

    fn asked(envelope: &Envelope) -> Asked<'_> {
        Asked { envelope, user_agent: Some("Mozilla/5.0\r\nhttps://evil.example"), address: Some("2001:db8::1") }
    }

    #[test]
    fn a_link_stands_on_a_line_of_its_own_with_its_lifetime_and_who_asked() {
        let envelope = envelope();
        let link = MailedLink { url: URL, lifetime: SignedDuration::from_mins(30) };
        for letter in [
            confirm_sign_up("ada@example.org", link, asked(&envelope)),
            reset_password("ada@example.org", "Ada", link, asked(&envelope)),
        ] {
            assert!(letter.body.lines().any(|line| line == URL), "{}", letter.body);
            assert_eq!(letter.body.matches("://").count(), 1, "no other link: {}", letter.body);
            assert!(letter.body.contains("It can be used once, within 30 minutes.\n\nWhen:    2025-06-15"), "{}", letter.body);
            assert!(letter.body.contains("Browser: Mozilla/5.0 https:evil.example\nAddress: 2001:db8::1\n\nIf it was not you"));
        }
    }

    /// Attack 45: whoever has an account is told so where nobody else reads it, and is given nothing to use.
    #[test]
    fn whoever_has_an_account_is_told_so() {
        let envelope = envelope();
        let letter = account_exists("ada@example.org", "Ada", "https://id.example/account", asked(&envelope));
        assert!(letter.body.starts_with("Hello Ada,\n\n"), "{}", letter.body);
        assert!(letter.body.contains("You have an account already") && !letter.body.contains("token"), "{}", letter.body);
    }

    #[test]
    fn a_lifetime_is_never_told_longer_than_it_is() {
        for (minutes, words) in [(1, "a minute"), (30, "30 minutes"), (119, "119 minutes"), (150, "2 hours")] {
            assert_eq!(in_words(SignedDuration::from_mins(minutes)), words);
        }
    }
}
