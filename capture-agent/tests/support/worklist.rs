//! A hospital's worklist, by dcmtk.

#[path = "../../../tests/src/free_port.rs"]
#[allow(unreachable_pub, reason = "elsewhere it is a part of a library")]
mod free_port;

pub(crate) use free_port::free_port;
use std::io::Write;
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const LIMIT: Duration = Duration::from_secs(20);
/// A name in two groups, as hospitals here write it (PS3.5 Annex H.3.1).
pub(crate) const IN_JIS: &[u8] = b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B";

/// A worklist that ends with the test.
pub(crate) struct Worklist {
    child: Child,
    pub(crate) address: String,
}

impl Drop for Worklist {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One scheduled step.
pub(crate) struct Step<'a> {
    pub(crate) sets: &'a str,
    pub(crate) name: &'a [u8],
    pub(crate) id: &'a str,
    pub(crate) accession: &'a str,
    pub(crate) station: &'a str,
    pub(crate) day: &'a str,
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
pub(crate) fn worklist(folder: &Path, steps: &[Step<'_>]) -> Option<Worklist> {
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
    let port = free_port().unwrap();
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
