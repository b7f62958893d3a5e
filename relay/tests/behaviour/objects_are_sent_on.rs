//! What arrives goes on to another archive: once, however often either side is killed, and visibly while it cannot.

use crate::clip_device::{Device, Sample, phantom};
use crate::dicom_sender::{CLIP, EXPLICIT, Object, Sender, relay, rows, stored_data_set};
use crate::free_port::free_port;
use crate::support::{LIMIT, Relay, program, runs};
use crate::tools_change_the_rows::tool;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

/// An address that nobody listens on, for an archive that comes later.
fn nobodys_address() -> String {
    format!("127.0.0.1:{}", free_port().unwrap())
}

pub async fn until(relay: &Relay, what: &str, metric: &str, is: impl Fn(f64) -> bool) {
    let waiting = async {
        while !is(relay.metric(metric).await) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let came = tokio::time::timeout(LIMIT, waiting).await;
    came.unwrap_or_else(|_| panic!("{what}: {metric}"));
}

#[tokio::test]
async fn an_object_waits_for_an_archive_that_is_away_and_is_there_once_after_kills_on_both_sides() {
    let there = nobodys_address();
    let to = format!("pacs=HIBIKI@{there}");
    let flags = [
        "--forward-to",
        &to,
        "--forward-title",
        "PROBE",
        "--forward-everything",
        "pacs",
    ];
    let mut ours = relay(&flags).await;
    let first = Object::phantom("plax_small.dcm");
    let mut sender = Sender::associated(&ours, &first.class, &first.syntax);
    assert_eq!(sender.stores(&first), 0);
    until(
        &ours,
        "a failure is counted",
        "hibiki_forwards_failed_total",
        |n| n >= 1.0,
    )
    .await;
    assert_eq!(ours.metric("hibiki_forwards_waiting").await, 1.0);
    let listed = tool(&ours, &["forwards", "list"]);
    assert!(
        listed.contains("waiting  pacs  object/") && listed.contains("cannot be reached"),
        "{listed}"
    );
    ours.kill();
    let second = Object::small("1.2.3.2", "second");
    let mut pacs = relay(&["--dicom-listen", &there]).await;
    ours.start_again().await;
    let mut sender = Sender::associated(&ours, CLIP, EXPLICIT);
    assert_eq!(sender.stores(&second), 0);
    assert!(tool(&ours, &["forwards", "retry", "--to", "pacs"]).contains("will be tried again"));
    until(&ours, "nothing waits", "hibiki_forwards_waiting", |n| {
        n == 0.0
    })
    .await;
    for object in [&first, &second] {
        let there = rows(&pacs, &object.instance).await;
        assert_eq!(there.len(), 1);
        assert!(
            stored_data_set(&pacs, &there[0].0) == object.data_set,
            "it was altered"
        );
        assert_eq!(there[0].0.sender, "PROBE");
    }
    // What is there is not sent again, by no command and after no kill.
    assert_eq!(
        tool(&ours, &["forwards", "send", "--to", "pacs", "--everything"]),
        "0 queued"
    );
    assert_eq!(
        tool(&ours, &["forwards", "retry", "--to", "pacs"]),
        "0 will be tried again"
    );
    assert_eq!(
        tool(&ours, &["forwards", "list", "--state", "sent"])
            .lines()
            .count(),
        2
    );
    pacs.kill();
    assert_eq!(sender.stores(&Object::small("1.2.3.3", "third")), 0);
    until(&ours, "it waits", "hibiki_forwards_failed_total", |n| {
        n >= 1.0
    })
    .await;
    let number = tool(&ours, &["forwards", "list"]);
    let number = number.split_whitespace().next().unwrap();
    tool(&ours, &["forwards", "give-up", "--id", number]);
    assert_eq!(ours.metric("hibiki_forwards_waiting").await, 0.0);
    assert_eq!(
        tool(&ours, &["forwards", "list", "--state", "given-up"])
            .lines()
            .count(),
        1
    );
    assert!(!ours.log().contains("1.2.3.3"), "the log names an object");
}

#[tokio::test]
async fn an_archive_that_does_not_know_us_holds_everything_back_and_refuses_nothing_for_good() {
    let pacs = relay(&[]).await;
    let to = format!("pacs=HIBIKI@{}", pacs.dicom.unwrap());
    let ours = relay(&[
        "--forward-to",
        &to,
        "--forward-title",
        "STRANGER",
        "--forward-everything",
        "pacs",
    ])
    .await;
    let mut sender = Sender::associated(&ours, CLIP, EXPLICIT);
    assert_eq!(sender.stores(&Object::small("1.2.3.4", "x")), 0);
    until(
        &ours,
        "a failure is counted",
        "hibiki_forwards_failed_total",
        |n| n >= 1.0,
    )
    .await;
    let listed = tool(&ours, &["forwards", "list"]);
    assert!(listed.contains("CallingAETitleNotRecognized"), "{listed}");
    assert_eq!(ours.metric("hibiki_forwards_refused_total").await, 0.0);
}

#[tokio::test]
async fn a_rule_for_a_destination_that_is_not_named_is_refused_at_the_start() {
    let (status, _, told) = runs(program().args([
        "check-config",
        "--data",
        "/nowhere",
        "--forward-consults",
        "pacs",
    ]));
    assert!(status != 0 && told.contains("forward.consults"), "{told}");
}

#[tokio::test]
async fn an_archive_over_https_gets_what_arrives_as_soon_as_it_knows_us() {
    let folder = tempfile::tempdir().unwrap();
    let pacs = crate::dicomweb_client::relay(&[]).await;
    let to = format!("pacs={}/dicomweb", pacs.origin());
    let secrets = folder.path().join("secrets");
    let writes = |line: &str| {
        std::fs::write(&secrets, line).unwrap();
        std::fs::set_permissions(&secrets, Permissions::from_mode(0o600)).unwrap();
    };
    writes("pacs=Bearer of-somebody-else\n");
    let mut ours = relay(&[
        "--forward-to",
        &to,
        "--forward-secrets-file",
        secrets.to_str().unwrap(),
        "--forward-everything",
        "pacs",
    ])
    .await;
    let phantom = Object::phantom("plax_small.dcm");
    let mut sender = Sender::associated(&ours, &phantom.class, &phantom.syntax);
    assert_eq!(sender.stores(&phantom), 0);
    let failed = "hibiki_forwards_failed_total";
    until(&ours, "a failure is counted", failed, |n| n >= 1.0).await;
    let listed = tool(&ours, &["forwards", "list"]);
    assert!(
        listed.contains("waiting  pacs") && listed.contains("HTTP 401"),
        "{listed}"
    );
    assert_eq!(ours.metric("hibiki_forwards_refused_total").await, 0.0);
    ours.kill();
    writes(&format!("pacs=Bearer {}\n", crate::dicomweb_client::TOKEN));
    ours.start_again().await;
    assert!(tool(&ours, &["forwards", "retry", "--to", "pacs"]).contains("will be tried again"));
    until(&ours, "nothing waits", "hibiki_forwards_waiting", |n| {
        n == 0.0
    })
    .await;
    let there = rows(&pacs, &phantom.instance).await;
    assert_eq!((there.len(), &*there[0].0.sender), (1, "PACS"));
    assert!(
        stored_data_set(&pacs, &there[0].0) == phantom.data_set,
        "it was altered"
    );
    let log = ours.log();
    assert!(!log.contains(&phantom.instance) && !log.contains(crate::dicomweb_client::TOKEN));
}

#[tokio::test]
async fn a_handhelds_file_without_a_group_length_goes_on_by_either_way_behind_a_head_that_others_read()
 {
    let pacs = crate::dicomweb_client::relay(&[]).await;
    let store = format!("store=HIBIKI@{}", pacs.dicom.unwrap());
    let web = format!("web={}/dicomweb", pacs.origin());
    let folder = tempfile::tempdir().unwrap();
    let secrets = folder.path().join("secrets");
    let line = format!("web=Bearer {}\n", crate::dicomweb_client::TOKEN);
    std::fs::write(&secrets, line).unwrap();
    std::fs::set_permissions(&secrets, Permissions::from_mode(0o600)).unwrap();
    let ours = relay(&[
        "--forward-to",
        &format!("{store},{web}"),
        "--forward-title",
        "PROBE",
        "--forward-secrets-file",
        secrets.to_str().unwrap(),
        "--forward-consults",
        "store,web",
    ])
    .await;
    let whole = phantom("plax_small.dcm");
    assert_eq!(whole[132..136], [2, 0, 0, 0]);
    let bytes = [&whole[..132], &whole[144..]].concat();
    let device = Device::connect(&ours).await;
    device.brings(&Sample::imported(bytes)).await;
    let sent = async {
        while tool(&ours, &["forwards", "list", "--state", "sent"])
            .lines()
            .count()
            < 2
        {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let sent = tokio::time::timeout(LIMIT, sent).await;
    let refused = || tool(&ours, &["forwards", "list", "--state", "refused"]);
    sent.unwrap_or_else(|_| panic!("{}", refused()));
    let phantom = Object::phantom("plax_small.dcm");
    let there = rows(&pacs, &phantom.instance).await;
    assert_eq!(there.len(), 1);
    assert!(stored_data_set(&pacs, &there[0].0) == phantom.data_set);
    until(
        &ours,
        "it is in our archive",
        "hibiki_dicom_index_entries_total",
        |n| n >= 1.0,
    )
    .await;
    let path = format!("archive/objects/{}.dcm", there[0].0.digest);
    let given = std::fs::read(ours.data.join(path)).unwrap();
    assert_eq!(given[132..136], [2, 0, 0, 0], "what WADO-RS gives");
}
