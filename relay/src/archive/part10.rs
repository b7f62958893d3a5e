//! The head of a stored object's file (`dimse::file_head`) with a proof, and reading it back.
//!
//! The proof is Private Information of ours (PS3.10 Table 7.1-1): how long the data set is and its digest, by which a file proves after a
//! power cut that it is whole. Reading is for files that this module wrote.

use dimse::{Facts, MAGIC, PREAMBLE_BYTES, file_head};
use wire::original::Digest;

/// Digest and length.
const PROOF_BYTES: usize = 32 + 8;

/// What a file says of its data set to prove that it is whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Proof {
    /// SHA-256 of the data set.
    pub(super) digest: Digest,
    /// Bytes of the data set.
    pub(super) bytes: u64,
}

/// What a head says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// Of the object.
    pub(super) facts: Facts,
    /// None while it arrives, and in files of before there was one.
    pub(super) proof: Option<Proof>,
    /// Where the data set begins.
    pub(super) data_set_at: u64,
}

/// The head for an object; as long with a proof as without.
pub(super) fn head(facts: &Facts, proof: Option<Proof>) -> Vec<u8> {
    let (digest, bytes) = proof.map_or(([0; 32], 0), |proof| (proof.digest.bytes(), proof.bytes));
    let mut private = digest.to_vec();
    private.extend_from_slice(&bytes.to_le_bytes());
    file_head(facts, Some(&private))
}

/// What a head says. `None` for what this module did not write.
pub(super) fn read(bytes: &[u8]) -> Option<Head> {
    let rest = bytes.get(PREAMBLE_BYTES..)?.strip_prefix(MAGIC)?;
    let (length_element, rest) = rest.split_at_checked(12)?;
    let length = u32::from_le_bytes(length_element.get(8..)?.try_into().ok()?) as usize;
    let mut group = rest.get(14..length)?;
    let [mut class, mut instance, mut syntax, mut sender] = [const { String::new() }; 4];
    let mut proof = None;
    while let Some((&[_, _, e0, e1, v0, v1, l0, l1], after)) = group.split_first_chunk::<8>() {
        let element = u16::from_le_bytes([e0, e1]);
        if [v0, v1] == *b"OB" {
            let (length, after) = after.split_first_chunk::<4>()?;
            let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
            let (value, after) = after.split_at_checked(length)?;
            if element == 0x0102 {
                proof = proof_of(value);
            }
            group = after;
            continue;
        }
        let (value, after) = after.split_at_checked(u16::from_le_bytes([l0, l1]).into())?;
        let text = std::str::from_utf8(value).ok()?.trim_matches(['\0', ' ']);
        match element {
            0x0002 => text.clone_into(&mut class),
            0x0003 => text.clone_into(&mut instance),
            0x0010 => text.clone_into(&mut syntax),
            0x0016 => text.clone_into(&mut sender),
            _ => {}
        }
        group = after;
    }
    let data_set_at = (PREAMBLE_BYTES + MAGIC.len() + 12 + length) as u64;
    let facts = Facts {
        class,
        instance,
        syntax,
        sender,
    };
    Some(Head {
        facts,
        proof,
        data_set_at,
    })
}

/// All zero while the object arrives.
fn proof_of(value: &[u8]) -> Option<Proof> {
    let value: &[u8; PROOF_BYTES] = value.try_into().ok()?;
    let (digest, bytes) = value.split_first_chunk::<32>()?;
    let bytes = u64::from_le_bytes(bytes.try_into().ok()?);
    (bytes > 0).then(|| Proof {
        digest: Digest::from_bytes(*digest),
        bytes,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_a_cut_head_is_none() {
        let facts = Facts {
            class: "1.2.840.10008.5.1.4.1.1.3.1".to_owned(),
            instance: "9".repeat(64),
            syntax: "1.2.840.10008.1.2.1".to_owned(),
            sender: "SIXTEEN LETTERS.".to_owned(),
        };
        let proof = Proof {
            digest: Digest::from_bytes([7; 32]),
            bytes: 9,
        };
        let arriving = head(&facts, None);
        for proof in [None, Some(proof)] {
            let head = head(&facts, proof);
            assert_eq!(head.len(), arriving.len());
            let read_again = read(&head).unwrap();
            assert_eq!(read_again.data_set_at, head.len() as u64);
            assert_eq!((read_again.facts, read_again.proof), (facts.clone(), proof));
            for cut in 0..head.len() {
                assert_eq!(read(&head[..cut]), None);
            }
        }
    }
}
