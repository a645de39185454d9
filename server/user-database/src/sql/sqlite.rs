//! SQLite: a file for its owner's eyes, in write-ahead logging.

use std::fmt::Write as _;
use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::str::FromStr as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use sqlx::AnyConnection;
use sqlx::any::AnyConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;

use super::engine::{Address, CannotOpen, Place};

/// In write-ahead logging, `NORMAL` loses nothing to the death of the process, and to that of the machine at most the
/// last moment, never the file.
pub(super) const WRITER: &str = "PRAGMA busy_timeout = 5000; PRAGMA foreign_keys = ON; PRAGMA synchronous = NORMAL";

/// What reads can only read, so that a write that strayed here fails in every test.
pub(super) const READER: &str = "PRAGMA busy_timeout = 5000; PRAGMA query_only = ON";

/// How long another process that holds the file is waited for before the next try.
const NEXT_TRY: Duration = Duration::from_millis(20);

/// Reads the path from the URL and makes the file, and its directory, where they are missing.
pub(super) fn address(url: &str) -> Result<Address, CannotOpen> {
    let path = path(url)?;
    make_file(&path).map_err(|source| CannotOpen::File { path: path.display().to_string(), source })?;
    let options = AnyConnectOptions::from_str(&url_of(&path)).map_err(|_| CannotOpen::Path("it cannot be read"))?;
    Ok(Address { place: Place(format!("the SQLite file {}", path.display())), options })
}

fn path(url: &str) -> Result<PathBuf, CannotOpen> {
    if url.contains('?') {
        return Err(CannotOpen::Path("it takes no parameters"));
    }
    if url.contains(":memory:") {
        return Err(CannotOpen::Path("a database in memory would be another one on each connection"));
    }
    let options = SqliteConnectOptions::from_str(url).map_err(|_| CannotOpen::Path("the path is not UTF-8"))?;
    let path = options.get_filename();
    if path.as_os_str().is_empty() {
        return Err(CannotOpen::Path("there is no path"));
    }
    std::path::absolute(path).map_err(|source| CannotOpen::File { path: path.display().to_string(), source })
}

/// Writes a path as a URL, so that neither a `?` nor a `%` nor a space in it is taken for something else.
fn url_of(path: &Path) -> String {
    let mut url = String::from("sqlite:");
    for &byte in path.as_os_str().as_encoded_bytes() {
        if byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte) {
            url.push(char::from(byte));
        } else {
            // Writing to a String does not fail.
            let _ = write!(url, "%{byte:02X}");
        }
    }
    url
}

/// Makes the file empty, readable by its owner only, unless there is one.
///
/// SQLite would make it readable by everybody. The lock is for this process's own sake: closing any handle of a file
/// drops the POSIX locks that SQLite holds on it, so nobody here may open the file while ours is.
fn make_file(path: &Path) -> io::Result<()> {
    static MAKING: Mutex<()> = Mutex::new(());
    let _alone = MAKING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(directory) = path.parent() {
        private_directories().create(directory)?;
    }
    match private_file().open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

fn private_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn private_directories() -> DirBuilder {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

/// Switches the file to write-ahead logging, which it remembers.
///
/// The switch needs the file alone and does not always wait for it, so it is tried until the caller's patience ends.
pub(super) async fn enter_write_ahead_logging(connection: &mut AnyConnection) -> Result<(), sqlx::Error> {
    loop {
        match sqlx::query_scalar::<_, String>("PRAGMA journal_mode = WAL").fetch_one(&mut *connection).await {
            Ok(mode) if mode == "wal" => return Ok(()),
            Ok(mode) => return Err(sqlx::Error::Configuration(format!("it stays in journal mode {mode:?}").into())),
            Err(error) if is_busy(&error) => tokio::time::sleep(NEXT_TRY).await,
            Err(error) => return Err(error),
        }
    }
}

/// Whether the file is held by another connection: `SQLITE_BUSY`, whose reason stands in the higher bits.
fn is_busy(error: &sqlx::Error) -> bool {
    const SQLITE_BUSY: u32 = 5;
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.and_then(|code| code.parse::<u32>().ok()).is_some_and(|code| code & 0xff == SQLITE_BUSY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_survives_its_way_through_a_url() {
        for text in ["/data/users.db", "/a b/100%.db", "/what?/#1.db", "/dünn/ß.db", "/%41.db"] {
            let options = SqliteConnectOptions::from_str(&url_of(Path::new(text))).unwrap();
            assert_eq!(options.get_filename(), Path::new(text));
        }
    }

    #[test]
    fn one_colon_and_two_slashes_name_the_same_file() {
        let expected = std::path::absolute("data/users.db").unwrap();
        assert_eq!(path("sqlite:data/users.db").unwrap(), expected);
        assert_eq!(path("sqlite://data/users.db").unwrap(), expected);
        assert_eq!(path("sqlite:///data/users.db").unwrap(), Path::new("/data/users.db"));
    }

    #[test]
    fn what_is_not_the_path_of_a_file_is_refused() {
        for url in ["sqlite:", "sqlite://", "sqlite::memory:", "sqlite://:memory:", "sqlite:a.db?mode=ro"] {
            assert!(matches!(path(url), Err(CannotOpen::Path(_))), "{url}");
        }
    }
}
