//! An unsent clip on its way out: what is said of it, and its bytes from any offset.
//!
//! Owns reading only. Whoever carries it (a data channel, HTTPS) asks for a window of bytes at a time, so that no clip
//! lies in memory.

use super::recover::read_sidecar;
use super::store::Spool;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use wire::clip::ClipHead;
use wire::{ClipId, RtpTime};

/// One unsent clip.
#[derive(Debug)]
pub struct Outgoing {
    /// What is said of it.
    pub head: ClipHead,
    /// RTP time of each frame; none for an imported clip.
    pub times: Vec<RtpTime>,
    file: File,
}

impl Outgoing {
    /// Opens it.
    ///
    /// # Errors
    /// `NotFound` when it is not (or no longer) unsent; `InvalidData` when its files are not what was written.
    pub fn open(spool: &Spool, clip: ClipId) -> io::Result<Self> {
        let file = File::open(spool.layout.object(clip))?;
        let sidecar = read_sidecar(&spool.layout.sidecar(clip), clip)
            .filter(|sidecar| {
                file.metadata()
                    .is_ok_and(|it| it.len() == sidecar.head.bytes)
            })
            .ok_or(io::ErrorKind::InvalidData)?;
        Ok(Self {
            head: sidecar.head,
            times: sidecar.times,
            file,
        })
    }

    /// At most `most` bytes from `offset` on; fewer at the end, none beyond it.
    ///
    /// # Errors
    /// The system's; `UnexpectedEof` when the file became shorter.
    pub fn window(&mut self, offset: u64, most: usize) -> io::Result<Vec<u8>> {
        let left = self.head.bytes.saturating_sub(offset);
        let length = usize::try_from(left).unwrap_or(usize::MAX).min(most);
        let mut bytes = vec![0; length];
        self.file.seek(SeekFrom::Start(offset))?;
        self.file.read_exact(&mut bytes)?;
        Ok(bytes)
    }
}
