//! Reads the folder that [`Mailer::outbox`](crate::Mailer::outbox) writes, for the development page.

use std::io;
use std::path::Path;

use jiff::Timestamp;
use mail_parser::MessageParser;

/// A message in the folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The identity of the event that called for it: the file's name.
    pub id: String,
    /// The address that it goes to.
    pub to: String,
    /// The subject line.
    pub subject: String,
    /// When the event happened.
    pub at: Timestamp,
    /// The text. It is not HTML, and parts of it were written by others.
    pub body: String,
}

/// The messages in `directory`, the newest first; none where there is no such folder yet. Files that are no messages are left out.
///
/// # Errors
/// What the file system says where the folder cannot be read.
pub async fn list(directory: &Path) -> io::Result<Vec<Message>> {
    let mut entries = match tokio::fs::read_dir(directory).await {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut messages = Vec::new();
    while let Some(entry) = entries.next_entry().await? {
        let path = entry.path();
        let (Some("eml"), Some(id)) = (path.extension().and_then(|e| e.to_str()), path.file_stem().and_then(|s| s.to_str()))
        else {
            continue;
        };
        if let Some(message) = read(id, &tokio::fs::read(&path).await?) {
            messages.push(message);
        } else {
            tracing::warn!(file = %path.display(), "a file in the outbox is no message");
        }
    }
    messages.sort_by(|one, other| other.at.cmp(&one.at).then_with(|| one.id.cmp(&other.id)));
    Ok(messages)
}

fn read(id: &str, bytes: &[u8]) -> Option<Message> {
    let message = MessageParser::default().parse(bytes)?;
    Some(Message {
        id: id.to_owned(),
        to: message.to()?.first()?.address()?.to_owned(),
        subject: message.subject()?.to_owned(),
        at: Timestamp::from_second(message.date()?.to_timestamp()).ok()?,
        body: message.body_text(0)?.replace("\r\n", "\n"),
    })
}
