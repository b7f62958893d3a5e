//! The header of a clip: what the picture is made of, when its frames are shown, what its regions mean.
//!
//! Owns the checks of PS3.3 section C.7.6.3 that make decoding safe: every figure is within limits and they fit
//! each other before a byte of pixels is read. It holds no patient attribute, so it may be logged.

use dicom_core::Tag;
use dicom_dictionary_std::tags;
use serde::{Deserialize, Serialize};

use crate::error::ClipError;
use crate::limits::{MAX_FRAMES, MAX_PIXELS_PER_FRAME, MAX_ROWS_OR_COLUMNS};
use crate::picture::Photometric;
use crate::regions::UltrasoundRegion;
use crate::syntax::{TransferSyntax, is_uid};
use crate::times::FrameTimes;
use crate::values::Values;
use crate::write::HAND_SCALE;

/// What a clip says about itself. No patient attributes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ClipHeader {
    /// SOP Class UID; empty when missing or malformed.
    pub sop_class_uid: String,
    /// SOP Instance UID; empty when missing or malformed. Never usable as a path.
    pub sop_instance_uid: String,
    /// How the file is coded.
    pub transfer_syntax: TransferSyntax,
    /// Size and sample layout.
    pub layout: PixelLayout,
    /// Number of frames, at least 1.
    pub frames: u32,
    /// When each frame is shown.
    pub frame_times: FrameTimes,
    /// Sequence of Ultrasound Regions, in file order.
    pub regions: Vec<UltrasoundRegion>,
    /// A person marked the depth scale that the regions come from; the device did not state it.
    pub hand_scale: bool,
    /// Burned In Annotation, where it is stated. Few real files state it and none is to be trusted.
    pub burned_in_annotation: Option<bool>,
    /// Lossy Image Compression says that the pixels lost something before they were stored as they are.
    pub lossy_before: bool,
    /// Values of Image Type, such as `ORIGINAL`, `PRIMARY`, `TTE`, `0001`.
    pub image_type: Vec<String>,
}

/// Size and sample layout of every frame (PS3.3 section C.7.6.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PixelLayout {
    /// Rows.
    pub rows: u32,
    /// Columns.
    pub columns: u32,
    /// What samples mean.
    pub photometric: Photometric,
    /// 1 or 3.
    pub samples_per_pixel: u16,
    /// 8 or 16.
    pub bits_allocated: u16,
    /// 1 to `bits_allocated`.
    pub bits_stored: u16,
    /// Position of the highest stored bit.
    pub high_bit: u16,
    /// Pixel Representation 1: samples are two's complement.
    pub signed: bool,
    /// Planar Configuration 1: all of one colour, then all of the next.
    pub planar: bool,
}

impl PixelLayout {
    pub(crate) fn read(values: &Values<'_>) -> Result<Self, ClipError> {
        let rows = size(values, tags::ROWS, "Rows")?;
        let columns = size(values, tags::COLUMNS, "Columns")?;
        let text = values
            .text(tags::PHOTOMETRIC_INTERPRETATION)?
            .unwrap_or_default();
        let Some(photometric) = Photometric::from_text(&text) else {
            return Err(fault(
                tags::PHOTOMETRIC_INTERPRETATION,
                "PhotometricInterpretation",
                "is missing or names no colour that is supported",
            ));
        };
        let layout = Self {
            rows,
            columns,
            photometric,
            samples_per_pixel: small(values, tags::SAMPLES_PER_PIXEL, "SamplesPerPixel", Some(1))?,
            bits_allocated: small(values, tags::BITS_ALLOCATED, "BitsAllocated", None)?,
            bits_stored: small(values, tags::BITS_STORED, "BitsStored", None)?,
            high_bit: 0,
            signed: flag(values, tags::PIXEL_REPRESENTATION, "PixelRepresentation")?,
            planar: flag(values, tags::PLANAR_CONFIGURATION, "PlanarConfiguration")?,
        };
        layout.with_high_bit(values)?.checked()
    }

    fn with_high_bit(self, values: &Values<'_>) -> Result<Self, ClipError> {
        let usual = self.bits_stored.saturating_sub(1);
        let high_bit = small(values, tags::HIGH_BIT, "HighBit", Some(usual))?;
        Ok(Self { high_bit, ..self })
    }

    /// The figures must fit each other (PS3.5 section 8.1.1).
    pub(crate) fn checked(self) -> Result<Self, ClipError> {
        let most = 1..=MAX_ROWS_OR_COLUMNS;
        if !most.contains(&self.rows) || !most.contains(&self.columns) {
            let why = format!("must be from 1 to {MAX_ROWS_OR_COLUMNS}");
            return Err(fault(tags::ROWS, "Rows", &why));
        }
        if u64::from(self.rows) * u64::from(self.columns) > MAX_PIXELS_PER_FRAME {
            let why = format!("makes frames of more than {MAX_PIXELS_PER_FRAME} pixels");
            return Err(fault(tags::ROWS, "Rows", &why));
        }
        let demanded = self.photometric.samples_per_pixel();
        if self.samples_per_pixel != demanded {
            let why = format!("must be {demanded} for this PhotometricInterpretation");
            return Err(fault(tags::SAMPLES_PER_PIXEL, "SamplesPerPixel", &why));
        }
        if !matches!(self.bits_allocated, 8 | 16) {
            return Err(fault(
                tags::BITS_ALLOCATED,
                "BitsAllocated",
                "must be 8 or 16",
            ));
        }
        if !(1..=self.bits_allocated).contains(&self.bits_stored) {
            return Err(fault(
                tags::BITS_STORED,
                "BitsStored",
                "must be from 1 to BitsAllocated",
            ));
        }
        if self.high_bit >= self.bits_allocated || self.high_bit + 1 < self.bits_stored {
            return Err(fault(
                tags::HIGH_BIT,
                "HighBit",
                "does not fit BitsStored and BitsAllocated",
            ));
        }
        Ok(self)
    }

    /// Pixels of one frame.
    #[must_use]
    pub fn pixels(self) -> usize {
        self.rows as usize * self.columns as usize
    }

    /// Bytes of one sample.
    #[must_use]
    pub fn bytes_per_sample(self) -> usize {
        usize::from(self.bits_allocated / 8)
    }

    /// Bytes of one decoded frame with all samples of each pixel.
    pub(crate) fn frame_bytes(self) -> usize {
        self.pixels() * usize::from(self.samples_per_pixel) * self.bytes_per_sample()
    }
}

impl ClipHeader {
    /// Whether a picture of more than so many pixels is held whole to be decoded: raw pixels, RLE and lossless JPEG pass by in rows.
    #[must_use]
    pub fn is_held_whole(&self, pixels: usize) -> bool {
        let by_rows = matches!(
            self.transfer_syntax,
            TransferSyntax::Rle | TransferSyntax::JpegLossless | TransferSyntax::JpegLosslessSv1
        );
        let passes_by = by_rows || !self.transfer_syntax.is_encapsulated();
        !passes_by && self.layout.pixels() > pixels
    }

    pub(crate) fn read(
        values: &Values<'_>,
        transfer_syntax: TransferSyntax,
        regions: Vec<UltrasoundRegion>,
    ) -> Result<Self, ClipError> {
        let layout = PixelLayout::read(values)?;
        if layout.photometric == Photometric::YbrPartial420 && !transfer_syntax.is_video() {
            return Err(fault(
                tags::PHOTOMETRIC_INTERPRETATION,
                "PhotometricInterpretation",
                "names a colour that only video has",
            ));
        }
        let frames = frames(values)?;
        Ok(Self {
            sop_class_uid: uid(values, tags::SOP_CLASS_UID)?,
            sop_instance_uid: uid(values, tags::SOP_INSTANCE_UID)?,
            transfer_syntax,
            layout,
            frames,
            frame_times: FrameTimes::read(values, frames)?,
            regions,
            hand_scale: values
                .text(tags::IMAGE_COMMENTS)?
                .is_some_and(|comments| comments.contains(HAND_SCALE)),
            burned_in_annotation: match values.text(tags::BURNED_IN_ANNOTATION)?.as_deref() {
                Some("YES") => Some(true),
                Some("NO") => Some(false),
                _ => None,
            },
            lossy_before: values.text(tags::LOSSY_IMAGE_COMPRESSION)?.as_deref() == Some("01"),
            image_type: image_type(values)?,
        })
    }
}

fn fault(tag: Tag, name: &'static str, fault: &str) -> ClipError {
    ClipError::Attribute {
        name,
        tag,
        fault: fault.to_owned(),
    }
}

fn size(values: &Values<'_>, tag: Tag, name: &'static str) -> Result<u32, ClipError> {
    match values.whole(tag)? {
        None => Err(fault(tag, name, "is missing or malformed")),
        Some(value) => u32::try_from(value)
            .ok()
            .filter(|value| (1..=MAX_ROWS_OR_COLUMNS).contains(value))
            .ok_or_else(|| {
                fault(
                    tag,
                    name,
                    &format!("must be from 1 to {MAX_ROWS_OR_COLUMNS}"),
                )
            }),
    }
}

fn small(
    values: &Values<'_>,
    tag: Tag,
    name: &'static str,
    absent: Option<u16>,
) -> Result<u16, ClipError> {
    match (values.whole(tag)?, absent) {
        (Some(value), _) => {
            u16::try_from(value).map_err(|_| fault(tag, name, "is out of its range"))
        }
        (None, Some(absent)) if values.element(tag).is_none_or(|e| e.value.len == 0) => Ok(absent),
        (None, _) => Err(fault(tag, name, "is missing or malformed")),
    }
}

fn flag(values: &Values<'_>, tag: Tag, name: &'static str) -> Result<bool, ClipError> {
    match small(values, tag, name, Some(0))? {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(fault(tag, name, "must be 0 or 1")),
    }
}

/// Number of Frames; absent or empty in single-frame objects.
fn frames(values: &Values<'_>) -> Result<u32, ClipError> {
    let tag = tags::NUMBER_OF_FRAMES;
    match values.element(tag) {
        Some(element) if element.value.len > 0 => values
            .whole(tag)?
            .and_then(|frames| u32::try_from(frames).ok())
            .filter(|frames| (1..=MAX_FRAMES).contains(frames))
            .ok_or_else(|| {
                fault(
                    tag,
                    "NumberOfFrames",
                    &format!("must be from 1 to {MAX_FRAMES}"),
                )
            }),
        _ => Ok(1),
    }
}

fn uid(values: &Values<'_>, tag: Tag) -> Result<String, ClipError> {
    Ok(values
        .text(tag)?
        .filter(|text| is_uid(text))
        .unwrap_or_default())
}

/// Values of Image Type in one file at most; real ones have four to six.
pub(crate) const MAX_IMAGE_TYPES: usize = 16;

/// A code string (PS3.5 section 6.2).
pub(crate) fn is_code(part: &str) -> bool {
    part.len() <= 16
        && part
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b" _".contains(&b))
}

/// Image Type: code strings only, so that free text cannot ride along.
fn image_type(values: &Values<'_>) -> Result<Vec<String>, ClipError> {
    let text = values.text(tags::IMAGE_TYPE)?.unwrap_or_default();
    if text.is_empty() {
        return Ok(Vec::new());
    }
    Ok(text
        .split('\\')
        .take(MAX_IMAGE_TYPES)
        .map(|part| {
            if is_code(part.trim()) {
                part.trim().to_owned()
            } else {
                String::new()
            }
        })
        .collect())
}
