//! A file of records, each with its length and checksum, and an end mark: what a take consists of.
//!
//! Owns the form and nothing of its meaning. Opening walks the lengths only; a record's checksum is proven when it is
//! read, so that records are read in any order and no file lies in memory. The position goes into the checksum: records
//! that changed places are noticed.

use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Mutex;

use crate::sync::held;

/// Begins every such file; the last character is the version of the form.
const MAGIC: &[u8; 8] = b"HIBIKIT1";
/// Length and checksum in front of a record.
const HEAD_BYTES: usize = 4 + 32;
/// Largest record: a picture of 8,192 x 8,192 in colour without compression.
const MAX_RECORD_BYTES: u32 = 210 << 20;
/// Most records: a clip's frames and its head.
const MAX_RECORDS: usize = wire::clip::MAX_CLIP_FRAMES as usize + 1;

/// Why a file of records cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordFault {
    /// The system could not read it.
    #[error("it cannot be read: {0}")]
    Read(#[from] io::Error),
    /// It is not what was written.
    #[error("it is damaged: {0}")]
    Damaged(&'static str),
}

/// Writes records one after the other.
pub struct RecordWriter<W: Write> {
    out: W,
    count: u32,
    bytes: u64,
}

impl<W: Write> RecordWriter<W> {
    /// Begins a file.
    ///
    /// # Errors
    /// The system's.
    pub fn begin(mut out: W) -> io::Result<Self> {
        out.write_all(MAGIC)?;
        Ok(Self {
            out,
            count: 0,
            bytes: MAGIC.len() as u64,
        })
    }

    /// Adds a record of at least one byte.
    ///
    /// # Errors
    /// The system's, or `InvalidInput` for a record that is too large or empty.
    pub fn add(&mut self, payload: &[u8]) -> io::Result<()> {
        let length = u32::try_from(payload.len())
            .ok()
            .filter(|length| (1..=MAX_RECORD_BYTES).contains(length))
            .ok_or(io::ErrorKind::InvalidInput)?;
        self.put(length, payload)?;
        self.count += 1;
        Ok(())
    }

    /// Ends the file; gives the writer back, and the file's length in bytes.
    ///
    /// # Errors
    /// The system's.
    pub fn end(mut self) -> io::Result<(W, u64)> {
        self.put(0, &[])?;
        self.out.flush()?;
        Ok((self.out, self.bytes))
    }

    fn put(&mut self, length: u32, payload: &[u8]) -> io::Result<()> {
        self.out.write_all(&length.to_be_bytes())?;
        self.out.write_all(&checksum(self.count, payload))?;
        self.out.write_all(payload)?;
        self.bytes += (HEAD_BYTES + payload.len()) as u64;
        Ok(())
    }
}

fn checksum(position: u32, payload: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(position.to_be_bytes());
    hash.update(payload);
    hash.finalize().into()
}

/// Reads records in any order, also from several threads.
pub struct RecordReader {
    file: Mutex<File>,
    /// Where each record's head begins, and its length.
    places: Vec<(u64, u32)>,
}

impl RecordReader {
    /// Opens a file and finds its records.
    ///
    /// # Errors
    /// `RecordFault`.
    pub fn open(path: &Path) -> Result<Self, RecordFault> {
        let mut file = File::open(path)?;
        let total = file.metadata()?.len();
        let mut reader = BufReader::new(&mut file);
        let mut magic = [0; MAGIC.len()];
        read(&mut reader, &mut magic)?;
        if &magic != MAGIC {
            return Err(RecordFault::Damaged("it does not begin as it should"));
        }
        let (mut places, mut at) = (Vec::new(), MAGIC.len() as u64);
        loop {
            let (length, sum) = head(&mut reader)?;
            let next = at + HEAD_BYTES as u64 + u64::from(length);
            if next > total || length > MAX_RECORD_BYTES || places.len() > MAX_RECORDS {
                return Err(RecordFault::Damaged("a record reaches beyond the end"));
            }
            if length == 0 {
                let count = u32::try_from(places.len()).unwrap_or(u32::MAX);
                if next != total || sum != checksum(count, &[]) {
                    return Err(RecordFault::Damaged("it does not end as it should"));
                }
                break;
            }
            reader.seek_relative(i64::from(length))?;
            places.push((at, length));
            at = next;
        }
        drop(reader);
        Ok(Self {
            file: Mutex::new(file),
            places,
        })
    }

    /// How many records there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.places.len()
    }

    /// Reads a record and proves its checksum.
    ///
    /// # Errors
    /// `RecordFault`.
    pub fn record(&self, position: usize) -> Result<Vec<u8>, RecordFault> {
        let missing = RecordFault::Damaged("a record is missing");
        let (at, length) = *self.places.get(position).ok_or(missing)?;
        let mut payload = vec![0; length as usize];
        let sum = {
            let mut file = held(&self.file);
            file.seek(SeekFrom::Start(at))?;
            let (_, sum) = head(&mut *file)?;
            read(&mut *file, &mut payload)?;
            sum
        };
        let position = u32::try_from(position).unwrap_or(u32::MAX);
        if sum == checksum(position, &payload) {
            Ok(payload)
        } else {
            Err(RecordFault::Damaged("a checksum is wrong"))
        }
    }
}

fn head(from: &mut impl Read) -> Result<(u32, [u8; 32]), RecordFault> {
    let (mut length, mut sum) = ([0; 4], [0; 32]);
    read(from, &mut length)?;
    read(from, &mut sum)?;
    Ok((u32::from_be_bytes(length), sum))
}

fn read(from: &mut impl Read, into: &mut [u8]) -> Result<(), RecordFault> {
    from.read_exact(into).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => RecordFault::Damaged("it ends too early"),
        _ => RecordFault::Read(error),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(records: &[&[u8]]) -> Vec<u8> {
        let mut writer = RecordWriter::begin(Vec::new()).unwrap();
        for record in records {
            writer.add(record).unwrap();
        }
        let (bytes, length) = writer.end().unwrap();
        assert_eq!(bytes.len() as u64, length);
        bytes
    }

    fn opened(bytes: &[u8]) -> Result<Vec<Vec<u8>>, RecordFault> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.take");
        std::fs::write(&path, bytes).unwrap();
        let reader = RecordReader::open(&path)?;
        (0..reader.count()).map(|n| reader.record(n)).collect()
    }

    #[test]
    fn records_come_back_as_they_were_written() {
        let records: [&[u8]; 3] = [b"head", &[7; 70_000], b"x"];
        assert_eq!(opened(&written(&records)).unwrap(), records);
        assert!(opened(&written(&[])).unwrap().is_empty());
    }

    #[test]
    fn a_file_cut_anywhere_is_damaged() {
        let bytes = written(&[b"head", b"one", b"two"]);
        for length in 0..bytes.len() {
            assert!(opened(&bytes[..length]).is_err(), "cut to {length}");
        }
    }

    #[test]
    fn a_changed_byte_anywhere_is_noticed() {
        let bytes = written(&[b"head", b"one", b"two"]);
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert!(opened(&changed).is_err(), "byte {at}");
        }
    }

    #[test]
    fn records_that_changed_places_are_noticed() {
        let bytes = written(&[b"one", b"two"]);
        let one = MAGIC.len()..MAGIC.len() + HEAD_BYTES + 3;
        let two = one.end..one.end + HEAD_BYTES + 3;
        let swapped = [
            &bytes[..one.start],
            &bytes[two.clone()],
            &bytes[one.clone()],
            &bytes[two.end..],
        ]
        .concat();
        assert!(opened(&swapped).is_err());
    }
}
