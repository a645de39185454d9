//! Processes that a test started, and the signals that it sends to them.

use std::process::{Command, Stdio};

/// Sends the signal of that name; some may have ended meanwhile.
pub(crate) fn signal(name: &str, processes: impl IntoIterator<Item = u32>) {
    let processes = processes.into_iter().map(|process| process.to_string());
    Command::new("kill").arg(format!("-{name}")).args(processes).stderr(Stdio::null()).status().unwrap();
}

/// The processes that `parent` started and that are there still.
pub(crate) fn children(parent: u32) -> Vec<u32> {
    let listed = Command::new("ps").args(["-o", "pid=", "--ppid", &parent.to_string()]).output().unwrap();
    String::from_utf8_lossy(&listed.stdout).split_whitespace().map(|id| id.parse().unwrap()).collect()
}
