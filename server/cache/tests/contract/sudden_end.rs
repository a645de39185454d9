//! What the embedded Cache keeps when its process ends, politely or not.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use cache::Cache as _;
use cache::embedded::EmbeddedCache;

use crate::subject::clock;

const LIFETIME: Duration = Duration::from_secs(600);

/// Names the file to the process that is going to be killed.
const FILE: &str = "CLOAKROOM_TEST_CACHE_FILE";

#[tokio::test]
async fn a_restart_forgets_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("cache.db");
    let url = format!("sqlite://{}", file.display());
    let before = cache::open(&url, clock()).await.unwrap();
    before.put("session", b"value", LIFETIME).await.unwrap();
    drop(before);
    let after = cache::open(&url, clock()).await.unwrap();
    assert_eq!(after.get("session").await.unwrap().as_deref(), Some(&b"value"[..]));
    assert_eq!(after.prune().await.unwrap(), 0);
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_may_read_the_file() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = tempfile::tempdir().unwrap();
    let cache = EmbeddedCache::open(&directory.path().join("cache.db"), clock()).await.unwrap();
    cache.put("session", b"value", LIFETIME).await.unwrap();
    for file in std::fs::read_dir(directory.path()).unwrap() {
        let file = file.unwrap();
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", file.file_name());
    }
}

#[tokio::test]
async fn what_cannot_be_opened_is_unavailable_and_named() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("not-a-database");
    std::fs::write(&file, "a text that is longer than the sixteen bytes of SQLite's own header").unwrap();
    let url = format!("sqlite:{}", file.display());
    let trouble = cache::open(&url, clock()).await.err().unwrap().to_string();
    assert!(trouble.contains("not-a-database"), "{trouble}");
    assert!(cache::open("sqlite::memory:", clock()).await.is_err());
    assert!(cache::open("memcached://localhost", clock()).await.is_err());
}

#[tokio::test]
async fn acknowledged_writes_survive_kill_9() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("cache.db");
    let mut writer = Command::new(std::env::current_exe().unwrap())
        .args(["sudden_end::writes_until_it_is_killed", "--exact", "--ignored", "--nocapture"])
        .env(FILE, &file)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let acknowledged: Vec<String> = BufReader::new(writer.stdout.take().unwrap())
        .lines()
        .map_while(Result::ok)
        .filter_map(|line| line.strip_prefix("acknowledged ").map(str::to_owned))
        .take(50)
        .collect();
    writer.kill().unwrap();
    writer.wait().unwrap();
    assert_eq!(acknowledged.len(), 50);
    let cache = EmbeddedCache::open(&file, clock()).await.unwrap();
    for key in acknowledged {
        assert_eq!(cache.get(&key).await.unwrap().as_deref(), Some(key.as_bytes()));
    }
}

/// Another process may write the same file. Whoever has to wait for it keeps nobody else from going on: this runtime has one
/// thread.
#[tokio::test(flavor = "current_thread")]
async fn a_file_that_another_process_holds_is_waited_for_beside_the_others() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("cache.db");
    let cache = EmbeddedCache::open(&file, clock()).await.unwrap();
    cache.put("session", b"value", LIFETIME).await.unwrap();
    let other = rusqlite::Connection::open(&file).unwrap();
    other.execute_batch("BEGIN IMMEDIATE; DELETE FROM records").unwrap();
    let meanwhile = async {
        assert_eq!(cache.get("session").await.unwrap().as_deref(), Some(&b"value"[..]), "what is not committed is not seen");
        other.execute_batch("ROLLBACK").unwrap();
    };
    let (written, ()) = tokio::join!(cache.replace("session", b"value", b"other", LIFETIME), meanwhile);
    assert!(written.unwrap());
    assert_eq!(cache.get("session").await.unwrap().as_deref(), Some(&b"other"[..]));
}

/// The log is carried over beside the writing, and begins anew.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_does_not_grow_for_ever() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("cache.db");
    let cache = EmbeddedCache::open(&file, clock()).await.unwrap();
    for number in 0..5_000 {
        cache.put(&format!("key-{number}"), &[7; 500], LIFETIME).await.unwrap();
    }
    let log = std::fs::metadata(directory.path().join("cache.db-wal")).unwrap().len();
    assert!(log < 25_000_000, "5,000 writes of three pages each, and {log} bytes of log");
}

/// Not a test of its own: the process that [`acknowledged_writes_survive_kill_9`] starts and kills.
#[tokio::test]
#[ignore = "is started, and killed, by another test"]
async fn writes_until_it_is_killed() {
    let Some(file) = std::env::var_os(FILE).map(PathBuf::from) else { return };
    let cache = EmbeddedCache::open(&file, clock()).await.unwrap();
    println!();
    for number in 0..1_000_000 {
        let key = format!("key-{number}");
        cache.put(&key, key.as_bytes(), LIFETIME).await.unwrap();
        println!("acknowledged {key}");
    }
}
