//! DICOM over TLS: dcmtk's tools and our own relay on either side; who has no right certificate, or no TLS, is ended clearly.

use crate::certificates::{Authority, Issued};
use crate::dicom_sender::{CLIP, EXPLICIT, Object, Sender, relay, request, rows, stored_data_set};
use crate::free_port::free_port;
use crate::objects_are_sent_on::until;
use crate::support::{LIMIT, Relay};
use crate::tools_change_the_rows::tool;
use dicom_ul::pdu::{Pdu, write_pdu};
use dimse::tls::{Own, TlsFault, TlsFiles};
use dimse::{Offer, Proposal, RequestFault, Requestor};
use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject};
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// The name on the relay's certificate.
const NAME: &str = "relay.test";
const REFUSED: &str = "hibiki_dicom_tls_refused_total";

/// A hospital, a stranger, and what each of them vouches for.
struct World {
    folder: tempfile::TempDir,
    hospital: Authority,
    stranger: Authority,
    ours: Issued,
    cart: Issued,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let hospital = Authority::new(folder.path(), "hospital");
        Self {
            stranger: Authority::new(folder.path(), "stranger"),
            ours: hospital.issues(NAME),
            cart: hospital.issues("cart.test"),
            hospital,
            folder,
        }
    }

    /// A relay whose port asks for certificates of the hospital.
    async fn relay(&self) -> Relay {
        let (ca, own) = (self.hospital.file(), &self.ours);
        relay(&[
            "--dicom-tls",
            "--dicom-tls-certificate",
            &own.certificate,
            "--dicom-tls-key",
            &own.key,
            "--dicom-tls-client-ca",
            &ca,
        ])
        .await
    }

    /// What PROBE brings when it calls.
    fn brings(&self, own: Option<&Issued>) -> TlsFiles {
        TlsFiles {
            own: own.map(|own| Own {
                certificate: PathBuf::from(&own.certificate),
                key: PathBuf::from(&own.key),
            }),
            ca: Some(PathBuf::from(self.hospital.file())),
            client_ca: None,
        }
    }

    /// Flags of dcmtk's tools.
    fn dcmtk<'a>(own: &'a Issued, ca: &'a str) -> [&'a str; 5] {
        ["+tls", &own.key, &own.certificate, "+cf", ca]
    }
}

/// Calls the relay and asks whether it understands.
async fn echoes(relay: &Relay, name: &str, files: &TlsFiles) -> Result<u16, RequestFault> {
    associates(relay, name, files).await?.echo().await
}

async fn associates(
    relay: &Relay,
    name: &str,
    files: &TlsFiles,
) -> Result<Requestor, RequestFault> {
    let proposal = Proposal {
        ours: "PROBE".parse().unwrap(),
        theirs: "HIBIKI".parse().unwrap(),
        offers: vec![Offer::of_questions("1.2.840.10008.1.1")],
    };
    let station = format!("HIBIKI@{}/tls={name}", relay.dicom.unwrap());
    let connector = files.connector().unwrap();
    Requestor::associate_with(&station.parse().unwrap(), &connector, &proposal, LIMIT).await
}

fn runs(program: &str, relay: &Relay, flags: &[&str], files: &[&Path]) -> (bool, String) {
    let done = Command::new(program)
        .args(["-v", "-aet", "PROBE", "-aec", "HIBIKI"])
        .args(flags)
        .args(["127.0.0.1", &relay.dicom.unwrap().port().to_string()])
        .args(files)
        .output()
        .unwrap_or_else(|error| panic!("{program} of dcmtk: {error}"));
    let said =
        String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr);
    (done.status.success(), said)
}

#[tokio::test]
async fn dcmtk_echoes_and_sends_over_tls_with_a_certificate_of_the_hospital() {
    let world = World::new();
    let relay = world.relay().await;
    let ca = world.hospital.file();
    let flags = World::dcmtk(&world.cart, &ca);
    let (fine, said) = runs("echoscu", &relay, &flags, &[]);
    assert!(fine && !said.contains("E:"), "{said}");
    for (name, syntax) in [
        ("plax_small.dcm", "-xy"),
        ("a4c_small_uncompressed.dcm", "-xe"),
    ] {
        let file = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../sample-dicom")
            .join(name);
        let flags = [&flags[..], &[syntax]].concat();
        let (fine, said) = runs("storescu", &relay, &flags, &[&file]);
        assert!(fine, "{said}");
        let object = Object::of_file(&file);
        let here = rows(&relay, &object.instance).await;
        // storescu writes heads anew; the pixels are the second half of it.
        let (_, pixels) = object.data_set.split_at(object.data_set.len() / 2);
        assert!(stored_data_set(&relay, &here[0].0).ends_with(pixels));
    }
    assert_eq!(relay.metric(REFUSED).await, 0.0);
}

#[tokio::test]
async fn whoever_has_no_right_certificate_stays_out_and_everybody_else_goes_on() {
    let world = World::new();
    let relay = world.relay().await;
    let good = world.brings(Some(&world.cart));
    let mut steady = associates(&relay, NAME, &good).await.unwrap();
    let (foreign, expired) = (
        world.stranger.issues("cart.test"),
        world.hospital.issues_until("cart.test", 2_020),
    );
    for (own, fault) in [
        (None, TlsFault::WantsOurs),
        (Some(&foreign), TlsFault::OursRefused),
        (Some(&expired), TlsFault::OursRefused),
    ] {
        let told = echoes(&relay, NAME, &world.brings(own)).await.unwrap_err();
        assert!(
            matches!(told, RequestFault::Tls(is) if is == fault),
            "{told}"
        );
    }
    let ca = world.hospital.file();
    for flags in [
        &World::dcmtk(&foreign, &ca)[..],
        &World::dcmtk(&expired, &ca),
        &["+tla", "+cf", &ca],
    ] {
        let (fine, said) = runs("echoscu", &relay, flags, &[]);
        assert!(!fine, "{said}");
    }
    // What we look at in others: the name, and who vouches for it.
    let told = echoes(&relay, "other.test", &good).await.unwrap_err();
    assert!(matches!(told, RequestFault::Tls(TlsFault::Name)), "{told}");
    let trusting = TlsFiles {
        ca: Some(world.stranger.file().into()),
        ..good.clone()
    };
    let told = echoes(&relay, NAME, &trusting).await.unwrap_err();
    assert!(
        matches!(told, RequestFault::Tls(TlsFault::Authority)),
        "{told}"
    );
    until(&relay, "each is counted", REFUSED, |n| n == 8.0).await;
    let log = relay.log();
    for why in ["shows no certificate", "not trusted here", "has expired"] {
        assert!(log.contains(why), "{why}: {log}");
    }
    assert_eq!(steady.echo().await.unwrap(), 0);
    assert_eq!(echoes(&relay, NAME, &good).await.unwrap(), 0);
}

#[tokio::test]
async fn dicom_without_tls_and_tls_at_a_port_without_are_ended_with_a_word() {
    let world = World::new();
    let secured = world.relay().await;
    let mut plain = Sender::connect(&secured);
    plain.says(&Pdu::AssociationRQ(request(&[(CLIP, EXPLICIT)])));
    assert!(plain.is_aborted(), "it hears A-ABORT and not a riddle");
    until(&secured, "it is counted", REFUSED, |n| n == 1.0).await;
    assert!(secured.log().contains("without TLS, at a port with TLS"));
    assert_eq!(
        secured
            .metric("hibiki_dicom_associations_refused_total")
            .await,
        0.0
    );

    let open = relay(&[]).await;
    let told = echoes(&open, NAME, &world.brings(None)).await.unwrap_err();
    assert!(matches!(told, RequestFault::Tls(TlsFault::NoTls)), "{told}");
    let (ca, begun) = (world.hospital.file(), Instant::now());
    let (fine, said) = runs("echoscu", &open, &World::dcmtk(&world.cart, &ca), &[]);
    assert!(!fine && begun.elapsed() < Duration::from_secs(5), "{said}");
    until(&open, "both are counted", REFUSED, |n| n == 2.0).await;
    assert!(
        open.log()
            .contains("begins with TLS, at a port without TLS")
    );
    Sender::associated(&open, CLIP, EXPLICIT).releases();
}

/// A ClientHello of TLS 1.1 (RFC 4346 section 7.4.1.2) with a CBC suite, and no extension.
fn old_hello() -> Vec<u8> {
    let mut hello = vec![0x03, 0x02];
    hello.extend_from_slice(&[7; 32]);
    hello.extend_from_slice(&[0, 0, 2, 0xC0, 0x13, 1, 0]);
    let length = u8::try_from(hello.len()).unwrap();
    let mut record = vec![0x16, 0x03, 0x01, 0, length + 4, 1, 0, 0, length];
    record.extend(hello);
    record
}

#[tokio::test]
async fn tls_1_2_is_spoken_and_nothing_older() {
    let world = World::new();
    let relay = world.relay().await;
    let mut old = TcpStream::connect(relay.dicom.unwrap()).unwrap();
    old.set_read_timeout(Some(LIMIT)).unwrap();
    old.write_all(&old_hello()).unwrap();
    let mut alert = [0; 7];
    old.read_exact(&mut alert).unwrap();
    assert_eq!((alert[0], alert[5]), (21, 2), "a fatal alert");
    drop(old);
    until(&relay, "it is counted", REFUSED, |n| n == 1.0).await;
    assert!(relay.log().contains("neither TLS 1.3 nor TLS 1.2"));

    let mut roots = rustls::RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(world.hospital.file()).unwrap())
        .unwrap();
    let own = CertificateDer::from_pem_file(&world.cart.certificate).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::from_pem_file(&world.cart.key).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS12])
        .unwrap()
        .with_root_certificates(roots)
        .with_client_auth_cert(vec![own], key)
        .unwrap();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    let socket = tokio::net::TcpStream::connect(relay.dicom.unwrap())
        .await
        .unwrap();
    let name = ServerName::try_from(NAME).unwrap();
    let mut secured = connector.connect(name, socket).await.unwrap();
    let mut asked = Vec::new();
    write_pdu(
        &mut asked,
        &Pdu::AssociationRQ(request(&[(CLIP, EXPLICIT)])),
    )
    .unwrap();
    secured.write_all(&asked).await.unwrap();
    assert_eq!(secured.read_u8().await.unwrap(), 2, "A-ASSOCIATE-AC");
}

#[tokio::test]
async fn strangers_that_say_nothing_take_few_places_for_a_few_seconds() {
    let world = World::new();
    let relay = world.relay().await;
    let good = world.brings(Some(&world.cart));
    let mut steady = associates(&relay, NAME, &good).await.unwrap();
    let mut strangers: Vec<TcpStream> = Vec::new();
    for number in 0..40 {
        let mut stranger = TcpStream::connect(relay.dicom.unwrap()).unwrap();
        stranger.set_read_timeout(Some(LIMIT)).unwrap();
        // Some begin a handshake, so that they are no mere scanners.
        if number % 2 == 0 {
            stranger.write_all(&old_hello()[..9]).unwrap();
        }
        strangers.push(stranger);
    }
    let dropped = "hibiki_dicom_connections_dropped_total";
    until(&relay, "more than 32 at once are closed", dropped, |n| {
        n == 8.0
    })
    .await;
    assert_eq!(steady.echo().await.unwrap(), 0, "who is in goes on");
    for mut stranger in strangers {
        // Closed, or closed before what it said was read.
        match stranger.read(&mut [0; 64]) {
            Ok(read) => assert_eq!(read, 0),
            Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
        }
    }
    until(&relay, "the others are counted", REFUSED, |n| n == 32.0).await;
    assert_eq!(echoes(&relay, NAME, &good).await.unwrap(), 0);
}

#[tokio::test]
async fn what_arrives_goes_on_over_tls_as_soon_as_the_archive_is_trusted() {
    let world = World::new();
    let pacs = world.relay().await;
    let to = format!("pacs=HIBIKI@{}/tls={NAME}", pacs.dicom.unwrap());
    let ca = world.folder.path().join("trusted.pem");
    std::fs::copy(world.stranger.file(), &ca).unwrap();
    let mut ours = relay(&[
        "--forward-to",
        &to,
        "--forward-title",
        "PROBE",
        "--forward-everything",
        "pacs",
        "--dicom-tls-ca",
        ca.to_str().unwrap(),
        "--dicom-tls-certificate",
        &world.cart.certificate,
        "--dicom-tls-key",
        &world.cart.key,
    ])
    .await;
    let phantom = Object::phantom("plax_small.dcm");
    let mut sender = Sender::associated(&ours, &phantom.class, &phantom.syntax);
    assert_eq!(sender.stores(&phantom), 0);
    let failed = "hibiki_forwards_failed_total";
    until(&ours, "a failure is counted", failed, |n| n >= 1.0).await;
    let listed = tool(&ours, &["forwards", "list"]);
    assert!(
        listed.contains("no TLS with the peer") && listed.contains("[dicom_tls]"),
        "{listed}"
    );
    // Files are read at the start.
    ours.kill();
    std::fs::copy(world.hospital.file(), &ca).unwrap();
    ours.start_again().await;
    tool(&ours, &["forwards", "retry", "--to", "pacs"]);
    until(&ours, "nothing waits", "hibiki_forwards_waiting", |n| {
        n == 0.0
    })
    .await;
    let there = rows(&pacs, &phantom.instance).await;
    assert_eq!((there.len(), &*there[0].0.sender), (1, "PROBE"));
    assert!(
        stored_data_set(&pacs, &there[0].0) == phantom.data_set,
        "it was altered"
    );
}

/// dcmtk's receiver, with TLS; ends with the test.
struct Receiver(Child);

impl Drop for Receiver {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn a_study_is_sent_to_a_move_destination_with_tls_and_to_none_that_is_not_trusted() {
    let world = World::new();
    let (ca, sink) = (world.hospital.file(), world.hospital.issues("sink.test"));
    let into = world.folder.path().join("into");
    std::fs::create_dir(&into).unwrap();
    let port = free_port().unwrap();
    let _receiver = Receiver(
        Command::new("storescp")
            .args(World::dcmtk(&sink, &ca))
            .args(["+xa", "+B", "-od"])
            .args([&into, Path::new(&port.to_string())])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("storescp of dcmtk: {error}")),
    );
    let begun = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(begun.elapsed() < LIMIT, "storescp does not listen");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let to = format!("SINK@127.0.0.1:{port}/tls=sink.test,OTHER@127.0.0.1:{port}/tls=other.test");
    let ours = relay(&[
        "--dicom-readers",
        "PROBE",
        "--dicom-destinations",
        &to,
        "--dicom-tls-ca",
        &ca,
        "--dicom-tls-certificate",
        &world.ours.certificate,
        "--dicom-tls-key",
        &world.ours.key,
    ])
    .await;
    let phantom = Object::phantom("plax_small.dcm");
    let mut sender = Sender::associated(&ours, &phantom.class, &phantom.syntax);
    assert_eq!(sender.stores(&phantom), 0);
    until(
        &ours,
        "it is found",
        "hibiki_dicom_index_entries_total",
        |n| n >= 1.0,
    )
    .await;
    let moves = |sink: &str| {
        let study = "StudyInstanceUID=2.25.44129302951308549896724043039677852162";
        let level = "QueryRetrieveLevel=STUDY";
        runs(
            "movescu",
            &ours,
            &["-S", "-aem", sink, "-k", level, "-k", study],
            &[],
        )
    };
    let (_, said) = moves("OTHER");
    assert_eq!(std::fs::read_dir(&into).unwrap().count(), 0, "{said}");
    assert!(ours.log().contains("is for another name"), "{said}");
    let (fine, said) = moves("SINK");
    assert!(fine, "{said}");
    let files: Vec<_> = std::fs::read_dir(&into).unwrap().collect();
    assert_eq!(files.len(), 1, "{said}");
    let came = Object::of_file(&files[0].as_ref().unwrap().path());
    assert!(came.data_set == phantom.data_set, "it was altered");
}
