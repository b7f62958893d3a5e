//! Objects that are not taken: each sender hears a status or an abort, and nothing of them is left.

use crate::dicom_sender::{
    CLIP, EXPLICIT, Object, Sender, command, files, fragment, malformed_files, nothing_half, relay,
    rows,
};
use crate::page::Steady;
use crate::support::Relay;
use dicom_ul::pdu::{AbortRQSource, Pdu};

async fn nothing_is_left(relay: &Relay) {
    nothing_half(relay).await;
    assert!(files(relay, "objects").is_empty());
    // It goes on, for others and in the same way.
    let object = Object::small("1.2.3.1", "fine");
    assert_eq!(Sender::associated(relay, CLIP, EXPLICIT).stores(&object), 0);
    assert_eq!(rows(relay, "1.2.3.1").await.len(), 1);
}

#[tokio::test]
async fn an_object_that_is_cut_off_leaves_nothing() {
    let relay = relay(&[]).await;
    let mut object = Object::small("1.2.3.2", "x");
    // Pixel Data, more of it than is held back before the file.
    let pixels = [0xE0, 0x7F, 0x10, 0, b'O', b'B', 0, 0, 0, 0, 16, 0];
    object.data_set.extend_from_slice(&pixels);
    object.data_set.resize(object.data_set.len() + (1 << 20), 7);
    for end in ["abort", "release", "close", "another command"] {
        let mut sender = Sender::associated(&relay, CLIP, EXPLICIT);
        sender.begins(&object);
        for piece in object.data_set[..600_000].chunks(60_000) {
            sender.says(&Pdu::PData {
                data: vec![fragment(false, false, piece.to_vec())],
            });
        }
        while files(&relay, "incoming").is_empty() {
            tokio::task::yield_now().await;
        }
        match end {
            "abort" => sender.says(&Pdu::AbortRQ {
                source: AbortRQSource::ServiceUser,
            }),
            "release" => {
                sender.says(&Pdu::ReleaseRQ);
                assert!(sender.is_aborted(), "{end}");
            }
            "another command" => {
                sender.begins(&object);
                assert!(sender.is_aborted(), "{end}");
            }
            _ => drop(sender),
        }
        nothing_half(&relay).await;
    }
    nothing_is_left(&relay).await;
}

#[tokio::test]
async fn an_object_that_lies_is_refused_with_the_standards_status() {
    let relay = relay(&["--dicom-object-mib", "1"]).await;
    let fine = Object::small("1.2.3.2", "x");
    let other = Object::small("1.2.3.3", "x");
    let mut long = fine.clone();
    long.data_set.resize(3 << 20, 0);
    let mut lies = fine.clone();
    let at = lies.data_set.len() - 4;
    lies.data_set[at..at + 2].copy_from_slice(&[0xFF, 0x7F]);
    let mut cut = fine.clone();
    cut.data_set.pop();
    let mut homeless = fine.clone();
    homeless.data_set.truncate(60);
    let no_uid = Object {
        instance: "../../etc".to_owned(),
        ..fine.clone()
    };
    let other_class = Object {
        class: "1.2.840.10008.5.1.4.1.1.7".to_owned(),
        ..fine.clone()
    };
    let misnamed = Object {
        data_set: other.data_set.clone(),
        ..fine.clone()
    };
    let mut nothing = fine.clone();
    nothing.data_set.clear();
    let mut sender = Sender::associated(&relay, CLIP, EXPLICIT);
    for (what, object, status) in [
        ("larger than is taken", &long, 0xA700),
        ("a length that lies", &lies, 0xC000),
        ("cut", &cut, 0xC000),
        ("another object than its command", &misnamed, 0xA900),
        ("no UID", &no_uid, 0x0117),
        ("another class than its context", &other_class, 0x0122),
    ] {
        assert_eq!(sender.stores(object), status, "{what}");
    }
    let refused = sender.stores(&homeless);
    assert!(
        matches!(refused, 0xA900 | 0xC000),
        "without study and series: {refused:04X}"
    );
    sender.begins(&nothing);
    sender.says(&Pdu::PData {
        data: vec![fragment(false, true, Vec::new())],
    });
    assert_eq!(sender.status(), 0xA900, "nothing at all");
    // Operations that we do not do, with and without a data set.
    sender.says(&Pdu::PData {
        data: vec![fragment(true, true, command(0x0020, CLIP, Some("1.2")))],
    });
    sender.says(&Pdu::PData {
        data: vec![fragment(false, true, vec![1, 2])],
    });
    assert_eq!(sender.status(), 0x0211, "C-FIND");
    sender.says(&Pdu::PData {
        data: vec![fragment(true, true, command(0x0001, CLIP, None))],
    });
    assert_eq!(sender.status(), 0x0212, "C-STORE without an object");
    nothing_is_left(&relay).await;
    assert!(relay.metric("hibiki_dicom_objects_refused_total").await >= 9.0);
}

#[tokio::test]
async fn a_disk_without_room_is_told_and_keeps_nothing() {
    let relay = relay(&["--reserve-mib", "900000000"]).await;
    let mut sender = Sender::associated(&relay, CLIP, EXPLICIT);
    assert_eq!(sender.stores(&Object::small("1.2.3.2", "x")), 0xA700);
    assert_eq!(
        sender.stores(&Object::small("1.2.3.2", "x")),
        0xA700,
        "the association goes on"
    );
    nothing_half(&relay).await;
    assert!(files(&relay, "objects").is_empty());
    assert!(rows(&relay, "1.2.3.2").await.is_empty());
}

#[tokio::test]
async fn a_disk_that_takes_no_more_names_leaves_no_object_and_no_row() {
    let relay = relay(&[]).await;
    // A folder in the place of the object's file: it cannot get its name.
    let object = Object::small("1.2.3.2", "x");
    std::fs::remove_dir(relay.data.join("archive/objects")).unwrap();
    let mut sender = Sender::associated(&relay, CLIP, EXPLICIT);
    assert_eq!(sender.stores(&object), 0xA700);
    assert!(rows(&relay, "1.2.3.2").await.is_empty());
    std::fs::create_dir(relay.data.join("archive/objects")).unwrap();
    nothing_half(&relay).await;
    assert_eq!(sender.stores(&object), 0);
    assert_eq!(rows(&relay, "1.2.3.2").await.len(), 1);
}

#[tokio::test]
async fn malformed_files_sent_raw_end_in_a_status_and_disturb_nobody() {
    let paths = malformed_files();
    if paths.is_empty() {
        return;
    }
    let relay = relay(&["--dicom-object-mib", "64"]).await;
    let mut steady = Steady::of(&relay).await;
    let (mut refused, mut taken) = (0, 0);
    for path in &paths {
        let bytes = std::fs::read(path).unwrap();
        // As a data set from its first byte, and from behind where a head would be.
        for from in [0, 132.min(bytes.len()), 340.min(bytes.len())] {
            let object = Object {
                class: CLIP.to_owned(),
                instance: "1.2.3.66".to_owned(),
                syntax: EXPLICIT.to_owned(),
                data_set: bytes[from..].to_vec(),
            };
            if object.data_set.is_empty() {
                continue;
            }
            let mut sender = Sender::associated(&relay, CLIP, EXPLICIT);
            match sender.stores(&object) {
                0 | 0xB007 => taken += 1,
                0xA700 | 0xA900 | 0xC000 => refused += 1,
                status => panic!("{} from {from}: {status:04X}", path.display()),
            }
            sender.releases();
        }
        nothing_half(&relay).await;
        steady.goes_on().await;
    }
    assert!(
        refused > 0 && taken == 0,
        "{refused} refused, {taken} taken: none of them is what the command says"
    );
    nothing_is_left(&relay).await;
}
