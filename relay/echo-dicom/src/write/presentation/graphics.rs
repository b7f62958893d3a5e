//! Graphic annotations and their layers (PS3.3 sections C.10.5 and C.10.7).
//!
//! Owns how a mark becomes graphic or text objects. An arrow is one polyline that runs along its head: every viewer
//! draws it, while the compound graphics that know arrows are drawn by few. Words stand in a box of estimated size,
//! because the standard wants one; viewers let long words run over it.

use dicom_core::VR;
use dicom_dictionary_std::tags;

use super::{Drawing, Mark};
use crate::write::data_set::{Object, floats, number, sequence, text};
use crate::write::error::WriteError;
use crate::write::target::{MarkedImage, PixelPoint, flat};
use crate::write::text::{LO_CHARS, ST_CHARS, description};

/// Height of a line of words, as a part of the picture's height.
const TEXT_LINES_PER_PICTURE: f32 = 24.0;
/// Width of a character, as a part of its height: ideographs are square, so that no box is too narrow.
const CHARACTER_ASPECT: f32 = 1.0;
/// Length of an arrow's head, as a part of its shaft, and its limits in pixels.
const HEAD_PART: f32 = 0.25;
const HEAD_PIXELS: std::ops::RangeInclusive<f32> = 6.0..=24.0;
/// Half the width of a head, as a part of its length.
const HEAD_HALF_WIDTH: f32 = 0.5;

pub(super) fn write(
    object: &mut Object,
    image: &MarkedImage,
    marks: &[Mark],
) -> Result<(), WriteError> {
    if marks.is_empty() {
        let fault = "there is none";
        return Err(WriteError::Mark { index: 0, fault });
    }
    let mut authors: Vec<String> = Vec::new();
    let mut annotations = Vec::with_capacity(marks.len());
    for (index, mark) in marks.iter().enumerate() {
        let author = description(&mark.author, LO_CHARS);
        let layer = authors
            .iter()
            .position(|known| *known == author)
            .unwrap_or_else(|| {
                authors.push(author);
                authors.len() - 1
            });
        let annotation =
            annotation(image, mark, layer).map_err(|fault| WriteError::Mark { index, fault })?;
        annotations.push(annotation);
    }
    sequence(object, tags::GRAPHIC_ANNOTATION_SEQUENCE, annotations);
    let layers = authors.iter().enumerate().map(layer).collect();
    sequence(object, tags::GRAPHIC_LAYER_SEQUENCE, layers);
    Ok(())
}

fn layer_name(index: usize) -> String {
    format!("LAYER{}", index + 1)
}

fn layer((index, author): (usize, &String)) -> Object {
    let mut item = Object::new_empty();
    text(&mut item, tags::GRAPHIC_LAYER, VR::CS, layer_name(index));
    text(
        &mut item,
        tags::GRAPHIC_LAYER_ORDER,
        VR::IS,
        (index + 1).to_string(),
    );
    text(
        &mut item,
        tags::GRAPHIC_LAYER_DESCRIPTION,
        VR::LO,
        author.as_str(),
    );
    item
}

fn annotation(image: &MarkedImage, mark: &Mark, layer: usize) -> Result<Object, &'static str> {
    let mut item = Object::new_empty();
    let reference = image.reference(Some(mark.frame));
    sequence(&mut item, tags::REFERENCED_IMAGE_SEQUENCE, vec![reference]);
    text(&mut item, tags::GRAPHIC_LAYER, VR::CS, layer_name(layer));
    let graphics = match &mark.drawing {
        Drawing::Text { at, text: words } => {
            image.check(mark.frame, std::slice::from_ref(at))?;
            let words = words_object(image, *at, words)?;
            sequence(&mut item, tags::TEXT_OBJECT_SEQUENCE, vec![words]);
            return Ok(item);
        }
        Drawing::Polyline(points) => {
            image.check(mark.frame, points)?;
            let kind = if points.len() == 1 {
                "POINT"
            } else {
                "POLYLINE"
            };
            vec![graphic(mark, kind, points)]
        }
        Drawing::Points(points) => {
            image.check(mark.frame, points)?;
            points
                .iter()
                .map(|point| graphic(mark, "POINT", std::slice::from_ref(point)))
                .collect()
        }
        Drawing::Arrow { from, to } => {
            image.check(mark.frame, &[*from, *to])?;
            vec![graphic(mark, "POLYLINE", &arrow(image, *from, *to))]
        }
    };
    sequence(&mut item, tags::GRAPHIC_OBJECT_SEQUENCE, graphics);
    Ok(item)
}

fn graphic(mark: &Mark, kind: &str, points: &[PixelPoint]) -> Object {
    let mut item = Object::new_empty();
    text(&mut item, tags::GRAPHIC_ANNOTATION_UNITS, VR::CS, "PIXEL");
    number(&mut item, tags::GRAPHIC_DIMENSIONS, 2);
    // Checked against the room of Graphic Data, which is far below 65,535 points.
    let count = u16::try_from(points.len()).unwrap_or(u16::MAX);
    number(&mut item, tags::NUMBER_OF_GRAPHIC_POINTS, count);
    floats(&mut item, tags::GRAPHIC_DATA, flat(points));
    text(&mut item, tags::GRAPHIC_TYPE, VR::CS, kind);
    text(&mut item, tags::GRAPHIC_FILLED, VR::CS, "N");
    if let Some(uid) = &mark.uid {
        text(&mut item, tags::TRACKING_ID, VR::UT, uid.as_str());
        text(&mut item, tags::TRACKING_UID, VR::UI, uid.as_str());
    }
    item
}

/// From the tail to the tip, out to one barb, back to the tip, out to the other. Barbs stay on the picture.
fn arrow(image: &MarkedImage, from: PixelPoint, to: PixelPoint) -> [PixelPoint; 5] {
    let (dx, dy) = (to.x - from.x, to.y - from.y);
    let shaft = dx.hypot(dy);
    let (ux, uy) = if shaft > 0.0 {
        (dx / shaft, dy / shaft)
    } else {
        // An arrow without a length points down at its place.
        (0.0, 1.0)
    };
    let head = (shaft * HEAD_PART).clamp(*HEAD_PIXELS.start(), *HEAD_PIXELS.end());
    let barb = |side: f32| PixelPoint {
        x: (to.x - ux * head - uy * head * side).clamp(0.0, f32::from(image.columns)),
        y: (to.y - uy * head + ux * head * side).clamp(0.0, f32::from(image.rows)),
    };
    [from, to, barb(HEAD_HALF_WIDTH), to, barb(-HEAD_HALF_WIDTH)]
}

fn words_object(image: &MarkedImage, at: PixelPoint, words: &str) -> Result<Object, &'static str> {
    let words = description(words, ST_CHARS);
    if words.is_empty() {
        return Err("it has no words");
    }
    let (columns, rows) = (f32::from(image.columns), f32::from(image.rows));
    let height = rows / TEXT_LINES_PER_PICTURE;
    let width = words.chars().count() as f32 * height * CHARACTER_ASPECT;
    let mut item = Object::new_empty();
    text(
        &mut item,
        tags::BOUNDING_BOX_ANNOTATION_UNITS,
        VR::CS,
        "PIXEL",
    );
    text(&mut item, tags::UNFORMATTED_TEXT_VALUE, VR::ST, words);
    let top = (at.y - height).max(0.0);
    floats(
        &mut item,
        tags::BOUNDING_BOX_TOP_LEFT_HAND_CORNER,
        [at.x, top],
    );
    floats(
        &mut item,
        tags::BOUNDING_BOX_BOTTOM_RIGHT_HAND_CORNER,
        [(at.x + width).min(columns), at.y.max(top + 1.0).min(rows)],
    );
    text(
        &mut item,
        tags::BOUNDING_BOX_TEXT_HORIZONTAL_JUSTIFICATION,
        VR::CS,
        "LEFT",
    );
    Ok(item)
}
