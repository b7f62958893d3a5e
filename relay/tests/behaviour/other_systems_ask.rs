//! Other systems ask by C-FIND what is here, if they may, and who asked is written down.

use crate::dicom_sender::{CLIP, EXPLICIT, IMPLICIT, Object, Sender, VERIFICATION, relay};
use crate::support::{LIMIT, Relay};
use dicom_core::{Tag, VR};
use dicom_dictionary_std::{tags, uids};
use dimse::{Offer, Proposal, RequestFault, Requestor, read_identifier, write_identifier};
use std::process::Command;
use std::time::Duration;

pub const FIND: &str = uids::STUDY_ROOT_QUERY_RETRIEVE_INFORMATION_MODEL_FIND;

pub async fn asker(relay: &Relay, syntax: &str) -> Result<Requestor, RequestFault> {
    let offer = |class: &str, syntax: &str| Offer {
        class: class.to_owned(),
        syntaxes: vec![syntax.to_owned()],
    };
    let proposal = Proposal {
        ours: "PROBE".parse().unwrap(),
        theirs: "HIBIKI".parse().unwrap(),
        offers: vec![offer(FIND, syntax), offer(VERIFICATION, IMPLICIT)],
    };
    Requestor::associate(&relay.dicom.unwrap().to_string(), &proposal, LIMIT).await
}

pub fn question(level: &str, keys: &[(Tag, VR, &str)], syntax: &str) -> Vec<u8> {
    let mut elements = vec![(tags::QUERY_RETRIEVE_LEVEL, VR::CS, level.to_owned())];
    elements.extend(
        keys.iter()
            .map(|(tag, vr, text)| (*tag, *vr, (*text).to_owned())),
    );
    write_identifier(&elements, syntax)
}

/// The index follows behind the answers.
pub async fn finds(relay: &Relay, syntax: &str, question: &[u8], count: usize) -> Vec<Vec<u8>> {
    let asking = async {
        loop {
            let mut asker = asker(relay, syntax).await.unwrap();
            let found = asker.find(FIND, question, 10_000).await.unwrap();
            asker.release().await;
            assert_eq!((found.status, found.more), (0, false));
            if found.identifiers.len() == count {
                return found.identifiers;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(LIMIT, asking)
        .await
        .expect("it is not found")
}

#[tokio::test]
async fn a_study_is_found_by_dcmtk_and_by_us_and_the_question_is_written_down() {
    let relay = relay(&["--dicom-readers", "PROBE"]).await;
    let object = Object::phantom("plax_small.dcm");
    let mut sender = Sender::associated(&relay, &object.class, &object.syntax);
    assert_eq!(sender.stores(&object), 0);
    for syntax in [IMPLICIT, EXPLICIT] {
        let keys = [
            (tags::PATIENT_NAME, VR::PN, ""),
            (tags::SOP_INSTANCE_UID, VR::UI, object.instance.as_str()),
        ];
        let found = finds(&relay, syntax, &question("IMAGE", &keys, syntax), 1).await;
        let answer = read_identifier(&found[0], syntax).unwrap();
        let instance = answer.iter().find(|one| one.tag == tags::SOP_INSTANCE_UID);
        let instance = String::from_utf8(instance.unwrap().value.clone()).unwrap();
        assert_eq!(instance.trim_end_matches('\0'), object.instance);
    }
    let done = Command::new("findscu")
        .args(["-S", "-aet", "PROBE", "-aec", "HIBIKI"])
        .args([
            "-k",
            "QueryRetrieveLevel=STUDY",
            "-k",
            "StudyInstanceUID",
            "-k",
            "PatientName=*",
            "-k",
            "ModalitiesInStudy",
        ])
        .args([
            relay.dicom.unwrap().ip().to_string(),
            relay.dicom.unwrap().port().to_string(),
        ])
        .output()
        .unwrap_or_else(|error| panic!("findscu of dcmtk: {error}"));
    let said =
        String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr);
    assert!(
        done.status.success() && said.contains("ISO_IR 192"),
        "{said}"
    );
    assert!(
        said.contains("(0020,000d) UI") && said.contains("US"),
        "{said}"
    );
    let store = relay::store::Store::open(&relay.data.join("relay.db")).unwrap();
    let noted = store.read("look", |db| {
        let sql = "SELECT count(*) FROM archive_reads WHERE reader = 'PROBE' AND how = 'search'";
        db.query_row(sql, [], |row| row.get::<_, i64>(0))
    });
    assert_eq!(noted.await.unwrap(), 1, "once for a minute of questions");
    store.close();
}

#[tokio::test]
async fn an_asker_may_cancel_and_a_question_that_is_none_is_told() {
    let relay = relay(&["--dicom-readers", "PROBE"]).await;
    let mut sender = Sender::associated(&relay, CLIP, EXPLICIT);
    for number in 0..110 {
        let object = Object::small(&format!("1.2.3.{number}"), "one of many");
        assert_eq!(sender.stores(&object), 0);
    }
    let all = question("IMAGE", &[(tags::SOP_INSTANCE_UID, VR::UI, "")], EXPLICIT);
    finds(&relay, EXPLICIT, &all, 110).await;
    let mut asker = asker(&relay, EXPLICIT).await.unwrap();
    let some = asker.find(FIND, &all, 5).await.unwrap();
    assert_eq!((some.identifiers.len(), some.more), (5, true));
    for (what, question, status) in [
        ("no identifier", b"no identifier".to_vec(), 0xC000),
        ("no level", question("PATIENT", &[], EXPLICIT), 0xA900),
    ] {
        let answer = asker.find(FIND, &question, 5).await.unwrap();
        assert_eq!(
            (answer.status, answer.identifiers.len()),
            (status, 0),
            "{what}"
        );
    }
    assert_eq!(asker.echo().await.unwrap(), 0, "the association goes on");
    asker.release().await;
}

#[tokio::test]
async fn who_may_only_send_is_not_told_what_is_here() {
    let relay = relay(&[]).await;
    let mut asker = asker(&relay, EXPLICIT).await.unwrap();
    let all = question("STUDY", &[], EXPLICIT);
    let refused = asker.find(FIND, &all, 5).await.unwrap_err();
    assert!(matches!(refused, RequestFault::NotTaken), "{refused}");
}
