//! The image that marks and measurements belong to, and points on it.
//!
//! Owns the check that a frame exists and that points lie on the picture. Points are pixels with fractions, as
//! presentation states and reports both want them: (0, 0) is the top left corner of the top left pixel, (columns,
//! rows) the bottom right corner of the last one (PS3.3 sections C.10.5.1.2 and C.18.6.1.1).

use dicom_core::VR;
use dicom_dictionary_std::tags;
use wire::FrameIndex;

use super::data_set::{Object, sequence, text};
use super::reference::Reference;
use super::uid::Uid;

/// Graphic Data is a 16-bit length of pairs of floats (PS3.5 section 7.1.2).
const MAX_POINTS: usize = 65_534 / 8;

/// A stored clip or still that marks are put over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarkedImage {
    /// Series Instance UID of the image.
    pub series_uid: Uid,
    /// SOP Class UID of the image.
    pub class_uid: Uid,
    /// SOP Instance UID of the image.
    pub instance_uid: Uid,
    /// Columns of the image.
    pub columns: u16,
    /// Rows of the image.
    pub rows: u16,
    /// Frames of the image; 1 for a still.
    pub frames: u32,
}

/// A place on an image in pixels, from its top left corner.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PixelPoint {
    /// To the right, 0 to columns.
    pub x: f32,
    /// Downwards, 0 to rows.
    pub y: f32,
}

impl MarkedImage {
    /// Checks a frame and points on it.
    pub(super) fn check(
        &self,
        frame: FrameIndex,
        points: &[PixelPoint],
    ) -> Result<(), &'static str> {
        let inside = |point: &PixelPoint| {
            (0.0..=f32::from(self.columns)).contains(&point.x)
                && (0.0..=f32::from(self.rows)).contains(&point.y)
        };
        if frame.0 >= self.frames {
            return Err("the image has no such frame");
        }
        if points.is_empty() {
            return Err("it has no points");
        }
        if points.len() > MAX_POINTS {
            return Err("it has more points than one graphic holds");
        }
        if !points.iter().all(inside) {
            return Err("a point lies outside the picture");
        }
        Ok(())
    }

    /// The image, or one frame of it. A still has no frame numbers.
    pub(super) fn reference(&self, frame: Option<FrameIndex>) -> Object {
        let frames = if self.frames > 1 {
            frame.into_iter().collect()
        } else {
            Vec::new()
        };
        Reference {
            class_uid: self.class_uid.clone(),
            instance_uid: self.instance_uid.clone(),
            frames,
        }
        .item()
    }

    /// The item of a Referenced Series Sequence, with the image behind `tag`.
    pub(super) fn series(&self, tag: dicom_core::Tag) -> Object {
        of_series(&self.series_uid, tag, vec![self.reference(None)])
    }
}

/// The items of a Referenced Series Sequence, one a series, with its images behind `tag`.
pub(super) fn series(images: &[MarkedImage], tag: dicom_core::Tag) -> Vec<Object> {
    let mut found: Vec<(&Uid, Vec<Object>)> = Vec::new();
    for image in images {
        let reference = image.reference(None);
        match found.iter_mut().find(|(uid, _)| **uid == image.series_uid) {
            Some((_, references)) => references.push(reference),
            None => found.push((&image.series_uid, vec![reference])),
        }
    }
    found
        .into_iter()
        .map(|(uid, references)| of_series(uid, tag, references))
        .collect()
}

fn of_series(uid: &Uid, tag: dicom_core::Tag, references: Vec<Object>) -> Object {
    let mut item = Object::new_empty();
    text(&mut item, tags::SERIES_INSTANCE_UID, VR::UI, uid.as_str());
    sequence(&mut item, tag, references);
    item
}

/// Columns and rows by turns.
pub(super) fn flat(points: &[PixelPoint]) -> impl Iterator<Item = f32> {
    points.iter().flat_map(|point| [point.x, point.y])
}
