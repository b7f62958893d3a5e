//! What comes by STOW-RS is kept once and unaltered, or refused by name; nothing that comes disturbs the rest.

use crate::dicom_sender::{
    CLIP, EXPLICIT, Object, Sender, files, malformed_files, nothing_half, rows, stored_data_set,
};
use crate::dicomweb_client::{
    TOKEN, body, body_of_lines, file, first, get, indexed, posts, read, relay, search, url,
};
use crate::other_systems_ask::{finds, question};
use crate::page::Steady;
use crate::support::code;
use dicom_core::VR;
use dicom_dictionary_std::tags;

fn reason(told: &serde_json::Value) -> u64 {
    let failed = &told["00081198"]["Value"][0];
    first(failed, "00081197").as_u64().unwrap()
}

#[tokio::test]
async fn a_part_that_is_bad_spoils_no_other_and_is_told_why() {
    let relay = relay(&[]).await;
    let good = [
        Object::small("1.2.3.1", "one"),
        Object::small("1.2.3.2", "two"),
    ];
    let mut lies = Object::small("1.2.3.3", "lies");
    lies.data_set.truncate(lies.data_set.len() - 3);
    let mut other_class = Object::small("1.2.3.4", "class");
    other_class.class = "1.2.840.10008.1.1".to_owned();
    let mut deflated = Object::small("1.2.3.5", "syntax");
    deflated.syntax = "1.2.840.10008.1.2.1.99".to_owned();
    let mut another = Object::small("1.2.3.6", "another");
    another.instance = "1.2.3.66".to_owned();
    let mut parts = vec![file(&good[0])];
    parts.extend([&lies, &other_class, &deflated, &another].map(file));
    parts.extend([b"no DICOM".to_vec(), vec![0; 4_000], file(&good[1])]);
    let (status, told) = posts(&relay, "studies", body(&parts)).await;
    assert_eq!(status, 202, "{told}");
    assert_eq!(told["00081199"]["Value"].as_array().unwrap().len(), 2);
    let failed = told["00081198"]["Value"].as_array().unwrap();
    let reasons: Vec<u64> = failed
        .iter()
        .map(|one| first(one, "00081197").as_u64().unwrap())
        .collect();
    assert_eq!(reasons, [0xC000, 0x0122, 0xC122, 0xA900, 0xC000, 0xC000]);
    for object in &good {
        let kept = rows(&relay, &object.instance).await;
        assert!(stored_data_set(&relay, &kept[0].0) == object.data_set);
        assert_eq!(kept[0].0.sender, "PACS");
    }
    nothing_half(&relay).await;
    let (status, told) = posts(&relay, "studies/9.9", body(&[file(&good[0])])).await;
    assert_eq!((status, reason(&told)), (409, 0xA900));
}

#[tokio::test]
async fn the_same_object_again_by_any_way_is_one_and_another_of_its_uid_is_flagged() {
    let relay = relay(&[]).await;
    let object = Object::small("1.2.3.7", "first");
    assert_eq!(
        Sender::associated(&relay, CLIP, EXPLICIT).stores(&object),
        0
    );
    let twice = body(&[file(&object), file(&object)]);
    let (first_time, second_time) = tokio::join!(
        posts(&relay, "studies", twice.clone()),
        posts(&relay, "studies", twice)
    );
    assert_eq!((first_time.0, second_time.0), (200, 200));
    let other = Object::small("1.2.3.7", "other");
    let (status, told) = posts(&relay, "studies", body(&[file(&other)])).await;
    let warned = first(&told["00081199"]["Value"][0], "00081196").as_u64();
    assert_eq!((status, warned), (202, Some(0xB007)));
    assert_eq!(files(&relay, "objects").len(), 2);
    indexed(&relay, 1).await;
}

#[tokio::test]
async fn a_body_that_is_cut_or_lies_is_refused_and_what_was_whole_is_kept() {
    let relay = relay(&[]).await;
    let objects = [
        Object::small("1.2.3.1", "one"),
        Object::small("1.2.3.2", "two"),
    ];
    let whole = body(&objects.each_ref().map(file));
    for cut in [
        0,
        3,
        40,
        200,
        whole.len() / 2,
        whole.len() - 40,
        whole.len() - 6,
    ] {
        let (status, _) = posts(&relay, "studies", whole[..cut].to_vec()).await;
        assert_eq!(status, 400, "{cut}");
    }
    assert!(files(&relay, "objects").len() <= 2);
    let with = |content: &'static str, body: Vec<u8>| {
        let request = relay.client.post(url(&relay, "studies")).bearer_auth(TOKEN);
        request.header("content-type", content).body(body).send()
    };
    for (content, status) in [
        ("application/dicom", 415),
        ("multipart/form-data; boundary=edge", 415),
        (
            "multipart/related; type=\"application/dicom+json\"; boundary=edge",
            415,
        ),
        ("multipart/related; type=\"application/dicom\"", 400),
        (
            "multipart/related; type=\"application/dicom\"; boundary=other",
            400,
        ),
    ] {
        let answer = with(content, whole.clone()).await.unwrap();
        assert_eq!(answer.status(), status, "{content}");
    }
    let zipped = relay.client.post(url(&relay, "studies")).bearer_auth(TOKEN);
    let zipped = zipped.header("content-encoding", "gzip");
    let zipped = zipped.header("content-type", "multipart/related; boundary=edge");
    assert_eq!(
        code(zipped.body(whole.clone()).send().await.unwrap())
            .await
            .0,
        415
    );
    let unix = body_of_lines("\n", &objects.each_ref().map(file));
    let (status, told) = posts(&relay, "studies", unix).await;
    assert_eq!(status, 200, "lines that end with LF: {told}");
    nothing_half(&relay).await;
}

#[tokio::test]
async fn every_malformed_file_is_answered_and_disturbs_nothing() {
    let paths = malformed_files();
    if paths.is_empty() {
        return;
    }
    let relay = relay(&[]).await;
    let mut steady = Steady::of(&relay).await;
    let before = relay.memory();
    let mut stored = 0;
    for path in &paths {
        let (status, told) = posts(&relay, "studies", body(&[read(path)])).await;
        assert!(
            [200, 202, 409].contains(&status),
            "{}: {status} {told}",
            path.display()
        );
        stored += usize::from(told["00081199"].is_object());
        nothing_half(&relay).await;
        steady.goes_on().await;
    }
    // What is flagged as another object of a UID is kept and not searched.
    let until = std::time::Instant::now() + crate::support::LIMIT * 3;
    let objects = files(&relay, "objects").len();
    assert!(
        (1..=stored).contains(&objects),
        "{objects} files of {stored}"
    );
    while search(&relay, "instances").await.is_empty() {
        assert!(std::time::Instant::now() < until);
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let good = Object::phantom("plax_small.dcm");
    assert_eq!(posts(&relay, "studies", body(&[file(&good)])).await.0, 200);
    let grown = relay.memory().saturating_sub(before);
    assert!(grown < 64 << 20, "{grown} bytes more");
}

/// Each answer may cost so much memory and no more, however many objects it is about.
const MOST_GROWN_BYTES: usize = 64 << 20;

#[tokio::test]
async fn a_study_of_five_thousand_is_taken_found_and_given_with_bounded_memory() {
    let relay = relay(&["--dicom-readers", "PROBE"]).await;
    let before = relay.memory();
    let is_bounded = |step: &str| {
        let grown = relay.memory().saturating_sub(before);
        assert!(grown < MOST_GROWN_BYTES, "{step}: {grown} bytes for 40 MB");
    };
    let files: Vec<Vec<u8>> = (0..5_000)
        .map(|number| {
            file(&Object::small(
                &format!("1.2.3.{number}"),
                &"x".repeat(8_000),
            ))
        })
        .collect();
    let (status, told) = posts(&relay, "studies/1.2.3.4", body(&files)).await;
    assert_eq!(status, 200);
    assert_eq!(told["00081199"]["Value"].as_array().unwrap().len(), 5_000);
    is_bounded("taken");
    let until = std::time::Instant::now() + crate::support::LIMIT * 6;
    while search(&relay, "studies")
        .await
        .first()
        .is_none_or(|study| first(study, "00201208") != 5_000)
    {
        assert!(std::time::Instant::now() < until, "it is not indexed");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let instances = "studies/1.2.3.4/instances";
    assert_eq!(search(&relay, instances).await.len(), 5_000);
    let rest = format!("{instances}?limit=1000&offset=4500");
    assert_eq!(search(&relay, &rest).await.len(), 500);
    is_bounded("searched");
    let all = question("IMAGE", &[(tags::SOP_INSTANCE_UID, VR::UI, "")], EXPLICIT);
    let found = finds(&relay, EXPLICIT, &all, 5_000).await;
    assert_eq!(found.len(), 5_000);
    drop(found);
    is_bounded("found");
    let any = "multipart/related; type=\"application/dicom\"; transfer-syntax=*";
    let mut given = get(&relay, "studies/1.2.3.4", any).await;
    assert_eq!(given.status(), 200);
    let (mut bytes, mut parts) = (0, 0);
    // What a boundary between two pieces could hide is looked at with the next.
    let (mark, mut seen) = (b"Content-Type: application/dicom", Vec::new());
    while let Some(piece) = given.chunk().await.unwrap() {
        bytes += piece.len();
        seen.extend_from_slice(&piece);
        parts += seen.windows(mark.len()).filter(|part| part == mark).count();
        seen.drain(..seen.len().saturating_sub(mark.len() - 1));
        is_bounded("given");
    }
    assert_eq!(parts, 5_000);
    assert!(bytes > 5_000 * 8_000, "{bytes} bytes");
}
