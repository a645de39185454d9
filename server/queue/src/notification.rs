//! What the user is told of an event by e-mail.

use jiff::Unit;

use crate::{Envelope, Event};

/// The longest stretch of text from outside that is repeated in a message, in characters.
const LONGEST_QUOTE: usize = 200;

/// The longest name that a user is greeted by, in characters.
const LONGEST_NAME: usize = 60;

/// A message before anybody has decided how it travels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// The address that it goes to, as the provider told it.
    pub to: String,
    /// The subject line.
    pub subject: String,
    /// Plain text; lines end in LF.
    pub body: String,
}

/// Composes the message that an event calls for; nothing where it calls for none, or nobody knows where to write to.
///
/// Names and the browser's description of itself are told by others: they are cut, cleaned of everything that is not
/// plainly visible, and robbed of links before they stand in a message that bears our name.
pub fn compose(envelope: &Envelope) -> Option<Notification> {
    let told = match &envelope.event {
        Event::SignedIn { email: Some(email), name, user_agent, address, .. } => Told {
            to: email,
            name: name.as_deref(),
            subject: "New sign-in to your account",
            news: "your account was just used to sign in.",
            otherwise: "tell those who look after your account, and choose a new password there.",
            user_agent: user_agent.as_deref(),
            address: address.as_deref(),
        },
        Event::PasswordChanged { email, name, user_agent, address, .. } => Told {
            to: email,
            name: Some(name),
            subject: "Your password was changed",
            news: "the password of your account was just changed. You are signed out everywhere else.",
            otherwise: "tell those who look after your account at once.",
            user_agent: user_agent.as_deref(),
            address: address.as_deref(),
        },
        Event::PasswordReset { email, name, user_agent, address, .. } => Told {
            to: email,
            name: Some(name),
            subject: "Your password was changed",
            news: "a new password was just chosen for your account, by a link that we sent to this address. You are signed out \
                   everywhere else.",
            otherwise: "somebody else reads your mail. Change its password first, then this one.",
            user_agent: user_agent.as_deref(),
            address: address.as_deref(),
        },
        _ => return None,
    };
    Some(told.compose(envelope))
}

/// What a message is made of.
struct Told<'a> {
    to: &'a str,
    name: Option<&'a str>,
    subject: &'static str,
    news: &'static str,
    /// What to do where it was somebody else.
    otherwise: &'static str,
    user_agent: Option<&'a str>,
    address: Option<&'a str>,
}

impl Told<'_> {
    fn compose(self, envelope: &Envelope) -> Notification {
        let Self { news, otherwise, .. } = self;
        let greeting = greeting(self.name);
        let circumstances = circumstances(envelope, self.user_agent, self.address);
        Notification {
            to: self.to.to_owned(),
            subject: self.subject.to_owned(),
            body: format!(
                "{greeting}\n\
                 \n\
                 {news}\n\
                 \n\
                 {circumstances}\
                 \n\
                 If that was you, there is nothing to do.\n\
                 \n\
                 If it was not you: {otherwise}\n"
            ),
        }
    }
}

/// How a message begins; by name, where that is one.
pub(crate) fn greeting(name: Option<&str>) -> String {
    name.and_then(greetable).map_or_else(|| "Hello,".to_owned(), |name| format!("Hello {name},"))
}

/// When it happened, and where, a line each.
pub(crate) fn circumstances(envelope: &Envelope, user_agent: Option<&str>, address: Option<&str>) -> String {
    let at = envelope.at.round(Unit::Second).unwrap_or(envelope.at);
    let browser = user_agent.map(|told| quotable(told, LONGEST_QUOTE)).filter(|told| !told.is_empty());
    let browser = browser.as_deref().unwrap_or("it did not say");
    let address = address.map(|told| quotable(told, LONGEST_QUOTE)).filter(|told| !told.is_empty());
    let address = address.map(|address| format!("Address: {address}\n")).unwrap_or_default();
    format!("When:    {at} (UTC)\nBrowser: {browser}\n{address}")
}

/// The name, where it looks like one and not like an address or an invitation to follow a link.
fn greetable(name: &str) -> Option<String> {
    let name = quotable(name, LONGEST_NAME + 1);
    let is_name = |character: char| character.is_alphanumeric() || matches!(character, ' ' | '-' | '\'' | '’' | '.');
    let no_host = !name.split(' ').any(|word| word.trim_end_matches('.').contains('.') && word.len() > 4);
    (!name.is_empty() && name.chars().count() <= LONGEST_NAME && name.chars().all(is_name) && no_host).then_some(name)
}

/// Text from outside on one line: visible characters only, each run of white space one blank, no link, cut to `longest`.
fn quotable(text: &str, longest: usize) -> String {
    let visible: String = text.chars().map(|character| if is_invisible(character) { ' ' } else { character }).collect();
    let on_one_line = visible.split_whitespace().collect::<Vec<_>>().join(" ");
    on_one_line.replace("://", ":").chars().take(longest).collect()
}

/// Control characters, and those that change the direction or the look of the text around them.
fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(
            u32::from(character),
            0x00AD | 0x061C | 0x180E | 0x200B..=0x200F | 0x2028..=0x202E | 0x2060..=0x206F | 0xFEFF | 0xFFF9..=0xFFFB | 0xE0000..=0xE0FFF
        )
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use uuid::Uuid;

    use super::*;

    fn signed_in(email: Option<&str>, name: Option<&str>, user_agent: Option<&str>) -> Envelope {
        Envelope {
            id: Uuid::from_u128(7),
            at: "2025-06-15T12:34:56.789Z".parse::<Timestamp>().unwrap(),
            event: Event::SignedIn {
                issuer: "https://provider.example".to_owned(),
                subject: "subject".to_owned(),
                email: email.map(str::to_owned),
                name: name.map(str::to_owned),
                user_agent: user_agent.map(str::to_owned),
                address: email.map(|_| "2001:db8::1".to_owned()),
            },
        }
    }

    #[test]
    fn a_sign_in_tells_when_and_by_which_browser() {
        let told =
            compose(&signed_in(Some("ada@example.org"), Some("Ada O’Neil-Król"), Some("Mozilla/5.0 (X11; Linux)"))).unwrap();
        assert_eq!(told.to, "ada@example.org");
        assert!(told.body.starts_with("Hello Ada O’Neil-Król,\n"), "{}", told.body);
        assert!(told.body.contains("When:    2025-06-15T12:34:57Z (UTC)\n"), "{}", told.body);
        assert!(told.body.contains("Browser: Mozilla/5.0 (X11; Linux)\nAddress: 2001:db8::1\n\n"), "{}", told.body);
        assert!(told.body.contains("If it was not you"), "{}", told.body);
    }

    /// A17: whoever owns the account hears of it when somebody gives it another password.
    #[test]
    fn a_new_password_is_told_to_its_owner() {
        let event = Event::PasswordChanged {
            subject: "subject".to_owned(),
            email: "ada@example.org".to_owned(),
            name: "Ada".to_owned(),
            user_agent: None,
            address: Some("2001:db8::1".to_owned()),
        };
        let told = compose(&Envelope { event, ..signed_in(None, None, None) }).unwrap();
        assert_eq!((told.to.as_str(), told.subject.as_str()), ("ada@example.org", "Your password was changed"));
        assert!(told.body.starts_with("Hello Ada,\n\nthe password of your account was just changed."), "{}", told.body);
        assert!(told.body.contains("Browser: it did not say\nAddress: 2001:db8::1\n"), "{}", told.body);
    }

    #[test]
    fn without_an_address_and_for_other_events_there_is_no_message() {
        assert_eq!(compose(&signed_in(None, None, None)), None);
        let event = Event::SignedOut { issuer: String::new(), subject: String::new() };
        assert_eq!(compose(&Envelope { event, ..signed_in(None, None, None) }), None);
    }

    #[test]
    fn what_others_wrote_stays_on_its_line_and_makes_no_link() {
        let told = compose(&signed_in(
            Some("ada@example.org"),
            None,
            Some("Bot\r\nIf it was not you: call\u{202E}\u{0} https://evil.example/\u{200B}x"),
        ));
        let body = told.unwrap().body;
        assert!(body.contains("Browser: Bot If it was not you: call https:evil.example/ x\n"), "{body}");
        let long = "x".repeat(5_000);
        assert!(compose(&signed_in(Some("ada@example.org"), None, Some(&long))).unwrap().body.len() < 800);
    }

    #[test]
    fn a_name_that_is_none_greets_nobody() {
        for name in
            ["", " ", "Win a prize: http://evil.example", "www.evil.example", "a@b.example", "<b>Ada</b>", &"x".repeat(61)]
        {
            let body = compose(&signed_in(Some("ada@example.org"), Some(name), None)).unwrap().body;
            assert!(body.starts_with("Hello,\n"), "{name:?} gave {body}");
        }
        let body = compose(&signed_in(Some("ada@example.org"), Some("Dr. Ada M. Jr."), None)).unwrap().body;
        assert!(body.starts_with("Hello Dr. Ada M. Jr.,\n"), "{body}");
    }
}
