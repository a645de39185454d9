//! A server in a process of its own, and the processor time that it has used.

use std::fs;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, Command};

use crate::failure::Failure;

/// The unit of /proc/PID/stat: `USER_HZ` is 100 on every architecture that servers have.
const TICK: Duration = Duration::from_millis(10);

/// A running server; it ends with this value.
pub(crate) struct Process {
    child: Child,
    id: u32,
}

impl Process {
    /// Starts `command`.
    pub(crate) fn start(what: &str, command: &mut Command) -> Result<Self, Failure> {
        let child = command.kill_on_drop(true).spawn().map_err(Failure::io(what))?;
        let id = child.id().unwrap_or_default();
        Ok(Self { child, id })
    }

    /// Starts `command`, and gives its first line with it.
    pub(crate) async fn announced(what: &'static str, command: &mut Command) -> Result<(Self, String), Failure> {
        use tokio::io::{AsyncBufReadExt as _, BufReader};
        let mut process = Self::start(what, command.stdin(Stdio::piped()).stdout(Stdio::piped()))?;
        let mut line = String::new();
        if let Some(output) = process.child.stdout.take() {
            BufReader::new(output).read_line(&mut line).await.map_err(Failure::io(what))?;
        }
        Ok((process, line.trim().to_owned()))
    }

    /// Whether it has ended.
    pub(crate) fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// The processor time that it has used, in user and in system mode, all threads together.
    pub(crate) fn processor_time(&self) -> Result<Duration, Failure> {
        processor_time(&self.id.to_string())
    }
}

impl Process {
    /// The processor time that all of `processes` have used.
    pub(crate) fn together(processes: &[&Self]) -> Result<Duration, Failure> {
        processes.iter().map(|process| process.processor_time()).sum()
    }

    /// How much of its memory is resident, in bytes.
    pub(crate) fn resident(&self) -> Result<u64, Failure> {
        let path = format!("/proc/{}/status", self.id);
        let status = fs::read_to_string(&path).map_err(|error| Failure::NoProcessorTime(format!("{path}: {error}")))?;
        resident(&status).ok_or(Failure::NoProcessorTime(path))
    }
}

/// `VmRSS` of `proc_pid_status(5)`, which is in kibibytes.
fn resident(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

/// The processor time of this process itself.
pub(crate) fn own_processor_time() -> Result<Duration, Failure> {
    processor_time("self")
}

fn processor_time(process: &str) -> Result<Duration, Failure> {
    let path = format!("/proc/{process}/stat");
    let stat = fs::read_to_string(&path).map_err(|error| Failure::NoProcessorTime(format!("{path}: {error}")))?;
    ticks(&stat).map(|ticks| TICK * ticks).ok_or(Failure::NoProcessorTime(path))
}

/// `utime` and `stime` (`proc_pid_stat(5)`), the fourteenth and fifteenth field; the second may hold spaces and parentheses.
fn ticks(stat: &str) -> Option<u32> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut times = fields.split_ascii_whitespace().skip(11);
    let (user, system): (u32, u32) = (times.next()?.parse().ok()?, times.next()?.parse().ok()?);
    user.checked_add(system)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_times_are_found_behind_any_name() {
        let stat = "7 (a) b (c) S 1 7 7 0 -1 4194560 1234 0 5 0 250 31 0 0 20 0 9 0 100 1000 200";
        assert_eq!(ticks(stat), Some(281));
        assert_eq!(ticks("7 (name"), None);
    }

    #[test]
    fn resident_memory_is_told_in_kibibytes() {
        assert_eq!(resident("Name:\tcloakroom\nVmRSS:\t   51200 kB\nThreads:\t9\n"), Some(52_428_800));
        assert_eq!(resident("Name:\tcloakroom\n"), None);
    }
}
