//! A device that sends DICOM objects, by hand: PDU by PDU, so that it can also do what no device does.

use crate::support::{LIMIT, Relay};
use bytes::BytesMut;
use dicom_ul::pdu::{
    AssociationRQ, PDataValue, PDataValueType, Pdu, PresentationContextProposed,
    PresentationContextResultReason, UserVariableItem, read_pdu, write_pdu,
};
use relay::store::{self, ObjectRow, Store};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};

pub const VERIFICATION: &str = "1.2.840.10008.1.1";
pub const IMPLICIT: &str = "1.2.840.10008.1.2";
pub const EXPLICIT: &str = "1.2.840.10008.1.2.1";
/// Ultrasound Multi-frame.
pub const CLIP: &str = "1.2.840.10008.5.1.4.1.1.3.1";

/// A relay that takes objects from PROBE, and from CART if it comes from an address that nobody here has.
pub async fn relay(flags: &[&str]) -> Relay {
    let mut all = vec!["--dicom-peers", "PROBE,CART@192.0.2.10"];
    if !flags.contains(&"--dicom-listen") {
        all.extend(["--dicom-listen", "127.0.0.1:0"]);
    }
    if !flags.contains(&"--reserve-mib") {
        all.extend(["--reserve-mib", "1"]);
    }
    all.extend(flags);
    Relay::with(&all).await
}

/// An object as it travels.
#[derive(Clone)]
pub struct Object {
    pub class: String,
    pub instance: String,
    pub syntax: String,
    pub data_set: Vec<u8>,
}

impl Object {
    /// What lies in a file.
    pub fn of_file(path: &Path) -> Self {
        let bytes = std::fs::read(path).unwrap();
        let (mut at, mut object) = (
            132,
            Self {
                class: String::new(),
                instance: String::new(),
                syntax: String::new(),
                data_set: Vec::new(),
            },
        );
        while bytes[at..at + 2] == [2, 0] {
            let (head, length) = match &bytes[at + 4..at + 6] {
                b"OB" | b"UN" => (
                    12,
                    u32::from_le_bytes(bytes[at + 8..at + 12].try_into().unwrap()) as usize,
                ),
                _ => (
                    8,
                    usize::from(u16::from_le_bytes(
                        bytes[at + 6..at + 8].try_into().unwrap(),
                    )),
                ),
            };
            let value = &bytes[at + head..at + head + length];
            let text = || {
                // Some writers pad UIDs with a space.
                String::from_utf8_lossy(value)
                    .trim_end_matches(['\0', ' '])
                    .to_owned()
            };
            match u16::from_le_bytes([bytes[at + 2], bytes[at + 3]]) {
                0x02 => object.class = text(),
                0x03 => object.instance = text(),
                0x10 => object.syntax = text(),
                _ => {}
            }
            at += head + length;
        }
        object.data_set = bytes[at..].to_vec();
        object
    }

    /// A phantom that lies in the repository.
    pub fn phantom(name: &str) -> Self {
        Self::of_file(
            &PathBuf::from(env!("CARGO_MANIFEST_DIR"))
                .join("../sample-dicom")
                .join(name),
        )
    }

    /// One of a few elements, in Explicit VR Little Endian.
    pub fn small(instance: &str, comment: &str) -> Self {
        Self::of(instance, "", comment)
    }

    /// A small one of a study that others are of as well.
    pub fn of_patient(instance: &str, patient: &str) -> Self {
        Self::of(instance, patient, "")
    }

    fn of(instance: &str, patient: &str, comment: &str) -> Self {
        let mut data_set = Vec::new();
        for (group, element, vr, value) in [
            (0x08_u16, 0x16_u16, b"UI", CLIP),
            (0x08, 0x18, b"UI", instance),
            (
                0x08,
                0x60,
                b"CS",
                if patient.is_empty() { "" } else { "US" },
            ),
            (0x10, 0x20, b"LO", patient),
            (0x20, 0x0D, b"UI", "1.2.3.4"),
            (0x20, 0x0E, b"UI", "1.2.3.5"),
            (0x20, 0x4000, b"LT", comment),
        ] {
            if value.is_empty() {
                continue;
            }
            let mut value = value.as_bytes().to_vec();
            if value.len() % 2 == 1 {
                value.push(if vr == b"UI" { 0 } else { b' ' });
            }
            data_set.extend_from_slice(&group.to_le_bytes());
            data_set.extend_from_slice(&element.to_le_bytes());
            data_set.extend_from_slice(vr);
            data_set.extend_from_slice(&u16::try_from(value.len()).unwrap().to_le_bytes());
            data_set.extend_from_slice(&value);
        }
        Self {
            class: CLIP.to_owned(),
            instance: instance.to_owned(),
            syntax: EXPLICIT.to_owned(),
            data_set,
        }
    }
}

/// A request of PROBE for these classes, each in a context of its own: 1, 3, 5 and so on.
pub fn request(contexts: &[(&str, &str)]) -> AssociationRQ {
    AssociationRQ {
        protocol_version: 1,
        calling_ae_title: "PROBE".to_owned(),
        called_ae_title: "HIBIKI".to_owned(),
        application_context_name: "1.2.840.10008.3.1.1.1".to_owned(),
        presentation_contexts: (1..)
            .step_by(2)
            .zip(contexts)
            .map(|(id, (class, syntax))| PresentationContextProposed {
                id,
                abstract_syntax: (*class).to_owned(),
                transfer_syntaxes: vec![(*syntax).to_owned()],
            })
            .collect(),
        user_variables: vec![UserVariableItem::MaxLength(16_384)],
    }
}

/// The sender's end of a connection.
pub struct Sender {
    pub socket: TcpStream,
    held: BytesMut,
}

impl Sender {
    pub fn connect(relay: &Relay) -> Self {
        let socket = TcpStream::connect(relay.dicom.unwrap()).unwrap();
        socket.set_nodelay(true).unwrap();
        socket.set_read_timeout(Some(LIMIT)).unwrap();
        Self {
            socket,
            held: BytesMut::new(),
        }
    }

    /// With an association for one class and syntax, in context 1.
    pub fn associated(relay: &Relay, class: &str, syntax: &str) -> Self {
        let mut sender = Self::connect(relay);
        let answer = sender.asks(request(&[(class, syntax)]));
        let Some(Pdu::AssociationAC(accepted)) = answer else {
            panic!("{answer:?}")
        };
        let reason = &accepted.presentation_contexts[0].reason;
        assert_eq!(
            *reason,
            PresentationContextResultReason::Acceptance,
            "{class} {syntax}"
        );
        sender
    }

    pub fn asks(&mut self, request: AssociationRQ) -> Option<Pdu> {
        self.says(&Pdu::AssociationRQ(request));
        self.hears()
    }

    pub fn says(&mut self, pdu: &Pdu) {
        let mut bytes = Vec::new();
        write_pdu(&mut bytes, pdu).unwrap();
        self.says_bytes(&bytes);
    }

    pub fn says_bytes(&mut self, bytes: &[u8]) {
        self.socket.write_all(bytes).unwrap();
    }

    /// The next PDU; none when the relay closed.
    pub fn hears(&mut self) -> Option<Pdu> {
        loop {
            if self.held.len() >= 6 {
                let length = u32::from_be_bytes(self.held[2..6].try_into().unwrap()) as usize;
                if self.held.len() >= 6 + length {
                    let pdu = self.held.split_to(6 + length).freeze();
                    return read_pdu(pdu, 1 << 20, true).unwrap();
                }
            }
            let mut some = [0; 4096];
            match self.socket.read(&mut some) {
                Ok(0) => return None,
                Ok(read) => self.held.extend_from_slice(&some[..read]),
                Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => return None,
                Err(error) => panic!("nothing is heard: {error}"),
            }
        }
    }

    /// The command of C-STORE, whole.
    pub fn begins(&mut self, object: &Object) {
        let set = command(0x0001, &object.class, Some(&object.instance));
        self.says(&Pdu::PData {
            data: vec![fragment(true, true, set)],
        });
    }

    /// Sends an object and gives the status.
    pub fn stores(&mut self, object: &Object) -> u16 {
        self.begins(object);
        let mut pieces = object.data_set.chunks(64 * 1024).peekable();
        while let Some(piece) = pieces.next() {
            let last = pieces.peek().is_none();
            self.says(&Pdu::PData {
                data: vec![fragment(false, last, piece.to_vec())],
            });
        }
        self.status()
    }

    pub fn echoes(&mut self) -> u16 {
        let set = command(0x0030, VERIFICATION, None);
        self.says(&Pdu::PData {
            data: vec![fragment(true, true, set)],
        });
        self.status()
    }

    /// The status of the answer that comes.
    pub fn status(&mut self) -> u16 {
        let answer = self.hears();
        let Some(Pdu::PData { data }) = answer else {
            panic!("{answer:?}")
        };
        let set = &data[0].data;
        let at = set
            .windows(8)
            .position(|part| part == [0, 0, 0, 9, 2, 0, 0, 0])
            .unwrap();
        u16::from_le_bytes([set[at + 8], set[at + 9]])
    }

    pub fn is_aborted(&mut self) -> bool {
        matches!(self.hears(), Some(Pdu::AbortRQ { .. }))
    }

    pub fn releases(&mut self) {
        self.says(&Pdu::ReleaseRQ);
        assert_eq!(self.hears(), Some(Pdu::ReleaseRP));
    }
}

pub fn fragment(is_command: bool, is_last: bool, data: Vec<u8>) -> PDataValue {
    PDataValue {
        presentation_context_id: 1,
        value_type: if is_command {
            PDataValueType::Command
        } else {
            PDataValueType::Data
        },
        is_last,
        data,
    }
}

/// A command set; with an instance it announces a data set.
pub fn command(field: u16, class: &str, instance: Option<&str>) -> Vec<u8> {
    let mut set = Vec::new();
    let mut put = |element: u16, mut value: Vec<u8>| {
        if value.len() % 2 == 1 {
            value.push(0);
        }
        set.extend_from_slice(&[0, 0]);
        set.extend_from_slice(&element.to_le_bytes());
        set.extend_from_slice(&u32::try_from(value.len()).unwrap().to_le_bytes());
        set.extend_from_slice(&value);
    };
    put(0x0002, class.as_bytes().to_vec());
    put(0x0100, field.to_le_bytes().to_vec());
    put(0x0110, 1_u16.to_le_bytes().to_vec());
    put(
        0x0800,
        if instance.is_some() { 1_u16 } else { 0x0101 }
            .to_le_bytes()
            .to_vec(),
    );
    if let Some(instance) = instance {
        put(0x1000, instance.as_bytes().to_vec());
    }
    set
}

/// The lines that a script prints with pynetdicom, a peer that shares no code with us; nothing where it is not installed.
pub fn pynetdicom(script: &str, arguments: &[&str]) -> Option<Vec<String>> {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.tools/py/bin/python");
    let has_it = std::process::Command::new(&python)
        .args(["-c", "import pynetdicom"])
        .output();
    if !has_it.is_ok_and(|done| done.status.success()) {
        println!("no pynetdicom in .tools/py (`make setup` installs it)");
        return None;
    }
    let done = std::process::Command::new(&python)
        .args(["-c", script])
        .args(arguments)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stdout);
    let fault = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{said}{fault}");
    Some(said.lines().map(str::to_owned).collect())
}

/// The rows of an instance, beside the running relay.
pub async fn rows(relay: &Relay, instance: &str) -> Vec<(ObjectRow, bool)> {
    let store = Store::open(&relay.data.join("relay.db")).unwrap();
    let instance = instance.to_owned();
    let rows = store
        .read("look", move |db| store::objects_of(db, &instance))
        .await
        .unwrap();
    store.close();
    rows
}

/// The data set of a stored object, without its head.
pub fn stored_data_set(relay: &Relay, row: &ObjectRow) -> Vec<u8> {
    let path = relay
        .data
        .join("archive/objects")
        .join(format!("{}.dcm", row.digest));
    let object = Object::of_file(&path);
    assert_eq!(
        (&object.class, &object.instance),
        (&row.class, &row.instance)
    );
    assert_eq!(object.syntax, row.syntax);
    object.data_set
}

/// Names in a folder of the archive, without those of files that wait for an object and have no bytes.
pub fn files(relay: &Relay, folder: &str) -> Vec<String> {
    let found = std::fs::read_dir(relay.data.join("archive").join(folder)).unwrap();
    found
        .map(Result::unwrap)
        .filter(|one| one.metadata().is_ok_and(|about| about.len() > 0))
        .map(|one| one.file_name().into_string().unwrap())
        .collect()
}

/// Waits until nothing arrives any more.
pub async fn nothing_half(relay: &Relay) {
    let waiting = async {
        while !files(relay, "incoming").is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(LIMIT, waiting)
        .await
        .expect("half an object is left");
}

/// Every file that is broken on purpose, of every folder of them; without test data this says so and gives none.
pub fn malformed_files() -> Vec<PathBuf> {
    let root = std::env::var_os("HIBIKI_TEST_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/test-data"),
        PathBuf::from,
    );
    let (mut folders, mut found) = (vec![root.join("dicom-malformed")], Vec::new());
    while let Some(folder) = folders.pop() {
        for one in std::fs::read_dir(folder).into_iter().flatten() {
            let path = one.unwrap().path();
            let list = if path.is_dir() {
                &mut folders
            } else {
                &mut found
            };
            list.push(path);
        }
    }
    found.sort();
    let required = std::env::var_os("HIBIKI_REQUIRE_TEST_DATA").is_some_and(|value| value == "1");
    // Fewer than this and a folder is missing.
    assert!(
        !required || found.len() > 200,
        "{} malformed files below {}",
        found.len(),
        root.display()
    );
    if found.is_empty() {
        // Past the harness, which hides the output of passing tests.
        let told = writeln!(
            std::io::stderr(),
            "SKIPPED: no malformed files at {}; set HIBIKI_TEST_DATA",
            root.display()
        );
        told.unwrap();
    }
    found
}
