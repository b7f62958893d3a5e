//! The hospital's worklist gives the patient of the visit: dcmtk's, with names in kanji, over the real program, also behind TLS.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

#[path = "support/worklist.rs"]
mod hospital;

use hospital::{IN_JIS, Step, free_port, worklist};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

fn asks(config: &Path, flags: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_capture-agent"));
    for (key, _) in std::env::vars().filter(|(key, _)| key.starts_with("HIBIKI_")) {
        command.env_remove(key);
    }
    let command = command.args(["worklist", "--config"]).arg(config);
    command.args(flags).output().unwrap()
}

fn said(output: &Output) -> String {
    let out = String::from_utf8_lossy(&output.stdout);
    out.into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn config(folder: &Path, server: &str) -> PathBuf {
    let path = folder.join("agent.toml");
    let text = format!(
        "source = \"test:\" # ours\n[patient]\nid = \"P-0\"\nalias = \"before\"\n[worklist]\nserver = \"MWL@{server}\"\ntitle = \"HIBIKI1\"\n"
    );
    std::fs::write(&path, text).unwrap();
    path
}

#[test]
fn whoever_is_scheduled_for_this_device_becomes_the_patient_of_the_visit() {
    let folder = tempfile::tempdir().unwrap();
    let step = |accession, station, day| Step {
        sets: "\\ISO 2022 IR 87",
        name: IN_JIS,
        id: "P-1",
        accession,
        station,
        day,
    };
    let steps = [
        step("A-17", "HIBIKI1", "20261127"),
        step("A-18", "HIBIKI2", "20261127"),
        step("A-19", "HIBIKI1", "20261128"),
        Step {
            sets: "ISO_IR 192",
            name: "Sato^Ritsuko=佐藤^律子=さとう^りつこ".as_bytes(),
            id: "P-2",
            ..step("A-20", "HIBIKI1", "20261127")
        },
    ];
    let Some(worklist) = worklist(folder.path(), &steps) else {
        return;
    };
    let config = config(folder.path(), &worklist.address);
    let listed = asks(&config, &["--day", "2026-11-27"]);
    let text = said(&listed);
    assert!(listed.status.success(), "{text}");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 2, "{text}");
    for (line, accession, name) in [
        (0, "A-17", "山田^太郎 / Yamada^Tarou"),
        (1, "A-20", "佐藤^律子 / Sato^Ritsuko / さとう^りつこ"),
    ] {
        let line = lines.get(line).copied().unwrap_or_default();
        assert!(line.starts_with(accession) && line.contains(name), "{text}");
        assert!(
            line.contains("09:30") && line.contains("1941-02-28 F"),
            "{text}"
        );
    }
    let other = asks(&config, &["--day", "2026-11-26"]);
    assert!(said(&other).contains("Nobody is scheduled for HIBIKI1"));
    let before = std::fs::read_to_string(&config).unwrap();
    let none = asks(&config, &["--day", "2026-11-27", "--take", "A-18"]);
    assert_eq!(none.status.code(), Some(8), "another device's");
    assert_eq!(std::fs::read_to_string(&config).unwrap(), before);
    let taken = asks(&config, &["--day", "2026-11-27", "--take", "A-17"]);
    assert!(taken.status.success(), "{}", said(&taken));
    let after = std::fs::read_to_string(&config).unwrap();
    for fact in [
        "id = \"P-1\"",
        "name = \"Yamada^Tarou\"",
        "name_ideographic = \"山田^太郎\"",
        "birth_date = \"1941-02-28\"",
        "sex = \"F\"",
        "accession_number = \"A-17\"",
        "study_uid = \"1.2.392.99.1\"",
        "referring_physician = \"Suzuki^Hanako\"",
        "study_description = \"Echocardiography\"",
        "source = \"test:\" # ours",
    ] {
        assert!(after.contains(fact), "{fact} in {after}");
    }
    assert!(
        !after.contains("before") && !after.contains("P-0"),
        "{after}"
    );
}

#[test]
fn a_worklist_that_is_away_leaves_the_visit_as_it_was_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let nobody = format!("127.0.0.1:{}", free_port().unwrap());
    let config = config(folder.path(), &nobody);
    let before = std::fs::read_to_string(&config).unwrap();
    let away = asks(&config, &["--take", "A-17"]);
    assert_eq!(away.status.code(), Some(8), "{}", said(&away));
    assert!(said(&away).contains("cannot be reached"), "{}", said(&away));
    assert_eq!(std::fs::read_to_string(&config).unwrap(), before);
    std::fs::write(&config, "source = \"test:\"\n").unwrap();
    assert!(said(&asks(&config, &[])).contains("no [worklist]"));
}

/// TLS in front of dcmtk's worklist, which has none; gives where it listens.
fn secured(plain: &str, certificate: &Path, key: &Path) -> String {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from_pem_file(certificate).unwrap()],
            PrivateKeyDer::from_pem_file(key).unwrap(),
        )
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, plain) = (listener.local_addr().unwrap(), plain.to_owned());
    listener.set_nonblocking(true).unwrap();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = { runtime }.enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            while let Ok((socket, _)) = listener.accept().await {
                let Ok(mut caller) = acceptor.accept(socket).await else {
                    continue;
                };
                let mut worklist = tokio::net::TcpStream::connect(&plain).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut caller, &mut worklist).await;
            }
        });
    });
    address.to_string()
}

#[test]
fn a_worklist_behind_tls_is_asked_once_its_authority_is_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let step = Step {
        sets: "\\ISO 2022 IR 87",
        name: IN_JIS,
        id: "P-1",
        accession: "A-17",
        station: "HIBIKI1",
        day: "20261127",
    };
    let Some(plain) = worklist(folder.path(), &[step]) else {
        return;
    };
    let made = rcgen::generate_simple_self_signed(vec!["mwl.test".to_owned()]).unwrap();
    let (certificate, key) = (folder.path().join("mwl.pem"), folder.path().join("mwl.key"));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let other = rcgen::generate_simple_self_signed(vec!["mwl.test".to_owned()]).unwrap();
    let trusted = folder.path().join("trusted.pem");
    std::fs::write(&trusted, other.cert.pem()).unwrap();
    let server = format!(
        "{}/tls=mwl.test",
        secured(&plain.address, &certificate, &key)
    );
    let config = config(folder.path(), &server);
    let text = std::fs::read_to_string(&config).unwrap();
    let text = format!("{text}[dicom_tls]\nca = \"{}\"\n", trusted.display());
    std::fs::write(&config, text).unwrap();
    let day = ["--day", "2026-11-27"];
    let refused = asks(&config, &day);
    assert_eq!(refused.status.code(), Some(8), "{}", said(&refused));
    assert!(
        said(&refused).contains("not trusted here"),
        "{}",
        said(&refused)
    );
    std::fs::copy(&certificate, &trusted).unwrap();
    let listed = asks(&config, &day);
    assert!(said(&listed).starts_with("A-17"), "{}", said(&listed));
}
