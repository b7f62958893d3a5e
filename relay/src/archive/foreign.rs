//! The head of a DICOM file that somebody else wrote (PS3.10 section 7.1), while it arrives.
//!
//! Sans-IO. Owns finding where the data set begins and what the file says that it is. Lenient as other readers are: any preamble, a
//! group length that is wrong or missing, values in implicit VR. Nothing of it is kept but the three UIDs, and the data set is looked at
//! before they are believed. `file_head` uses it on files at hand.

use dimse::Facts;

const PREAMBLE_BYTES: usize = 128;
const MAGIC: &[u8] = b"DICM";
/// More than any real head; private information may add some.
const MAX_FOREIGN_HEAD_BYTES: usize = 1 << 20;

/// What the first bytes of a file are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ForeignHead {
    /// Too few to say.
    More,
    /// A head, and where the data set begins.
    Is(Facts, usize),
    /// No DICOM file.
    Not(&'static str),
}

/// What a head says of its object; empty where it says nothing.
#[derive(Debug, Default)]
pub(super) struct Said {
    pub(super) class: String,
    pub(super) instance: String,
    pub(super) syntax: String,
    /// As the standard has it: nothing in the preamble, a group length that is right, explicit VR (PS3.10 section 7.1).
    pub(super) is_regular: bool,
}

/// Where a data set begins.
#[derive(Debug)]
pub(super) enum Found {
    /// Too few bytes to say.
    More,
    /// There, behind a head that says this.
    At(Said, usize),
    /// No DICOM file.
    Not(&'static str),
}

/// Looks at the first bytes of a file that `sender` sends.
#[must_use]
pub fn foreign_head(bytes: &[u8], sender: &str) -> ForeignHead {
    let (said, at) = match find_data_set(bytes) {
        Found::At(said, at) => (said, at),
        Found::More => return ForeignHead::More,
        Found::Not(why) => return ForeignHead::Not(why),
    };
    if ![&said.class, &said.instance, &said.syntax]
        .into_iter()
        .all(|uid| is_uid(uid))
    {
        return ForeignHead::Not("its head does not say class, instance and transfer syntax");
    }
    let facts = Facts {
        class: said.class,
        instance: said.instance,
        syntax: said.syntax,
        // As long as an AE title is (PS3.5 section 6.2).
        sender: sender.chars().take(16).collect(),
    };
    ForeignHead::Is(facts, at)
}

/// Looks for the end of the head.
pub(super) fn find_data_set(bytes: &[u8]) -> Found {
    let Some(magic) = bytes.get(PREAMBLE_BYTES..PREAMBLE_BYTES + MAGIC.len()) else {
        return Found::More;
    };
    if magic != MAGIC {
        return Found::Not("the mark DICM is missing at byte 128");
    }
    let mut said = Said {
        is_regular: bytes.iter().take(PREAMBLE_BYTES).all(|byte| *byte == 0),
        ..Said::default()
    };
    let begin = PREAMBLE_BYTES + MAGIC.len();
    let (mut at, mut ends) = (begin, None);
    loop {
        if at > MAX_FOREIGN_HEAD_BYTES {
            return Found::Not("its head is larger than any real one");
        }
        let Some(head) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) else {
            return Found::More;
        };
        if head[..2] != [2, 0] {
            break;
        }
        let Some((value_at, length)) = extent(bytes, at, *head) else {
            return Found::More;
        };
        if length > MAX_FOREIGN_HEAD_BYTES {
            return Found::Not("a length in its head lies");
        }
        let Some(value) = bytes.get(value_at..value_at + length) else {
            return Found::More;
        };
        let text = || {
            let text = String::from_utf8_lossy(value);
            text.trim_matches(['\0', ' ']).to_owned()
        };
        match u16::from_le_bytes([head[2], head[3]]) {
            0x0000 if at == begin => {
                let length = value.first_chunk().copied().map(u32::from_le_bytes);
                let length = length.and_then(|length| usize::try_from(length).ok());
                ends = length.and_then(|length| (value_at + value.len()).checked_add(length));
            }
            0x0002 => said.class = text(),
            0x0003 => said.instance = text(),
            0x0010 => said.syntax = text(),
            _ => {}
        }
        said.is_regular &= head[4..6].iter().all(u8::is_ascii_uppercase);
        at = value_at + length;
    }
    said.is_regular &= ends == Some(at) && is_uid(&said.class) && is_uid(&said.instance);
    Found::At(said, at)
}

/// Whether a head says a UID there (PS3.5 section 9.1).
pub(super) fn is_uid(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit() || b == b'.')
}

/// Where a value begins, and its length; none while the length is not here.
fn extent(bytes: &[u8], at: usize, head: [u8; 8]) -> Option<(usize, usize)> {
    let long = |bytes: [u8; 4]| usize::try_from(u32::from_le_bytes(bytes)).unwrap_or(usize::MAX);
    let [_, _, _, _, a, b, c, d] = head;
    match &[a, b] {
        b"OB" | b"OW" | b"UN" | b"UT" | b"SQ" | b"UC" | b"UR" => {
            let length = bytes.get(at + 8..)?.first_chunk::<4>()?;
            Some((at + 12, long(*length)))
        }
        vr if vr.iter().all(u8::is_ascii_uppercase) => {
            Some((at + 8, usize::from(u16::from_le_bytes([c, d]))))
        }
        _ => Some((at + 8, long([a, b, c, d]))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(preamble: u8) -> (Vec<u8>, Facts) {
        let facts = Facts {
            class: "1.2.840.10008.5.1.4.1.1.3.1".to_owned(),
            instance: "1.2.3".to_owned(),
            syntax: "1.2.840.10008.1.2.1".to_owned(),
            sender: "PACS".to_owned(),
        };
        let mut bytes = super::super::part10::head(&facts, None);
        bytes[..128].fill(preamble);
        bytes.extend_from_slice(&[8, 0, 0x16, 0, b'U', b'I', 0, 0]);
        (bytes, facts)
    }

    #[test]
    fn a_head_is_found_wherever_it_is_cut() {
        let (bytes, facts) = file(0x49);
        let data_set_at = bytes.len() - 8;
        for cut in 0..bytes.len() {
            assert_eq!(
                foreign_head(&bytes[..cut], "PACS"),
                ForeignHead::More,
                "{cut}"
            );
        }
        assert_eq!(
            foreign_head(&bytes, "PACS"),
            ForeignHead::Is(facts, data_set_at)
        );
    }

    #[test]
    fn what_is_no_file_is_said_to_be_none() {
        let (mut bytes, _) = file(0);
        bytes[128] = b'X';
        assert!(matches!(foreign_head(&bytes, "A"), ForeignHead::Not(_)));
        let (mut lies, _) = file(0);
        // The length of an element in the long form.
        lies[152..156].fill(0xFF);
        assert!(matches!(foreign_head(&lies, "A"), ForeignHead::Not(_)));
        let mut nameless = file(0).0[..132].to_vec();
        nameless.extend_from_slice(&[8, 0, 0x16, 0, b'U', b'I', 0, 0]);
        assert!(matches!(foreign_head(&nameless, "A"), ForeignHead::Not(_)));
    }
}
