//! The machine that figures were measured on, and the CPU that a process used.
//!
//! Owns reading /proc. CPU time comes from the scheduler's nanoseconds per thread rather than from `utime + stime` of
//! `/proc/<pid>/stat`: the kernel derives both from the same run time, but the latter is cut to ticks of 10 ms.

use anyhow::{Context, Result};
use serde::Serialize;
use std::fs;
use std::time::Duration;

/// What a reader of the figures must know about the machine.
#[derive(Debug, Clone, Serialize)]
pub struct Machine {
    /// Model name of the first processor.
    pub cpu: String,
    /// Processors that programs may use.
    pub cores: usize,
    /// Kernel release.
    pub kernel: String,
    /// Load average over one minute when the run began.
    pub load_before: f64,
    /// Load average over one minute when the run ended.
    pub load_after: f64,
    /// Browser, when one took part.
    pub browser: Option<String>,
}

impl Machine {
    /// Reads what can be read; what cannot is called unknown.
    #[must_use]
    pub fn read() -> Self {
        let text = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let cpu = text("/proc/cpuinfo")
            .lines()
            .find_map(|line| {
                line.strip_prefix("model name")
                    .and_then(|rest| rest.split_once(':'))
            })
            .map_or_else(|| "unknown".to_owned(), |(_, name)| name.trim().to_owned());
        let load = load();
        Self {
            cpu,
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            kernel: text("/proc/sys/kernel/osrelease").trim().to_owned(),
            load_before: load,
            load_after: load,
            browser: None,
        }
    }
}

/// Load average over one minute.
#[must_use]
pub fn load() -> f64 {
    fs::read_to_string("/proc/loadavg")
        .ok()
        .and_then(|text| text.split_whitespace().next().and_then(|n| n.parse().ok()))
        .unwrap_or(f64::NAN)
}

/// CPU time that all threads of a process have used so far.
///
/// # Errors
/// When the process is gone.
pub fn cpu_time(pid: i32) -> Result<Duration> {
    let mut nanoseconds = 0;
    for task in fs::read_dir(format!("/proc/{pid}/task")).context("the process is gone")? {
        let text = fs::read_to_string(task?.path().join("schedstat")).unwrap_or_default();
        nanoseconds += text
            .split_whitespace()
            .next()
            .and_then(|n| n.parse::<u64>().ok())
            .unwrap_or(0);
    }
    Ok(Duration::from_nanos(nanoseconds))
}

/// The most memory that a process ever had in RAM, in bytes (`VmHWM`).
///
/// # Errors
/// When the process is gone or the kernel does not say.
pub fn peak_memory(pid: i32) -> Result<u64> {
    let status =
        fs::read_to_string(format!("/proc/{pid}/status")).context("the process is gone")?;
    bytes_in(&status, "VmHWM:").context("the kernel does not say how much memory it had")
}

/// The memory that a process has in RAM now, in bytes (`VmRSS`).
///
/// # Errors
/// When the process is gone or the kernel does not say.
pub fn memory(pid: i32) -> Result<u64> {
    let status =
        fs::read_to_string(format!("/proc/{pid}/status")).context("the process is gone")?;
    bytes_in(&status, "VmRSS:").context("the kernel does not say how much memory it has")
}

/// The processes that a process started and that are still there.
///
/// # Errors
/// When the process is gone.
pub fn children(pid: i32) -> Result<Vec<i32>> {
    let mut all = Vec::new();
    for task in fs::read_dir(format!("/proc/{pid}/task")).context("the process is gone")? {
        let text = fs::read_to_string(task?.path().join("children")).unwrap_or_default();
        all.extend(
            text.split_whitespace()
                .filter_map(|pid| pid.parse::<i32>().ok()),
        );
    }
    Ok(all)
}

/// `VmHWM:   123456 kB`, where kB are of 1,024 bytes (proc_pid_status(5)).
fn bytes_in(status: &str, name: &str) -> Option<u64> {
    let mut words = status
        .lines()
        .find_map(|line| line.strip_prefix(name))?
        .split_whitespace();
    let kilobytes: u64 = words.next()?.parse().ok()?;
    (words.next() == Some("kB")).then(|| kilobytes.saturating_mul(1024))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_of_memory_is_the_high_water_mark_and_nothing_else() {
        let status =
            "Name:\tagent\nVmPeak:\t  900000 kB\nVmHWM:\t  123456 kB\nVmRSS:\t  100000 kB\n";
        let peak = |status| bytes_in(status, "VmHWM:");
        assert_eq!(peak(status), Some(123_456 * 1024));
        assert_eq!(bytes_in(status, "VmRSS:"), Some(100_000 * 1024));
        assert_eq!(peak("Name:\tzombie\nVmRSS:\t  1 kB\n"), None);
        assert_eq!(peak("VmHWM:\t  many kB\n"), None);
        assert_eq!(peak("VmHWM:\t  1 MB\n"), None);
    }

    #[test]
    fn memory_that_was_touched_counts_after_it_was_let_go() {
        let me = i32::try_from(std::process::id()).unwrap();
        let touched = 64 << 20;
        drop(std::hint::black_box(vec![1_u8; touched]));
        assert!(peak_memory(me).unwrap() >= touched as u64);
    }

    #[test]
    fn a_process_that_was_started_is_a_child_with_memory_until_it_is_gone() {
        let me = i32::try_from(std::process::id()).unwrap();
        let mut child = std::process::Command::new("cat")
            .stdin(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let pid = i32::try_from(child.id()).unwrap();
        assert!(children(me).unwrap().contains(&pid));
        // In this order: other tests take memory meanwhile.
        let now = memory(me).unwrap();
        assert!(now > 0 && peak_memory(me).unwrap() >= now);
        drop(child.stdin.take());
        child.wait().unwrap();
        assert!(!children(me).unwrap().contains(&pid));
    }

    #[test]
    fn work_shows_as_cpu_time() {
        let me = i32::try_from(std::process::id()).unwrap();
        let before = cpu_time(me).unwrap();
        let mut x = 1_u64;
        for i in 0..20_000_000_u64 {
            x = std::hint::black_box(x.wrapping_mul(31).wrapping_add(i));
        }
        assert!(cpu_time(me).unwrap() > before, "{x}");
    }
}
