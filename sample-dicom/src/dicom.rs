//! Writes a clip as an Ultrasound Multi-frame Image (PS3.3 A.7).
//!
//! Owns: the data set and the encoding of the pixels, JPEG baseline 4:2:2 or uncompressed. Callers:
//! the command line and tests. Invariant: nothing but the request decides the bytes of the file; no
//! clock, no random, no machine name.

use crate::clip::Generated;
use crate::overlay;
use crate::spec::{Pixels, View};
use crate::threads::parallel;
use crate::truth::RegionTruth;
use crate::uid;
use dicom_core::header::Length;
use dicom_core::smallvec::smallvec;
use dicom_core::value::{DataSetSequence, PixelFragmentSequence, Value};
use dicom_core::{DataElement, PrimitiveValue, Tag, VR};
use dicom_dictionary_std::{tags, uids};
use dicom_object::{FileMetaTableBuilder, InMemDicomObject};
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use std::path::Path;
use thiserror::Error;

type Object = InMemDicomObject;

/// Who wrote the file. Not the crate's version: a release must not change the committed clips.
const WRITER: &str = "HIBIKI_PHANTOM_1";
/// Implementation Class UID (PS3.7 D.3.3.2), drawn once.
const WRITER_UID: &str = "2.25.181376840158837211842709337861539240021";

/// Why a file could not be written. Messages name the step; the cause is the error's source.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WriteError {
    /// A frame could not be compressed.
    #[error("could not compress a frame")]
    Compress(#[from] jpeg_encoder::EncodingError),
    /// The file header could not be built.
    #[error("could not build the file header")]
    Header(#[source] Box<dicom_object::WithMetaError>),
    /// The file could not be written.
    #[error("could not write the file")]
    Write(#[source] Box<dicom_object::WriteError>),
}

/// The pixels of all frames, ready to be stored.
enum Stored {
    Jpeg(Vec<Vec<u8>>),
    Plain(Vec<u8>),
}

/// Writes the clip to `path`.
pub fn write_dicom(clip: &Generated, path: &Path) -> Result<(), WriteError> {
    let stored = store(clip)?;
    let mut object = Object::new_empty();
    identity(&mut object, clip);
    image(&mut object, clip, &stored);
    timing(&mut object, clip);
    calibration(&mut object, clip);
    let syntax = match &stored {
        Stored::Jpeg(_) => uids::JPEG_BASELINE8_BIT,
        Stored::Plain(_) => uids::EXPLICIT_VR_LITTLE_ENDIAN,
    };
    put_pixels(&mut object, stored);
    let meta = FileMetaTableBuilder::new()
        .transfer_syntax(syntax)
        .media_storage_sop_class_uid(uids::ULTRASOUND_MULTI_FRAME_IMAGE_STORAGE)
        .media_storage_sop_instance_uid(clip.truth.sop_instance_uid.as_str())
        .implementation_class_uid(WRITER_UID)
        .implementation_version_name(WRITER);
    let file = object
        .with_meta(meta)
        .map_err(|error| WriteError::Header(Box::new(error)))?;
    file.write_to_file(path)
        .map_err(|error| WriteError::Write(Box::new(error)))
}

fn store(clip: &Generated) -> Result<Stored, WriteError> {
    let pictures = clip.frame_count();
    match clip.spec.pixels {
        Pixels::Jpeg(quality) => {
            let frames = parallel(pictures, |i| jpeg(clip, i, quality));
            Ok(Stored::Jpeg(frames.into_iter().collect::<Result<_, _>>()?))
        }
        Pixels::Rgb => {
            let frames = parallel(pictures, |i| clip.frame(i).map_or(Vec::new(), |p| p.rgb));
            Ok(Stored::Plain(frames.concat()))
        }
        Pixels::Grey => {
            let frames = parallel(pictures, |i| clip.frame(i).map_or(Vec::new(), |p| p.grey()));
            Ok(Stored::Plain(frames.concat()))
        }
    }
}

fn jpeg(clip: &Generated, index: usize, quality: u8) -> Result<Vec<u8>, WriteError> {
    let mut bytes = Vec::new();
    if let Some(picture) = clip.frame(index) {
        let mut encoder = Encoder::new(&mut bytes, quality);
        encoder.set_sampling_factor(SamplingFactor::R_4_2_2);
        encoder.encode(
            &picture.rgb,
            picture.width as u16,
            picture.height as u16,
            ColorType::Rgb,
        )?;
    }
    if bytes.len() % 2 == 1 {
        // Fragments have even length (PS3.5 A.4).
        bytes.push(0);
    }
    Ok(bytes)
}

fn identity(object: &mut Object, clip: &Generated) {
    let seed = clip.spec.seed;
    let number = View::ALL
        .iter()
        .position(|v| *v == clip.spec.view)
        .map_or(0, |i| i + 1);
    for (tag, vr, value) in [
        (tags::SPECIFIC_CHARACTER_SET, VR::CS, "ISO_IR 192"),
        (
            tags::SOP_CLASS_UID,
            VR::UI,
            uids::ULTRASOUND_MULTI_FRAME_IMAGE_STORAGE,
        ),
        (
            tags::SOP_INSTANCE_UID,
            VR::UI,
            clip.truth.sop_instance_uid.as_str(),
        ),
        (tags::TIMEZONE_OFFSET_FROM_UTC, VR::SH, "+0000"),
        (tags::PATIENT_NAME, VR::PN, overlay::NAME),
        (tags::PATIENT_ID, VR::LO, overlay::PATIENT_ID),
        (tags::PATIENT_BIRTH_DATE, VR::DA, ""),
        (tags::PATIENT_SEX, VR::CS, "O"),
        (tags::STUDY_INSTANCE_UID, VR::UI, uid::study(seed).as_str()),
        (tags::STUDY_DATE, VR::DA, overlay::DATE),
        (tags::STUDY_TIME, VR::TM, overlay::TIME),
        (tags::STUDY_ID, VR::SH, "1"),
        (tags::ACCESSION_NUMBER, VR::SH, ""),
        (tags::REFERRING_PHYSICIAN_NAME, VR::PN, ""),
        (tags::MODALITY, VR::CS, "US"),
        (
            tags::SERIES_INSTANCE_UID,
            VR::UI,
            uid::series(seed).as_str(),
        ),
        (tags::SERIES_NUMBER, VR::IS, "1"),
        (tags::SERIES_DATE, VR::DA, overlay::DATE),
        (tags::SERIES_TIME, VR::TM, overlay::TIME),
        (tags::MANUFACTURER, VR::LO, "Hibiki"),
        (
            tags::MANUFACTURER_MODEL_NAME,
            VR::LO,
            "sample-dicom phantom",
        ),
        (tags::DEVICE_SERIAL_NUMBER, VR::LO, "0"),
        (tags::SOFTWARE_VERSIONS, VR::LO, WRITER),
        (tags::INSTITUTION_NAME, VR::LO, overlay::INSTITUTION),
        (tags::INSTANCE_NUMBER, VR::IS, number.to_string().as_str()),
        (tags::PATIENT_ORIENTATION, VR::CS, ""),
        (tags::CONTENT_DATE, VR::DA, overlay::DATE),
        (tags::CONTENT_TIME, VR::TM, overlay::TIME),
        (tags::ACQUISITION_DATE_TIME, VR::DT, "20260101101500.000000"),
        (tags::BURNED_IN_ANNOTATION, VR::CS, "YES"),
        (
            tags::HEART_RATE,
            VR::IS,
            format!("{:.0}", clip.truth.heart_rate_bpm).as_str(),
        ),
    ] {
        text(object, tag, vr, value);
    }
    put_codes(object, clip.spec.view);
}

/// Heart and view; with an anatomic region no Laterality is needed (an empty one is an error).
fn put_codes(object: &mut Object, view: View) {
    sequence(
        object,
        tags::ANATOMIC_REGION_SEQUENCE,
        vec![code("80891009", "Heart")],
    );
    // PS3.16 CID 12226; a vena cava view is post-coordinated as subcostal long axis there.
    let view = match view {
        View::Plax => code("399139001", "Parasternal long axis"),
        View::A4c | View::Combined => code("399214001", "Apical four chamber"),
        View::ScIvc => code("399310008", "Subcostal long axis"),
    };
    sequence(object, tags::VIEW_CODE_SEQUENCE, vec![view]);
}

fn image(object: &mut Object, clip: &Generated, stored: &Stored) {
    // Value 4 is a mask of modes: 2D 0001, M-mode 0002, pulsed Doppler 0008 (PS3.3 C.8.5.6.1.1).
    let modes = if clip.spec.view == View::Combined {
        "000B"
    } else {
        "0001"
    };
    let image_type = ["ORIGINAL", "PRIMARY", "TTE", modes].map(str::to_owned);
    let values = PrimitiveValue::Strs(image_type.into_iter().collect());
    object.put(DataElement::new(tags::IMAGE_TYPE, VR::CS, values));
    let (samples, photometric) = match clip.spec.pixels {
        Pixels::Jpeg(_) => (3, "YBR_FULL_422"),
        Pixels::Rgb => (3, "RGB"),
        Pixels::Grey => (1, "MONOCHROME2"),
    };
    number(object, tags::SAMPLES_PER_PIXEL, samples);
    text(
        object,
        tags::PHOTOMETRIC_INTERPRETATION,
        VR::CS,
        photometric,
    );
    if samples == 3 {
        number(object, tags::PLANAR_CONFIGURATION, 0);
    }
    number(object, tags::ROWS, clip.spec.height as u16);
    number(object, tags::COLUMNS, clip.spec.width as u16);
    number(object, tags::BITS_ALLOCATED, 8);
    number(object, tags::BITS_STORED, 8);
    number(object, tags::HIGH_BIT, 7);
    number(object, tags::PIXEL_REPRESENTATION, 0);
    if let Stored::Jpeg(frames) = stored {
        let raw = clip.spec.width as usize * clip.spec.height as usize * 3 * frames.len();
        let packed: usize = frames.iter().map(Vec::len).sum();
        let ratio = format!("{:.2}", raw as f64 / packed.max(1) as f64);
        text(object, tags::LOSSY_IMAGE_COMPRESSION, VR::CS, "01");
        text(object, tags::LOSSY_IMAGE_COMPRESSION_RATIO, VR::DS, &ratio);
        text(
            object,
            tags::LOSSY_IMAGE_COMPRESSION_METHOD,
            VR::CS,
            "ISO_10918_1",
        );
    } else {
        text(object, tags::LOSSY_IMAGE_COMPRESSION, VR::CS, "00");
    }
}

fn timing(object: &mut Object, clip: &Generated) {
    let frames = clip.frame_count();
    text(object, tags::NUMBER_OF_FRAMES, VR::IS, &frames.to_string());
    let pointer = if clip.spec.uneven {
        tags::FRAME_TIME_VECTOR
    } else {
        tags::FRAME_TIME
    };
    let value = PrimitiveValue::Tags(smallvec![pointer]);
    object.put(DataElement::new(
        tags::FRAME_INCREMENT_POINTER,
        VR::AT,
        value,
    ));
    if clip.spec.uneven {
        // Milliseconds since the frame before; the first is 0 (PS3.3 C.7.6.5.1.2).
        let mut before = 0.0;
        let steps = clip.truth.frames.iter().map(|frame| {
            let step = frame.time_s - before;
            before = frame.time_s;
            format!("{:.3}", step * 1000.0)
        });
        let value = PrimitiveValue::Strs(steps.collect());
        object.put(DataElement::new(tags::FRAME_TIME_VECTOR, VR::DS, value));
    } else {
        text(
            object,
            tags::FRAME_TIME,
            VR::DS,
            &format!("{:.6}", 1000.0 / clip.spec.fps),
        );
    }
    let rate = format!("{:.0}", clip.spec.fps);
    text(object, tags::CINE_RATE, VR::IS, &rate);
    text(object, tags::RECOMMENDED_DISPLAY_FRAME_RATE, VR::IS, &rate);
    text(object, tags::START_TRIM, VR::IS, "1");
    text(object, tags::STOP_TRIM, VR::IS, &frames.to_string());
}

fn calibration(object: &mut Object, clip: &Generated) {
    let regions = clip.truth.regions.iter().map(region).collect();
    sequence(object, tags::SEQUENCE_OF_ULTRASOUND_REGIONS, regions);
}

fn region(truth: &RegionTruth) -> Object {
    let mut item = Object::new_empty();
    number(&mut item, tags::REGION_SPATIAL_FORMAT, truth.spatial_format);
    number(&mut item, tags::REGION_DATA_TYPE, truth.data_type);
    for (tag, value) in [
        (tags::REGION_FLAGS, truth.flags),
        (tags::REGION_LOCATION_MIN_X0, truth.rect.x0),
        (tags::REGION_LOCATION_MIN_Y0, truth.rect.y0),
        (tags::REGION_LOCATION_MAX_X1, truth.rect.x1),
        (tags::REGION_LOCATION_MAX_Y1, truth.rect.y1),
    ] {
        item.put(DataElement::new(tag, VR::UL, PrimitiveValue::from(value)));
    }
    let [ux, uy] = truth.units;
    number(&mut item, tags::PHYSICAL_UNITS_X_DIRECTION, ux);
    number(&mut item, tags::PHYSICAL_UNITS_Y_DIRECTION, uy);
    let [rx, ry] = truth.reference_pixel;
    for (tag, value) in [
        (tags::REFERENCE_PIXEL_X0, rx),
        (tags::REFERENCE_PIXEL_Y0, ry),
    ] {
        item.put(DataElement::new(tag, VR::SL, PrimitiveValue::from(value)));
    }
    let ([dx, dy], [vx, vy]) = (truth.delta, truth.reference_value);
    let mut doubles = vec![
        (tags::PHYSICAL_DELTA_X, dx),
        (tags::PHYSICAL_DELTA_Y, dy),
        (tags::REFERENCE_PIXEL_PHYSICAL_VALUE_X, vx),
        (tags::REFERENCE_PIXEL_PHYSICAL_VALUE_Y, vy),
    ];
    if truth.spatial_format == 3 {
        doubles.push((tags::DOPPLER_CORRECTION_ANGLE, 0.0));
        for (tag, value) in [
            (tags::TRANSDUCER_FREQUENCY, 2_000_u32),
            (tags::PULSE_REPETITION_FREQUENCY, 4_500),
        ] {
            item.put(DataElement::new(tag, VR::UL, PrimitiveValue::from(value)));
        }
    }
    for (tag, value) in doubles {
        item.put(DataElement::new(tag, VR::FD, PrimitiveValue::from(value)));
    }
    item
}

fn put_pixels(object: &mut Object, stored: Stored) {
    match stored {
        Stored::Jpeg(frames) => {
            // Offsets count from the first byte after the table and include each 8-byte item header.
            let mut next = 0_u32;
            let offsets: Vec<u32> = frames
                .iter()
                .map(|frame| {
                    let here = next;
                    next += frame.len() as u32 + 8;
                    here
                })
                .collect();
            let value = Value::PixelSequence(PixelFragmentSequence::new(offsets, frames));
            object.put(DataElement::new(tags::PIXEL_DATA, VR::OB, value));
        }
        Stored::Plain(mut bytes) => {
            if bytes.len() % 2 == 1 {
                bytes.push(0);
            }
            object.put(DataElement::new(
                tags::PIXEL_DATA,
                VR::OB,
                PrimitiveValue::from(bytes),
            ));
        }
    }
}

fn text(object: &mut Object, tag: Tag, vr: VR, value: &str) {
    object.put(DataElement::new(tag, vr, PrimitiveValue::from(value)));
}

fn number(object: &mut Object, tag: Tag, value: u16) {
    object.put(DataElement::new(tag, VR::US, PrimitiveValue::from(value)));
}

fn sequence(object: &mut Object, tag: Tag, items: Vec<Object>) {
    let value = Value::Sequence(DataSetSequence::new(items, Length::UNDEFINED));
    object.put(DataElement::new(tag, VR::SQ, value));
}

fn code(value: &str, meaning: &str) -> Object {
    let mut item = Object::new_empty();
    text(&mut item, tags::CODE_VALUE, VR::SH, value);
    text(&mut item, tags::CODING_SCHEME_DESIGNATOR, VR::SH, "SCT");
    text(&mut item, tags::CODE_MEANING, VR::LO, meaning);
    item
}
