//! Identity planted where it can stand: in every attribute with words, at the top and nested, in private ones, in UIDs, in
//! front of the data set and behind it.

use super::builder::{File, Shape};
use dicom_core::dictionary::{DataDictionary, DataDictionaryEntry};
use dicom_core::{Tag, VR};
use dicom_dictionary_std::{StandardDataDictionary, tags};

/// What must be nowhere afterwards. All that is planted holds one of these.
pub(crate) const CANARIES: [&str; 4] = [
    "CANARY",
    "9876543",
    "\u{30ab}\u{30ca}\u{30ea}\u{30a2}",
    "19410203",
];
const WORDS: &str = "CANARY^TARO";
const KATAKANA: &str = "\u{30ab}\u{30ca}\u{30ea}\u{30a2}";
const UID: &str = "1.2.840.9876543.7";

/// Attributes of the profile's table, of the patient and of the picture, in the order of tags.
pub(crate) fn attributes() -> Vec<(Tag, VR)> {
    let listed = include_str!("../../src/deidentify/table/profile.txt");
    let mut found: Vec<Tag> = listed
        .lines()
        .filter_map(|line| {
            let (group, element) = line.get(..9)?.split_once(',')?;
            let hex = |text| u16::from_str_radix(text, 16).ok();
            Some(Tag(hex(group)?, hex(element)?))
        })
        .collect();
    found.extend([
        tags::IMAGE_TYPE,
        tags::MANUFACTURER,
        tags::MODALITY,
        tags::BODY_PART_EXAMINED,
        tags::CONTENT_LABEL,
        tags::CODE_VALUE,
        tags::CODING_SCHEME_DESIGNATOR,
        tags::CODE_MEANING,
        tags::TEXT_VALUE,
        tags::VALUE_TYPE,
        tags::RELATIONSHIP_TYPE,
        tags::TEMPLATE_IDENTIFIER,
        tags::GRAPHIC_LAYER,
        tags::GRAPHIC_TYPE,
        tags::TRACKING_ID,
        tags::SERIES_NUMBER,
        tags::NUMERIC_VALUE,
        tags::COLOR_SPACE,
        tags::PATIENT_ORIENTATION,
        tags::SOFTWARE_VERSIONS,
    ]);
    found.sort_unstable();
    found.dedup();
    let known = |tag: Tag| {
        let entry = StandardDataDictionary.by_tag(tag)?;
        Some((tag, entry.vr().relaxed()))
    };
    found
        .into_iter()
        .filter(|tag| tag.0 > 2)
        .filter_map(known)
        .collect()
}

/// One value of each attribute, but for those in `except`.
pub(crate) fn plant(mut file: File, except: &[Tag]) -> File {
    for (tag, vr) in attributes() {
        if !except.contains(&tag) {
            file = one(file, tag, vr);
        }
    }
    file
}

fn one(file: File, tag: Tag, vr: VR) -> File {
    match vr {
        VR::UI => file.text(tag, vr, UID),
        VR::DA => file.text(tag, vr, "19410203"),
        VR::DT => file.text(tag, vr, "19410203101530"),
        VR::TM => file.text(tag, vr, "101530.9876543"),
        VR::AS => file.text(tag, vr, "085Y"),
        VR::PN => file.text(tag, vr, &format!("{WORDS}={KATAKANA}")),
        VR::IS | VR::DS => file.text(tag, vr, WORDS),
        VR::SQ => file
            .sequence(tag)
            .open_item()
            .text(tags::CODE_VALUE, VR::SH, "CANARY")
            .text(tags::CODING_SCHEME_DESIGNATOR, VR::SH, "SCT")
            .text(tags::CODE_MEANING, VR::LO, WORDS)
            .text(tags::PATIENT_NAME, VR::PN, WORDS)
            .text(tags::TEXT_VALUE, VR::UT, WORDS)
            .sequence(tags::REFERENCED_IMAGE_SEQUENCE)
            .open_item()
            .text(tags::REFERENCED_SOP_INSTANCE_UID, VR::UI, UID)
            .text(Tag(0x0011, 0x0010), VR::LO, WORDS)
            .close_item()
            .close_sequence()
            .close_item()
            .close_sequence(),
        VR::US | VR::UL | VR::SL | VR::SS | VR::FL | VR::FD | VR::AT => file,
        _ => file.text(tag, vr, WORDS),
    }
}

/// Private attributes, an overlay, a curve and a thumbnail.
pub(crate) fn hide(file: File) -> File {
    file.text(Tag(0x0009, 0x0010), VR::LO, WORDS)
        .text(Tag(0x0009, 0x1001), VR::PN, WORDS)
        .bytes(Tag(0x0009, 0x1002), VR::OB, WORDS.as_bytes())
        .text(Tag(0x5000, 0x2500), VR::LO, WORDS)
        .text(Tag(0x6000, 0x0022), VR::LO, WORDS)
        .bytes(Tag(0x6000, 0x3000), VR::OW, WORDS.as_bytes())
        .sequence(tags::ICON_IMAGE_SEQUENCE)
        .open_item()
        .bytes(tags::PIXEL_DATA, VR::OB, WORDS.as_bytes())
        .close_item()
        .close_sequence()
}

/// A clip of grey frames with a region, and identity everywhere.
pub(crate) fn clip(syntax: &'static str) -> Vec<u8> {
    let shape = Shape {
        frames: 3,
        ..Shape::new("MONOCHROME2", 64, 48)
    };
    let own: Vec<Tag> = vec![
        tags::SOP_CLASS_UID,
        tags::SOP_INSTANCE_UID,
        tags::STUDY_INSTANCE_UID,
        tags::SERIES_INSTANCE_UID,
        tags::SEQUENCE_OF_ULTRASOUND_REGIONS,
    ];
    let file = File::new(syntax)
        .picture(shape)
        .text(tags::STUDY_INSTANCE_UID, VR::UI, UID)
        .text(tags::SERIES_INSTANCE_UID, VR::UI, "1.2.840.9876543.8")
        .text(tags::FRAME_TIME, VR::DS, "40");
    let file = region(plant(file, &own));
    let mut file = hide(file);
    let pixels: Vec<u8> = (0..64 * 48 * 3_u32)
        .map(|at| (at % 251) as u8 | 1)
        .collect();
    file = file.pixels(&pixels);
    file = file.bytes(tags::DATA_SET_TRAILING_PADDING, VR::OB, WORDS.as_bytes());
    dressed(&file)
}

/// A marks or report object with identity everywhere.
pub(crate) fn object(class: &str, syntax: &'static str) -> Vec<u8> {
    let own = [tags::SOP_CLASS_UID];
    let file = File::new(syntax).text(tags::SOP_CLASS_UID, VR::UI, class);
    dressed(&hide(plant(file, &own)))
}

fn region(file: File) -> File {
    let mut file = file
        .sequence(tags::SEQUENCE_OF_ULTRASOUND_REGIONS)
        .open_item();
    file = file.words(tags::REGION_SPATIAL_FORMAT, VR::US, &[1]);
    for (tag, value) in [
        (tags::REGION_LOCATION_MIN_X0, 8),
        (tags::REGION_LOCATION_MIN_Y0, 16),
        (tags::REGION_LOCATION_MAX_X1, 55),
        (tags::REGION_LOCATION_MAX_Y1, 47),
    ] {
        file.header(tag, "UL", 4);
        file.long(value);
    }
    file.text(tags::IMAGE_COMMENTS, VR::LT, WORDS)
        .text(Tag(0x0013, 0x0010), VR::LO, WORDS)
        .close_item()
        .close_sequence()
}

/// With identity in preamble and meta group.
fn dressed(file: &File) -> Vec<u8> {
    let mut bytes = file.build();
    bytes[..11].copy_from_slice(WORDS.as_bytes());
    // A meta element more, behind the group length, which the door does not believe anyway.
    let mut more = Vec::from([0x02, 0x00, 0x16, 0x00, b'A', b'E', 12, 0]);
    more.extend_from_slice(b"CANARY_AET  ");
    let at = 128 + 4 + 12;
    bytes.splice(at..at, more);
    bytes
}
