//! The head of a DICOM file at hand that a handheld wrote, and the head that its object is given out with.
//!
//! Owns reading as much of a file as its head is, asking its data set for what the head does not say, and whether that head may leave as it
//! is. A head with something in its preamble, a missing or wrong group length, or values in implicit VR is read (as `echo-dicom`
//! does) and not given out: the object leaves behind one of ours. Everything here blocks.

use super::foreign::{Found, find_data_set, is_uid};
use dimse::{Facts, file_head};
use echo_dicom::{ClipError, Identity};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;
use thiserror::Error;

/// Read at once: more than nearly any head is.
const READ_BYTES: u64 = 64 << 10;

/// Held of each of two files that are compared.
const COMPARED_BYTES: usize = 256 << 10;

/// Nothing can be done with a file.
#[derive(Debug, Error)]
pub enum HeadFault {
    /// The disk: another time it may be read.
    #[error("read its file: {0}")]
    Disk(#[source] io::Error),
    /// It is no file of an object.
    #[error("its file has no head that says what it is: {0}")]
    Not(&'static str),
}

/// What a file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileHead {
    /// Of its object.
    pub facts: Facts,
    /// Where the data set begins.
    pub data_set_at: u64,
    /// The head as it stands there, when anybody may have it; none when the object leaves behind one of ours.
    regular: Option<Vec<u8>>,
}

impl FileHead {
    /// Reads it; `sender` stands in the facts.
    ///
    /// # Errors
    /// `HeadFault`.
    pub fn read(path: &Path, sender: &str) -> Result<Self, HeadFault> {
        let mut file = File::open(path).map_err(HeadFault::Disk)?;
        let mut bytes = Vec::new();
        let (said, data_set_at) = loop {
            let before = bytes.len();
            let more = (&mut file).take(READ_BYTES).read_to_end(&mut bytes);
            more.map_err(HeadFault::Disk)?;
            match find_data_set(&bytes) {
                Found::At(said, at) => break (said, at),
                Found::Not(why) => return Err(HeadFault::Not(why)),
                Found::More if bytes.len() == before => {
                    return Err(HeadFault::Not("it ends within its head"));
                }
                Found::More => {}
            }
        };
        bytes.truncate(data_set_at);
        let at = data_set_at as u64;
        if !is_uid(&said.syntax) {
            return Err(HeadFault::Not("the transfer syntax is missing"));
        }
        let (mut class, mut instance) = (said.class, said.instance);
        if !is_uid(&class) || !is_uid(&instance) {
            let found = Identity::read(path, &said.syntax, at).map_err(|fault| match fault {
                ClipError::ReadFile(error) => HeadFault::Disk(error),
                _ => HeadFault::Not("its data set cannot be walked"),
            })?;
            let unnamed = HeadFault::Not("neither head nor data set say class and instance");
            (class, instance) = found.class.zip(found.instance).ok_or(unnamed)?;
        }
        Ok(Self {
            facts: Facts {
                class,
                instance,
                syntax: said.syntax,
                // As long as an AE title is (PS3.5 section 6.2).
                sender: sender.chars().take(16).collect(),
            },
            data_set_at: at,
            regular: said.is_regular.then_some(bytes),
        })
    }

    /// Whether the file may be given out as it lies there.
    #[must_use]
    pub const fn is_regular(&self) -> bool {
        self.regular.is_some()
    }

    /// What the data set is given out behind.
    #[must_use]
    pub fn given_out(&self) -> Vec<u8> {
        let ours = || file_head(&self.facts, None);
        self.regular.clone().unwrap_or_else(ours)
    }
}

/// Whether two files hold the same data set, whatever stands before it: that makes them one object (decision 0030).
///
/// # Errors
/// The disk's. Files without a head that says what they are hold none.
pub fn are_one_object(one: &Path, other: &Path) -> io::Result<bool> {
    let begin = |path: &Path| match FileHead::read(path, "") {
        Ok(head) => {
            let mut file = File::open(path)?;
            let whole = file.metadata()?.len();
            file.seek(SeekFrom::Start(head.data_set_at))?;
            let length = whole.saturating_sub(head.data_set_at);
            Ok(Some((
                BufReader::with_capacity(COMPARED_BYTES, file),
                length,
            )))
        }
        Err(HeadFault::Disk(error)) => Err(error),
        Err(HeadFault::Not(_)) => Ok(None),
    };
    let (Some((mut one, length)), Some((mut other, also))) = (begin(one)?, begin(other)?) else {
        return Ok(false);
    };
    if length != also {
        return Ok(false);
    }
    loop {
        let (here, there) = (one.fill_buf()?, other.fill_buf()?);
        let both = here.len().min(there.len());
        if both == 0 {
            return Ok(here.len() == there.len());
        }
        if here.get(..both) != there.get(..both) {
            return Ok(false);
        }
        one.consume(both);
        other.consume(both);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A phantom, its bytes, and where its data set begins.
    fn phantom() -> (Vec<u8>, usize) {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../sample-dicom/plax_small.dcm"
        );
        let bytes = std::fs::read(path).unwrap();
        let Found::At(_, at) = find_data_set(&bytes) else {
            panic!("no head")
        };
        (bytes, at)
    }

    fn reads(bytes: &[u8]) -> Result<FileHead, HeadFault> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file.dcm");
        std::fs::write(&path, bytes).unwrap();
        FileHead::read(&path, "PROBE")
    }

    /// An element of group 0002 in explicit VR.
    fn element(number: u16, vr: &[u8; 2], value: &[u8]) -> Vec<u8> {
        let length = u16::try_from(value.len()).unwrap().to_le_bytes();
        [&[2, 0], &number.to_le_bytes()[..], vr, &length, value].concat()
    }

    #[test]
    fn unusual_heads_are_read_and_leave_as_heads_of_ours() {
        let (plain, at) = phantom();
        let usual = reads(&plain).unwrap();
        assert!(usual.is_regular());
        assert_eq!(usual.given_out(), plain[..at]);
        let without_length = [&plain[..132], &plain[144..]].concat();
        let mut wrong_length = plain.clone();
        wrong_length[140] ^= 0x40;
        let mut ridden = plain.clone();
        ridden[..4].copy_from_slice(b"MZ\x90\0");
        // Class and instance stand in the data set alone.
        let syntax = element(0x10, b"UI", usual.facts.syntax.as_bytes());
        let nameless = [&plain[..132], &syntax, &plain[at..]].concat();
        for (what, bytes) in [
            ("without a group length", without_length),
            ("with a wrong one", wrong_length),
            ("with something in its preamble", ridden),
            ("without class and instance", nameless),
        ] {
            let head = reads(&bytes).unwrap_or_else(|fault| panic!("{what}: {fault}"));
            let begins = usize::try_from(head.data_set_at).unwrap();
            assert!(bytes[begins..] == plain[at..], "{what}");
            assert_eq!(head.facts, usual.facts, "{what}");
            assert!(!head.is_regular(), "{what}");
            let again = [head.given_out(), plain[at..].to_vec()].concat();
            assert!(reads(&again).unwrap().is_regular(), "{what}");
        }
    }

    #[test]
    fn a_long_head_is_a_head() {
        let (plain, at) = phantom();
        let private = vec![7; 200_000];
        let mut long = plain[144..at].to_vec();
        long.extend_from_slice(&[2, 0, 0x02, 0x01, b'O', b'B', 0, 0]);
        long.extend_from_slice(&u32::try_from(private.len()).unwrap().to_le_bytes());
        long.extend_from_slice(&private);
        let length = u32::try_from(long.len()).unwrap().to_le_bytes();
        let length = element(0, b"UL", &length);
        let whole = [&plain[..132], &length, &long, &plain[at..]].concat();
        let head = reads(&whole).unwrap();
        assert!(head.is_regular());
        assert_eq!(head.data_set_at, 144 + long.len() as u64);
    }

    #[test]
    fn an_object_is_its_data_set_and_no_byte_of_its_head() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            path
        };
        let (plain, _) = phantom();
        let one = write("one", &plain);
        let bare = write("bare", &[&plain[..132], &plain[144..]].concat());
        assert!(are_one_object(&one, &bare).unwrap());
        let mut altered = plain.clone();
        *altered.last_mut().unwrap() ^= 1;
        for other in [altered, plain[..plain.len() - 2].to_vec(), b"x".to_vec()] {
            let other = write("other", &other);
            assert!(!are_one_object(&one, &other).unwrap());
        }
        assert!(are_one_object(&one, &folder.path().join("none")).is_err());
    }

    #[test]
    fn what_is_no_file_of_an_object_is_told_from_a_disk_that_fails() {
        let (plain, _) = phantom();
        for bytes in [b"a letter".to_vec(), plain[..200].to_vec(), Vec::new()] {
            assert!(matches!(reads(&bytes), Err(HeadFault::Not(_))));
        }
        let nowhere = FileHead::read(Path::new("/nowhere/at/all"), "PROBE");
        assert!(matches!(nowhere, Err(HeadFault::Disk(_))));
    }
}
