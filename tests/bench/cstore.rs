//! How long archives take for DICOM objects: ours with a durable commit each, Orthanc, and dcmtk's storescp, which syncs nothing.
//!
//! One sender for all three: the requestor of `relay/dimse`, because storescu and dcmsend read and parse each file anew while the clock
//! runs and take longer over it than any of the archives. Objects lie in its memory; one association sends one after the other and
//! waits for each answer, TCP_NODELAY on both ends. Rounds alternate between the archives, each with objects that are new to all.
//!
//! The floor is what one new file of the same size costs with one `fdatasync`, on the same disk in the same run. The target against
//! dcmtk is counted twice. As it is written: the whole set may take what dcmtk takes for it and 1.5 floors more, however many objects
//! it has; a sender that waits for each answer cannot be served like that unless dcmtk is slow, since each answer waits for a sync.
//! And for each object: 1.5 floors more than dcmtk's time for one.

use crate::figures::{Figures, Spread};
use anyhow::{Context as _, Result, ensure};
use dimse::{Offer, Proposal, Requestor, Sent};
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};
use stories::binaries::Binaries;
use stories::free_port::free_port;
use stories::orthanc::Orthanc;
use stories::process::Program;
use stories::relay::{Family, Relay};
use stories::wait::until;

const ROUNDS: usize = 5;
const PATIENCE: Duration = Duration::from_secs(60);
const START: Duration = Duration::from_secs(30);
/// Ultrasound Image, whatever its size; Explicit VR Little Endian.
const CLASS: &str = "1.2.840.10008.5.1.4.1.1.6.1";
const SYNTAX: &str = "1.2.840.10008.1.2.1";

/// Objects of one size.
struct Set {
    name: &'static str,
    objects: usize,
    bytes: usize,
    keys: [&'static str; 6],
}

const SETS: [Set; 2] = [
    Set {
        name: "100 × 59 kB",
        objects: 100,
        bytes: 59_000,
        keys: [
            "cstore_small_s",
            "cstore_small_orthanc_s",
            "cstore_small_dcmtk_s",
            "cstore_small_vs_orthanc",
            "cstore_small_over_dcmtk_fsyncs",
            "cstore_small_over_dcmtk_fsyncs_each",
        ],
    },
    Set {
        name: "20 × 6.1 MB",
        objects: 20,
        bytes: 6_100_000,
        keys: [
            "cstore_large_s",
            "cstore_large_orthanc_s",
            "cstore_large_dcmtk_s",
            "cstore_large_vs_orthanc",
            "cstore_large_over_dcmtk_fsyncs",
            "cstore_large_over_dcmtk_fsyncs_each",
        ],
    },
];

/// Measures the `cstore_` figures and the floor.
pub(crate) async fn measure(mut figures: Figures) -> Result<Figures> {
    let folder = tempfile::tempdir().context("make a folder")?;
    let data = folder.path().join("relay");
    std::fs::create_dir(&data)?;
    let flags = ["--dicom-listen", "127.0.0.1:0", "--dicom-peers", "BENCH"].map(str::to_owned);
    let ours = Relay::start(&Binaries::release()?, &data, Family::V4, &flags).await?;
    let ours = (
        ours.announced().dicom.context("the relay takes DICOM")?,
        ours,
    );
    let orthanc = Orthanc::start(folder.path())?;
    let dcmtk = storescp(folder.path())?;
    if orthanc.is_none() || dcmtk.is_none() {
        figures.note(
            "cstore: Orthanc or dcmtk is not installed; what is missing was not compared"
                .to_owned(),
        );
    }
    let archives = [
        Some((ours.0, "HIBIKI")),
        orthanc.as_ref().map(|one| (one.dicom(), "ORTHANC")),
        dcmtk.as_ref().map(|one| (one.0, "STORESCP")),
    ];
    let mut uid = 0;
    for (archive, title) in archives.iter().flatten() {
        // Also waits until it has started.
        until(title, START, async || {
            Ok(send(*archive, title, &objects(3, 59_000, &mut 0))
                .await
                .ok())
        })
        .await?;
    }
    let mut floors = [0.0; 2];
    for (set, floor) in SETS.iter().zip(&mut floors) {
        let mut took = [const { Vec::new() }; 3];
        let mut synced = Vec::new();
        for _ in 0..ROUNDS {
            let objects = objects(set.objects, set.bytes, &mut uid);
            for (archive, took) in archives.iter().zip(&mut took) {
                if let Some((address, title)) = archive {
                    took.push(send(*address, title, &objects).await?.as_secs_f64());
                }
            }
            synced.extend(sync_floor(folder.path(), set)?);
        }
        let floor_of = Spread::of(synced, "syncs")?;
        *floor = floor_of.p(50);
        let mut medians = [None; 3];
        for ((took, median), key) in took.into_iter().zip(&mut medians).zip(set.keys) {
            if !took.is_empty() {
                let value = Spread::of(took, key)?.p(50);
                figures.set(key, value);
                *median = Some(value);
            }
        }
        let [Some(ours), orthanc, dcmtk] = medians else {
            continue;
        };
        if let Some(orthanc) = orthanc {
            figures.set(set.keys[3], ours / orthanc);
        }
        if let Some(dcmtk) = dcmtk {
            let over = (ours - dcmtk) * 1_000.0 / *floor;
            figures.set(set.keys[4], over);
            #[expect(clippy::cast_precision_loss, reason = "at most 100")]
            figures.set(set.keys[5], over / set.objects as f64);
        }
        figures.note(format!(
            "cstore: {} in one association, median of {ROUNDS}; one file with its sync {:.2} ms (p90 {:.2})",
            set.name,
            *floor,
            floor_of.p(90)
        ));
    }
    figures.set("fsync_floor_ms", floors[0]);
    figures.set("fsync_floor_large_ms", floors[1]);
    Ok(figures)
}

/// dcmtk's archive: a file for each object, and Success.
fn storescp(folder: &Path) -> Result<Option<(SocketAddr, Program)>> {
    let program = Path::new("/usr/bin/storescp");
    if !program.is_file() {
        return Ok(None);
    }
    let (port, place) = (free_port()?, folder.join("storescp"));
    std::fs::create_dir(&place)?;
    let place = place.display().to_string();
    let args = ["-od", &place, &port.to_string()].map(str::to_owned);
    let nodelay = [("TCP_NODELAY", "1".to_owned())];
    let started = Program::start("storescp", program, &args, &nodelay)?;
    Ok(Some((([127, 0, 0, 1], port).into(), started)))
}

struct Object {
    instance: String,
    data_set: Vec<u8>,
}

fn objects(count: usize, bytes: usize, uid: &mut u64) -> Vec<Object> {
    let fresh = |uid: &mut u64| {
        *uid += 1;
        let instance = format!("2.25.{}{}", std::process::id(), *uid + 1_000_000);
        Object {
            data_set: data_set(&instance, bytes),
            instance,
        }
    };
    (0..count).map(|_| fresh(uid)).collect()
}

/// Enough for an archive's index, and pixels.
fn data_set(instance: &str, bytes: usize) -> Vec<u8> {
    let study = format!("2.25.{}1", std::process::id());
    let mut out = Vec::with_capacity(bytes + 512);
    for (group, element, vr, value) in [
        (0x08_u16, 0x16_u16, b"UI", CLASS),
        (0x08, 0x18, b"UI", instance),
        (0x08, 0x20, b"DA", "20260101"),
        (0x08, 0x60, b"CS", "US"),
        (0x10, 0x10, b"PN", "Bench"),
        (0x10, 0x20, b"LO", "BENCH-1"),
        (0x20, 0x0D, b"UI", &study),
        (0x20, 0x0E, b"UI", &format!("{study}.1")),
        (0x20, 0x13, b"IS", "1"),
    ] {
        let mut value = value.as_bytes().to_vec();
        if value.len() % 2 == 1 {
            value.push(if vr == b"UI" { 0 } else { b' ' });
        }
        put(&mut out, group, element, *vr, &value);
    }
    let side = u16::try_from(bytes.isqrt()).unwrap_or(u16::MAX);
    put(&mut out, 0x28, 0x02, *b"US", &1_u16.to_le_bytes());
    put(&mut out, 0x28, 0x04, *b"CS", b"MONOCHROME2 ");
    put(&mut out, 0x28, 0x10, *b"US", &side.to_le_bytes());
    put(&mut out, 0x28, 0x11, *b"US", &side.to_le_bytes());
    for (element, value) in [(0x100, 8_u16), (0x101, 8), (0x102, 7), (0x103, 0)] {
        put(&mut out, 0x28, element, *b"US", &value.to_le_bytes());
    }
    let pixels = (usize::from(side) * usize::from(side)).next_multiple_of(2);
    out.extend_from_slice(&[0xE0, 0x7F, 0x10, 0, b'O', b'B', 0, 0]);
    out.extend_from_slice(&u32::try_from(pixels).unwrap_or(u32::MAX).to_le_bytes());
    // Not zeros: a disk may know those.
    out.extend((0..pixels).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8));
    out
}

fn put(out: &mut Vec<u8>, group: u16, element: u16, vr: [u8; 2], value: &[u8]) {
    out.extend_from_slice(&group.to_le_bytes());
    out.extend_from_slice(&element.to_le_bytes());
    out.extend_from_slice(&vr);
    out.extend_from_slice(&u16::try_from(value.len()).unwrap_or(0).to_le_bytes());
    out.extend_from_slice(value);
}

/// One association with all of them, from the connection to the last answer.
async fn send(address: SocketAddr, title: &str, objects: &[Object]) -> Result<Duration> {
    let proposal = Proposal {
        ours: "BENCH".parse()?,
        theirs: title.parse()?,
        offers: vec![Offer {
            class: CLASS.to_owned(),
            syntaxes: vec![SYNTAX.to_owned()],
        }],
    };
    let began = Instant::now();
    let mut peer = Requestor::associate(&address.to_string(), &proposal, PATIENCE).await?;
    for object in objects {
        let sent = Sent {
            class: CLASS,
            instance: &object.instance,
            syntax: SYNTAX,
            bytes: object.data_set.len() as u64,
            originator: None,
        };
        let status = peer.store(&sent, object.data_set.as_slice()).await?;
        ensure!(status == 0, "{title} answers {status:04X}");
    }
    let took = began.elapsed();
    peer.release().await;
    Ok(took)
}

/// Milliseconds of writing a new file of a set's size and making its bytes durable, a few times.
fn sync_floor(folder: &Path, set: &Set) -> Result<Vec<f64>> {
    let bytes = data_set("1.2.3", set.bytes);
    (0..set.objects.min(20))
        .map(|at| {
            let path = folder.join(format!("floor-{at}"));
            let began = Instant::now();
            let mut file = std::fs::File::create(&path)?;
            file.write_all(&bytes)?;
            file.sync_data()?;
            let took = began.elapsed();
            std::fs::remove_file(&path)?;
            Ok(took.as_secs_f64() * 1_000.0)
        })
        .collect()
}
