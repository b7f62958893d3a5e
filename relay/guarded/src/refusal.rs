//! Why a file was not read, for those who know `ClipError` only.
//!
//! Owns the words for what becomes of a reader, and how a reader's own words are taken: cut to a length and to plain
//! signs, because a reader that a file took over may say anything.

use crate::protocol::Said;
use echo_dicom::ClipError;
use std::io;
use thiserror::Error;

/// Signs of a reader's words that are kept; its own are shorter.
const MAX_WORDS: usize = 300;
/// The step when no reader can be had.
const NO_READER: &str = "no-reader";
/// The step when a reader took too long.
const LATE: &str = "reader-late";
/// The step when a reader was not given the bytes.
const READ_FILE: &str = "read-file";

/// What became of a reader.
#[derive(Debug, Error)]
pub(crate) enum Fate {
    /// It took longer than a job may.
    #[error("reading it takes longer than a file is given")]
    Late,
    /// It ended; the kernel ended it when it asked for too much memory or for what it may not.
    #[error("its reader ended in the middle; it may need more memory than a file is given")]
    Ended,
    /// It gave an answer that cannot be.
    #[error("its reader gave an answer that cannot be: {0}")]
    Nonsense(&'static str),
    /// None could be started or confined.
    #[error("no file can be read here, because no confined reader can be had: {0}")]
    NoReader(String),
    /// All are at work for too long.
    #[error("too many files are being read at this moment")]
    Busy,
}

impl Fate {
    pub(crate) fn of_talking(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => Self::Late,
            io::ErrorKind::InvalidData => Self::Nonsense("it is no message"),
            _ => Self::Ended,
        }
    }
}

impl From<Fate> for ClipError {
    fn from(fate: Fate) -> Self {
        const DAMAGED: &str =
            "it is damaged or made to do harm: export it again, or choose another file";
        let (step, help) = match fate {
            Fate::Late => (LATE, DAMAGED),
            Fate::Ended => ("reader-ended", DAMAGED),
            Fate::Nonsense(_) => ("reader-nonsense", DAMAGED),
            Fate::NoReader(_) => (
                NO_READER,
                "run it on Linux with seccomp, as a user that may start processes; then try again",
            ),
            Fate::Busy => (NO_READER, "try again"),
        };
        Self::Refused {
            step,
            words: fate.to_string(),
            help,
        }
    }
}

/// Whether a file was not read for a reason that has nothing to do with it: it may be read another time.
#[must_use]
pub fn is_no_reader(error: &ClipError) -> bool {
    error.step() == NO_READER
}

/// Whether a file was not read for a reason that may not be its own: no reader could be had, it took too long on a machine that is busy, or
/// the disk did not give its bytes. One that ends early is what it is.
#[must_use]
pub fn may_pass(error: &ClipError) -> bool {
    match error {
        ClipError::ReadFile(error) => error.kind() != io::ErrorKind::UnexpectedEof,
        other => [NO_READER, LATE, READ_FILE].contains(&other.step()),
    }
}

/// What a reader says of an error.
pub(crate) fn said(error: &ClipError) -> Said {
    match error {
        ClipError::ReadFile(error) if error.kind() == io::ErrorKind::UnexpectedEof => Said::Early,
        ClipError::NoSuchFrame { index, frames } => Said::NoSuchFrame {
            index: *index,
            frames: *frames,
        },
        other => Said::Step {
            step: other.step().to_owned(),
            words: other.to_string(),
        },
    }
}

/// What it said, as an error here.
pub(crate) fn heard(said: Said) -> ClipError {
    match said {
        Said::Early => io::Error::from(io::ErrorKind::UnexpectedEof).into(),
        Said::NoSuchFrame { index, frames } => ClipError::NoSuchFrame { index, frames },
        Said::Step { step, words } => {
            let plain = |sign: char| {
                if sign.is_ascii_graphic() || sign == ' ' {
                    sign
                } else {
                    '?'
                }
            };
            let words = words.chars().take(MAX_WORDS).map(plain).collect();
            ClipError::retold(&step, words)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_comes_over_with_its_step_its_words_and_what_to_do() {
        let error = ClipError::Preamble("it is empty");
        let heard = heard(said(&error));
        assert_eq!(heard.step(), error.step());
        assert_eq!(heard.to_string(), error.to_string());
        assert_eq!(heard.what_to_do(), error.what_to_do());
    }

    #[test]
    fn what_may_pass_is_told_from_what_is_the_files() {
        let disk = |kind| ClipError::from(io::Error::from(kind));
        let child_could_not_read = ClipError::retold(READ_FILE, "EIO".to_owned());
        let passing = [
            Fate::Busy.into(),
            Fate::NoReader(String::new()).into(),
            Fate::Late.into(),
            disk(io::ErrorKind::NotFound),
            disk(io::ErrorKind::Other),
            child_could_not_read,
        ];
        for error in &passing {
            assert!(may_pass(error), "{error}");
        }
        let its_own = [
            Fate::Ended.into(),
            Fate::Nonsense("").into(),
            ClipError::Preamble("it is empty"),
            disk(io::ErrorKind::UnexpectedEof),
        ];
        for error in &its_own {
            assert!(!may_pass(error), "{error}");
        }
    }

    #[test]
    fn words_of_a_reader_that_was_taken_over_are_cut_and_plain() {
        let heard = heard(Said::Step {
            step: "../\u{1b}[2J".to_owned(),
            words: format!("\u{1b}]0;\n山{}", "x".repeat(5_000)),
        });
        assert_eq!(heard.step(), "decode");
        let words = heard.to_string();
        assert!(words.len() <= MAX_WORDS && words.is_ascii() && !words.contains('\n'));
    }
}
