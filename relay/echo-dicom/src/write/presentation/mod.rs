//! Marks as a softcopy presentation state (PS3.3 A.33), which viewers lay over the clip.
//!
//! Owns the object: which image, which layers, how it is shown. Colour images get a Colour Softcopy Presentation State,
//! grey ones a Grayscale one; a state of the wrong kind is refused by viewers. Each author has a layer of his own, named
//! by its description. Pens, pressure and live timing have no place here and stay in the consult's log.

mod graphics;
pub(crate) mod icc;

use std::io::Write;

use dicom_core::smallvec::SmallVec;
use dicom_core::{PrimitiveValue, VR};
use dicom_dictionary_std::{tags, uids};
use wire::FrameIndex;

use super::context::Context;
use super::data_set::{Object, put, sequence, signed_pair, text, texts};
use super::error::WriteError;
use super::file;
use super::modules::{Identity, begin};
use super::moment::LocalTime;
use super::name::PersonName;
use super::target::{MarkedImage, PixelPoint};
use super::text::{LO_CHARS, code_string, description};
use super::uid::Uid;

/// What makes one presentation state itself.
#[derive(Debug, Clone)]
pub struct StateFacts {
    /// SOP Instance UID.
    pub instance_uid: Uid,
    /// Instance Number.
    pub instance_number: u32,
    /// When it was made.
    pub created_at: LocalTime,
    /// Content Label: up to 16 capital letters, digits, spaces and underscores.
    pub label: String,
    /// A few words; cut at 64 characters.
    pub description: String,
    /// Who made it; empty means unknown.
    pub creator: PersonName,
    /// What the image's pixels are.
    pub colour: ImageColour,
}

/// Which kind of presentation state an image takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ImageColour {
    /// MONOCHROME2.
    Grey,
    /// Three samples for each pixel.
    Colour,
}

/// One mark.
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    /// The frame it was drawn on.
    pub frame: FrameIndex,
    /// What is drawn.
    pub drawing: Drawing,
    /// Whose it is, as people see it; cut at 64 characters.
    pub author: String,
    /// Its own UID, for whoever follows a mark through several objects.
    pub uid: Option<Uid>,
}

/// What is drawn, in image pixels.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Drawing {
    /// A line through these points; one point is a dot.
    Polyline(Vec<PixelPoint>),
    /// An arrow whose head is at `to`.
    Arrow {
        /// The tail.
        from: PixelPoint,
        /// What it points at.
        to: PixelPoint,
    },
    /// Points that belong together.
    Points(Vec<PixelPoint>),
    /// Words; cut at 1,024 characters.
    Text {
        /// Left end of the base line.
        at: PixelPoint,
        /// The words.
        text: String,
    },
}

/// Writes marks over one image.
///
/// # Errors
/// `Mark` names one that has no place on the picture, `Text` an attribute; otherwise the step that failed.
pub fn write(
    context: &Context,
    facts: &StateFacts,
    image: &MarkedImage,
    marks: &[Mark],
    out: &mut impl Write,
) -> Result<(), WriteError> {
    let identity = Identity {
        class_uid: match facts.colour {
            ImageColour::Grey => uids::GRAYSCALE_SOFTCOPY_PRESENTATION_STATE_STORAGE,
            ImageColour::Colour => uids::COLOR_SOFTCOPY_PRESENTATION_STATE_STORAGE,
        },
        instance_uid: &facts.instance_uid,
        instance_number: facts.instance_number,
        modality: "PR",
    };
    let mut object = begin(context, &identity)?;
    identification(&mut object, facts)?;
    let series = image.series(tags::REFERENCED_IMAGE_SEQUENCE);
    sequence(&mut object, tags::REFERENCED_SERIES_SEQUENCE, vec![series]);
    displayed_area(&mut object, image);
    graphics::write(&mut object, image, marks)?;
    match facts.colour {
        ImageColour::Grey => text(
            &mut object,
            tags::PRESENTATION_LUT_SHAPE,
            VR::CS,
            "IDENTITY",
        ),
        ImageColour::Colour => {
            let profile = SmallVec::from_vec(icc::srgb());
            put(
                &mut object,
                tags::ICC_PROFILE,
                VR::OB,
                PrimitiveValue::U8(profile),
            );
            text(&mut object, tags::COLOR_SPACE, VR::CS, "SRGB");
        }
    }
    Ok(out.write_all(&file::without_pixels(&object, &identity)?)?)
}

/// Presentation State Identification (PS3.3 section C.11.10).
fn identification(object: &mut Object, facts: &StateFacts) -> Result<(), WriteError> {
    let (at, creator) = (facts.created_at, facts.creator.value("ContentCreatorName")?);
    let label = code_string("ContentLabel", &facts.label)?;
    let words = description(&facts.description, LO_CHARS);
    text(object, tags::CONTENT_LABEL, VR::CS, label);
    text(object, tags::CONTENT_DESCRIPTION, VR::LO, words);
    text(
        object,
        tags::PRESENTATION_CREATION_DATE,
        VR::DA,
        at.date().value(),
    );
    text(
        object,
        tags::PRESENTATION_CREATION_TIME,
        VR::TM,
        at.time_value(),
    );
    text(object, tags::CONTENT_CREATOR_NAME, VR::PN, creator);
    // Series of other modalities than images need a laterality unless the body part has none.
    text(object, tags::BODY_PART_EXAMINED, VR::CS, "HEART");
    Ok(())
}

/// The whole picture, as large as fits (PS3.3 section C.10.4). Its corners count pixels from 1.
fn displayed_area(object: &mut Object, image: &MarkedImage) {
    let mut area = Object::new_empty();
    signed_pair(&mut area, tags::DISPLAYED_AREA_TOP_LEFT_HAND_CORNER, [1, 1]);
    signed_pair(
        &mut area,
        tags::DISPLAYED_AREA_BOTTOM_RIGHT_HAND_CORNER,
        [i32::from(image.columns), i32::from(image.rows)],
    );
    text(
        &mut area,
        tags::PRESENTATION_SIZE_MODE,
        VR::CS,
        "SCALE TO FIT",
    );
    let square = ["1", "1"].map(str::to_owned);
    texts(
        &mut area,
        tags::PRESENTATION_PIXEL_ASPECT_RATIO,
        VR::IS,
        square,
    );
    sequence(object, tags::DISPLAYED_AREA_SELECTION_SEQUENCE, vec![area]);
}
