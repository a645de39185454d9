//! Law 1: arrows are dependencies. The real dependency graph, held against the diagram.
#![cfg(test)]

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, MetadataCommand};

/// Every room with the rooms that it may depend on. A network arrow is no edge: only `protocol` is shared.
const ALLOWED: [(&str, &[&str]); 13] = [
    ("app", &["protocol"]),
    // 2 and 11: Application API to Cache; 12: to Queue.
    ("application-api", &["cache", "protocol", "queue"]),
    // 6: Authorization Server to User Database; temporary state; events of its own.
    ("authorization-server", &["cache", "protocol", "queue", "user-database"]),
    // Not a room: it measures the house from outside, over HTTP.
    ("bench", &["protocol"]),
    ("cache", &["protocol", "redis-line"]),
    ("frontend", &["app"]),
    ("protocol", &[]),
    ("queue", &["protocol", "redis-line"]),
    // No room: the line that Cache and Queue have to a Redis.
    ("redis-line", &[]),
    ("resource-api", &["protocol"]),
    (
        "server",
        &["app", "application-api", "authorization-server", "cache", "protocol", "queue", "resource-api", "user-database"],
    ),
    // No room: what tests stop and cut.
    ("test-engines", &[]),
    ("user-database", &["protocol"]),
];

#[test]
fn the_rooms_depend_on_each_other_only_along_the_arrows() {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml");
    let metadata = MetadataCommand::new().manifest_path(manifest).no_deps().exec().unwrap();
    let rooms: BTreeSet<&str> = metadata.packages.iter().map(|package| package.name.as_str()).collect();
    let allowed: BTreeMap<&str, BTreeSet<&str>> =
        ALLOWED.iter().map(|(room, edges)| (*room, edges.iter().copied().collect())).collect();
    assert_eq!(rooms, allowed.keys().copied().collect(), "a room was added or removed: draw its arrows here");
    for package in &metadata.packages {
        let edges: BTreeSet<&str> = package
            .dependencies
            .iter()
            .filter(|dependency| dependency.kind == DependencyKind::Normal)
            .map(|dependency| dependency.name.as_str())
            .filter(|name| rooms.contains(name))
            .collect();
        let stray: Vec<_> = edges.difference(&allowed[package.name.as_str()]).collect();
        assert!(stray.is_empty(), "{} must not depend on {stray:?}", package.name);
    }
}
