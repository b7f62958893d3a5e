//! DICOM objects come in over the network, stay as they are, and are there after whatever happens to the relay.

use crate::clips_are_served::real_clips;
use crate::dicom_sender::{
    CLIP, EXPLICIT, Object, Sender, VERIFICATION, files, nothing_half, pynetdicom, relay, rows,
    stored_data_set,
};
use crate::dicomweb_client::indexed;
use crate::support::Relay;
use crate::tools_change_the_rows::tool;
use std::collections::HashSet;
use std::process::Command;

const SUCCESS: u16 = 0x0000;
/// Stored, with a warning (PS3.4 Table B.2-1).
const LOOK: u16 = 0xB007;

/// Once, unaltered, and flagged or not.
async fn is_here_as(relay: &Relay, object: &Object, conflict: bool) {
    let rows = rows(relay, &object.instance).await;
    let same: Vec<_> = rows
        .iter()
        .filter(|(row, _)| stored_data_set(relay, row) == object.data_set)
        .collect();
    assert_eq!(same.len(), 1, "{} was altered", object.instance);
    assert!(same[0].1 == conflict && same[0].0.sender == "PROBE");
}

async fn is_here(relay: &Relay, object: &Object) {
    is_here_as(relay, object, false).await;
}

#[tokio::test]
async fn every_sample_is_there_byte_for_byte_after_a_kill_right_behind_the_answer() {
    let mut relay = relay(&[]).await;
    let mut objects: Vec<Object> = real_clips()
        .iter()
        .map(|path| Object::of_file(path))
        .collect();
    objects.extend(["plax_small.dcm", "a4c_small_uncompressed.dcm"].map(Object::phantom));
    let mut instances = HashSet::new();
    for object in &objects {
        let mut sender = Sender::associated(&relay, &object.class, &object.syntax);
        // Two of the real clips are one recording in two sizes, under one UID.
        let is_first = instances.insert(&object.instance);
        assert_eq!(
            sender.stores(object),
            if is_first { SUCCESS } else { LOOK },
            "{} in {}",
            object.class,
            object.syntax
        );
        sender.releases();
    }
    let last = Object::small("1.2.3.99", "the last word");
    let mut sender = Sender::associated(&relay, CLIP, EXPLICIT);
    assert_eq!(sender.stores(&last), SUCCESS);
    relay.kill();
    relay.start_again().await;
    let mut instances = HashSet::new();
    for object in objects.iter().chain([&last]) {
        let is_first = instances.insert(&object.instance);
        is_here_as(&relay, object, !is_first).await;
    }
    assert!(
        relay.metric("hibiki_dicom_objects_stored_total").await == 0.0,
        "since this start"
    );
}

#[tokio::test]
async fn dcmtk_echoes_and_sends() {
    let relay = relay(&[]).await;
    let (host, port) = (
        relay.dicom.unwrap().ip().to_string(),
        relay.dicom.unwrap().port().to_string(),
    );
    let runs = |program: &str, flags: &[&str]| {
        let done = Command::new(program)
            .args(["-aet", "PROBE", "-aec", "HIBIKI"])
            .args(flags)
            .output()
            .unwrap_or_else(|error| panic!("{program} of dcmtk: {error}"));
        let said = String::from_utf8_lossy(&done.stderr).into_owned()
            + &String::from_utf8_lossy(&done.stdout);
        assert!(done.status.success(), "{program}: {said}");
        assert!(!said.contains("E:"), "{program}: {said}");
    };
    runs("echoscu", &[&host, &port]);
    let mut samples = real_clips();
    let mut instances = HashSet::new();
    // What is flagged is a warning there too.
    samples.retain(|path| instances.insert(Object::of_file(path).instance));
    let mut flags = vec!["-dn", host.as_str(), port.as_str()];
    flags.extend(samples.iter().map(|path| path.to_str().unwrap()));
    if !samples.is_empty() {
        runs("dcmsend", &flags);
    }
    assert_eq!(files(&relay, "objects").len(), samples.len());
}

#[tokio::test]
async fn the_same_bytes_again_are_one_object_and_other_bytes_are_kept_beside_it() {
    let relay = relay(&[]).await;
    let mut sender = Sender::associated(&relay, CLIP, EXPLICIT);
    let (first, other) = (
        Object::small("1.2.3.7", "first"),
        Object::small("1.2.3.7", "other"),
    );
    assert_eq!(sender.stores(&first), SUCCESS);
    assert_eq!(sender.stores(&first), SUCCESS);
    assert_eq!(sender.stores(&other), LOOK);
    assert_eq!(sender.stores(&other), LOOK);
    assert_eq!(sender.stores(&first), SUCCESS);
    let kept = rows(&relay, "1.2.3.7").await;
    assert_eq!(
        kept.iter()
            .map(|(_, conflict)| *conflict)
            .collect::<Vec<_>>(),
        [false, true]
    );
    assert!(stored_data_set(&relay, &kept[0].0) == first.data_set);
    assert!(stored_data_set(&relay, &kept[1].0) == other.data_set);
    assert_eq!(files(&relay, "objects").len(), 2);
    nothing_half(&relay).await;
    // Whoever looks after the archive sees which, and no name.
    let listed = tool(&relay, &["archive", "conflicts"]);
    let (kept, other) = (kept[0].0.digest, kept[1].0.digest);
    let line = format!("  same-uid  PROBE  {other}  beside {kept}");
    assert!(
        listed.ends_with(&line) && listed.lines().count() == 1,
        "{listed}"
    );
    assert_eq!(relay.metric("hibiki_archive_conflicts").await, 1.0);
    tool(&relay, &["archive", "settle", &other.to_string()]);
    assert_eq!(relay.metric("hibiki_archive_conflicts").await, 0.0);
    assert_eq!(tool(&relay, &["archive", "conflicts"]), "");
    let all = tool(&relay, &["archive", "conflicts", "--all"]);
    assert!(all.ends_with(&format!("{line}  settled")), "{all}");
}

#[tokio::test]
async fn an_instance_of_another_patient_than_its_study_is_flagged_and_given_all_the_same() {
    let relay = crate::dicomweb_client::relay(&[]).await;
    let mut sender = Sender::associated(&relay, CLIP, EXPLICIT);
    for (instance, patient) in [("1.2.3.7", "P1"), ("1.2.3.8", "P1"), ("1.2.3.9", "P2")] {
        assert_eq!(
            sender.stores(&Object::of_patient(instance, patient)),
            SUCCESS
        );
    }
    indexed(&relay, 3).await;
    assert_eq!(relay.metric("hibiki_archive_other_patients").await, 1.0);
    let listed = tool(&relay, &["archive", "conflicts"]);
    let digest = async |instance| rows(&relay, instance).await[0].0.digest;
    let (own, other) = (digest("1.2.3.7").await, digest("1.2.3.9").await);
    let line = format!("  other-patient  PROBE  {other}  in the study of {own}");
    assert!(
        listed.ends_with(&line) && listed.lines().count() == 1,
        "{listed}"
    );
    assert!(!listed.contains("P2"), "{listed}");
}

#[tokio::test]
async fn eight_senders_of_one_object_at_once_make_one_object() {
    let relay = relay(&[]).await;
    let object = Object::phantom("plax_small.dcm");
    let senders: Vec<Sender> = (0..8)
        .map(|_| Sender::associated(&relay, &object.class, &object.syntax))
        .collect();
    let at_once: Vec<_> = senders
        .into_iter()
        .map(|mut sender| {
            let object = object.clone();
            std::thread::spawn(move || sender.stores(&object))
        })
        .collect();
    for one in at_once {
        assert_eq!(one.join().unwrap(), SUCCESS);
    }
    is_here(&relay, &object).await;
    assert_eq!(files(&relay, "objects").len(), 1);
    nothing_half(&relay).await;
}

#[tokio::test]
async fn ten_thousand_fragments_of_one_byte_are_an_object() {
    use crate::dicom_sender::fragment;
    use dicom_ul::pdu::Pdu;
    let relay = relay(&[]).await;
    let object = Object::small("1.2.3.8", &"x".repeat(10_000));
    let single = |at: usize| {
        fragment(
            false,
            at + 1 == object.data_set.len(),
            vec![object.data_set[at]],
        )
    };
    for in_one_pdu in [1, 10_000] {
        let mut sender = Sender::associated(&relay, CLIP, EXPLICIT);
        sender.begins(&object);
        let all: Vec<_> = (0..object.data_set.len()).map(single).collect();
        for some in all.chunks(in_one_pdu) {
            sender.says(&Pdu::PData {
                data: some.to_vec(),
            });
        }
        assert_eq!(sender.status(), SUCCESS);
    }
    is_here(&relay, &object).await;
}

#[tokio::test]
async fn what_a_crash_left_is_put_in_order() {
    let mut relay = relay(&[]).await;
    let object = Object::small("1.2.3.9", "kept");
    assert_eq!(
        Sender::associated(&relay, CLIP, EXPLICIT).stores(&object),
        SUCCESS
    );
    relay.kill();
    std::fs::write(relay.data.join("archive/incoming/0.half"), b"half").unwrap();
    // As when the machine went down between the name and the row.
    let store = relay::store::Store::open(&relay.data.join("relay.db")).unwrap();
    store
        .write("lose the row", |db| {
            // What was written after a row goes with it: the journal is one sequence.
            let all = "DELETE FROM index_headers; DELETE FROM index_instances; DELETE FROM index_series; DELETE FROM index_studies; DELETE FROM objects";
            db.execute_batch(all)
        })
        .await
        .unwrap();
    store.close();
    relay.start_again().await;
    is_here(&relay, &object).await;
    assert!(files(&relay, "incoming").is_empty());
    assert_eq!(
        Sender::associated(&relay, CLIP, EXPLICIT).stores(&object),
        SUCCESS
    );
    assert_eq!(rows(&relay, "1.2.3.9").await.len(), 1);
}

#[tokio::test]
async fn a_sender_is_heard_again_and_again_in_one_association() {
    let relay = relay(&[]).await;
    let mut sender = Sender::associated(&relay, VERIFICATION, crate::dicom_sender::IMPLICIT);
    for _ in 0..50 {
        assert_eq!(sender.echoes(), SUCCESS);
    }
    sender.releases();
}

/// Sends each file as it is, and prints each status.
const PYNETDICOM: &str = r#"
import sys
from pydicom import dcmread
from pynetdicom import AE, evt
port, called, files = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
sets = [dcmread(path) for path in files]
ae = AE(ae_title="PROBE")
ae.add_requested_context("1.2.840.10008.1.1")
for one in sets:
    ae.add_requested_context(one.SOPClassUID, one.file_meta.TransferSyntaxUID)
# On a busy machine its own threads race, and it calls a rejection an abort: what came counts.
came = []
heard = [(evt.EVT_PDU_RECV, lambda event: came.append(type(event.pdu).__name__))]
association = ae.associate("127.0.0.1", port, ae_title=called, evt_handlers=heard)
if not association.is_established:
    print(*came)
    sys.exit()
print(f"{association.send_c_echo().Status:04X}")
for one in sets:
    print(f"{association.send_c_store(one).Status:04X}")
association.release()
"#;

#[tokio::test]
async fn pynetdicom_echoes_and_sends_and_is_rejected_under_a_wrong_title() {
    let relay = relay(&[]).await;
    let port = relay.dicom.unwrap().port().to_string();
    let phantoms = ["plax_small.dcm", "a4c_small_uncompressed.dcm"]
        .map(|name| format!("{}/../sample-dicom/{name}", env!("CARGO_MANIFEST_DIR")));
    let runs = |called: &str| {
        let [first, second] = &phantoms;
        pynetdicom(PYNETDICOM, &[port.as_str(), called, first, second])
    };
    let Some(said) = runs("HIBIKI") else {
        return;
    };
    assert_eq!(said, ["0000", "0000", "0000"]);
    assert_eq!(files(&relay, "objects").len(), 2);
    assert_eq!(runs("HIBIKI2").unwrap(), ["A_ASSOCIATE_RJ"]);
}
