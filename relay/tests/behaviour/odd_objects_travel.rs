//! Objects with odd contents go through every door as what they are: text as text, documents as bytes. Nothing of them is taken for a
//! path, a header line, a query, or something to show.

use crate::dicom_sender::{CLIP, Object, files, nothing_half};
use crate::dicomweb_client::{body, file, first, get, indexed, posts, relay, search};
use crate::support::code;
use crate::tools_change_the_rows::tool;
use relay::store::{self, Store};
use serde_json::Value;

const JSON: &str = "application/dicom+json";
/// Last digits of the UIDs of studies.
const STUDIES: &[u8; 7] = b"5678912";
/// Encapsulated PDF and CDA.
const PDF: &str = "1.2.840.10008.5.1.4.1.1.104.1";
const CDA: &str = "1.2.840.10008.5.1.4.1.1.104.2";

fn element(group: u16, number: u16, vr: &[u8; 2], value: &[u8]) -> Vec<u8> {
    let mut value = value.to_vec();
    value.resize(value.len().next_multiple_of(2), b' ');
    let mut bytes = [group.to_le_bytes(), number.to_le_bytes(), *vr].concat();
    if matches!(vr, b"OB" | b"UN") {
        bytes.extend_from_slice(&[0, 0]);
        bytes.extend_from_slice(&u32::try_from(value.len()).unwrap().to_le_bytes());
    } else {
        bytes.extend_from_slice(&u16::try_from(value.len()).unwrap().to_le_bytes());
    }
    bytes.extend(value);
    bytes
}

/// A small object with more elements, each put in its place by its tag.
fn with(mut object: Object, elements: &[(u16, u16, &[u8; 2], &[u8])]) -> Object {
    for (group, number, vr, value) in elements {
        let after = |at: &usize| {
            let (g, e) = (
                &object.data_set[*at..*at + 2],
                &object.data_set[*at + 2..*at + 4],
            );
            let there = (
                u16::from_le_bytes([g[0], g[1]]),
                u16::from_le_bytes([e[0], e[1]]),
            );
            there > (*group, *number)
        };
        let mut at = 0;
        while at < object.data_set.len() && !after(&at) {
            let length = &object.data_set[at + 6..at + 8];
            at += 8 + usize::from(u16::from_le_bytes([length[0], length[1]]));
        }
        object
            .data_set
            .splice(at..at, element(*group, *number, vr, value));
    }
    object
}

/// M28.
#[tokio::test]
async fn a_patient_id_that_looks_like_an_order_is_only_text_at_every_door() {
    let relay = relay(&["--log", "trace"]).await;
    let ids = [
        "../../etc/passwd",
        "'; DROP TABLE objects; --",
        "A\r\nSet-Cookie: planted=1",
        "=cmd|' /C calc'!A0",
        "\"><script>planted()</script>",
        "${jndi:ldap://planted}",
        "%s%n%x",
    ];
    let objects: Vec<Vec<u8>> = ids
        .iter()
        .enumerate()
        .map(|(number, id)| {
            let mut object = Object::small(&format!("1.2.7.{number}"), "odd");
            // Each in a study of its own.
            let study = object.data_set.windows(7).position(|at| at == b"1.2.3.4");
            let last = study.unwrap() + 6;
            object.data_set[last] = STUDIES[number];
            file(&with(object, &[(0x10, 0x20, b"LO", id.as_bytes())]))
        })
        .collect();
    let (status, told) = posts(&relay, "studies", body(&objects)).await;
    assert_eq!(status, 200, "{told}");
    indexed(&relay, ids.len()).await;
    for (number, id) in ids.iter().enumerate() {
        let instance = format!("1.2.7.{number}");
        let path = format!("instances?SOPInstanceUID={instance}&includefield=all");
        let answer = get(&relay, &path, JSON).await;
        assert!(answer.headers().get("set-cookie").is_none());
        let found: Vec<Value> = answer.json().await.unwrap();
        let place = found[0]["00081190"]["Value"][0].as_str().unwrap();
        let path = place.split("/dicomweb/").nth(1).unwrap();
        let metadata = get(&relay, &format!("{path}/metadata"), JSON).await;
        let metadata: Value = metadata.json().await.unwrap();
        assert_eq!(first(&metadata[0], "00100020"), *id);
        let given = get(&relay, path, "application/dicom").await;
        assert_eq!(given.status(), 200);
        for (name, value) in given.headers() {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            assert!(
                !value.contains("planted") && !value.contains(id),
                "{name}: {value}"
            );
        }
        // Asked for, it is compared with and nothing more.
        let escaped: String = id.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let asked = get(&relay, &format!("studies?PatientID={escaped}"), JSON).await;
        let status = asked.status().as_u16();
        assert!([200, 204, 400].contains(&status), "{id}: {status}");
    }
    assert_eq!(search(&relay, "instances").await.len(), ids.len());
    // Names are digests, whatever the ids say.
    for name in files(&relay, "objects") {
        let digest = name.strip_suffix(".dcm").unwrap();
        assert!(digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit()));
    }
    let listed = tool(&relay, &["forwards", "list"]);
    let log = relay.log();
    for said in [&listed, &log] {
        assert!(
            !said.contains("planted") && !said.contains("/etc/passwd"),
            "{said}"
        );
    }
    let store = Store::open(&relay.data.join("relay.db")).unwrap();
    let reads = store.read("reads", |db| {
        let all = STUDIES
            .iter()
            .map(|last| store::reads_of(db, &format!("1.2.3.{}", char::from(*last))));
        all.collect::<Result<Vec<_>, _>>()
    });
    let reads = format!("{:?}", reads.await.unwrap());
    store.close();
    assert!(
        reads.contains("PACS") && !reads.contains("planted"),
        "{reads}"
    );
}

/// M55: a document is kept and given as the bytes that it is; nobody here opens, draws or runs it.
#[tokio::test]
async fn a_document_inside_an_object_is_kept_and_given_and_never_shown() {
    let relay = relay(&[]).await;
    let pdf = b"%PDF-1.7\n1 0 obj<</OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj\n%%EOF";
    let cda = b"<?xml version=\"1.0\"?><!DOCTYPE d [<!ENTITY a SYSTEM \"file:///etc/passwd\"><!ENTITY b \"&a;&a;\">]><d>&b;</d>";
    for (number, (class, media, document)) in [
        (PDF, "application/pdf", &pdf[..]),
        (CDA, "text/xml", &cda[..]),
    ]
    .into_iter()
    .enumerate()
    {
        let instance = format!("1.2.8.{number}");
        let mut object = Object::small(&instance, "a document");
        // The class stands first; a UID of another length moves the rest.
        let rest = 8 + CLIP.len().next_multiple_of(2);
        let mut data_set = element(8, 0x16, b"UI", class.as_bytes());
        if class.len() % 2 == 1 {
            *data_set.last_mut().unwrap() = 0;
        }
        data_set.extend_from_slice(&object.data_set[rest..]);
        object.data_set = data_set;
        object.class = class.to_owned();
        let object = with(
            object,
            &[
                (0x42, 0x12, b"LO", media.as_bytes()),
                (0x42, 0x11, b"OB", document),
            ],
        );
        let (status, told) = posts(&relay, "studies", body(&[file(&object)])).await;
        assert_eq!(status, 200, "{told}");
        indexed(&relay, number + 1).await;
        let place = format!("studies/1.2.3.4/series/1.2.3.5/instances/{instance}");
        let given = get(&relay, &place, "application/dicom").await;
        let content = given.headers()["content-type"].to_str().unwrap();
        assert!(content.starts_with("application/dicom;"), "{content}");
        is_never_shown(&given);
        assert!(given.bytes().await.unwrap().ends_with(&object.data_set));
        for as_picture in ["rendered", "thumbnail", "frames/1", "frames/1/rendered"] {
            for accept in ["image/jpeg", media, "text/html", "*/*"] {
                let answer = get(&relay, &format!("{place}/{as_picture}"), accept).await;
                is_never_shown(&answer);
                let (status, code) = code(answer).await;
                assert!(
                    (400..500).contains(&status),
                    "{as_picture} {accept}: {status} {code}"
                );
            }
        }
        let metadata = get(&relay, &format!("{place}/metadata"), JSON).await;
        let metadata: Value = metadata.json().await.unwrap();
        let inside = &metadata[0]["00420011"];
        if let Some(place) = inside["BulkDataURI"].as_str() {
            let path = place.split("/dicomweb/").nth(1).unwrap();
            let bulk = get(&relay, path, "*/*").await;
            is_never_shown(&bulk);
            assert_eq!(bulk.headers()["content-type"], "application/octet-stream");
        } else {
            assert!(inside["InlineBinary"].is_string(), "{inside}");
        }
    }
    nothing_half(&relay).await;
}

/// No browser opens it in place, or takes it for another kind than is said.
fn is_never_shown(answer: &reqwest::Response) {
    let headers = answer.headers();
    assert_eq!(headers["x-content-type-options"], "nosniff");
    let policy = headers["content-security-policy"].to_str().unwrap();
    assert!(
        policy.contains("default-src 'none'") || policy.contains("sandbox"),
        "{policy}"
    );
    let content = headers.get("content-type").map(|it| it.to_str().unwrap());
    let content = content.unwrap_or_default();
    for shown in ["pdf", "html", "xml"] {
        assert!(!content.contains(shown), "{content}");
    }
}
