//! The bytes of a clip: held in memory or read from the file where they lie.
//!
//! Owns positioned reads and nothing about their meaning. A clip of hundreds of megabytes stays on disk:
//! only its header and the frame that is asked for are read. The invariant: every read is checked against the
//! length seen at opening, and a file that shrinks afterwards gives an error, never a panic.

use std::fs::File;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::ClipError;
use crate::limits::MAX_FILE_BYTES;

/// A stretch of bytes: start and length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Span {
    pub(crate) at: u64,
    pub(crate) len: u32,
}

impl Span {
    pub(crate) fn end(self) -> u64 {
        self.at.saturating_add(u64::from(self.len))
    }
}

/// Where the bytes are.
#[derive(Debug)]
pub(crate) enum Source {
    Memory(Vec<u8>),
    File {
        file: File,
        /// When it is whole.
        len: u64,
        /// As much of it as was there at opening, from the start; the same as `len` unless it still arrives.
        here: u64,
    },
}

impl Source {
    /// Opens a regular file. Devices and pipes are refused: opening one may block for ever.
    pub(crate) fn open(path: &Path) -> Result<Self, ClipError> {
        if !std::fs::metadata(path)?.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file").into());
        }
        let file = File::open(path)?;
        let len = file.metadata()?.len();
        check_size(len)?;
        Ok(Self::File {
            file,
            len,
            here: len,
        })
    }

    /// Opens a regular file that is still being written from its start and will have `len` bytes.
    pub(crate) fn open_arriving(path: &Path, len: u64) -> Result<Self, ClipError> {
        check_size(len)?;
        match Self::open(path)? {
            Self::File { file, here, .. } => Ok(Self::File {
                file,
                len,
                here: here.min(len),
            }),
            memory @ Self::Memory(_) => Ok(memory),
        }
    }

    /// A regular file that somebody else opened and looked at: it will have `len` bytes, and `here` of them can be read.
    pub(crate) fn from_file(file: File, len: u64, here: u64) -> Result<Self, ClipError> {
        check_size(len)?;
        let here = here.min(len);
        Ok(Self::File { file, len, here })
    }

    pub(crate) fn from_bytes(bytes: Vec<u8>) -> Result<Self, ClipError> {
        check_size(bytes.len() as u64)?;
        Ok(Self::Memory(bytes))
    }

    pub(crate) fn len(&self) -> u64 {
        match self {
            Self::Memory(bytes) => bytes.len() as u64,
            Self::File { len, .. } => *len,
        }
    }

    /// Bytes that can be read, from the start.
    pub(crate) fn here(&self) -> u64 {
        match self {
            Self::Memory(bytes) => bytes.len() as u64,
            Self::File { here, .. } => *here,
        }
    }

    pub(crate) fn has(&self, span: Span) -> bool {
        span.end() <= self.here()
    }

    /// Fills `buf` from `at`.
    pub(crate) fn read_at(&self, at: u64, buf: &mut [u8]) -> io::Result<()> {
        match self {
            Self::Memory(bytes) => {
                let held = usize::try_from(at)
                    .ok()
                    .and_then(|start| bytes.get(start..start.checked_add(buf.len())?))
                    .ok_or(io::ErrorKind::UnexpectedEof)?;
                buf.copy_from_slice(held);
                Ok(())
            }
            Self::File { file, .. } => read_file_at(file, at, buf),
        }
    }

    /// The bytes of `span`; the allocation is bounded by bytes that exist.
    pub(crate) fn read(&self, span: Span) -> io::Result<Vec<u8>> {
        if !self.has(span) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut bytes = vec![0; span.len as usize];
        self.read_at(span.at, &mut bytes)?;
        Ok(bytes)
    }
}

fn check_size(len: u64) -> Result<(), ClipError> {
    if len > MAX_FILE_BYTES {
        let message = format!("{len} bytes, the limit is {MAX_FILE_BYTES}");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, message).into());
    }
    Ok(())
}

#[cfg(unix)]
fn read_file_at(file: &File, at: u64, buf: &mut [u8]) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, buf, at)
}

#[cfg(windows)]
fn read_file_at(file: &File, mut at: u64, mut buf: &mut [u8]) -> io::Result<()> {
    while !buf.is_empty() {
        match std::os::windows::fs::FileExt::seek_read(file, buf, at)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => {
                at += read as u64;
                buf = buf.get_mut(read..).unwrap_or_default();
            }
        }
    }
    Ok(())
}

/// Small reads at rising positions, served from one buffered piece of the source at a time.
#[derive(Debug)]
pub(crate) struct Window<'a> {
    source: &'a Source,
    start: u64,
    held: Vec<u8>,
}

/// Covers most of a header in one or two disk reads and wastes little when the walk skips fragments.
const WINDOW_BYTES: u64 = 4 << 10;

impl<'a> Window<'a> {
    pub(crate) fn new(source: &'a Source) -> Self {
        Self {
            source,
            start: 0,
            held: Vec::new(),
        }
    }

    /// The `N` bytes at `at`; `None` when the source ends before them, and an early end of the file when they have
    /// not arrived yet.
    pub(crate) fn bytes<const N: usize>(&mut self, at: u64) -> io::Result<Option<[u8; N]>> {
        if at
            .checked_add(N as u64)
            .is_none_or(|end| end > self.source.len())
        {
            return Ok(None);
        }
        if let Some(bytes) = self.held_bytes(at) {
            return Ok(Some(bytes));
        }
        if at + N as u64 > self.source.here() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let len = WINDOW_BYTES.min(self.source.here() - at);
        self.held.resize(len as usize, 0);
        self.start = at;
        if let Err(error) = self.source.read_at(at, &mut self.held) {
            self.held.clear();
            return Err(error);
        }
        Ok(self.held_bytes(at))
    }

    fn held_bytes<const N: usize>(&self, at: u64) -> Option<[u8; N]> {
        let from = usize::try_from(at.checked_sub(self.start)?).ok()?;
        self.held.get(from..from.checked_add(N)?)?.try_into().ok()
    }
}
