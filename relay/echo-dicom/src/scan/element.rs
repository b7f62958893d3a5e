//! Headers of data elements: tag, VR and length as the encoding writes them (PS3.5 section 7.1).
//!
//! Owns the byte-level forms; where an element may stand and how far it may reach is the walk's business.

use dicom_core::dictionary::{DataDictionary, DataDictionaryEntry};
use dicom_core::{Tag, VR};
use dicom_dictionary_std::StandardDataDictionary;

use crate::source::Span;

/// A data element with a plain value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Element {
    pub(crate) tag: Tag,
    pub(crate) vr: VR,
    pub(crate) value: Span,
    pub(crate) big_endian: bool,
}

pub(super) fn short(big_endian: bool, bytes: [u8; 2]) -> u16 {
    if big_endian {
        u16::from_be_bytes(bytes)
    } else {
        u16::from_le_bytes(bytes)
    }
}

pub(super) fn long(big_endian: bool, bytes: [u8; 4]) -> u32 {
    if big_endian {
        u32::from_be_bytes(bytes)
    } else {
        u32::from_le_bytes(bytes)
    }
}

/// Whether an explicit header has a 32-bit length. Unknown VRs do (PS3.5 section 7.1.2).
pub(crate) fn has_long_length(vr: Option<VR>) -> bool {
    !matches!(
        vr,
        Some(
            VR::AE
                | VR::AS
                | VR::AT
                | VR::CS
                | VR::DA
                | VR::DS
                | VR::DT
                | VR::FL
                | VR::FD
                | VR::IS
                | VR::LO
                | VR::LT
                | VR::PN
                | VR::SH
                | VR::SL
                | VR::SS
                | VR::ST
                | VR::TM
                | VR::UI
                | VR::UL
                | VR::US
        )
    )
}

/// The VR that implicit data has by the dictionary (PS3.6).
pub(super) fn dictionary_vr(tag: Tag) -> VR {
    StandardDataDictionary
        .by_tag(tag)
        .map_or(VR::UN, |entry| entry.vr().relaxed())
}
