//! What the marks and measurements of a case show, read back from the very files that leave.
//!
//! Owns the way from a presentation state to lines on frames, and from a report to numbers with the frames that they were
//! measured on. It reads what `clean_object` wrote and nobody else's. Invariant: nothing is shown that does not stand in the
//! file, and no line stands there that is not shown, so who looks at a case sees what others will get: a name may be written
//! with the pen. A file with more than that is refused.

use super::error::DeidentifyError;
use super::tree::first_text;
use crate::meta;
use crate::source::Source;
use crate::syntax::TransferSyntax;
use crate::write::{PixelPoint, Uid};
use dicom_core::Tag;
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;
use dicom_transfer_syntax_registry::entries::EXPLICIT_VR_LITTLE_ENDIAN;
use wire::FrameIndex;

type Object = InMemDicomObject;

/// Most lines, and most numbers, of one clip: more than people draw on one.
pub const MAX_DRAWN: usize = 2_000;

/// A line on one frame; one point is a dot.
#[derive(Debug, Clone, PartialEq)]
pub struct DrawnLine {
    /// On which.
    pub frame: FrameIndex,
    /// In pixels.
    pub points: Vec<PixelPoint>,
}

/// A number of a report.
#[derive(Debug, Clone, PartialEq)]
pub struct DrawnNumber {
    /// The code of what was measured.
    pub code: String,
    /// What the code means, in English.
    pub name: String,
    /// The value.
    pub value: f64,
    /// Its unit (UCUM).
    pub unit: String,
    /// On which frames of this clip; a value of several clips has others too.
    pub frames: Vec<FrameIndex>,
}

/// The SOP Instance UID that such a file gives itself.
///
/// # Errors
/// Why it cannot be read.
pub fn instance_of(object_file: Vec<u8>) -> Result<Uid, DeidentifyError> {
    let named = first_text(&object(object_file)?, tags::SOP_INSTANCE_UID);
    let uid = named.and_then(|uid| Uid::parse(&uid));
    uid.ok_or(DeidentifyError::Kind)
}

/// The lines of a presentation state, as its whole file, on the clip with this UID.
///
/// # Errors
/// Why it cannot be read; `NotShown` for a drawing that would leave without anybody having seen it.
pub fn drawn_lines(state: Vec<u8>, instance: &str) -> Result<Vec<DrawnLine>, DeidentifyError> {
    let state = object(state)?;
    let mut lines = Vec::new();
    for annotation in items(&state, tags::GRAPHIC_ANNOTATION_SEQUENCE) {
        let mut frames = Vec::new();
        for image in items(annotation, tags::REFERENCED_IMAGE_SEQUENCE) {
            frames_of(image, instance, &mut frames);
        }
        for graphic in items(annotation, tags::GRAPHIC_OBJECT_SEQUENCE) {
            let is = |tag, words: &str| first_text(graphic, tag).as_deref() == Some(words);
            let known = is(tags::GRAPHIC_ANNOTATION_UNITS, "PIXEL")
                && ["POLYLINE", "POINT"].map(|kind| is(tags::GRAPHIC_TYPE, kind)) != [false; 2];
            let places = graphic.element_opt(tags::GRAPHIC_DATA).ok().flatten();
            let places = places.and_then(|data| data.to_multi_float32().ok());
            let (true, Some(places)) = (known, places) else {
                return Err(DeidentifyError::NotShown);
            };
            let points: Vec<PixelPoint> = places
                .chunks_exact(2)
                .filter_map(|pair| match pair {
                    [x, y] => Some(PixelPoint { x: *x, y: *y }),
                    _ => None,
                })
                .collect();
            for frame in &frames {
                if lines.len() >= MAX_DRAWN {
                    return Err(DeidentifyError::NotShown);
                }
                let (frame, points) = (*frame, points.clone());
                lines.push(DrawnLine { frame, points });
            }
        }
    }
    Ok(lines)
}

/// The numbers of a report, as its whole file, that were measured on the clip with this UID.
///
/// # Errors
/// Why it cannot be read; `NotShown` for more numbers than there may be.
pub fn drawn_numbers(report: Vec<u8>, instance: &str) -> Result<Vec<DrawnNumber>, DeidentifyError> {
    let report = object(report)?;
    let mut numbers = Vec::new();
    // In the order of the report: what is deeper comes before what is next.
    let mut left: Vec<&Object> = items(&report, tags::CONTENT_SEQUENCE)
        .iter()
        .rev()
        .collect();
    while let Some(item) = left.pop() {
        if first_text(item, tags::VALUE_TYPE).as_deref() == Some("NUM") {
            if numbers.len() >= MAX_DRAWN {
                return Err(DeidentifyError::NotShown);
            }
            numbers.extend(number(item, instance));
        } else {
            left.extend(items(item, tags::CONTENT_SEQUENCE).iter().rev());
        }
    }
    Ok(numbers)
}

fn number(item: &Object, instance: &str) -> Option<DrawnNumber> {
    let concept = items(item, tags::CONCEPT_NAME_CODE_SEQUENCE).first()?;
    let measured = items(item, tags::MEASURED_VALUE_SEQUENCE).first()?;
    let unit = items(measured, tags::MEASUREMENT_UNITS_CODE_SEQUENCE).first()?;
    // The exact value stands beside the rounded text (PS3.3 section C.18.1).
    let value = [tags::FLOATING_POINT_VALUE, tags::NUMERIC_VALUE]
        .into_iter()
        .find_map(|tag| measured.element_opt(tag).ok()??.to_float64().ok())?;
    let mut frames = Vec::new();
    for place in items(item, tags::CONTENT_SEQUENCE) {
        for picture in items(place, tags::CONTENT_SEQUENCE) {
            for image in items(picture, tags::REFERENCED_SOP_SEQUENCE) {
                frames_of(image, instance, &mut frames);
            }
        }
    }
    Some(DrawnNumber {
        code: first_text(concept, tags::CODE_VALUE)?,
        name: first_text(concept, tags::CODE_MEANING)?,
        value,
        unit: first_text(unit, tags::CODE_VALUE)?,
        frames,
    })
}

/// The frames of the clip that a reference names; files count them from 1.
fn frames_of(image: &Object, instance: &str, frames: &mut Vec<FrameIndex>) {
    if first_text(image, tags::REFERENCED_SOP_INSTANCE_UID).as_deref() != Some(instance) {
        return;
    }
    let named = image.element_opt(tags::REFERENCED_FRAME_NUMBER).ok();
    let named = named
        .flatten()
        .and_then(|named| named.to_multi_int::<u32>().ok());
    for number in named.unwrap_or_default() {
        let frame = FrameIndex(number.saturating_sub(1));
        if !frames.contains(&frame) {
            frames.push(frame);
        }
    }
}

fn items(object: &Object, tag: Tag) -> &[Object] {
    let element = object.element_opt(tag).ok().flatten();
    element.and_then(|element| element.items()).unwrap_or(&[])
}

fn object(bytes: Vec<u8>) -> Result<Object, DeidentifyError> {
    let source = Source::from_bytes(bytes.clone())?;
    let meta = meta::read(&source)?;
    let at = usize::try_from(meta.data_set_at).ok();
    let data = at.and_then(|at| bytes.get(at..));
    let (Some(data), TransferSyntax::ExplicitLittleEndian) = (data, meta.syntax) else {
        return Err(DeidentifyError::Kind);
    };
    Object::read_dataset_with_ts(data, &EXPLICIT_VR_LITTLE_ENDIAN.erased())
        .map_err(|error| DeidentifyError::Back(Box::new(error)))
}
