//! A program under test: started in a process group of its own, its output kept, gone when dropped.
//!
//! Owns spawning, output capture (bounded), signals and the end of the whole group. It knows no program by name.
//! Callers: `relay`, `agent`, `browser`, the bench. Invariant: dropping a `Program`, and the death of this process by
//! any cause, ends the program and everything it started.

use anyhow::{Context, Result, anyhow, bail, ensure};
use std::collections::VecDeque;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::watch;

/// Lines of output kept for a failing story; a program that floods keeps its newest.
const MAX_LOG_LINES: usize = 3_000;

/// Everything a program said, newest last.
#[derive(Debug, Default)]
struct Said {
    lines: VecDeque<String>,
    /// Lines that were dropped at the front, so that positions stay valid.
    dropped: usize,
    /// Its output has ended.
    ended: u8,
}

/// A running program.
#[derive(Debug)]
pub struct Program {
    name: String,
    child: Child,
    pid: i32,
    said: Arc<Mutex<Said>>,
    news: watch::Receiver<usize>,
}

impl Program {
    /// Starts `path` with `args`; its standard streams are captured.
    ///
    /// # Errors
    /// When the program cannot be started.
    pub fn start(name: &str, path: &Path, args: &[String], env: &[(&str, String)]) -> Result<Self> {
        let mut command = Command::new(path);
        command
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command.envs(env.iter().map(|(k, v)| (*k, v.as_str())));
        command.process_group(0).kill_on_drop(true);
        die_with_parent(&mut command);
        let mut child = command
            .spawn()
            .with_context(|| format!("cannot start {}", path.display()))?;
        let pid = child
            .id()
            .and_then(|id| i32::try_from(id).ok())
            .context("a started program has an id")?;
        let said = Arc::new(Mutex::new(Said::default()));
        let (tell, news) = watch::channel(0);
        let tell = Arc::new(tell);
        listen(child.stdout.take(), "out", &said, &tell);
        listen(child.stderr.take(), "err", &said, &tell);
        Ok(Self {
            name: name.to_owned(),
            child,
            pid,
            said,
            news,
        })
    }

    /// Process id, for CPU accounting and signals.
    #[must_use]
    pub const fn pid(&self) -> i32 {
        self.pid
    }

    /// Its standard input, once.
    pub fn stdin(&mut self) -> Option<ChildStdin> {
        self.child.stdin.take()
    }

    /// How many lines it has said so far; the place from which `wait_for_line_after` looks.
    #[must_use]
    pub fn said_so_far(&self) -> usize {
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        said.dropped + said.lines.len()
    }

    /// Waits for a line for which `pick` answers.
    ///
    /// # Errors
    /// When the time is over or the program ends first; both with its last words.
    pub async fn wait_for_line<T>(
        &self,
        what: &str,
        within: Duration,
        pick: impl FnMut(&str) -> Option<T>,
    ) -> Result<T> {
        self.wait_for_line_after(0, what, within, pick).await
    }

    /// As `wait_for_line`, but looks only at lines said after position `from`.
    ///
    /// # Errors
    /// As `wait_for_line`.
    pub async fn wait_for_line_after<T>(
        &self,
        from: usize,
        what: &str,
        within: Duration,
        mut pick: impl FnMut(&str) -> Option<T>,
    ) -> Result<T> {
        let mut news = self.news.clone();
        let mut next = from;
        let search = async {
            loop {
                news.borrow_and_update();
                let ended = {
                    let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
                    let skip = next.saturating_sub(said.dropped);
                    for line in said.lines.iter().skip(skip) {
                        if let Some(found) = pick(line) {
                            return Ok(found);
                        }
                    }
                    next = said.dropped + said.lines.len();
                    said.ended >= 2
                };
                if ended || news.changed().await.is_err() {
                    bail!(
                        "{} ended before: {what}\n{}",
                        self.name,
                        self.last_words(40)
                    );
                }
            }
        };
        tokio::time::timeout(within, search).await.map_err(|_| {
            anyhow!(
                "waited {within:?} in vain for {} to say: {what}\n{}",
                self.name,
                self.last_words(40)
            )
        })?
    }

    /// The newest `count` lines, each with the program's name.
    #[must_use]
    pub fn last_words(&self, count: usize) -> String {
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let skip = said.lines.len().saturating_sub(count);
        said.lines
            .iter()
            .skip(skip)
            .map(|line| format!("  {} | {line}\n", self.name))
            .collect()
    }

    /// Whether it has ended, and how.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Waits for the end of the program itself.
    ///
    /// # Errors
    /// When it is still running after `within`.
    pub async fn ends_within(&mut self, within: Duration) -> Result<ExitStatus> {
        match tokio::time::timeout(within, self.child.wait()).await {
            Ok(status) => Ok(status?),
            Err(_) => bail!(
                "{} still runs after {within:?}\n{}",
                self.name,
                self.last_words(40)
            ),
        }
    }

    /// Ends the whole group at once, as a crash or a power cut would.
    pub async fn kill(&mut self) {
        signal_group(self.pid, libc::SIGKILL);
        // The group is gone; only the zombie is left to collect.
        let _ = self.child.wait().await;
    }

    /// Lets it stand still for a while, as a busy machine does.
    pub async fn stumbles_for(&mut self, span: Duration) {
        signal_group(self.pid, libc::SIGSTOP);
        tokio::time::sleep(span).await;
        signal_group(self.pid, libc::SIGCONT);
    }

    /// From here on no file of the program may grow beyond so many bytes; `None` lifts it. To the program that is a disk
    /// which takes a beginning and then no more, and it needs no right that a test may lack.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn limits_files_to(&self, bytes: Option<u64>) -> Result<()> {
        let mut limit = libc::rlimit {
            rlim_cur: 0,
            rlim_max: 0,
        };
        // SAFETY: the limit is read into one and later set from one that lives on this stack.
        let read = unsafe {
            libc::prlimit(
                self.pid,
                libc::RLIMIT_FSIZE,
                std::ptr::null(),
                &raw mut limit,
            )
        };
        ensure!(
            read == 0,
            "read the limit: {}",
            std::io::Error::last_os_error()
        );
        // The hard limit stays, so that the soft one can be lifted again without any right.
        limit.rlim_cur = bytes.map_or(limit.rlim_max, |bytes| bytes.min(limit.rlim_max));
        // SAFETY: as above.
        let set = unsafe {
            libc::prlimit(
                self.pid,
                libc::RLIMIT_FSIZE,
                &raw const limit,
                std::ptr::null_mut(),
            )
        };
        ensure!(
            set == 0,
            "set the limit: {}",
            std::io::Error::last_os_error()
        );
        Ok(())
    }

    /// Asks the program to end (SIGTERM).
    pub fn ask_to_end(&self) {
        signal_group(self.pid, libc::SIGTERM);
    }

    /// Asks the program to end (SIGTERM) and waits for it.
    ///
    /// # Errors
    /// When it does not end within `within`.
    pub async fn stop(&mut self, within: Duration) -> Result<ExitStatus> {
        self.ask_to_end();
        self.ends_within(within).await
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        signal_group(self.pid, libc::SIGKILL);
    }
}

/// The kernel ends the program when the thread that started it ends. Stories run on a runtime that lives as long as the
/// test process, so that means: when the test process dies, by whatever cause.
fn die_with_parent(command: &mut Command) {
    // SAFETY: between fork and exec only prctl is called, which is async-signal-safe and touches no memory.
    unsafe {
        command.pre_exec(|| {
            libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
            Ok(())
        });
    }
}

fn signal_group(pid: i32, signal: i32) {
    // SAFETY: kill has no memory effects; the group was made by us and carries the id of its leader, which cannot be
    // reused while any member is left.
    unsafe {
        libc::kill(-pid, signal);
    }
}

fn listen<R>(
    stream: Option<R>,
    from: &'static str,
    said: &Arc<Mutex<Said>>,
    tell: &Arc<watch::Sender<usize>>,
) where
    R: AsyncRead + Unpin + Send + 'static,
{
    let (said, tell) = (Arc::clone(said), Arc::clone(tell));
    tokio::spawn(async move {
        if let Some(stream) = stream {
            let mut lines = BufReader::new(stream).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
                if said.lines.len() == MAX_LOG_LINES {
                    said.lines.pop_front();
                    said.dropped += 1;
                }
                let line = if from == "err" {
                    line
                } else {
                    format!("» {line}")
                };
                said.lines.push_back(line);
                drop(said);
                tell.send_modify(|n| *n += 1);
            }
        }
        said.lock().unwrap_or_else(PoisonError::into_inner).ended += 1;
        tell.send_modify(|n| *n += 1);
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wait::{secs, until};

    fn shell(script: &str) -> Program {
        Program::start(
            "shell",
            Path::new("/bin/sh"),
            &["-c".to_owned(), script.to_owned()],
            &[],
        )
        .unwrap()
    }

    #[tokio::test]
    async fn dropping_a_program_ends_what_it_started() {
        let program = shell("sleep 60 & echo child $!; wait");
        let child = program.wait_for_line("its child", secs(5), |line| {
            line.strip_prefix("» child ")?.parse::<i32>().ok()
        });
        let child = child.await.unwrap();
        drop(program);
        // A zombie that waits for its new parent is gone for all who count.
        let gone = || async move {
            let state = std::fs::read_to_string(format!("/proc/{child}/stat")).unwrap_or_default();
            Ok((state.is_empty() || state.contains(") Z ")).then_some(()))
        };
        until("the child to be gone", secs(5), gone).await.unwrap();
    }

    #[tokio::test]
    async fn a_program_that_ends_too_early_tells_its_last_words() {
        let program = shell("echo no such port >&2; exit 3");
        let waited = program.wait_for_line("where it listens", secs(5), |line| {
            line.contains("ready").then_some(())
        });
        let said = waited.await.unwrap_err().to_string();
        assert!(
            said.contains("ended before: where it listens") && said.contains("no such port"),
            "{said}"
        );
    }

    #[tokio::test]
    async fn a_line_said_before_is_found_and_one_said_later_is_waited_for() {
        let mut program = shell("echo one; read x; echo two");
        let is = |wanted: &'static str| move |line: &str| (line == wanted).then_some(());
        program
            .wait_for_line("one", secs(5), is("» one"))
            .await
            .unwrap();
        program
            .wait_for_line("one again", secs(5), is("» one"))
            .await
            .unwrap();
        let from = program.said_so_far();
        drop(program.stdin());
        program
            .wait_for_line_after(from, "two", secs(5), is("» two"))
            .await
            .unwrap();
        assert!(program.ends_within(secs(5)).await.unwrap().success());
    }
}
