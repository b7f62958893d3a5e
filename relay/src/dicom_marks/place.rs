//! Which frames of a clip marks were made on, and where on them.
//!
//! A clip that was captured says the RTP time of each of its frames, so a mark's frame is found exactly or not at all.
//! An imported clip has no such times: nobody can have drawn on it live.

use crate::store::ClipRow;
use echo_dicom::write::{MarkedImage, PixelPoint};
use wire::FrameIndex;
use wire::mark::{Anchor, Point};
use wire::socket::MarkState;

/// Marks of the consult that lie on frames of this clip, in order of making.
pub(super) fn on_clip<'a>(
    row: &ClipRow,
    marks: &'a [MarkState],
) -> Vec<(FrameIndex, &'a MarkState)> {
    let Some(span) = row.head.captured else {
        return Vec::new();
    };
    let frame = |mark: &MarkState| {
        let Anchor::Live { stream, rtp_time } = mark.mark.anchor;
        let at = row.times.iter().position(|time| *time == rtp_time);
        let index = at.filter(|_| stream == span.stream)?;
        u32::try_from(index).ok().map(FrameIndex)
    };
    marks
        .iter()
        .filter_map(|mark| Some((frame(mark)?, mark)))
        .collect()
}

/// Fractions as pixels of the clip.
pub(super) fn pixel(image: &MarkedImage, point: Point) -> PixelPoint {
    // A fraction of a 16-bit size is exact enough as f32: a hundredth of a pixel.
    PixelPoint {
        x: (point.x.get() * f64::from(image.columns)) as f32,
        y: (point.y.get() * f64::from(image.rows)) as f32,
    }
}
