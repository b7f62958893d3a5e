//! The data set of an ultrasound image (PS3.3 A.6 and A.7; sections C.7.6.1, C.7.6.3, C.8.5.6).
//!
//! Owns the attributes that say what the picture is: type and modes, heart and view, source, pixels, lossy coding,
//! regions. The pixels themselves follow as a stream.

use dicom_core::VR;
use dicom_dictionary_std::{tags, uids};

use super::code::Code;
use super::context::Context;
use super::data_set::{Object, number, sequence, text, texts};
use super::error::WriteError;
use super::facts::{ClipFacts, Origin};
use super::frames::Shape;
use super::modules::{Identity, begin};
use super::regions;
use super::text::{ST_CHARS, description};
use super::timing::Pace;
use super::view::ViewLabel;

/// The body part: with it an image needs no Laterality.
pub(super) const HEART: Code = Code::new("80891009", "SCT", "Heart");
/// Purpose of a reference to the instance that the pixels were played from (PS3.16 CID 7202).
const SOURCE: Code = Code::new(
    "121322",
    "DCM",
    "Source image for image processing operation",
);
/// Stands in Image Comments where the scale of the regions was marked by hand; the reader looks for it.
pub(crate) const HAND_SCALE: &str = "Depth scale marked by hand";
/// Characters of the ratio, so that the true figure fits where the first one stood.
const RATIO_CHARS: usize = 6;

/// Ultrasound Image or Ultrasound Multi-frame Image.
#[derive(Debug, Clone)]
pub(super) enum Kind {
    Still,
    Clip { frames: u32, pace: Pace },
}

impl Kind {
    pub(super) fn class_uid(&self) -> &'static str {
        match self {
            Self::Still => uids::ULTRASOUND_IMAGE_STORAGE,
            Self::Clip { .. } => uids::ULTRASOUND_MULTI_FRAME_IMAGE_STORAGE,
        }
    }
}

/// Lossy coding of the stored pixels (PS3.3 section C.7.6.1.1.5).
#[derive(Debug, Clone, Copy)]
pub(super) struct Lossy {
    pub(super) method: &'static str,
    /// Bytes before coding.
    pub(super) plain: u64,
    /// Bytes after it.
    pub(super) coded: u64,
}

/// Everything but the pixels.
pub(super) fn data_set(
    context: &Context,
    facts: &ClipFacts,
    kind: &Kind,
    shape: Shape,
    lossy: Option<Lossy>,
) -> Result<Object, WriteError> {
    let identity = Identity {
        class_uid: kind.class_uid(),
        instance_uid: &facts.instance_uid,
        instance_number: facts.instance_number,
        modality: "US",
    };
    let mut object = begin(context, &identity)?;
    general(&mut object, context, facts)?;
    heart_and_view(&mut object, facts)?;
    pixels(&mut object, shape);
    compression(&mut object, facts, lossy);
    if let Kind::Clip { frames, pace } = kind {
        pace.write(&mut object, *frames)?;
    }
    if !facts.regions.is_empty() {
        let (columns, rows) = (u32::from(shape.columns), u32::from(shape.rows));
        let items = regions::items(&facts.regions, columns, rows)?;
        sequence(&mut object, tags::SEQUENCE_OF_ULTRASOUND_REGIONS, items);
    }
    Ok(object)
}

fn general(object: &mut Object, context: &Context, facts: &ClipFacts) -> Result<(), WriteError> {
    let at = facts.taken_at;
    text(object, tags::CONTENT_DATE, VR::DA, at.date().value());
    text(object, tags::CONTENT_TIME, VR::TM, at.time_value());
    let acquired = at.date_time_value(context.utc_offset);
    text(object, tags::ACQUISITION_DATE_TIME, VR::DT, acquired);
    text(object, tags::PATIENT_ORIENTATION, VR::CS, "");
    if let Some(burned_in) = facts.burned_in_annotation {
        let value = if burned_in { "YES" } else { "NO" };
        text(object, tags::BURNED_IN_ANNOTATION, VR::CS, value);
    }
    if let Some(rate) = facts.heart_rate_bpm {
        text(object, tags::HEART_RATE, VR::IS, rate.to_string());
    }
    let first = match &facts.origin {
        Origin::Captured => "ORIGINAL",
        Origin::Derived(sources) => {
            let mut items = Vec::with_capacity(sources.len());
            for source in sources {
                let mut item = source.item();
                sequence(
                    &mut item,
                    tags::PURPOSE_OF_REFERENCE_CODE_SEQUENCE,
                    vec![SOURCE.item()?],
                );
                items.push(item);
            }
            if !items.is_empty() {
                sequence(object, tags::SOURCE_IMAGE_SEQUENCE, items);
            }
            "DERIVED"
        }
    };
    let modes = facts.modes().mask();
    let values = [first, "PRIMARY", "TTE", modes.as_str()].map(str::to_owned);
    texts(object, tags::IMAGE_TYPE, VR::CS, values);
    Ok(())
}

fn heart_and_view(object: &mut Object, facts: &ClipFacts) -> Result<(), WriteError> {
    sequence(object, tags::ANATOMIC_REGION_SEQUENCE, vec![HEART.item()?]);
    let comments = description(&facts.comments(), ST_CHARS);
    if !comments.is_empty() {
        text(object, tags::IMAGE_COMMENTS, VR::LT, comments);
    }
    if let Some(code) = facts.view.as_ref().and_then(ViewLabel::code) {
        sequence(object, tags::VIEW_CODE_SEQUENCE, vec![code.item()?]);
    }
    Ok(())
}

fn pixels(object: &mut Object, shape: Shape) {
    number(object, tags::SAMPLES_PER_PIXEL, shape.stored.samples());
    text(
        object,
        tags::PHOTOMETRIC_INTERPRETATION,
        VR::CS,
        shape.stored.photometric(),
    );
    if shape.stored.samples() > 1 {
        number(object, tags::PLANAR_CONFIGURATION, 0);
    }
    number(object, tags::ROWS, shape.rows);
    number(object, tags::COLUMNS, shape.columns);
    number(object, tags::BITS_ALLOCATED, 8);
    number(object, tags::BITS_STORED, 8);
    number(object, tags::HIGH_BIT, 7);
    number(object, tags::PIXEL_REPRESENTATION, 0);
}

/// What was lossy once stays lossy, whatever it is stored as.
fn compression(object: &mut Object, facts: &ClipFacts, lossy: Option<Lossy>) {
    let value = if lossy.is_some() || facts.lossy_before {
        "01"
    } else {
        "00"
    };
    text(object, tags::LOSSY_IMAGE_COMPRESSION, VR::CS, value);
    if let Some(lossy) = lossy {
        text(
            object,
            tags::LOSSY_IMAGE_COMPRESSION_RATIO,
            VR::DS,
            ratio(lossy),
        );
        text(
            object,
            tags::LOSSY_IMAGE_COMPRESSION_METHOD,
            VR::CS,
            lossy.method,
        );
    }
}

/// A decimal string of always the same length; spaces at the end are no part of a number.
fn ratio(lossy: Lossy) -> String {
    let ratio = lossy.plain as f64 / lossy.coded.max(1) as f64;
    let text = (0..=2)
        .rev()
        .map(|decimals| format!("{ratio:.decimals$}"))
        .find(|text| text.len() <= RATIO_CHARS)
        .unwrap_or_else(|| "9".repeat(RATIO_CHARS));
    format!("{text:<RATIO_CHARS$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_always_has_the_same_length() {
        let text = |plain, coded| {
            ratio(Lossy {
                method: "",
                plain,
                coded,
            })
        };
        assert_eq!(text(800 * 600 * 3, 100_000), "14.40 ");
        assert_eq!(text(1, 1_000), "0.00  ");
        assert_eq!(text(123_456, 100), "1234.6");
        assert_eq!(text(u64::MAX, 0), "999999");
    }
}
