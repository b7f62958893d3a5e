//! Pixel Data as a stream (PS3.5 section A.4).
//!
//! Owns the element header, the Basic Offset Table, items and delimiter, and the limit on their sum. Fragments pass
//! through one by one; what the header says about all of them is filled in at the end, where the output can seek.

use std::io::Write;

use super::error::WriteError;
use crate::limits::MAX_FILE_BYTES;

/// Pixel Data (7FE0,0010) as OB of undefined length.
const ENCAPSULATED: [u8; 12] = [
    0xE0, 0x7F, 0x10, 0x00, b'O', b'B', 0, 0, 0xFF, 0xFF, 0xFF, 0xFF,
];
/// The same up to a length.
const PLAIN: [u8; 8] = [0xE0, 0x7F, 0x10, 0x00, b'O', b'B', 0, 0];
const ITEM: [u8; 4] = [0xFE, 0xFF, 0x00, 0xE0];
const ITEM_HEADER_BYTES: u64 = 8;
const DELIMITER: [u8; 8] = [0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0];

/// Where each fragment begins, and how much they hold. Every frame is one fragment.
#[derive(Debug, Default)]
pub(super) struct Fragments {
    offsets: Vec<u32>,
    /// Bytes of all items so far.
    next: u64,
    /// Bytes of all frames so far, without pad bytes.
    coded: u64,
}

impl Fragments {
    /// The sum of all frames, in bytes.
    pub(super) fn coded(&self) -> u64 {
        self.coded
    }

    /// Takes note of a frame of `len` bytes.
    pub(super) fn add(&mut self, len: usize) -> Result<(), WriteError> {
        let limit = MAX_FILE_BYTES;
        let offset = u32::try_from(self.next).map_err(|_| WriteError::TooLarge { limit })?;
        self.offsets.push(offset);
        self.coded += len as u64;
        self.next += ITEM_HEADER_BYTES + (len as u64).next_multiple_of(2);
        if self.next > limit {
            return Err(WriteError::TooLarge { limit });
        }
        Ok(())
    }

    /// The element header and the offset table.
    pub(super) fn write_table(&self, out: &mut impl Write) -> Result<(), WriteError> {
        write_table(out, &self.offsets)
    }
}

/// The element header and a table of this many offsets that is still to be filled in.
pub(super) fn reserve_table(out: &mut impl Write, frames: u32) -> Result<(), WriteError> {
    write_table(out, &vec![0; frames as usize])
}

fn write_table(out: &mut impl Write, offsets: &[u32]) -> Result<(), WriteError> {
    let bytes: Vec<u8> = offsets.iter().flat_map(|o| o.to_le_bytes()).collect();
    out.write_all(&ENCAPSULATED)?;
    write_item(out, &bytes)
}

/// One item, padded to even length.
pub(super) fn write_item(out: &mut impl Write, bytes: &[u8]) -> Result<(), WriteError> {
    write_pieces(out, &[bytes])
}

/// One item of several pieces, padded to even length.
pub(super) fn write_pieces(out: &mut impl Write, pieces: &[&[u8]]) -> Result<(), WriteError> {
    let limit = MAX_FILE_BYTES;
    let bytes: usize = pieces.iter().map(|piece| piece.len()).sum();
    let padded = bytes.next_multiple_of(2);
    let len = u32::try_from(padded).map_err(|_| WriteError::TooLarge { limit })?;
    out.write_all(&ITEM)?;
    out.write_all(&len.to_le_bytes())?;
    for piece in pieces {
        out.write_all(piece)?;
    }
    if padded > bytes {
        out.write_all(&[0])?;
    }
    Ok(())
}

pub(super) fn end_items(out: &mut impl Write) -> Result<(), WriteError> {
    Ok(out.write_all(&DELIMITER)?)
}

/// The header of uncompressed pixels; tells whether a pad byte must follow them.
pub(super) fn begin_plain(out: &mut impl Write, len: u64) -> Result<bool, WriteError> {
    let limit = MAX_FILE_BYTES;
    let padded = len.next_multiple_of(2);
    let (true, Ok(declared)) = (padded <= limit, u32::try_from(padded)) else {
        return Err(WriteError::TooLarge { limit });
    };
    out.write_all(&PLAIN)?;
    out.write_all(&declared.to_le_bytes())?;
    Ok(padded > len)
}

/// An output that counts.
pub(super) struct Counted<'a, W> {
    out: &'a mut W,
    bytes: u64,
}

impl<'a, W: Write> Counted<'a, W> {
    pub(super) fn new(out: &'a mut W) -> Self {
        Self { out, bytes: 0 }
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }
}

impl<W: Write> Write for Counted<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_count_item_headers_and_pad_bytes() {
        let mut fragments = Fragments::default();
        for len in [3, 4, 1] {
            fragments.add(len).unwrap();
        }
        assert_eq!(fragments.offsets, [0, 12, 24]);
        assert_eq!(fragments.coded(), 8);
    }

    #[test]
    fn more_than_our_own_reader_opens_is_not_written() {
        let mut fragments = Fragments::default();
        let frame = 200 << 20;
        for _ in 0..MAX_FILE_BYTES / (200 << 20) {
            fragments.add(frame).unwrap();
        }
        let error = fragments.add(frame).unwrap_err();
        assert_eq!(error.step(), "too-large");
        let error = begin_plain(&mut Vec::new(), MAX_FILE_BYTES + 1).unwrap_err();
        assert_eq!(error.step(), "too-large");
    }
}
