//! One reader, as the process that started it sees it.
//!
//! Owns starting it, talking to it against a deadline, and its end: dropping it kills it and takes it from the kernel's
//! list. Nothing that it says is used before it was checked; whoever calls drops it after any error here.

use crate::guard::{JOB_TIME, Program};
use crate::protocol::{Answer, Ask, FILE_MARK, MAX_ANSWER_BYTES, receive, receive_into, send};
use crate::refusal::Fate;
use echo_dicom::STRIP_BYTES;
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
use std::fs::File;
use std::io::{self, IoSlice, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::Once;
use std::time::{Duration, Instant};

/// The only words that a reader is given of what surrounds the program: where its libraries are, if not in the usual place.
const LIBRARY_PATH: &str = "LD_LIBRARY_PATH";

/// A confined process.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    line: UnixStream,
    /// Time that its jobs took together.
    spent: Duration,
    /// Time of `spent` that its present job took.
    job: Duration,
    /// Jobs that it did.
    jobs: u32,
}

impl Process {
    /// Starts one and waits until it is confined. Called by a thread that lives as long as its readers may: they die
    /// with it.
    pub(crate) fn start(program: &Program) -> Result<Self, Fate> {
        let (line, theirs) = UnixStream::pair().map_err(no_reader)?;
        let mut command = Command::new(&program.path);
        command
            .arg(&program.argument)
            .arg(std::process::id().to_string())
            .env_clear()
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // A Ctrl-C is for the program, which may still have files to read while it ends.
            .process_group(0);
        if let Some(path) = std::env::var_os(LIBRARY_PATH) {
            command.env(LIBRARY_PATH, path);
        }
        let child = command.spawn().map_err(no_reader)?;
        // It keeps the other end of the line, which must not stay open here.
        drop(command);
        let started = Self {
            child,
            line,
            spent: Duration::ZERO,
            job: Duration::ZERO,
            jobs: 0,
        };
        match started.heard(Instant::now() + JOB_TIME, 0) {
            Ok((Answer::Ready { landlock }, _)) => {
                if !landlock {
                    tell_once_of_landlock();
                }
                Ok(started)
            }
            Ok((Answer::Unfit { why }, _)) => Err(Fate::NoReader(
                why.chars()
                    .filter(|sign| !sign.is_control())
                    .take(200)
                    .collect(),
            )),
            Ok(_) => Err(Fate::NoReader("it does not say that it is confined".into())),
            Err(fate) => Err(Fate::NoReader(format!("it does not begin: {fate}"))),
        }
    }

    /// Gives it its file. Once.
    pub(crate) fn give(&mut self, file: &File, ask: &Ask) -> Result<Answer, Fate> {
        self.give_for(file, ask, 0).map(|(answer, _)| answer)
    }

    /// The same, for an answer whose body has at most so many bytes.
    pub(crate) fn give_for(
        &mut self,
        file: &File,
        ask: &Ask,
        most_body: usize,
    ) -> Result<(Answer, Vec<u8>), Fate> {
        let files = [file.as_fd()];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut beside = SendAncillaryBuffer::new(&mut space);
        beside.push(SendAncillaryMessage::ScmRights(&files));
        sendmsg(
            &self.line,
            &[IoSlice::new(&[FILE_MARK])],
            &mut beside,
            SendFlags::NOSIGNAL,
        )
        .map_err(|error| Fate::of_talking(&error.into()))?;
        self.ask(ask, most_body)
    }

    /// Asks and waits for the answer, whose body has at most so many bytes.
    pub(crate) fn ask(&mut self, ask: &Ask, most_body: usize) -> Result<(Answer, Vec<u8>), Fate> {
        let begin = Instant::now();
        let until = begin + JOB_TIME;
        let mut line = Deadline {
            line: &self.line,
            until,
        };
        send(&mut line, ask, &[]).map_err(|error| Fate::of_talking(&error))?;
        let heard = self.heard(until, most_body);
        self.job = begin.elapsed();
        self.spent += self.job;
        self.jobs += 1;
        heard
    }

    /// Waits for the next part of the answer, rows of a picture. What its asker does in between is not the reader's time.
    pub(crate) fn more(&mut self, rows: &mut Vec<u8>) -> Result<Answer, Fate> {
        let begin = Instant::now();
        let mut line = Deadline {
            line: &self.line,
            until: begin + JOB_TIME.saturating_sub(self.job),
        };
        let heard = receive_into(&mut line, MAX_ANSWER_BYTES, STRIP_BYTES, rows);
        self.job += begin.elapsed();
        self.spent += begin.elapsed();
        heard.map_err(|error| Fate::of_talking(&error))
    }

    /// Whether it did so much that the next job is another's.
    pub(crate) fn is_worn(&self, most_jobs: u32, most_time: Duration) -> bool {
        self.jobs >= most_jobs || self.spent >= most_time
    }

    fn heard(&self, until: Instant, most_body: usize) -> Result<(Answer, Vec<u8>), Fate> {
        let mut line = Deadline {
            line: &self.line,
            until,
        };
        receive(&mut line, MAX_ANSWER_BYTES, most_body).map_err(|error| Fate::of_talking(&error))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail only for a process that is gone and was waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn no_reader(error: io::Error) -> Fate {
    Fate::NoReader(format!("it cannot be started: {error}"))
}

fn tell_once_of_landlock() {
    static TOLD: Once = Once::new();
    TOLD.call_once(|| {
        tracing::warn!(
            "this kernel has no landlock; files are read behind the list of system calls alone"
        );
    });
}

/// A line on which each read and write ends at a time.
struct Deadline<'a> {
    line: &'a UnixStream,
    until: Instant,
}

impl Deadline<'_> {
    fn left(&self) -> io::Result<Option<Duration>> {
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        Ok(Some(left))
    }
}

impl Read for Deadline<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.line.set_read_timeout(self.left()?)?;
        self.line.read(into)
    }
}

impl Write for Deadline<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.line.set_write_timeout(self.left()?)?;
        self.line.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
