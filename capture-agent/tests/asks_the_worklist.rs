//! The hospital's worklist gives the patient of the visit: dcmtk's, with names in kanji, over the real program.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

const LIMIT: Duration = Duration::from_secs(20);
/// A name in two groups, as hospitals here write it (PS3.5 Annex H.3.1).
const IN_JIS: &[u8] = b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B";

/// A worklist that ends with the test.
struct Worklist {
    child: Child,
    address: String,
}

impl Drop for Worklist {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One scheduled step.
struct Step<'a> {
    sets: &'a str,
    name: &'a [u8],
    id: &'a str,
    accession: &'a str,
    station: &'a str,
    day: &'a str,
}

fn dump(step: &Step<'_>) -> Vec<u8> {
    let mut dump = Vec::new();
    let mut put = |tag: &str, vr: &str, value: &[u8]| {
        write!(dump, "({tag}) {vr} [").unwrap();
        dump.extend_from_slice(value);
        dump.extend_from_slice(b"]\n");
    };
    put("0008,0005", "CS", step.sets.as_bytes());
    put("0008,0050", "SH", step.accession.as_bytes());
    put("0008,0090", "PN", b"Suzuki^Hanako");
    put("0010,0010", "PN", step.name);
    put("0010,0020", "LO", step.id.as_bytes());
    put("0010,0030", "DA", b"19410228");
    put("0010,0040", "CS", b"F");
    put("0020,000d", "UI", b"1.2.392.99.1");
    put("0032,1060", "LO", b"Echocardiography");
    write!(dump, "(0040,0100) SQ\n(fffe,e000) -\n").unwrap();
    let mut put = |tag: &str, vr: &str, value: &str| {
        writeln!(dump, "({tag}) {vr} [{value}]").unwrap();
    };
    put("0008,0060", "CS", "US");
    put("0040,0001", "AE", step.station);
    put("0040,0002", "DA", step.day);
    put("0040,0003", "TM", "093000");
    put("0040,0007", "LO", "TTE");
    put("0040,0009", "SH", "S1");
    write!(dump, "(fffe,e00d) -\n(fffe,e0dd) -\n").unwrap();
    writeln!(dump, "(0040,1001) SH [R1]").unwrap();
    dump
}

/// Nothing where dcmtk is not installed.
fn worklist(folder: &Path, steps: &[Step<'_>]) -> Option<Worklist> {
    let entries = folder.join("lists/MWL");
    std::fs::create_dir_all(&entries).unwrap();
    std::fs::write(entries.join("lockfile"), "").unwrap();
    for (number, step) in steps.iter().enumerate() {
        let text = folder.join(format!("{number}.dump"));
        std::fs::write(&text, dump(step)).unwrap();
        let made = Command::new("dump2dcm")
            .arg("+te")
            .arg(&text)
            .arg(entries.join(format!("{number}.wl")))
            .output();
        let Ok(made) = made else {
            assert!(std::env::var_os("CI").is_none(), "dcmtk is missing");
            println!("SKIPPED: dcmtk is not installed (`make setup` installs it)");
            return None;
        };
        let said = String::from_utf8_lossy(&made.stderr);
        assert!(made.status.success() && said.is_empty(), "{said}");
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let child = Command::new("wlmscpfs")
        .args(["-s", "-csk", "-dfr", "-dfp"])
        .arg(folder.join("lists"))
        .arg(port.to_string())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let worklist = Worklist {
        child,
        address: format!("127.0.0.1:{port}"),
    };
    let until = Instant::now() + LIMIT;
    while TcpStream::connect(&worklist.address).is_err() {
        assert!(Instant::now() < until, "wlmscpfs does not listen");
        capture_agent::sync::Stop::default().wait(Duration::from_millis(50));
    }
    Some(worklist)
}

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
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = listener.local_addr().unwrap().to_string();
    drop(listener);
    let config = config(folder.path(), &nobody);
    let before = std::fs::read_to_string(&config).unwrap();
    let away = asks(&config, &["--take", "A-17"]);
    assert_eq!(away.status.code(), Some(8), "{}", said(&away));
    assert!(said(&away).contains("cannot be reached"), "{}", said(&away));
    assert_eq!(std::fs::read_to_string(&config).unwrap(), before);
    std::fs::write(&config, "source = \"test:\"\n").unwrap();
    assert!(said(&asks(&config, &[])).contains("no [worklist]"));
}
