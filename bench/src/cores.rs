//! The machine that figures come from.

use std::fs;

/// How many cores, and of which kind.
pub(crate) fn described() -> String {
    let count = std::thread::available_parallelism().map_or(1, usize::from);
    let model = fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| model(&text));
    format!("{count} {}{}", if count == 1 { "core" } else { "cores" }, model.map(|name| format!(" ({name})")).unwrap_or_default())
}

fn model(cpuinfo: &str) -> Option<String> {
    let line = cpuinfo.lines().find(|line| line.starts_with("model name"))?;
    line.split_once(':').map(|(_, name)| name.trim().to_owned())
}
