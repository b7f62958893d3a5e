//! Other systems fetch what is here, for themselves (C-GET) and for others (C-MOVE): as it is stored, counted, and written down.

use crate::dicom_sender::{
    CLIP, EXPLICIT, Object, Sender, pynetdicom, relay, rows, stored_data_set,
};
use crate::free_port::free_port;
use crate::support::{LIMIT, Relay};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// Both of one patient and one study, in two transfer syntaxes.
const PHANTOMS: [&str; 2] = ["plax_small.dcm", "a4c_small_uncompressed.dcm"];
const PATIENT: &str = "FAKE-000000";
const STUDY: &str = "2.25.44129302951308549896724043039677852162";
const JPEG: &str = "1.2.840.10008.1.2.4.50";

/// Asks by its words, prints each answer as its status and numbers, and each object that comes as its instance, syntax and digest.
const ASKS: &str = r#"
import sys, hashlib
from pydicom.dataset import Dataset
from pynetdicom import AE, evt, build_role
port, how, root, level, key, value, sink, syntaxes = sys.argv[1:]
clip = "1.2.840.10008.5.1.4.1.1.3.1"
model = "1.2.840.10008.5.1.4.1.2." + {"patient": "1.", "study": "2."}[root] + {"move": "2", "get": "3"}[how[:4].strip("-")]
ae = AE(ae_title="PROBE")
ae.add_requested_context(model)
roles = []
if how != "move":
    for syntax in syntaxes.split(","):
        ae.add_requested_context(clip, syntax)
    roles = [build_role(clip, scp_role=True)]
def stored(event):
    data = event.request.DataSet.getvalue()
    print("object", event.request.AffectedSOPInstanceUID, event.context.transfer_syntax, hashlib.sha256(data).hexdigest())
    return 0
association = ae.associate("127.0.0.1", int(port), ae_title="HIBIKI", ext_neg=roles, evt_handlers=[(evt.EVT_C_STORE, stored)])
assert association.is_established
wanted = Dataset()
wanted.QueryRetrieveLevel = level
setattr(wanted, key, value)
if how == "move":
    answers = association.send_c_move(wanted, sink, model)
else:
    answers = association.send_c_get(wanted, model)
cancelled = False
for status, identifier in answers:
    numbers = [status.get(name, "-") for name in ("NumberOfRemainingSuboperations", "NumberOfCompletedSuboperations", "NumberOfFailedSuboperations", "NumberOfWarningSuboperations")]
    print(f"{status.Status:04X}", *numbers, status.get("ErrorComment", ""), sep="|")
    if identifier is not None:
        listed = identifier.get("FailedSOPInstanceUIDList", [])
        print("failed", *([listed] if isinstance(listed, str) else listed))
    if how == "get-cancel" and not cancelled:
        association.send_c_cancel(1, query_model=model)
        cancelled = True
association.release()
"#;

/// A relay with both phantoms, found by whoever asks.
async fn filled(flags: &[&str]) -> (Relay, BTreeMap<String, Object>) {
    let relay = relay(&[&["--dicom-readers", "PROBE"], flags].concat()).await;
    let objects = PHANTOMS.map(Object::phantom);
    for object in &objects {
        let mut sender = Sender::associated(&relay, &object.class, &object.syntax);
        assert_eq!(sender.stores(object), 0);
    }
    indexed(&relay, 2.0).await;
    let by_instance = objects.map(|object| (object.instance.clone(), object));
    (relay, by_instance.into())
}

/// The index follows behind the answers.
async fn indexed(relay: &Relay, count: f64) {
    let waiting = async {
        while relay.metric("hibiki_dicom_index_entries_total").await < count {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let came = tokio::time::timeout(LIMIT, waiting).await;
    came.expect("it is not found");
}

fn port(relay: &Relay) -> String {
    relay.dicom.unwrap().port().to_string()
}

/// Runs a tool of dcmtk against the relay, in a folder for what comes; gives what it says.
fn dcmtk(program: &str, relay: &Relay, folder: &Path, flags: &[&str]) -> String {
    let done = Command::new(program)
        .args(["-v", "-aet", "PROBE", "-aec", "HIBIKI"])
        .args(flags)
        .args(["127.0.0.1", &port(relay)])
        .current_dir(folder)
        .output()
        .unwrap_or_else(|error| panic!("{program} of dcmtk: {error}"));
    let said =
        String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{program}: {said}");
    said
}

/// What came into a folder, each as it is stored here.
fn came(folder: &Path, objects: &BTreeMap<String, Object>) -> usize {
    let files = std::fs::read_dir(folder).unwrap();
    let each = files.map(|file| {
        let came = Object::of_file(&file.unwrap().path());
        let ours = &objects[&came.instance];
        assert!(came.data_set == ours.data_set, "it was altered");
        assert_eq!(came.syntax, ours.syntax);
    });
    each.count()
}

#[tokio::test]
async fn dcmtk_fetches_for_itself_what_it_takes_as_it_is_and_the_rest_is_counted() {
    let (relay, objects) = filled(&[]).await;
    let folder = tempfile::tempdir().unwrap();
    let study = format!("StudyInstanceUID={STUDY}");
    for (model, level, key, prefers, syntax) in [
        ("-S", "STUDY", study.as_str(), "+xy", JPEG),
        ("-S", "STUDY", &study, "+xe", EXPLICIT),
        (
            "-P",
            "PATIENT",
            &format!("PatientID={PATIENT}"),
            "+xy",
            JPEG,
        ),
    ] {
        let into = tempfile::tempdir_in(folder.path()).unwrap();
        let level = format!("QueryRetrieveLevel={level}");
        // One context for a class holds one syntax: what is in the other is not taken.
        let flags = [model, prefers, "+B", "-k", &level, "-k", key];
        let said = dcmtk("getscu", &relay, into.path(), &flags);
        assert_eq!(came(into.path(), &objects), 1, "{said}");
        let file = std::fs::read_dir(into.path()).unwrap().next().unwrap();
        assert_eq!(Object::of_file(&file.unwrap().path()).syntax, syntax);
        assert!(said.contains("Failed"), "{said}");
    }
    let store = relay::store::Store::open(&relay.data.join("relay.db")).unwrap();
    let noted = store.read("look", |db| {
        let sql = "SELECT count(*) FROM archive_reads WHERE reader = 'PROBE' AND how = 'objects' AND study = ?1";
        db.query_row(sql, [STUDY], |row| row.get::<_, i64>(0))
    });
    assert_eq!(noted.await.unwrap(), 1, "once for a minute of fetching");
    store.close();
    assert!(!relay.log().contains(STUDY), "the log names a study");
}

#[tokio::test]
async fn dcmtk_has_a_study_sent_to_itself() {
    let back = free_port().unwrap();
    let to = format!("PROBE@127.0.0.1:{back}");
    let (relay, objects) = filled(&["--dicom-destinations", &to]).await;
    let folder = tempfile::tempdir().unwrap();
    let study = format!("StudyInstanceUID={STUDY}");
    let flags = [
        "-S",
        "-aem",
        "PROBE",
        "+P",
        &back.to_string(),
        "+xa",
        "+B",
        "-k",
        "QueryRetrieveLevel=STUDY",
        "-k",
        &study,
    ];
    let said = dcmtk("movescu", &relay, folder.path(), &flags);
    assert_eq!(came(folder.path(), &objects), 2, "{said}");
    assert_eq!(relay.metric("hibiki_dicom_objects_given_total").await, 2.0);
}

#[tokio::test]
async fn patients_are_found_in_their_own_root() {
    let (relay, _) = filled(&[]).await;
    let flags = [
        "-P",
        "-k",
        "QueryRetrieveLevel=PATIENT",
        "-k",
        "PatientName=PHANTOM*",
        "-k",
        "PatientID",
        "-k",
        "NumberOfPatientRelatedStudies",
    ];
    let said = dcmtk("findscu", &relay, &relay.data, &flags);
    assert_eq!(said.matches(PATIENT).count(), 1, "{said}");
    assert!(said.contains("[1 ]"), "one study: {said}");
    assert!(!said.contains(STUDY), "{said}");
    let id = format!("PatientID={PATIENT}");
    let flags = [
        "-P",
        "-k",
        "QueryRetrieveLevel=SERIES",
        "-k",
        &id,
        "-k",
        "SeriesInstanceUID",
        "-k",
        "Modality",
    ];
    assert!(dcmtk("findscu", &relay, &relay.data, &flags).contains("[US]"));
}

/// What pynetdicom prints; nothing where it is not installed.
fn asks(relay: &Relay, words: [&str; 7]) -> Option<Vec<String>> {
    let port = port(relay);
    pynetdicom(ASKS, &[&[port.as_str()], &words[..]].concat())
}

#[tokio::test]
async fn pynetdicom_fetches_both_syntaxes_and_may_cancel() {
    let (relay, objects) = filled(&[]).await;
    let both = format!("{JPEG},{EXPLICIT}");
    let words = [
        "get",
        "study",
        "STUDY",
        "StudyInstanceUID",
        STUDY,
        "-",
        &both,
    ];
    let Some(said) = asks(&relay, words) else {
        return;
    };
    let came = said.iter().filter(|line| line.starts_with("object"));
    for line in came.clone() {
        let words: Vec<&str> = line.split(' ').collect();
        let ours = &objects[words[1]];
        assert_eq!(words[2], ours.syntax);
        let digest =
            wire::original::Digest::from_bytes(Sha256::digest(&ours.data_set).into()).to_string();
        assert_eq!(words[3], digest, "it was altered");
    }
    assert_eq!(came.count(), 2);
    assert_eq!(said.last().unwrap(), "0000|-|2|0|0|", "{said:?}");
    assert!(said.contains(&"FF00|1|1|0|0|".to_owned()), "{said:?}");
    // One instance by name, below the patient.
    let one = objects.keys().next().unwrap();
    let words = ["get", "patient", "IMAGE", "SOPInstanceUID", one, "-", &both];
    let said = asks(&relay, words).unwrap();
    assert_eq!(said.last().unwrap(), "0000|-|1|0|0|", "{said:?}");
    // What is none of the level is told.
    let words = [
        "get",
        "study",
        "SERIES",
        "StudyInstanceUID",
        STUDY,
        "-",
        &both,
    ];
    assert!(asks(&relay, words).unwrap()[0].starts_with("A900|"));
    let mut sender = Sender::associated(&relay, CLIP, EXPLICIT);
    for number in 0..50 {
        let object = Object::small(&format!("1.2.3.{number}"), "one of many");
        assert_eq!(sender.stores(&object), 0);
    }
    indexed(&relay, 52.0).await;
    let words = [
        "get-cancel",
        "study",
        "STUDY",
        "StudyInstanceUID",
        "1.2.3.4",
        "-",
        &both,
    ];
    let said = asks(&relay, words).unwrap();
    let given = said
        .iter()
        .filter(|line| line.starts_with("object"))
        .count();
    let mut ends = said.iter().filter(|line| line.contains('|'));
    let end = ends.next_back().unwrap();
    assert!(end.starts_with("FE00|") && given < 50, "{said:?}");
    let numbers: Vec<usize> = end.split('|').filter_map(|one| one.parse().ok()).collect();
    let [remaining, completed, 0, 0] = numbers[..] else {
        panic!("{end}")
    };
    assert_eq!((remaining + completed, completed), (50, given), "{end}");
}

#[tokio::test]
async fn what_is_sent_elsewhere_arrives_there_and_what_cannot_is_told() {
    let there = relay(&["--dicom-peers", "HIBIKI"]).await;
    let (open, shut) = (there.dicom.unwrap(), free_port().unwrap());
    let to = format!("THERE@{open},AWAY@127.0.0.1:{shut},HIBIKI@{open}");
    let (ours, objects) = filled(&["--dicom-destinations", &to]).await;
    let moves = |sink: &str| {
        let words = [
            "move",
            "study",
            "STUDY",
            "StudyInstanceUID",
            STUDY,
            sink,
            "-",
        ];
        asks(&ours, words)
    };
    let Some(said) = moves("HIBIKI") else {
        return;
    };
    assert_eq!(said, ["FF00|1|1|0|0|", "0000|-|2|0|0|"]);
    for (instance, object) in &objects {
        let here = rows(&there, instance).await;
        assert_eq!((here.len(), &*here[0].0.sender), (1, "HIBIKI"));
        assert!(
            stored_data_set(&there, &here[0].0) == object.data_set,
            "it was altered"
        );
    }
    let said = moves("NOBODY").unwrap();
    assert!(said[0].starts_with("A801|"), "{said:?}");
    for (sink, why) in [
        ("AWAY", "cannot be reached"),
        ("THERE", "refuses the association"),
    ] {
        let said = moves(sink).unwrap();
        assert!(
            said[0].starts_with("A702|-|0|2|0|") && said[0].contains(why),
            "{said:?}"
        );
        let failed: Vec<&str> = said[1].split(' ').skip(1).collect();
        assert_eq!(failed.len(), 2, "{said:?}");
        assert!(failed.iter().all(|one| objects.contains_key(*one)));
    }
    assert!(!ours.log().contains(STUDY), "the log names a study");
}

#[tokio::test]
async fn who_may_only_send_fetches_nothing() {
    let relay = relay(&[]).await;
    let folder = tempfile::tempdir().unwrap();
    let done = Command::new("getscu")
        .args(["-S", "-aet", "PROBE", "-aec", "HIBIKI", "-od"])
        .arg(folder.path())
        .args([
            "-k",
            "QueryRetrieveLevel=STUDY",
            "-k",
            &format!("StudyInstanceUID={STUDY}"),
        ])
        .args(["127.0.0.1", &port(&relay)])
        .output()
        .unwrap();
    let said =
        String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr);
    assert!(!done.status.success(), "{said}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
