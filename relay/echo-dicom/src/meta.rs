//! The door of the file: preamble, magic and the file meta group (PS3.10 section 7.1).
//!
//! Owns finding the transfer syntax and the first byte of the data set. It is lenient where that is safe,
//! as other readers are: any preamble content (a TIFF header, for one), a missing or wrong group length
//! (the group ends where group 0002 ends, whatever (0002,0000) says), a meta group in implicit VR. A length that
//! leaves the file, a missing magic and a missing transfer syntax are refused and named.

use dicom_core::{Tag, VR};
use dicom_dictionary_std::tags;

use crate::error::{ClipError, ScanFault};
use crate::limits::MAX_META_BYTES;
use crate::scan::has_long_length;
use crate::source::{Source, Span, Window};
use crate::syntax::TransferSyntax;

const PREAMBLE_BYTES: u64 = 128;
const META_GROUP: u16 = 0x0002;

/// What the door learned.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Meta {
    pub(crate) syntax: TransferSyntax,
    /// First byte of the data set.
    pub(crate) data_set_at: u64,
}

/// Reads preamble, magic and meta group.
pub(crate) fn read(source: &Source) -> Result<Meta, ClipError> {
    let mut window = Window::new(source);
    if source.len() == 0 {
        return Err(ClipError::Preamble("it is empty"));
    }
    match window.bytes::<4>(PREAMBLE_BYTES)? {
        None => return Err(ClipError::Preamble("it is shorter than a DICOM preamble")),
        Some(magic) if &magic != b"DICM" => {
            return Err(ClipError::Preamble("the mark DICM is missing at byte 128"));
        }
        Some(_) => {}
    }
    let mut at = PREAMBLE_BYTES + 4;
    let mut syntax = None;
    while let Some((tag, value)) = meta_element(&mut window, source, at)? {
        if tag == tags::TRANSFER_SYNTAX_UID {
            syntax = Some(transfer_syntax(source, value)?);
        }
        at = value.end();
        if at > MAX_META_BYTES {
            return Err(ClipError::Meta("it is larger than any real one"));
        }
    }
    let syntax = syntax.ok_or(ClipError::Meta("the transfer syntax is missing"))?;
    Ok(Meta {
        syntax,
        data_set_at: at,
    })
}

/// The meta element at `at`; `None` where another group begins or the file ends.
fn meta_element(
    window: &mut Window<'_>,
    source: &Source,
    at: u64,
) -> Result<Option<(Tag, Span)>, ClipError> {
    let Some([g0, g1, e0, e1, a, b, c, d]) = window.bytes::<8>(at)? else {
        return Ok(None);
    };
    if u16::from_le_bytes([g0, g1]) != META_GROUP {
        return Ok(None);
    }
    let tag = Tag(META_GROUP, u16::from_le_bytes([e0, e1]));
    let (header, len) = match VR::from_binary([a, b]) {
        Some(vr) if has_long_length(Some(vr)) => {
            let Some(len) = window.bytes::<4>(at + 8)? else {
                return Err(ClipError::Scan {
                    offset: at,
                    fault: ScanFault::Truncated,
                });
            };
            (12, u32::from_le_bytes(len))
        }
        Some(_) => (8, u32::from(u16::from_le_bytes([c, d]))),
        None => (8, u32::from_le_bytes([a, b, c, d])),
    };
    let value = Span {
        at: at + header,
        len,
    };
    if value.end() > source.len() {
        let left = source.len().saturating_sub(value.at);
        let fault = ScanFault::LengthBeyondFile {
            tag,
            declared: len,
            left,
        };
        return Err(ClipError::Scan { offset: at, fault });
    }
    Ok(Some((tag, value)))
}

fn transfer_syntax(source: &Source, value: Span) -> Result<TransferSyntax, ClipError> {
    if value.len > 128 {
        return Err(ClipError::Meta("the transfer syntax is no valid UID"));
    }
    let bytes = source.read(value)?;
    let text = String::from_utf8_lossy(&bytes);
    TransferSyntax::from_uid(text.trim_matches(['\0', ' ']))
}
