//! One value in the DICOM JSON model (PS3.18 section F.2).
//!
//! Owns which VR becomes what: text split at backslashes, names in their groups, numbers, tags, short bytes inline, all else by place.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use dicom_core::VR;
use serde_json::{Value, json};

use crate::error::ClipError;
use crate::provenance::Sets;
use crate::scan::Element;
use crate::source::Source;

/// Bytes that stand in the header itself: as much as a thumbnail of a name, not of a picture.
const MAX_INLINE_BYTES: u32 = 1 << 10;
/// Text and numbers that stand there: a long report, or the times of a clip of minutes.
const MAX_TEXT_BYTES: u32 = 256 << 10;
/// About what an attribute costs beside its values.
const COST: usize = 64;

pub(super) struct Written {
    pub(super) json: Value,
    /// About how many bytes of JSON it is, at most.
    pub(super) cost: usize,
}

pub(super) fn json(
    source: &Source,
    data_set_at: u64,
    element: Element,
    sets: &Sets,
) -> Result<Written, ClipError> {
    let (vr, length) = (element.vr, element.value.len);
    let is_bytes = is_bytes(vr);
    let most = if is_bytes {
        MAX_INLINE_BYTES
    } else {
        MAX_TEXT_BYTES
    };
    let name = vr.to_string();
    if length == 0 {
        let json = json!({ "vr": name });
        return Ok(Written { json, cost: COST });
    }
    if length > most {
        // Bytes in the other order are not given by place: whoever fetches them takes them for little endian (PS3.18 section 8.7.3.3).
        let json = if element.big_endian {
            json!({ "vr": name })
        } else {
            let at = element.value.at.saturating_sub(data_set_at);
            json!({ "vr": name, "BulkDataURI": format!("{at}/{length}") })
        };
        return Ok(Written {
            json,
            cost: 2 * COST,
        });
    }
    let mut bytes = source.read(element.value)?;
    let cost = COST + 6 * bytes.len();
    if is_bytes {
        if element.big_endian {
            swap(&mut bytes, width(vr));
        }
        let json = json!({ "vr": name, "InlineBinary": STANDARD.encode(&bytes) });
        return Ok(Written { json, cost });
    }
    let values = values(&element, &bytes, sets);
    let json = if values.is_empty() {
        json!({ "vr": name })
    } else {
        json!({ "vr": name, "Value": values })
    };
    Ok(Written { json, cost })
}

/// A short value of the default repertoire.
pub(super) fn plain(source: &Source, element: Element) -> Result<String, ClipError> {
    if element.value.len > MAX_INLINE_BYTES {
        return Ok(String::new());
    }
    let bytes = source.read(element.value)?;
    Ok(trimmed(&String::from_utf8_lossy(&bytes)).to_owned())
}

fn is_bytes(vr: VR) -> bool {
    matches!(
        vr,
        VR::OB | VR::OD | VR::OF | VR::OL | VR::OV | VR::OW | VR::UN | VR::SQ
    )
}

/// Bytes of one number.
fn width(vr: VR) -> usize {
    match vr {
        VR::OW | VR::US | VR::SS | VR::AT => 2,
        VR::OF | VR::OL | VR::UL | VR::SL | VR::FL => 4,
        VR::OD | VR::OV | VR::FD | VR::UV | VR::SV => 8,
        _ => 1,
    }
}

fn swap(bytes: &mut [u8], width: usize) {
    for number in bytes.chunks_exact_mut(width.max(1)) {
        number.reverse();
    }
}

fn values(element: &Element, bytes: &[u8], sets: &Sets) -> Vec<Value> {
    match element.vr {
        VR::SH | VR::LO | VR::UC => split(&text(bytes, sets)),
        VR::LT | VR::ST | VR::UT => one(text(bytes, sets).trim_end_matches([' ', '\0'])),
        VR::PN => names(&text(bytes, sets)),
        VR::UR => one(trimmed(&String::from_utf8_lossy(bytes))),
        VR::IS | VR::DS => String::from_utf8_lossy(bytes)
            .split('\\')
            .map(|text| decimal(trimmed(text)))
            .collect(),
        VR::US | VR::SS | VR::UL | VR::SL | VR::FL | VR::FD | VR::UV | VR::SV | VR::AT => {
            numbers(element, bytes)
        }
        _ => split(&String::from_utf8_lossy(bytes)),
    }
}

fn text(bytes: &[u8], sets: &Sets) -> String {
    const ESCAPE: u8 = 0x1b;
    if bytes.is_ascii() && !bytes.contains(&ESCAPE) {
        return String::from_utf8_lossy(bytes).into_owned();
    }
    sets.read(bytes).unwrap_or_else(|| {
        // What nobody can read is said to be so, and the rest stays.
        let sign = |byte: &u8| match *byte {
            ESCAPE | 0x80.. => char::REPLACEMENT_CHARACTER,
            plain => char::from(plain),
        };
        bytes.iter().map(sign).collect()
    })
}

fn trimmed(text: &str) -> &str {
    text.trim_matches([' ', '\0'])
}

fn one(text: &str) -> Vec<Value> {
    if text.is_empty() {
        return Vec::new();
    }
    vec![json!(text)]
}

/// Values between backslashes; one that is empty keeps its place (PS3.18 section F.2.5).
fn split(text: &str) -> Vec<Value> {
    if trimmed(text).is_empty() {
        return Vec::new();
    }
    let value = |text: &str| match trimmed(text) {
        "" => Value::Null,
        text => json!(text),
    };
    text.split('\\').map(value).collect()
}

/// Names, each in its groups (PS3.18 section F.2.2).
fn names(text: &str) -> Vec<Value> {
    let name = |text: &str| {
        let groups = ["Alphabetic", "Ideographic", "Phonetic"];
        let named = groups.into_iter().zip(text.splitn(3, '='));
        named
            .map(|(group, text)| (group, trimmed(text)))
            .filter(|(_, text)| !text.is_empty())
            .map(|(group, text)| (group.to_owned(), json!(text)))
            .collect()
    };
    if trimmed(text).is_empty() {
        return Vec::new();
    }
    text.split('\\')
        .map(|text| Value::Object(name(text)))
        .collect()
}

/// A decimal string as the number it is, else as it stands.
fn decimal(text: &str) -> Value {
    if text.is_empty() {
        return Value::Null;
    }
    let whole = text.parse::<i64>().ok().map(|number| json!(number));
    let number = || text.parse::<f64>().ok().filter(|number| number.is_finite());
    whole
        .or_else(|| number().map(|number| json!(number)))
        .unwrap_or_else(|| json!(text))
}

fn numbers(element: &Element, bytes: &[u8]) -> Vec<Value> {
    let width = width(element.vr);
    let number = |chunk: &[u8]| {
        let mut eight = [0; 8];
        for (into, from) in eight.iter_mut().zip(chunk) {
            *into = *from;
        }
        let [a, b, c, d, ..] = eight;
        match element.vr {
            VR::US => json!(u16::from_le_bytes([a, b])),
            VR::SS => json!(i16::from_le_bytes([a, b])),
            VR::UL => json!(u32::from_le_bytes([a, b, c, d])),
            VR::SL => json!(i32::from_le_bytes([a, b, c, d])),
            VR::FL => json!(f32::from_le_bytes([a, b, c, d])),
            VR::FD => json!(f64::from_le_bytes(eight)),
            VR::UV => json!(u64::from_le_bytes(eight)),
            VR::SV => json!(i64::from_le_bytes(eight)),
            _ => Value::Null,
        }
    };
    if element.vr == VR::AT {
        let order = |pair: [u8; 2]| {
            if element.big_endian {
                u16::from_be_bytes(pair)
            } else {
                u16::from_le_bytes(pair)
            }
        };
        let tag = |[a, b, c, d]: &[u8; 4]| {
            json!(format!("{:04X}{:04X}", order([*a, *b]), order([*c, *d])))
        };
        return bytes.as_chunks::<4>().0.iter().map(tag).collect();
    }
    bytes
        .chunks_exact(width)
        .map(|chunk| {
            let mut chunk = chunk.to_vec();
            if element.big_endian {
                chunk.reverse();
            }
            number(&chunk)
        })
        .collect()
}
