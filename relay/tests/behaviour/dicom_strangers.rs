//! Peers that may come in and do what none should: say nothing, stop half-way, lie about what follows, ask for what we do not do, and
//! ask with questions of any length. Each hears why, in time, and nobody else notices.

use crate::dicom_sender::{
    CLIP, EXPLICIT, IMPLICIT, Object, Sender, VERIFICATION, command, files, fragment, nothing_half,
    relay, request,
};
use crate::dicomweb_client;
use crate::other_systems_ask::{FIND, asker, finds, question};
use crate::support::LIMIT;
use dicom_core::{Tag, VR};
use dicom_dictionary_std::{tags, uids};
use dicom_ul::pdu::{Pdu, PresentationContextResultReason, write_pdu};
use dimse::limits::{ASSOCIATE_WITHIN, MAX_IDENTIFIER_BYTES};
use std::io::{ErrorKind, Read as _, Write as _};
use std::time::{Duration, Instant};

const IDLE: Duration = Duration::from_secs(1);
/// A machine that builds something else is late by no more.
const LATE: Duration = Duration::from_secs(5);

/// Says one byte more each time it heard nothing for a while; gives how long it was let to.
fn drips(sender: &mut Sender) -> Duration {
    let began = Instant::now();
    let each = Duration::from_millis(100);
    sender.socket.set_read_timeout(Some(each)).unwrap();
    loop {
        // Nobody may read it any more.
        let _ = sender.socket.write(&[0]);
        match sender.socket.read(&mut [0; 64]) {
            Err(fault) if matches!(fault.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            _ => return began.elapsed(),
        }
        assert!(began.elapsed() < LIMIT, "it drips for ever");
    }
}

#[tokio::test]
async fn who_says_nothing_or_half_a_word_is_sent_away_in_the_time_that_is_named() {
    let relay = relay(&["--dicom-idle-seconds", "1"]).await;
    let began = Instant::now();
    let mut silent = Sender::connect(&relay);
    let mut half = Sender::connect(&relay);
    let mut asked = Vec::new();
    write_pdu(
        &mut asked,
        &Pdu::AssociationRQ(request(&[(CLIP, EXPLICIT)])),
    )
    .unwrap();
    half.says_bytes(&asked[..asked.len() / 2]);
    // Within an association: a PDU whose rest comes byte by byte, in a message and between messages.
    for in_message in [false, true] {
        let mut slow = Sender::associated(&relay, CLIP, EXPLICIT);
        if in_message {
            slow.begins(&Object::small("1.2.3.2", "x"));
        }
        slow.says_bytes(&[0x04, 0, 0, 1, 0, 0, 0, 0, 0]);
        let let_to = drips(&mut slow);
        assert!(let_to < IDLE + LATE, "{let_to:?}");
        nothing_half(&relay).await;
    }
    // The timer of those who never asked is another, longer one (ARTIM, PS3.8 section 9.1.5).
    let mut steady = Sender::associated(&relay, CLIP, EXPLICIT);
    assert_eq!(steady.stores(&Object::small("1.2.5", "x")), 0);
    for (what, stranger) in [("nothing", &mut silent), ("half a request", &mut half)] {
        let patience = ASSOCIATE_WITHIN + LATE;
        stranger.socket.set_read_timeout(Some(patience)).unwrap();
        assert!(stranger.is_aborted(), "{what}");
        let took = began.elapsed();
        assert!(
            took > ASSOCIATE_WITHIN - IDLE && took < patience,
            "{what}: {took:?}"
        );
    }
    let mut after = Sender::associated(&relay, CLIP, EXPLICIT);
    assert_eq!(after.stores(&Object::small("1.2.6", "x")), 0);
    assert!(files(&relay, "incoming").is_empty());
}

/// What follows is not what the command says.
#[tokio::test]
async fn a_flag_that_lies_about_a_data_set_ends_its_own_association() {
    let relay = relay(&[]).await;
    let object = Object::small("1.2.3.2", "x");
    let data = |last| Pdu::PData {
        data: vec![fragment(false, last, object.data_set.clone())],
    };
    let with = |set: Vec<u8>| Pdu::PData {
        data: vec![fragment(true, true, set)],
    };
    // None follows, it says.
    let mut sender = Sender::associated(&relay, CLIP, EXPLICIT);
    sender.says(&with(command(0x0001, CLIP, None)));
    assert_eq!(sender.status(), 0x0212);
    sender.says(&data(true));
    assert!(sender.is_aborted());
    // One follows, it says, and then another command does.
    let mut sender = Sender::associated(&relay, CLIP, EXPLICIT);
    sender.begins(&object);
    sender.says(&with(command(0x0030, VERIFICATION, None)));
    assert!(sender.is_aborted());
    // A group length that is wrong, and a command that nobody knows (PS3.7 Annex E.1): the first is not believed, the second is told.
    let mut sender = Sender::associated(&relay, CLIP, EXPLICIT);
    for length in [0, 7, u32::MAX] {
        let mut set = vec![0, 0, 0, 0, 4, 0, 0, 0];
        set.extend_from_slice(&length.to_le_bytes());
        set.extend(command(0x0001, CLIP, Some(&object.instance)));
        sender.says(&with(set));
        sender.says(&data(true));
        assert_eq!(sender.status(), 0, "group length {length}");
    }
    for field in [0x0000, 0x7777, 0x0130, 0x0FFE] {
        sender.says(&with(command(field, CLIP, None)));
        assert_eq!(sender.status(), 0x0211, "{field:04X}");
    }
    sender.releases();
    nothing_half(&relay).await;
    assert_eq!(files(&relay, "objects").len(), 1);
}

/// Nothing here says that an object is safe for good in another system's stead.
#[tokio::test]
async fn storage_commitment_is_neither_agreed_on_nor_done() {
    let relay = relay(&["--dicom-readers", "PROBE"]).await;
    let commitment = uids::STORAGE_COMMITMENT_PUSH_MODEL;
    let contexts = [(commitment, EXPLICIT), (VERIFICATION, IMPLICIT)];
    let mut sender = Sender::connect(&relay);
    let answer = sender.asks(request(&contexts));
    let Some(Pdu::AssociationAC(accepted)) = answer else {
        panic!("{answer:?}")
    };
    assert_eq!(
        accepted.presentation_contexts[0].reason,
        PresentationContextResultReason::AbstractSyntaxNotSupported
    );
    let action = |sender: &mut Sender| {
        sender.says(&Pdu::PData {
            data: vec![fragment(
                true,
                true,
                command(0x0130, commitment, Some("1.2.840.10008.1.20.1.1")),
            )],
        });
        let referenced = Object::small("1.2.3.99", "never sent");
        sender.says(&Pdu::PData {
            data: vec![fragment(false, true, referenced.data_set)],
        });
    };
    action(&mut sender);
    assert!(sender.is_aborted(), "in a context that was not agreed on");
    let mut sender = Sender::associated(&relay, CLIP, EXPLICIT);
    action(&mut sender);
    assert_eq!(sender.status(), 0x0211, "nothing is committed");
    let object = Object::small("1.2.3.1", "goes on");
    assert_eq!(sender.stores(&object), 0);
}

#[tokio::test]
async fn objects_are_moved_to_nobody_who_is_not_named_in_the_configuration() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let here = format!("ARCHIVE@{}", listener.local_addr().unwrap());
    let relay = relay(&["--dicom-readers", "PROBE", "--dicom-destinations", &here]).await;
    let mut sender = Sender::associated(&relay, CLIP, EXPLICIT);
    assert_eq!(sender.stores(&Object::small("1.2.3.1", "wanted")), 0);
    let all = question("IMAGE", &[(tags::SOP_INSTANCE_UID, VR::UI, "")], EXPLICIT);
    finds(&relay, EXPLICIT, &all, 1).await;
    let model = uids::STUDY_ROOT_QUERY_RETRIEVE_INFORMATION_MODEL_MOVE;
    let keys = [(tags::STUDY_INSTANCE_UID, VR::UI, "1.2.3.4")];
    let identifier = question("STUDY", &keys, EXPLICIT);
    let mut mover = Sender::associated(&relay, model, EXPLICIT);
    let host = listener.local_addr().unwrap().to_string();
    for title in [
        Some("ATTACKER"),
        Some("archive"),
        Some("../../etc"),
        Some(host.as_str()),
        Some("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
        Some("ARCHIVE\\ATTACKER"),
        None,
    ] {
        let mut set = command(0x0021, model, Some("1.2.3.1"));
        if let Some(title) = title {
            let mut title = title.as_bytes().to_vec();
            title.resize(title.len().next_multiple_of(2), b' ');
            set.extend_from_slice(&[0, 0, 0, 6]);
            set.extend_from_slice(&u32::try_from(title.len()).unwrap().to_le_bytes());
            set.extend(title);
        }
        mover.says(&Pdu::PData {
            data: vec![fragment(true, true, set)],
        });
        mover.says(&Pdu::PData {
            data: vec![fragment(false, true, identifier.clone())],
        });
        assert_eq!(mover.status(), 0xA801, "{title:?}");
    }
    mover.releases();
    listener.set_nonblocking(true).unwrap();
    assert!(listener.accept().is_err(), "nobody was called");
}

/// An identifier in Implicit VR, whose values may be longer than those of any other.
fn with_key(tag: Tag, key: &str) -> Vec<u8> {
    let mut bytes = question("STUDY", &[], IMPLICIT);
    bytes.extend_from_slice(&tag.0.to_le_bytes());
    bytes.extend_from_slice(&tag.1.to_le_bytes());
    bytes.extend_from_slice(&u32::try_from(key.len()).unwrap().to_le_bytes());
    bytes.extend_from_slice(key.as_bytes());
    bytes
}

#[tokio::test]
async fn questions_of_any_length_and_of_wildcards_only_are_answered_in_time() {
    let relay = dicomweb_client::relay(&["--dicom-readers", "PROBE"]).await;
    // A name that costs most to compare with: as long as an element may be.
    let mut object = Object::small("1.2.3.1", "long");
    let long = vec![b'A'; 65_534];
    let mut name = vec![0x10, 0, 0x10, 0, b'P', b'N', 0xFE, 0xFF];
    name.extend(long);
    let at = object
        .data_set
        .windows(4)
        .position(|at| at == [0x20, 0, 0x0D, 0]);
    let at = at.unwrap();
    object.data_set.splice(at..at, name);
    let mut sender = Sender::associated(&relay, CLIP, EXPLICIT);
    assert_eq!(sender.stores(&object), 0);
    let all = question("IMAGE", &[(tags::SOP_INSTANCE_UID, VR::UI, "")], IMPLICIT);
    finds(&relay, IMPLICIT, &all, 1).await;
    let before = relay.memory();
    let mut asker = asker(&relay, IMPLICIT).await.unwrap();
    for (what, key, status) in [
        ("stars", "*".repeat(1_000), 0),
        ("stars and letters", "*A".repeat(500) + "B ", 0),
        ("marks", "?".repeat(1_000), 0),
        ("64 KiB of stars", "*".repeat(65_534), 0xC000),
        ("64 KiB of letters", "A".repeat(65_534), 0xC000),
        ("64 KiB of groups", "=".repeat(65_534), 0xC000),
        ("200 KiB", "*A".repeat(100 << 10), 0xC000),
        (
            "more than is held",
            "A".repeat(MAX_IDENTIFIER_BYTES),
            0xA700,
        ),
    ] {
        let began = Instant::now();
        let question = with_key(tags::PATIENT_NAME, &key);
        let answer = asker.find(FIND, &question, 10).await.unwrap();
        assert_eq!(answer.status, status, "{what}");
        assert!(began.elapsed() < LATE, "{what}: {:?}", began.elapsed());
    }
    let uids = ["1.2.3"; 20_000].join("\\");
    let many = with_key(tags::STUDY_INSTANCE_UID, &uids);
    assert_eq!(asker.find(FIND, &many, 10).await.unwrap().status, 0xC000);
    assert_eq!(asker.echo().await.unwrap(), 0, "the association goes on");
    asker.release().await;
    // The same by the other door.
    for key in ["*A".repeat(500) + "B", "*".repeat(1_000), "*".repeat(6_000)] {
        let path = format!("studies?PatientName={key}");
        let began = Instant::now();
        let answer = dicomweb_client::get(&relay, &path, "application/dicom+json").await;
        let status = answer.status().as_u16();
        assert!([200, 204, 400, 414].contains(&status), "{status}");
        assert!(began.elapsed() < LATE, "{:?}", began.elapsed());
    }
    let grown = relay.memory().saturating_sub(before);
    assert!(grown < 32 << 20, "{grown} bytes more");
}
