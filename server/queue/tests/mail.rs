//! The messages on their way: the folder of development, and SMTP.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

use std::path::Path;

use jiff::Timestamp;
use queue::{Envelope, Event, Mailer, outbox};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use uuid::Uuid;

fn signed_in(id: u128, at: &str, email: &str) -> Envelope {
    Envelope {
        id: Uuid::from_u128(id),
        at: at.parse::<Timestamp>().unwrap(),
        event: Event::SignedIn {
            issuer: "https://provider.example".to_owned(),
            subject: "subject".to_owned(),
            email: Some(email.to_owned()),
            name: Some("Zoë".to_owned()),
            user_agent: Some("Mozilla/5.0\r\nBcc: everybody@example.org\r\n\r\nhello".to_owned()),
            address: None,
        },
    }
}

fn files(directory: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        std::fs::read_dir(directory).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn the_outbox_gives_back_what_was_sent_newest_first() {
    let directory = tempfile::tempdir().unwrap();
    let folder = directory.path().join("new/outbox");
    assert_eq!(outbox::list(&folder).await.unwrap(), []);
    let mailer = Mailer::outbox(&folder);
    mailer.notify(&signed_in(1, "2025-06-15T12:00:00Z", "zoe@example.org")).await.unwrap();
    mailer.notify(&signed_in(2, "2025-06-16T12:00:00Z", "zoe@example.org")).await.unwrap();
    std::fs::write(folder.join("note.eml"), "no message").unwrap();
    std::fs::write(folder.join("note.txt"), "no message").unwrap();
    let messages = outbox::list(&folder).await.unwrap();
    assert_eq!(messages.len(), 2);
    let newest = &messages[0];
    assert_eq!(newest.id, Uuid::from_u128(2).to_string());
    assert_eq!(newest.to, "zoe@example.org");
    assert_eq!(newest.subject, "New sign-in to your account");
    assert_eq!(newest.at, "2025-06-16T12:00:00Z".parse().unwrap());
    assert!(newest.body.starts_with("Hello Zoë,\n\nyour account"), "{}", newest.body);
    assert!(newest.body.contains("When:    2025-06-16T12:00:00Z (UTC)\n"), "{}", newest.body);
    assert!(newest.body.ends_with("choose a new password there.\n"), "{}", newest.body);
}

#[tokio::test]
async fn an_event_that_is_handled_twice_leaves_one_message() {
    let directory = tempfile::tempdir().unwrap();
    let mailer = Mailer::outbox(directory.path());
    let envelope = signed_in(1, "2025-06-15T12:00:00Z", "zoe@example.org");
    mailer.notify(&envelope).await.unwrap();
    let name = format!("{}.eml", envelope.id);
    let first = std::fs::read(directory.path().join(&name)).unwrap();
    let (one, other) = tokio::join!(mailer.notify(&envelope), mailer.notify(&envelope));
    one.unwrap();
    other.unwrap();
    assert_eq!(files(directory.path()), [name.as_str()]);
    assert_eq!(std::fs::read(directory.path().join(name)).unwrap(), first);
}

#[tokio::test]
async fn what_others_wrote_becomes_no_header() {
    let directory = tempfile::tempdir().unwrap();
    let mailer = Mailer::outbox(directory.path());
    mailer.notify(&signed_in(1, "2025-06-15T12:00:00Z", "zoe@example.org")).await.unwrap();
    let file = std::fs::read_to_string(directory.path().join(&files(directory.path())[0])).unwrap();
    let (headers, _) = file.split_once("\r\n\r\n").unwrap();
    assert!(!headers.contains("Bcc") && !headers.contains("everybody"), "{headers}");
    assert!(headers.contains("Auto-Submitted: auto-generated"), "{headers}");
    for address in ["zoe@example.org\r\nBcc: everybody@example.org", "zoe@example.org, everybody@example.org", "zoe", ""] {
        let refused = mailer.notify(&signed_in(2, "2025-06-15T12:00:00Z", address)).await;
        assert!(refused.is_err(), "{address:?}");
    }
    assert_eq!(files(directory.path()).len(), 1);
}

#[tokio::test]
async fn an_event_without_address_sends_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let event = Event::SignedOut { issuer: "https://provider.example".to_owned(), subject: "subject".to_owned() };
    let envelope = Envelope { event, ..signed_in(1, "2025-06-15T12:00:00Z", "zoe@example.org") };
    Mailer::outbox(directory.path()).notify(&envelope).await.unwrap();
    assert_eq!(files(directory.path()), [""; 0]);
}

/// Takes one message as a mail server does; gives who it goes to and what it says.
async fn take_one_message(listener: TcpListener) -> (Vec<String>, String) {
    let (stream, _) = listener.accept().await.unwrap();
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 test\r\n").await.unwrap();
    let (mut recipients, mut message, mut line) = (Vec::new(), String::new(), String::new());
    loop {
        line.clear();
        if stream.read_line(&mut line).await.unwrap() == 0 {
            return (recipients, message);
        }
        let answer: &[u8] = match line.split([' ', '\r']).next().unwrap() {
            "DATA" => {
                stream.write_all(b"354 go on\r\n").await.unwrap();
                loop {
                    line.clear();
                    stream.read_line(&mut line).await.unwrap();
                    if line == ".\r\n" {
                        break b"250 taken\r\n";
                    }
                    message.push_str(&line);
                }
            }
            "RCPT" => {
                recipients.push(line.trim().to_owned());
                b"250 ok\r\n"
            }
            "QUIT" => {
                stream.write_all(b"221 bye\r\n").await.unwrap();
                return (recipients, message);
            }
            _ => b"250 ok\r\n",
        };
        stream.write_all(answer).await.unwrap();
    }
}

#[tokio::test]
async fn smtp_delivers_to_the_user_alone_under_an_identity_that_a_repeat_shares() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(take_one_message(listener));
    let mailer = Mailer::smtp(&url, "Cloakroom <no-reply@app.example>").unwrap();
    let envelope = signed_in(1, "2025-06-15T12:00:00Z", "zoe@example.org");
    mailer.notify(&envelope).await.unwrap();
    drop(mailer);
    let (recipients, message) = server.await.unwrap();
    assert_eq!(recipients, ["RCPT TO:<zoe@example.org>"]);
    assert!(message.contains(&format!("Message-ID: <{}@app.example>\r\n", envelope.id)), "{message}");
    assert!(message.contains("From: Cloakroom <no-reply@app.example>\r\n"), "{message}");
}

#[tokio::test]
async fn a_mail_server_that_is_not_there_is_an_error_and_a_url_that_names_none_is_refused() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mailer = Mailer::smtp(&format!("smtp://127.0.0.1:{port}"), "no-reply@app.example").unwrap();
    assert!(mailer.notify(&signed_in(1, "2025-06-15T12:00:00Z", "zoe@example.org")).await.is_err());
    assert!(Mailer::smtp("http://localhost", "no-reply@app.example").is_err());
    assert!(Mailer::smtp("smtp://localhost", "nobody").is_err());
}
