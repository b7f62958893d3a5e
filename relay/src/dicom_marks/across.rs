//! Values whose parts lie on several clips of a consult, and which clip's report says them.
//!
//! Pure. A value whose newest parts all lie on one clip is that clip's own. Any other is said once: in the report of the clip
//! that holds the part made last, and of several such clips (they may overlap) in that with most of its parts, else in
//! the one that came first. A part is looked for on that clip before others. Invariant: the same clips and marks give the
//! same answer, whichever report is asked for.

use super::follows::{Follows, is_any_part, newest};
use super::place::on_clip;
use crate::store::ClipRow;
use wire::FrameIndex;
use wire::mark::Shape;
use wire::measure::MeasureKind;
use wire::socket::MarkState;

/// A part on a frame of a clip, which is named by its place in order of arrival.
pub(super) type PartOn<'a> = (usize, FrameIndex, &'a MarkState);

/// A value and where its parts lie.
pub(super) struct SaidOnce<'a> {
    pub(super) follows: Follows,
    /// The clip whose report says it.
    pub(super) home: usize,
    pub(super) parts: Vec<PartOn<'a>>,
}

/// All of them, of the kept clips in order of arrival and the marks in order of making.
pub(super) fn across<'a>(
    rows: impl IntoIterator<Item = &'a ClipRow>,
    marks: &'a [MarkState],
) -> Vec<SaidOnce<'a>> {
    let clips: Vec<Vec<(FrameIndex, &MarkState)>> = rows
        .into_iter()
        .map(|row| {
            let mut on = on_clip(row, marks);
            on.retain(|(_, held)| part_of(held).is_some_and(is_any_part));
            on
        })
        .collect();
    let frame_on = |clip: usize, mark: &MarkState| {
        let on = clips.get(clip)?;
        let found = on.iter().find(|(_, held)| held.mark.id == mark.mark.id)?;
        Some(found.0)
    };
    let kept: Vec<&MarkState> = marks
        .iter()
        .filter(|mark| (0..clips.len()).any(|clip| frame_on(clip, mark).is_some()))
        .collect();
    let made: Vec<MeasureKind> = kept.iter().filter_map(|held| part_of(held)).collect();
    let said = |follows| {
        let newest = newest(follows, &made)?;
        let parts: Vec<&MarkState> = newest
            .iter()
            .filter_map(|at| kept.get(*at).copied())
            .collect();
        let last = kept.get(*newest.iter().max()?).copied()?;
        let held_by = |clip: &usize| {
            let holds = |mark: &&&MarkState| frame_on(*clip, mark).is_some();
            parts.iter().filter(holds).count()
        };
        // Of equals `max_by_key` takes the last one, so the first comes last.
        let homes = (0..clips.len()).rev();
        let home = homes
            .filter(|clip| frame_on(*clip, last).is_some())
            .max_by_key(held_by)?;
        if (0..clips.len()).any(|clip| held_by(&clip) == parts.len()) {
            return None;
        }
        let place = |mark: &&'a MarkState| {
            let mut nearest = std::iter::once(home).chain(0..clips.len());
            nearest.find_map(|clip| Some((clip, frame_on(clip, mark)?, *mark)))
        };
        let parts = parts.iter().map(place).collect::<Option<Vec<_>>>()?;
        Some(SaidOnce {
            follows,
            home,
            parts,
        })
    };
    Follows::ALL.into_iter().filter_map(said).collect()
}

/// What a mark measures, if it has what its value is measured with.
fn part_of(held: &MarkState) -> Option<MeasureKind> {
    match &held.mark.shape {
        Shape::Measure { what, .. } if held.gauge.is_some() => Some(*what),
        _ => None,
    }
}
