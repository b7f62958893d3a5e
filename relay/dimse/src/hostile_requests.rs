//! Requests for an association that nobody means well with, from their bytes to their answer: each is answered, and none is agreed
//! on that lies about what it is.

use crate::framing::{FrameFault, Framing};
use crate::limits::MAX_CONTEXTS;
use crate::negotiation::tests::{policy, request};
use crate::negotiation::{Agreed, Refusal, answer};
use dicom_dictionary_std::uids;
use dicom_ul::pdu::{
    AssociationRJServiceUserReason as User, AssociationRJSource, AssociationRQ, Pdu,
    PresentationContextProposed, write_pdu,
};

/// Where the titles of the called and of the calling application are in an A-ASSOCIATE-RQ (PS3.8 Table 9-11).
const CALLED: std::ops::Range<usize> = 10..26;
const CALLING: std::ops::Range<usize> = 26..42;
/// Bytes of the head of a PDU.
const HEAD: usize = 6;

fn asked(change: impl FnOnce(&mut AssociationRQ)) -> Vec<u8> {
    let Pdu::AssociationRQ(mut asked) = request("VSCAN", "HIBIKI") else {
        unreachable!()
    };
    change(&mut asked);
    let mut bytes = Vec::new();
    write_pdu(&mut bytes, &Pdu::AssociationRQ(asked)).unwrap();
    bytes
}

/// What the bytes of a connection come to.
fn answered(bytes: &[u8]) -> Result<Result<Agreed, Refusal>, FrameFault> {
    let mut framing = Framing::default();
    framing.room().extend_from_slice(bytes);
    let pdu = framing.next()?.expect("it is whole");
    let Pdu::AssociationRQ(asked) = pdu else {
        panic!("{pdu:?}")
    };
    Ok(answer(
        &asked,
        "192.0.2.1".parse().unwrap(),
        &policy(),
        true,
    ))
}

fn context(id: u8, syntaxes: Vec<String>) -> PresentationContextProposed {
    PresentationContextProposed {
        id,
        abstract_syntax: uids::ULTRASOUND_MULTI_FRAME_IMAGE_STORAGE.to_owned(),
        transfer_syntaxes: syntaxes,
    }
}

fn explicit() -> Vec<String> {
    vec![uids::EXPLICIT_VR_LITTLE_ENDIAN.to_owned()]
}

/// M62.
#[test]
fn as_many_contexts_as_there_are_ids_are_agreed_on_and_no_other_number_of_any_ids() {
    let ids = |ids: Vec<u8>| {
        answered(&asked(|asked| {
            asked.presentation_contexts =
                ids.into_iter().map(|id| context(id, explicit())).collect();
        }))
        .unwrap()
    };
    let odd: Vec<u8> = (1..=255).step_by(2).collect();
    assert_eq!(odd.len(), MAX_CONTEXTS);
    assert_eq!(ids(odd.clone()).unwrap().contexts.len(), MAX_CONTEXTS);
    let one_more = [&odd[..], &[1]].concat();
    let each = (0..=255).collect();
    for wrong in [
        one_more,
        each,
        vec![0],
        vec![2],
        vec![1, 4],
        vec![7, 7],
        vec![],
    ] {
        let refused = ids(wrong.clone()).unwrap_err();
        assert!(matches!(*refused.answer, Pdu::AbortRQ { .. }), "{wrong:?}");
    }
}

/// M62.
#[test]
fn ten_thousand_transfer_syntaxes_are_looked_through_and_more_than_a_pdu_holds_is_refused() {
    let many = |contexts: u8, ours: bool| {
        asked(|asked| {
            let mut syntaxes = vec!["1.".to_owned(); 10_000];
            syntaxes.extend(ours.then(explicit).into_iter().flatten());
            asked.presentation_contexts = (0..contexts)
                .map(|number| context(number * 2 + 1, syntaxes.clone()))
                .collect();
        })
    };
    let agreed = answered(&many(2, true)).unwrap().unwrap();
    assert_eq!(agreed.contexts[&3].syntax, uids::EXPLICIT_VR_LITTLE_ENDIAN);
    let agreed = answered(&many(2, false)).unwrap().unwrap();
    assert!(agreed.contexts.is_empty());
    assert_eq!(answered(&many(3, true)), Err(FrameFault::Length));
    let none = asked(|asked| asked.presentation_contexts = vec![context(1, vec![])]);
    assert!(answered(&none).unwrap().unwrap().contexts.is_empty());
}

/// M61.
#[test]
fn titles_that_are_none_are_strangers() {
    for title in [
        [0; 16],
        [b' '; 16],
        [0xFF; 16],
        *b"../../etc/passwd",
        *b"VS\r\nCAN         ",
        *b"VSCAN\\HIBIKI    ",
        *b"VSCAN/../HIBIKI ",
    ] {
        for (place, reason) in [
            (CALLED, User::CalledAETitleNotRecognized),
            (CALLING, User::CallingAETitleNotRecognized),
        ] {
            let mut bytes = asked(|_| {});
            bytes[place].copy_from_slice(&title);
            // What cannot be read as text is no request at all.
            let Ok(answered) = answered(&bytes) else {
                assert!(!title.is_ascii());
                continue;
            };
            let Pdu::AssociationRJ(rejected) = *answered.unwrap_err().answer else {
                panic!("{title:?}")
            };
            assert_eq!(rejected.source, AssociationRJSource::ServiceUser(reason));
        }
    }
}

/// M61.
#[test]
fn a_request_that_lies_about_its_length_is_none() {
    let whole = asked(|_| {});
    for length in [0_u32, 1, 16, 67] {
        let mut bytes = whole[..HEAD + length as usize].to_vec();
        bytes[2..HEAD].copy_from_slice(&length.to_be_bytes());
        assert_eq!(answered(&bytes), Err(FrameFault::Broken), "{length}");
    }
    for length in [u32::MAX, 1 << 31, crate::limits::MAX_PDU_BYTES + 1] {
        let mut bytes = whole.clone();
        bytes[2..HEAD].copy_from_slice(&length.to_be_bytes());
        assert_eq!(answered(&bytes), Err(FrameFault::Length), "{length}");
    }
    // One item that claims more than is there, at each place where an item may begin.
    for at in 74..whole.len() - 4 {
        let mut bytes = whole.clone();
        bytes[at + 2..at + 4].copy_from_slice(&[0xFF, 0xFF]);
        if let Ok(Ok(agreed)) = answered(&bytes) {
            assert!(agreed.contexts.len() <= MAX_CONTEXTS);
        }
    }
}
