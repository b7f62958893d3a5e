//! The archive over DICOMweb beside Orthanc, in the same run: storing, searching, headers and frames.
//!
//! Both get the same bytes from the same client, which sends without Nagle's delay. The small set is 100 objects of 59 kB, the large one 20 clips of
//! 6.1 MB, each set in one body; their objects are one sample with other UIDs. Rounds alternate who is first, each with objects that are new to
//! both; the middle one counts. The relay answers when all of it is durable. Without the test data
//! nothing is measured, without Orthanc or its plugin the relay alone.

use crate::figures::{Figures, Spread};
use anyhow::{Context, Result, ensure};
use reqwest::{Client, RequestBuilder};
use std::time::{Duration, Instant};
use stories::binaries::Binaries;
use stories::orthanc::Orthanc;
use stories::relay::{Family, Relay};
use stories::test_data;
use stories::wait::until_every;

/// Of the bench's system, and its SHA-256.
const TOKEN: &str = "bench";
const DIGEST: &str = "1b32c28cb38c05480eccc1bd60ff97029b57a05c96718b96dad7e9d84894f549";
/// Times that each set is stored.
const ROUNDS: usize = 3;
/// Objects that are searched.
const SEARCHED: usize = 10_000;
/// In one body.
const IN_A_BODY: usize = 1_000;
/// Requests that count; one more warms up.
const REQUESTS: usize = 20;
/// A reader process for each.
const INDEXED_WITHIN: Duration = Duration::from_secs(300);
const ASK_AGAIN: Duration = Duration::from_millis(500);

/// Where one of the two is asked.
struct Archive {
    base: String,
    token: Option<&'static str>,
    client: Client,
}

impl Archive {
    fn with(&self, request: RequestBuilder) -> RequestBuilder {
        match self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Stores files in one body and gives the seconds.
    async fn stores(&self, files: &[Vec<u8>]) -> Result<f64> {
        let mut body = Vec::with_capacity(files.iter().map(|file| file.len() + 100).sum());
        for file in files {
            body.extend_from_slice(b"--edge\r\nContent-Type: application/dicom\r\n\r\n");
            body.extend_from_slice(file);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(b"--edge--\r\n");
        let request = self.client.post(format!("{}/studies", self.base));
        let content = "multipart/related; type=\"application/dicom\"; boundary=edge";
        let request = self.with(request.header("content-type", content).body(body));
        let began = Instant::now();
        let answer = request.send().await?;
        let (status, told) = (answer.status(), answer.text().await?);
        ensure!(
            status == 200,
            "{}: {status} {}",
            self.base,
            told.get(..400).unwrap_or(&told)
        );
        Ok(began.elapsed().as_secs_f64())
    }

    /// Milliseconds of a request, read to its end; the middle of some.
    async fn takes(&self, path: &str, accept: &str) -> Result<f64> {
        let mut took = Vec::new();
        for n in 0..=REQUESTS {
            let request = self.client.get(format!("{}/{path}", self.base));
            let request = self.with(request.header("accept", accept));
            let began = Instant::now();
            let answer = request.send().await?;
            ensure!(
                answer.status() == 200,
                "{}/{path}: {}",
                self.base,
                answer.status()
            );
            ensure!(!answer.bytes().await?.is_empty(), "{path}: nothing came");
            if n > 0 {
                took.push(began.elapsed().as_secs_f64() * 1_000.0);
            }
        }
        Ok(Spread::of(took, "requests")?.p(50))
    }

    /// How many instances a search gives.
    async fn count(&self, path: &str) -> Result<usize> {
        let request = self.client.get(format!("{}/{path}", self.base));
        let answer = self.with(request).send().await?;
        if answer.status() == 204 {
            return Ok(0);
        }
        let found: Vec<serde_json::Value> = answer.json().await?;
        Ok(found.len())
    }
}

/// Measures `stow_*`, `qido_10k_ms`, `wado_*`.
pub(crate) async fn measure(mut figures: Figures) -> Result<Figures> {
    let Some(folder) = test_data::folder() else {
        figures.note("DICOMweb was not measured: there is no test data".to_owned());
        return Ok(figures);
    };
    let read = |name: &str| {
        let path = folder.join("dicom").join(name);
        std::fs::read(&path).with_context(|| format!("read {}", path.display()))
    };
    let small = read("18_logiq700_480x640_j2k_lossy.dcm")?;
    let large = read("01_sonosite_echo_480x640x120_jpegbaseline.dcm")?;
    let place = tempfile::tempdir().context("make a folder for the archives")?;
    let binaries = Binaries::release()?;
    let systems = format!("BENCH:read+store:{DIGEST}");
    let flags = ["--dicomweb-systems", &systems, "--recording", "false"].map(str::to_owned);
    let relay = Relay::start(&binaries, &place.path().join("relay"), Family::V4, &flags).await?;
    // Another one may have been there first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::builder().no_proxy().tcp_nodelay(true).build()?;
    let ours = Archive {
        base: format!("{}/dicomweb", relay.origin()),
        token: Some(TOKEN),
        client: client.clone(),
    };
    let orthanc = Orthanc::with_dicomweb(place.path()).await?;
    let theirs = orthanc.as_ref().map(|orthanc| Archive {
        base: format!("{}/dicom-web", orthanc.door()),
        token: None,
        client,
    });
    if theirs.is_none() {
        figures.note(
            "Orthanc with its DICOMweb plugin is not installed: the relay was measured alone"
                .to_owned(),
        );
    }
    let sets = [
        (
            "stow_small_s",
            "stow_small_orthanc_s",
            "stow_small_vs_orthanc",
            &small,
            100,
        ),
        (
            "stow_large_s",
            "stow_large_orthanc_s",
            "stow_large_vs_orthanc",
            &large,
            20,
        ),
    ];
    let (mut kept, mut stored) = (None, 0);
    for (key, peer_key, ratio_key, sample, count) in sets {
        let (mut took, mut peer) = (Vec::new(), Vec::new());
        for round in 0..ROUNDS {
            let files = (round * count..(round + 1) * count)
                .map(|number| variant(sample, number))
                .collect::<Result<Vec<_>>>()?;
            stored += count;
            let ours_first = round % 2 == 0;
            if ours_first {
                took.push(ours.stores(&files).await?);
            }
            if let Some(theirs) = &theirs {
                peer.push(theirs.stores(&files).await?);
            }
            if !ours_first {
                took.push(ours.stores(&files).await?);
            }
            kept = files.into_iter().next();
        }
        let took = Spread::of(took, key)?.p(50);
        figures.set(key, took);
        if !peer.is_empty() {
            let peer = Spread::of(peer, peer_key)?.p(50);
            figures.set(peer_key, peer);
            figures.set(ratio_key, took / peer);
        }
    }
    let clip = place_of(&kept.context("a clip was stored")?)?;
    let frame = "multipart/related; type=\"image/jpeg\"; transfer-syntax=1.2.840.10008.1.2.4.50";
    until_every(ASK_AGAIN, "the index", INDEXED_WITHIN, || async {
        Ok((ours.count("instances?limit=10000").await? == stored).then_some(()))
    })
    .await?;
    for (keys, path, accept) in [
        (
            [
                "wado_metadata_ms",
                "wado_metadata_orthanc_ms",
                "wado_metadata_vs_orthanc",
            ],
            format!("{clip}/metadata"),
            "application/dicom+json",
        ),
        (
            [
                "wado_frame_ms",
                "wado_frame_orthanc_ms",
                "wado_frame_vs_orthanc",
            ],
            format!("{clip}/frames/60"),
            frame,
        ),
    ] {
        let [key, peer_key, ratio_key] = keys;
        let took = ours.takes(&path, accept).await?;
        figures.set(key, took);
        if let Some(theirs) = &theirs {
            let peer = theirs.takes(&path, accept).await?;
            figures.set(peer_key, peer);
            figures.set(ratio_key, took / peer);
        }
    }
    searched(figures, &ours).await
}

/// Ten thousand objects in one study, asked by a key that only looking at each can answer.
async fn searched(mut figures: Figures, ours: &Archive) -> Result<Figures> {
    let all: Vec<usize> = (0..SEARCHED).collect();
    for some in all.chunks(IN_A_BODY) {
        let files: Vec<Vec<u8>> = some.iter().map(|number| tiny(*number)).collect();
        ours.stores(&files).await?;
    }
    let began = Instant::now();
    until_every(ASK_AGAIN, "the index of all", INDEXED_WITHIN, || async {
        Ok((ours
            .count("studies/9.1/instances?limit=1&offset=9999")
            .await?
            == 1)
            .then_some(()))
    })
    .await?;
    let waited = began.elapsed().as_secs_f64();
    figures.note(format!(
        "10,000 objects were searchable {waited:.0} s after the last was stored"
    ));
    let mut worst = 0_f64;
    for path in [
        "studies?PatientName=bench*",
        "studies/9.1/instances?InstanceNumber=9876",
        "instances?SOPInstanceUID=9.3.5000",
        "studies/9.1/instances?limit=100&offset=9000",
    ] {
        worst = worst.max(ours.takes(path, "application/dicom+json").await?);
    }
    figures.set("qido_10k_ms", worst);
    Ok(figures)
}

/// The sample with another SOP Instance UID of the same length, wherever that stands.
fn variant(sample: &[u8], number: usize) -> Result<Vec<u8>> {
    let uid = value(sample, 0x18).context("the sample has an instance")?;
    let kept = uid.len().checked_sub(4).context("a UID of some length")?;
    let other = [
        uid.get(..kept).unwrap_or_default(),
        format!("{:04}", 1_000 + number).as_bytes(),
    ]
    .concat();
    let mut bytes = sample.to_vec();
    let mut at = 0;
    while let Some(found) = bytes.get(at..).and_then(|rest| {
        rest.windows(uid.len())
            .take(16 << 10)
            .position(|part| part == uid)
    }) {
        let from = at + found;
        at = from + uid.len();
        if let Some(part) = bytes.get_mut(from..at) {
            part.copy_from_slice(&other);
        }
    }
    Ok(bytes)
}

/// Where an object is found.
fn place_of(file: &[u8]) -> Result<String> {
    let text = |bytes: Option<&[u8]>| {
        let text = String::from_utf8_lossy(bytes.unwrap_or_default()).into_owned();
        text.trim_end_matches(['\0', ' ']).to_owned()
    };
    let study = text(element(file, [0x20, 0, 0x0D, 0]));
    let series = text(element(file, [0x20, 0, 0x0E, 0]));
    let instance = text(value(file, 0x18));
    ensure!(
        !study.is_empty() && !series.is_empty(),
        "the sample has no study"
    );
    Ok(format!(
        "studies/{study}/series/{series}/instances/{instance}"
    ))
}

fn value(file: &[u8], of_group_8: u8) -> Option<&[u8]> {
    let found = element(file, [8, 0, of_group_8, 0])?;
    let padded = found.iter().rev().take_while(|byte| **byte == 0).count();
    found.get(..found.len() - padded)
}

/// The first UID with this tag in an explicit little endian file.
fn element(file: &[u8], tag: [u8; 4]) -> Option<&[u8]> {
    let mark = [tag.as_slice(), b"UI"].concat();
    let at = file.windows(6).position(|part| part == mark)?;
    let length = file.get(at + 6..at + 8)?;
    let [low, high] = *length.first_chunk()?;
    file.get(at + 8..at + 8 + usize::from(u16::from_le_bytes([low, high])))
}

/// An object of a few elements.
fn tiny(number: usize) -> Vec<u8> {
    const CLASS: &str = "1.2.840.10008.5.1.4.1.1.3.1";
    let instance = format!("9.3.{number}");
    let mut file = vec![0; 128];
    file.extend_from_slice(b"DICM");
    for (group, element, vr, text) in [
        (2_u8, 0x02_u8, b"UI", CLASS),
        (2, 0x03, b"UI", instance.as_str()),
        (2, 0x10, b"UI", "1.2.840.10008.1.2.1"),
        (8, 0x16, b"UI", CLASS),
        (8, 0x18, b"UI", &instance),
        (8, 0x20, b"DA", "20260101"),
        (8, 0x60, b"CS", "US"),
        (0x10, 0x10, b"PN", "Bench^One"),
        (0x10, 0x20, b"LO", "B-1"),
        (0x20, 0x0D, b"UI", "9.1"),
        (0x20, 0x0E, b"UI", "9.2"),
        (0x20, 0x13, b"IS", &number.to_string()),
    ] {
        let mut text = text.as_bytes().to_vec();
        if text.len() % 2 == 1 {
            text.push(if vr == b"UI" { 0 } else { b' ' });
        }
        file.extend_from_slice(&[group, 0, element, 0]);
        file.extend_from_slice(vr);
        // None is longer than 255.
        file.extend_from_slice(&[u8::try_from(text.len()).unwrap_or(u8::MAX), 0]);
        file.extend_from_slice(&text);
    }
    file
}
