//! Handhelds that send DICOM: dcmtk's echoscu and storescu against an agent's own door.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod support;

use capture_agent::agent::{Agent, AgentSettings, SavingSettings};
use capture_agent::clip::{Coding, DeviceFacts, PatientFacts};
use capture_agent::dicom_door::DicomDoor;
use capture_agent::spool::{AfterKept, Belongs, Counts, Disk, Spool, SpoolBounds};
use capture_agent::sync::Stop;
use dimse::tls::{Own, TlsFault, TlsFiles};
use dimse::{Offer, Policy, Proposal, RequestFault, Requestor, Sent, limits};
use echo_dicom::Provenance;
use std::net::{SocketAddr, TcpListener};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;
use support::{settings, ticket, to_relay, until};
use wire::ConsultId;

/// Ultrasound Multi-frame.
const CLIP: &str = "1.2.840.10008.5.1.4.1.1.3.1";
const EXPLICIT: &str = "1.2.840.10008.1.2.1";
const BOUND: Duration = Duration::from_secs(10);

/// An agent with an open door, for a consult that it does not reach.
struct Bedside {
    listen: SocketAddr,
    spool: tempfile::TempDir,
    agent: capture_agent::clip::Saver,
    stop: Stop,
}

impl Drop for Bedside {
    fn drop(&mut self) {
        self.stop.set();
    }
}

/// Below the ports that connections get by themselves: whoever asks for one of those until somebody listens may meet himself.
fn free_address() -> SocketAddr {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 20_000 + u16::try_from(std::process::id() % 1_000).unwrap() * 10;
    loop {
        let port = first + NEXT.fetch_add(1, Ordering::Relaxed);
        if let Ok(listener) = TcpListener::bind(("127.0.0.1", port)) {
            return listener.local_addr().unwrap();
        }
    }
}

async fn opened(bytes: u64) -> Bedside {
    opened_with(bytes, None).await
}

async fn opened_with(bytes: u64, tls: Option<TlsFiles>) -> Bedside {
    let spool = tempfile::tempdir().unwrap();
    let listen = free_address();
    let policy = Policy {
        title: "HIBIKI".parse().unwrap(),
        peers: vec!["PROBE".parse().unwrap()],
        associations: 2,
        idle: limits::DEFAULT_IDLE,
        object_bytes: 1 << 30,
    };
    let saving = SavingSettings {
        folder: spool.path().to_owned(),
        bounds: SpoolBounds {
            bytes,
            after_kept: AfterKept::Delete,
        },
        import: None,
        coding: Coding::Jpeg,
        threads: NonZeroUsize::MIN,
        patient: PatientFacts::default(),
        device: DeviceFacts::default(),
        facts: None,
        utc_offset_minutes: 540,
    };
    let mut relay = to_relay("http://127.0.0.1:9", ticket());
    relay.consult = ConsultId::random();
    let mut agent = Agent::start(AgentSettings {
        saving: Some(saving),
        relay: Some(relay),
        dicom_door: Some(DicomDoor {
            listen,
            policy,
            tls,
        }),
        ..settings("test:")
    })
    .unwrap();
    let (saver, stop) = (agent.saver().unwrap(), agent.stop.clone());
    tokio::spawn(async move { agent.run().await });
    until("an open door", BOUND, || {
        std::net::TcpStream::connect(listen).is_ok()
    })
    .await;
    Bedside {
        listen,
        spool,
        agent: saver,
        stop,
    }
}

impl Bedside {
    /// Runs a program of dcmtk against the door; gives whether it was content, and what it said.
    async fn hears(
        &self,
        program: &'static str,
        title: &'static str,
        file: &Path,
    ) -> (bool, String) {
        let (host, port) = (self.listen.ip().to_string(), self.listen.port().to_string());
        let file = file.to_owned();
        let run = tokio::task::spawn_blocking(move || {
            let mut command = Command::new(program);
            command.args(["-v", "-aet", title, "-aec", "HIBIKI", &host, &port]);
            // Whatever syntax the file has is offered as it is.
            if program == "storescu" {
                command.args(["-R"]).arg(file);
            }
            command
                .output()
                .unwrap_or_else(|error| panic!("{program} of dcmtk: {error}"))
        });
        let done = run.await.unwrap();
        let said = [done.stderr, done.stdout].concat();
        (
            done.status.success(),
            String::from_utf8_lossy(&said).into_owned(),
        )
    }

    fn counts(&self) -> Counts {
        *self.agent.counts().borrow()
    }

    fn arriving(&self) -> usize {
        std::fs::read_dir(self.spool.path().join("arriving"))
            .unwrap()
            .count()
    }
}

fn phantom() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../sample-dicom/a4c_small_uncompressed.dcm")
}

/// The data set of a file, behind its meta information (PS3.10 section 7.1).
fn data_set(path: &Path) -> Vec<u8> {
    let bytes = std::fs::read(path).unwrap();
    let length = u32::from_le_bytes(bytes[140..144].try_into().unwrap());
    bytes[144 + length as usize..].to_vec()
}

/// Sends the phantom as it lies in its file; gives the status. Foreign senders may write its sequences in another form.
async fn sends_as_it_is(bedside: &Bedside) -> u16 {
    sends_to(bedside.listen, || {}).await
}

/// The same, and does something between the answer and the end of the association.
async fn sends_to(listen: SocketAddr, then: impl FnOnce()) -> u16 {
    let says = Provenance::read(&phantom()).unwrap();
    let proposal = Proposal {
        ours: "PROBE".parse().unwrap(),
        theirs: "HIBIKI".parse().unwrap(),
        offers: vec![Offer {
            class: CLIP.to_owned(),
            syntaxes: vec![EXPLICIT.to_owned()],
        }],
    };
    let address = listen.to_string();
    let mut sender = Requestor::associate(&address, &proposal, BOUND)
        .await
        .unwrap();
    let bytes = data_set(&phantom());
    let sent = Sent {
        originator: None,
        class: CLIP,
        instance: says.instance_uid.as_str(),
        syntax: EXPLICIT,
        bytes: bytes.len() as u64,
    };
    let status = sender.store(&sent, bytes.as_slice()).await.unwrap();
    then();
    sender.release().await;
    status
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_is_durable_unaltered_before_its_sender_hears_success_and_waits_if_it_names_nobody()
 {
    let bedside = opened(1 << 30).await;
    assert_eq!(sends_as_it_is(&bedside).await, 0);
    let kept = bedside.agent.spool().unsent();
    let [clip] = kept.as_slice() else {
        panic!("{kept:?}");
    };
    assert!(clip.known.exported);
    assert_eq!(clip.known.belongs, Belongs::Unsaid, "it names nobody");
    let object = bedside
        .spool
        .path()
        .join(format!("clips/{}.dcm", clip.clip));
    assert!(data_set(&object) == data_set(&phantom()), "unaltered");
    // Its sender did not hear it and sends it again: it is the same clip.
    assert_eq!(sends_as_it_is(&bedside).await, 0);
    assert_eq!(bedside.counts().unsent, 1);
    assert_eq!(bedside.arriving(), 0);
}

/// The program as it runs at a bedside: killed the moment its sender heard Success, before that one even says goodbye.
#[tokio::test(flavor = "multi_thread")]
async fn what_its_sender_heard_success_for_outlives_a_kill_right_behind_the_answer() {
    let folder = tempfile::tempdir().unwrap();
    let (spool, listen) = (folder.path().join("spool"), free_address());
    let config = folder.path().join("agent.toml");
    let text = format!(
        "source = \"test:\"\n[spool]\nfolder = {spool:?}\n[dicom]\nlisten = \"{listen}\"\npeers = [\"PROBE\"]\n"
    );
    std::fs::write(&config, text).unwrap();
    for life in 0..3 {
        let mut program = Command::new(env!("CARGO_BIN_EXE_capture-agent"))
            .arg("run")
            .arg("--config")
            .arg(&config)
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        until("an open door", BOUND, || {
            std::net::TcpStream::connect(listen).is_ok()
        })
        .await;
        let status = sends_to(listen, || program.kill().unwrap()).await;
        program.wait().unwrap();
        assert_eq!(status, 0, "life {life}");
        let bounds = SpoolBounds {
            bytes: 1 << 30,
            after_kept: AfterKept::Delete,
        };
        let (kept, _) = Spool::open(&spool, bounds, Arc::new(Disk)).unwrap();
        let unsent = kept.unsent();
        let [clip] = unsent.as_slice() else {
            panic!("{unsent:?} in life {life}");
        };
        let object = spool.join(format!("clips/{}.dcm", clip.clip));
        assert!(data_set(&object) == data_set(&phantom()), "unaltered");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn dcmtk_echoes_and_sends() {
    let bedside = opened(1 << 30).await;
    let (echoed, said) = bedside.hears("echoscu", "PROBE", Path::new("")).await;
    assert!(echoed, "{said}");
    let (sent, said) = bedside.hears("storescu", "PROBE", &phantom()).await;
    assert!(sent && said.contains("Success"), "{said}");
    assert_eq!(bedside.counts().unsent, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_is_rejected_and_a_full_spool_is_out_of_resources() {
    let bedside = opened(1_000).await;
    let (let_in, said) = bedside.hears("echoscu", "STRANGER", Path::new("")).await;
    assert!(!let_in && said.contains("Rejected"), "{said}");
    let (_, said) = bedside.hears("storescu", "PROBE", &phantom()).await;
    assert!(
        said.contains("OutOfResources")
            || said.contains("Out of Resources")
            || said.contains("0xa700"),
        "{said}"
    );
    assert_eq!(bedside.counts().unsent, 0);
    assert_eq!(bedside.arriving(), 0);
}

/// A certificate that vouches for itself, as files.
fn certified(folder: &Path, name: &str) -> Own {
    let made = rcgen::generate_simple_self_signed(vec![name.to_owned()]).unwrap();
    let file = |kind: &str, text: String| {
        let file = folder.join(format!("{name}.{kind}"));
        std::fs::write(&file, text).unwrap();
        let rights = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        std::fs::set_permissions(&file, rights).unwrap();
        file
    };
    Own {
        certificate: file("pem", made.cert.pem()),
        key: file("key", made.signing_key.serialize_pem()),
    }
}

#[tokio::test]
async fn with_tls_a_handheld_comes_in_by_its_certificate_only() {
    let folder = tempfile::tempdir().unwrap();
    let (agent, probe) = (
        certified(folder.path(), "agent.test"),
        certified(folder.path(), "probe.test"),
    );
    let bedside = opened_with(
        1 << 30,
        Some(TlsFiles {
            own: Some(agent.clone()),
            ca: None,
            client_ca: Some(probe.certificate.clone()),
        }),
    )
    .await;
    let proposal = Proposal {
        ours: "PROBE".parse().unwrap(),
        theirs: "HIBIKI".parse().unwrap(),
        offers: vec![Offer::of_questions("1.2.840.10008.1.1")],
    };
    let station = format!("HIBIKI@{}/tls=agent.test", bedside.listen);
    let echoes = async |own: Option<Own>| {
        let files = TlsFiles {
            own,
            ca: Some(agent.certificate.clone()),
            client_ca: None,
        };
        let (station, connector) = (station.parse().unwrap(), files.connector().unwrap());
        let called = Requestor::associate_with(&station, &connector, &proposal, BOUND);
        called.await?.echo().await
    };
    assert_eq!(echoes(Some(probe.clone())).await.unwrap(), 0);
    let told = echoes(None).await.unwrap_err();
    assert!(
        matches!(told, RequestFault::Tls(TlsFault::WantsOurs)),
        "{told}"
    );
}
