//! What is in the archive is found and given over DICOMweb, as it is, to those who may.

use crate::clip_device::{Device, Sample, phantom, video};
use crate::clips_are_served::real_clips;
use crate::coded::Coded;
use crate::dicom_sender::{CLIP, EXPLICIT, Object, Sender};
use crate::dicomweb_client::{
    READER, TOKEN, body, file, first, get, indexed, parts, posts, read, relay, search, url,
};
use crate::support::{Relay, code};
use relay::store::{self, Store};
use std::collections::HashMap;
use std::path::PathBuf;
use std::process::Command;
use wire::FrameIndex;

const JSON: &str = "application/dicom+json";

/// Every sample, the first of each instance.
fn samples() -> Vec<Object> {
    let mut seen = std::collections::HashSet::new();
    let phantoms = ["plax_small.dcm", "a4c_small_uncompressed.dcm"].map(Object::phantom);
    let all = real_clips().into_iter().map(|path| Object::of_file(&path));
    all.chain(phantoms)
        .filter(|object| seen.insert(object.instance.clone()))
        .collect()
}

fn place(instance: &serde_json::Value) -> String {
    let uid = |tag| first(instance, tag).as_str().unwrap().to_owned();
    let (study, series) = (uid("0020000D"), uid("0020000E"));
    format!(
        "studies/{study}/series/{series}/instances/{}",
        uid("00080018")
    )
}

#[tokio::test]
async fn every_sample_is_stored_found_and_given_back_byte_for_byte() {
    let relay = relay(&[]).await;
    let samples = samples();
    let files: Vec<Vec<u8>> = samples.iter().map(file).collect();
    let (status, told) = posts(&relay, "studies", body(&files)).await;
    assert_eq!((status, told["00081198"].is_null()), (200, true), "{told}");
    assert_eq!(
        told["00081199"]["Value"].as_array().unwrap().len(),
        samples.len()
    );
    indexed(&relay, samples.len()).await;
    let by_instance: HashMap<&str, &Object> = samples
        .iter()
        .map(|object| (object.instance.as_str(), object))
        .collect();
    for instance in search(&relay, "instances").await {
        let object = by_instance[first(&instance, "00080018").as_str().unwrap()];
        let place = place(&instance);
        let related = "multipart/related; type=\"application/dicom\"; transfer-syntax=*";
        let given = parts(get(&relay, &place, related).await).await;
        let bare = get(&relay, &place, "application/dicom").await;
        let kept = bare.headers()["content-disposition"].to_str().unwrap();
        assert!(kept.starts_with("attachment; filename="), "{kept}");
        let bare = bare.bytes().await.unwrap();
        assert!(given.len() == 1 && given[0].1 == bare, "{place}");
        assert_eq!(bare[..128], [0; 128], "nothing rides in front");
        assert!(bare.ends_with(&object.data_set), "{place}");
        let metadata = get(&relay, &format!("{place}/metadata"), JSON).await;
        let metadata: serde_json::Value = metadata.json().await.unwrap();
        assert_eq!(first(&metadata[0], "00080018"), &*object.instance);
        let pixels = metadata[0]["7FE00010"]["BulkDataURI"].as_str();
        if let Some(pixels) = pixels {
            let path = pixels.split("/dicomweb/").nth(1).unwrap();
            assert_eq!(get(&relay, path, "*/*").await.status(), 200, "{path}");
        }
    }
}

/// Weasis asks level by level for the attributes that it shows, by their numbers, in pages, and fetches whole instances.
#[tokio::test]
async fn a_viewer_that_asks_as_weasis_does_gets_every_level_and_the_instances() {
    let relay = relay(&[]).await;
    let samples = samples();
    let files: Vec<Vec<u8>> = samples.iter().map(file).collect();
    posts(&relay, "studies", body(&files)).await;
    indexed(&relay, samples.len()).await;
    let patient = first(&search(&relay, "studies?limit=1").await[0], "00100020").clone();
    let patient = patient.as_str().unwrap();
    let studies = format!(
        "studies?00100020={patient}&includefield=00080020,00080030,00080050,00080090,00100010,00100030,00100040,00200010,00081030"
    );
    let mut fetched = 0;
    for study in search(&relay, &studies).await {
        assert_eq!(first(&study, "00100020"), patient);
        let study = format!("studies/{}", first(&study, "0020000D").as_str().unwrap());
        let series = format!("{study}/series?includefield=0008103E,00200011,00081190");
        for series in search(&relay, &series).await {
            let series = format!(
                "{study}/series/{}",
                first(&series, "0020000E").as_str().unwrap()
            );
            let mut offset = 0;
            loop {
                let page = format!(
                    "{series}/instances?includefield=00080018,00200013,00081190&limit=1&offset={offset}"
                );
                let instances = search(&relay, &page).await;
                let Some(instance) = instances.first() else {
                    break;
                };
                let uid = first(instance, "00080018").as_str().unwrap();
                let place = format!("{series}/instances/{uid}");
                let accept = "multipart/related; type=\"application/dicom\"; transfer-syntax=*";
                let given = parts(get(&relay, &place, accept).await).await;
                let sent = samples
                    .iter()
                    .find(|object| object.instance == uid)
                    .unwrap();
                assert!(given[0].1.ends_with(&sent.data_set), "{uid}");
                offset += 1;
            }
            fetched += offset;
        }
    }
    assert!(fetched > 0);
}

#[tokio::test]
async fn frames_come_as_they_are_stored_and_as_pictures() {
    let relay = relay(&[]).await;
    let samples = samples();
    let files: Vec<Vec<u8>> = samples.iter().map(file).collect();
    posts(&relay, "studies", body(&files)).await;
    indexed(&relay, samples.len()).await;
    let any = "multipart/related; type=\"application/octet-stream\"; transfer-syntax=*";
    for instance in search(&relay, "instances").await {
        let (place, syntax) = (place(&instance), first(&instance, "00083002").clone());
        let frames = first(&instance, "00280008").as_u64().unwrap_or(1);
        let frame = get(&relay, &format!("{place}/frames/{frames}"), any).await;
        let rendered = get(
            &relay,
            &format!("{place}/rendered?frame={frames}"),
            "image/jpeg",
        )
        .await;
        if syntax
            .as_str()
            .unwrap()
            .starts_with("1.2.840.10008.1.2.4.10")
            || syntax == "1.2.840.10008.1.2.2"
        {
            assert_eq!(frame.status(), 406, "{syntax}");
            continue;
        }
        assert_eq!(
            (frame.status(), rendered.status()),
            (200.try_into().unwrap(), 200.try_into().unwrap()),
            "{place} {syntax}"
        );
        assert_eq!(parts(frame).await.len(), 1);
        assert!(rendered.bytes().await.unwrap().starts_with(&[0xFF, 0xD8]));
        let thumbnail = get(&relay, &format!("{place}/thumbnail"), "image/png").await;
        assert!(thumbnail.bytes().await.unwrap().starts_with(b"\x89PNG"));
        let beyond = format!("{place}/frames/{}", frames + 1);
        assert_eq!(get(&relay, &beyond, any).await.status(), 404);
    }
    let native = Object::phantom("a4c_small_uncompressed.dcm");
    let found = search(
        &relay,
        &format!("instances?SOPInstanceUID={}", native.instance),
    )
    .await;
    let frame = get(&relay, &format!("{}/frames/1", place(&found[0])), any).await;
    let (head, bytes) = parts(frame).await.remove(0);
    assert!(
        head.contains("transfer-syntax=1.2.840.10008.1.2.1"),
        "{head}"
    );
    assert!(
        native
            .data_set
            .windows(bytes.len())
            .any(|part| part == bytes)
    );
}

#[tokio::test]
async fn an_object_that_came_by_c_store_is_found_by_every_kind_of_key() {
    let relay = relay(&[]).await;
    let object = Object::phantom("plax_small.dcm");
    let mut sender = Sender::associated(&relay, &object.class, &object.syntax);
    assert_eq!(sender.stores(&object), 0);
    assert_eq!(
        Sender::associated(&relay, CLIP, EXPLICIT).stores(&Object::small("1.2.3.7", "bare")),
        0
    );
    indexed(&relay, 2).await;
    let study = search(
        &relay,
        &format!("instances?SOPInstanceUID={}", object.instance),
    )
    .await;
    let (study, series) = (
        first(&study[0], "0020000D").as_str().unwrap().to_owned(),
        first(&study[0], "0020000E").as_str().unwrap().to_owned(),
    );
    for (query, count) in [
        ("studies".to_owned(), 2),
        (format!("studies?StudyInstanceUID={study}"), 1),
        (format!("studies?0020000D={study},1.2.3.4"), 2),
        ("studies?ModalitiesInStudy=US".to_owned(), 1),
        ("studies?ModalitiesInStudy=CT".to_owned(), 0),
        ("studies?PatientName=*".to_owned(), 2),
        ("studies?StudyDate=19000101-20991231&limit=1".to_owned(), 1),
        ("studies?limit=1&offset=1".to_owned(), 1),
        (format!("studies/{study}/series"), 1),
        (format!("studies/{study}/series?Modality=U*"), 1),
        (format!("studies/{study}/instances"), 1),
        (
            format!("studies/{study}/series/{series}/instances?InstanceNumber=99999"),
            0,
        ),
        ("series?Modality=US".to_owned(), 1),
        (
            "instances?SOPClassUID=1.2.840.10008.5.1.4.1.1.3.1".to_owned(),
            2,
        ),
        ("studies/1.2.3.4/instances".to_owned(), 1),
    ] {
        assert_eq!(search(&relay, &query).await.len(), count, "{query}");
    }
    let found = search(&relay, &format!("studies?StudyInstanceUID={study}")).await;
    assert_eq!(first(&found[0], "00201208"), 1);
    assert_eq!(
        first(&found[0], "00081190").as_str().unwrap(),
        url(&relay, &format!("studies/{study}"))
    );
    let fuzzy = get(&relay, "studies?PatientName=A&fuzzymatching=true", JSON).await;
    assert!(
        fuzzy.headers()["warning"]
            .to_str()
            .unwrap()
            .starts_with("299 ")
    );
    assert_eq!(
        code(get(&relay, "studies?limit=x", JSON).await).await,
        (400, "queryRefused".to_owned())
    );
    let xml = get(&relay, "studies", "application/dicom+xml").await;
    assert_eq!(code(xml).await, (406, "notAcceptable".to_owned()));
    let other =
        "multipart/related; type=\"application/dicom\"; transfer-syntax=1.2.840.10008.1.2.4.90";
    assert_eq!(
        get(&relay, &format!("studies/{study}"), other)
            .await
            .status(),
        406
    );
}

#[tokio::test]
async fn only_systems_of_the_configuration_enter_and_each_read_leaves_an_entry() {
    let relay = relay(&[]).await;
    let object = Object::phantom("plax_small.dcm");
    posts(&relay, "studies", body(&[file(&object)])).await;
    indexed(&relay, 1).await;
    let study = first(&search(&relay, "studies").await[0], "0020000D")
        .as_str()
        .unwrap()
        .to_owned();
    let nobody = relay
        .client
        .get(url(&relay, "studies"))
        .send()
        .await
        .unwrap();
    let ways: Vec<_> = nobody
        .headers()
        .get_all("www-authenticate")
        .iter()
        .collect();
    assert_eq!((nobody.status().as_u16(), ways.len()), (401, 2));
    let basic = |name: &str, token: &str| {
        let request = relay
            .client
            .get(url(&relay, &format!("studies/{study}/metadata")));
        request.basic_auth(name, Some(token)).send()
    };
    assert_eq!(basic("VIEWER", READER).await.unwrap().status(), 200);
    assert_eq!(basic("PACS", READER).await.unwrap().status(), 401);
    let stores = relay
        .client
        .post(url(&relay, "studies"))
        .bearer_auth(READER)
        .send()
        .await;
    assert_eq!(code(stores.unwrap()).await, (403, "notAllowed".to_owned()));
    let foreign = relay.client.get(url(&relay, "studies")).bearer_auth(TOKEN);
    let foreign = foreign
        .header("origin", "https://elsewhere.example")
        .send()
        .await;
    assert_eq!(foreign.unwrap().status(), 403);
    let store = Store::open(&relay.data.join("relay.db")).unwrap();
    let reads = store
        .read("reads", move |db| store::reads_of(db, &study))
        .await
        .unwrap();
    store.close();
    let reads: Vec<_> = reads
        .iter()
        .map(|read| (&*read.reader, &*read.how))
        .collect();
    assert_eq!(reads, [("VIEWER", "metadata")]);
    for _ in 0..30 {
        let wrong = relay
            .client
            .get(url(&relay, "studies"))
            .bearer_auth("guess")
            .send()
            .await;
        if wrong.unwrap().status() == 429 {
            return;
        }
    }
    panic!("guessing goes on");
}

#[tokio::test]
async fn what_was_not_indexed_when_the_relay_was_killed_is_indexed_after() {
    let mut relay = relay(&[]).await;
    let objects: Vec<Vec<u8>> = (0..40)
        .map(|number| file(&Object::small(&format!("1.2.3.{number}"), "many")))
        .collect();
    let (status, _) = posts(&relay, "studies/1.2.3.4", body(&objects)).await;
    assert_eq!(status, 200);
    relay.kill();
    relay.start_again().await;
    indexed(&relay, objects.len()).await;
    let study = &search(&relay, "studies").await[0];
    assert_eq!(
        (first(study, "00201206"), first(study, "00201208")),
        (&1.into(), &40.into())
    );
}

#[tokio::test]
async fn a_clip_that_a_consult_keeps_is_in_the_archive_without_a_second_copy() {
    let relay = relay(&[]).await;
    let device = Device::connect(&relay).await;
    let samples = [
        Sample::captured(phantom("plax_small.dcm")),
        Sample::captured(video(20)),
    ];
    for sample in &samples {
        device.brings(sample).await;
    }
    indexed(&relay, 2).await;
    for instance in search(&relay, "instances").await {
        let place = place(&instance);
        let given = get(&relay, &place, "application/dicom")
            .await
            .bytes()
            .await
            .unwrap();
        assert!(
            samples.iter().any(|sample| sample.bytes == given),
            "as the device sent it"
        );
    }
    for object in crate::dicom_sender::files(&relay, "objects") {
        let path = relay.data.join("archive/objects").join(object);
        let links = std::os::unix::fs::MetadataExt::nlink(&std::fs::metadata(path).unwrap());
        assert_eq!(links, 2, "one file, two names");
    }
    let clip = &search(
        &relay,
        "instances?AvailableTransferSyntaxUID=1.2.840.10008.1.2.4.102",
    )
    .await[0];
    let metadata = get(&relay, &format!("{}/metadata", place(clip)), JSON).await;
    let metadata: serde_json::Value = metadata.json().await.unwrap();
    let film = metadata[0]["7FE00010"]["BulkDataURI"].as_str().unwrap();
    let film = get(
        &relay,
        film.split("/dicomweb/").nth(1).unwrap(),
        "video/mp4",
    )
    .await;
    assert_eq!(film.headers()["content-type"], "video/mp4");
    assert_eq!(&film.bytes().await.unwrap()[4..8], b"ftyp");
}

/// A video whose frames are pictures.
fn film() -> Coded {
    Coded::new((160, 120), 24, &["-profile:v", "high", "-g", "10"])
}

#[tokio::test]
async fn frames_of_a_video_are_given_as_pictures_and_the_video_as_the_file_that_it_is() {
    let relay = relay(&[]).await;
    let coded = film();
    let (status, told) = posts(&relay, "studies", body(&[coded.object()])).await;
    assert_eq!(status, 200, "{told}");
    indexed(&relay, 1).await;
    let place = place(&search(&relay, "instances").await[0]);
    let clip = coded.clip();
    let shown = |index| clip.frame(FrameIndex(index)).unwrap().rows;
    for (path, index) in [
        ("rendered".to_owned(), 0),
        ("rendered?frame=18".to_owned(), 17),
        ("frames/24/rendered".to_owned(), 23),
        ("frames/3/rendered".to_owned(), 2),
    ] {
        let png = get(&relay, &format!("{place}/{path}"), "image/png").await;
        let png = image::load_from_memory(&png.bytes().await.unwrap()).unwrap();
        assert!(png.into_rgb8().into_raw() == shown(index), "{path}");
        let jpeg = get(&relay, &format!("{place}/{path}"), "*/*").await;
        assert_eq!(jpeg.headers()["content-type"], "image/jpeg", "{path}");
    }
    let study = place.split("/series").next().unwrap();
    for place in [study, &place, &format!("{place}/frames/9")] {
        let small = get(
            &relay,
            &format!("{place}/thumbnail?viewport=80,80"),
            "image/jpeg",
        )
        .await;
        let small = image::load_from_memory(&small.bytes().await.unwrap()).unwrap();
        assert_eq!((small.width(), small.height()), (160, 120), "{place}");
    }
    for accept in [
        "multipart/related; type=\"application/octet-stream\"",
        "multipart/related; type=\"application/octet-stream\"; transfer-syntax=*",
        "*/*",
    ] {
        let frames = parts(get(&relay, &format!("{place}/frames/1,2,24"), accept).await).await;
        for ((head, bytes), index) in frames.iter().zip([0, 1, 23]) {
            assert!(
                head.contains("transfer-syntax=1.2.840.10008.1.2.1"),
                "{head}"
            );
            assert!(*bytes == shown(index), "{accept} {index}");
        }
        assert_eq!(frames.len(), 3);
    }
    let film = get(&relay, &format!("{place}/rendered"), "video/mp4").await;
    assert_eq!(film.headers()["content-type"], "video/mp4");
    let film = film.bytes().await.unwrap();
    assert!(film.starts_with(&coded.mp4()), "as it is stored");
    for (path, accept) in [
        ("frames/1", "image/jpeg"),
        ("frames/1", "video/mp4"),
        ("frames/1/rendered", "video/mp4"),
        ("rendered?frame=1", "video/mp4"),
        ("thumbnail", "video/mp4"),
    ] {
        let refused = get(&relay, &format!("{place}/{path}"), accept).await;
        assert_eq!(refused.status(), 406, "{path} as {accept}");
    }
}

#[tokio::test]
async fn a_video_that_cannot_be_decoded_is_refused_as_pictures_and_still_given_as_a_file() {
    let relay = relay(&[]).await;
    let (status, told) = posts(&relay, "studies", body(&[video(20)])).await;
    assert_eq!(status, 200, "{told}");
    indexed(&relay, 1).await;
    let place = place(&search(&relay, "instances").await[0]);
    for path in ["rendered", "thumbnail", "frames/1", "frames/20/rendered"] {
        let refused = get(&relay, &format!("{place}/{path}"), "*/*").await;
        assert_eq!(refused.status(), 406, "{path}");
    }
    let film = get(&relay, &format!("{place}/rendered"), "video/mp4").await;
    assert_eq!(&film.bytes().await.unwrap()[4..8], b"ftyp");
}

#[tokio::test]
async fn dicomweb_client_stores_searches_and_reads() {
    let python = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../.tools/py/bin/python");
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/peers/dicomweb_peer.py");
    let Ok(has) = Command::new(&python)
        .args(["-c", "import dicomweb_client"])
        .status()
    else {
        assert!(
            std::env::var_os("HIBIKI_REQUIRE_TEST_DATA").is_none(),
            "no Python peers"
        );
        return;
    };
    assert!(
        has.success(),
        "no dicomweb-client in .tools/py (`make setup` installs it)"
    );
    let relay: Relay = relay(&[]).await;
    let phantoms = ["plax_small.dcm", "a4c_small_uncompressed.dcm"].map(|name| {
        PathBuf::from(env!("CARGO_MANIFEST_DIR"))
            .join("../sample-dicom")
            .join(name)
    });
    assert!(phantoms.iter().all(|path| !read(path).is_empty()));
    let film_at = relay.data.join("film.dcm");
    std::fs::write(&film_at, film().object()).unwrap();
    let run = tokio::task::spawn_blocking({
        let base = url(&relay, "");
        move || {
            let mut command = Command::new(python);
            command
                .arg(script)
                .arg(base.trim_end_matches('/'))
                .arg(TOKEN)
                .args(phantoms)
                .arg(film_at)
                .output()
        }
    });
    let done = run.await.unwrap().unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{said}");
}
