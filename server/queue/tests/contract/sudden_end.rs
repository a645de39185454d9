//! What the embedded Queue keeps when its process ends without a word.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;

use queue::Queue;
use queue::embedded::EmbeddedQueue;

use crate::subject::{Worker, event, soon, succeeding};

/// Names the file to the process that is going to be killed.
const FILE: &str = "CLOAKROOM_TEST_QUEUE_FILE";

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_may_read_the_file() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = tempfile::tempdir().unwrap();
    let queue = EmbeddedQueue::open(&directory.path().join("queue.db")).await.unwrap();
    queue.push(&event(1)).await.unwrap();
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
    let trouble = queue::open(&format!("sqlite:{}", file.display())).await.err().unwrap().to_string();
    assert!(trouble.contains("not-a-database"), "{trouble}");
    assert!(queue::open("sqlite::memory:").await.is_err());
    assert!(queue::open("amqp://localhost").await.is_err());
}

#[tokio::test]
async fn acknowledged_pushes_survive_kill_9_and_are_all_handled() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("queue.db");
    let mut pusher = Command::new(std::env::current_exe().unwrap())
        .args(["sudden_end::pushes_until_it_is_killed", "--exact", "--ignored", "--nocapture"])
        .env(FILE, &file)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut acknowledged: BTreeSet<u128> = BufReader::new(pusher.stdout.take().unwrap())
        .lines()
        .map_while(Result::ok)
        .filter_map(|line| line.strip_prefix("acknowledged ")?.parse().ok())
        .take(50)
        .collect();
    pusher.kill().unwrap();
    pusher.wait().unwrap();
    assert_eq!(acknowledged.len(), 50);

    let queue = queue::open(&format!("sqlite://{}", file.display())).await.unwrap();
    let (handler, mut handed) = succeeding();
    let worker = Worker::start(&queue, handler);
    while !acknowledged.is_empty() {
        acknowledged.remove(&soon(handed.recv()).await.unwrap().id.as_u128());
    }
    worker.end().await;
}

/// Not a test of its own: the process that [`acknowledged_pushes_survive_kill_9_and_are_all_handled`] starts and kills.
#[tokio::test]
#[ignore = "is started, and killed, by another test"]
async fn pushes_until_it_is_killed() {
    let Some(file) = std::env::var_os(FILE).map(PathBuf::from) else { return };
    let queue: Arc<dyn Queue> = Arc::new(EmbeddedQueue::open(&file).await.unwrap());
    println!();
    for number in 1..1_000_000 {
        queue.push(&event(number)).await.unwrap();
        println!("acknowledged {number}");
    }
}
