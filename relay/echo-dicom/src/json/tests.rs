//! Headers of made-up objects and of the committed samples.

use super::*;
use crate::error::ScanFault;

const EXPLICIT: &str = "1.2.840.10008.1.2.1";
const IMPLICIT: &str = "1.2.840.10008.1.2";
const BIG: &str = "1.2.840.10008.1.2.2";

fn element(group: u16, element: u16, vr: &[u8; 2], value: &[u8]) -> Vec<u8> {
    let mut bytes = [group.to_le_bytes(), element.to_le_bytes()].concat();
    bytes.extend_from_slice(vr);
    if crate::scan::has_long_length(dicom_core::VR::from_binary(*vr)) {
        bytes.extend_from_slice(&[0, 0]);
        bytes.extend_from_slice(&u32::try_from(value.len()).unwrap().to_le_bytes());
    } else {
        bytes.extend_from_slice(&u16::try_from(value.len()).unwrap().to_le_bytes());
    }
    bytes.extend_from_slice(value);
    bytes
}

fn reads(bytes: &[u8], syntax: &str) -> Result<Value, ClipError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("object");
    std::fs::write(&path, [b"head", bytes].concat()).unwrap();
    let place = HeaderPlace {
        whole: bytes.len() as u64 + 4,
        data_set_at: 4,
        syntax,
    };
    let json = header_json(File::open(&path).unwrap(), place)?;
    Ok(serde_json::from_str(&json).unwrap())
}

#[test]
fn each_kind_of_value_has_its_form() {
    let bytes = [
        element(8, 0, b"UL", &[1, 0, 0, 0]),
        element(8, 8, b"CS", b"ORIGINAL\\PRIMARY\\\\0001 "),
        element(8, 0x20, b"DA", b""),
        element(0x10, 0x10, b"PN", b"Yamada^Tarou==x^y "),
        element(0x18, 0x1063, b"DS", b"33.5\\nonsense "),
        element(0x20, 0x13, b"IS", b"7 "),
        element(0x28, 9, b"AT", &[0x18, 0, 0x63, 0x10]),
        element(0x28, 0x10, b"US", &480_u16.to_le_bytes()),
        element(0x28, 0x1201, b"OW", &[1, 2, 3, 4]),
        element(0x40, 0xA30A, b"FD", &f64::NAN.to_le_bytes()),
        element(0x42, 0x11, b"OB", &vec![7; 2_000]),
    ]
    .concat();
    let json = reads(&bytes, EXPLICIT).unwrap();
    let at = bytes.len() - 2_000;
    assert_eq!(
        json,
        json!({
            "00080008": { "vr": "CS", "Value": ["ORIGINAL", "PRIMARY", null, "0001"] },
            "00080020": { "vr": "DA" },
            "00100010": { "vr": "PN", "Value": [{ "Alphabetic": "Yamada^Tarou", "Phonetic": "x^y" }] },
            "00181063": { "vr": "DS", "Value": [33.5, "nonsense"] },
            "00200013": { "vr": "IS", "Value": [7] },
            "00280009": { "vr": "AT", "Value": ["00181063"] },
            "00280010": { "vr": "US", "Value": [480] },
            "00281201": { "vr": "OW", "InlineBinary": "AQIDBA==" },
            "0040A30A": { "vr": "FD", "Value": [null] },
            "00420011": { "vr": "OB", "BulkDataURI": format!("{at}/2000") },
        })
    );
}

#[test]
fn japanese_comes_out_as_unicode_and_an_item_may_have_a_set_of_its_own() {
    let kanji = b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B";
    let item = [
        element(8, 5, b"CS", b"ISO_IR 192"),
        element(8, 0x104, b"LO", "心臓".as_bytes()),
    ]
    .concat();
    let mut nested = vec![0xFE, 0xFF, 0x00, 0xE0];
    nested.extend_from_slice(&u32::try_from(item.len()).unwrap().to_le_bytes());
    nested.extend_from_slice(&item);
    let bytes = [
        element(8, 5, b"CS", b"\\ISO 2022 IR 87"),
        element(8, 0x2218, b"SQ", &nested),
        element(8, 0x1030, b"LO", b"\xff\xfe"),
        element(0x10, 0x10, b"PN", kanji),
    ]
    .concat();
    let json = reads(&bytes, EXPLICIT).unwrap();
    assert_eq!(json["00080005"]["Value"], json!(["ISO_IR 192"]));
    let name = &json["00100010"]["Value"][0];
    assert_eq!(name["Ideographic"], "山田^太郎");
    assert_eq!(json["00082218"]["Value"][0]["00080104"]["Value"][0], "心臓");
    assert_eq!(
        json["00081030"]["Value"][0], "\u{fffd}\u{fffd}",
        "kept, and seen to be wrong"
    );
}

#[test]
fn all_ways_to_write_numbers_read_alike() {
    let implicit = [0x28, 0, 0x10, 0, 2, 0, 0, 0, 0xE0, 1];
    let big = [0, 0x28, 0, 0x10, b'U', b'S', 0, 2, 1, 0xE0];
    for (bytes, syntax) in [(&implicit, IMPLICIT), (&big, BIG)] {
        assert_eq!(reads(bytes, syntax).unwrap()["00280010"]["Value"][0], 480);
    }
}

#[test]
fn what_lies_is_named_and_what_nests_too_deep_is_refused() {
    let mut lies = element(8, 8, b"CS", b"ORIGINAL");
    lies[6] = 200;
    assert!(matches!(
        reads(&lies, EXPLICIT),
        Err(ClipError::Scan {
            fault: ScanFault::LengthBeyondFile { .. },
            ..
        })
    ));
    let mut deep = Vec::new();
    for _ in 0..MAX_NESTED + 1 {
        deep.extend_from_slice(b"\x08\x00\x15\x11SQ\0\0\xff\xff\xff\xff");
        deep.extend_from_slice(b"\xfe\xff\x00\xe0\xff\xff\xff\xff");
    }
    for _ in 0..MAX_NESTED + 1 {
        deep.extend_from_slice(b"\xfe\xff\x0d\xe0\0\0\0\0\xfe\xff\xdd\xe0\0\0\0\0");
    }
    assert!(matches!(reads(&deep, EXPLICIT), Err(ClipError::Meta(_))));
}
