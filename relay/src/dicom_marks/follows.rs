//! What follows from several measurements together: ejection fractions by discs, collapse of the vena cava, the heart rate
//! between two frames.
//!
//! Owns which measurements such a value is made of, and computing it. Of each part the one that was made last counts, as on
//! the pages (`viewer/src/measure/derived.ts`). Where the parts lie is for the caller. Invariant: nothing follows from a
//! part that has no value itself, nor from frames of two streams or patients.

use super::values::Measured;
use super::words::{CAPTURE_TIMES, scale_in_words};
use echo_dicom::measure::{
    Centimetres, Discs, Figure, biplane, collapse, discs_of, ejection_fraction, figures,
    heart_rate_of_frames, single_plane,
};
use echo_dicom::write::Code;
use echo_dicom::write::report::codes;
use wire::mark::Anchor;
use wire::measure::{Extent, HeartPhase, MAX_BEATS, MeasureKind, VentricleView};

/// The value is in doubt: one of the views is foreshortened.
const LENGTHS_DIFFER: &str = "The long axes of the two views differ by more than a fifth.";

/// A value that follows from several measurements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Follows {
    /// Ejection fraction by discs in both apical views.
    Biplane,
    /// Ejection fraction by discs in one of them.
    SinglePlane(VentricleView),
    /// How far the vena cava collapses.
    Collapse,
    /// Heart rate between two frames.
    Rate,
}

/// Its number in `Follows::unit`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Value {
    pub(super) number: f64,
    /// Where the scale comes from.
    pub(super) scale: String,
    pub(super) doubt: Option<&'static str>,
}

impl Follows {
    pub(super) const ALL: [Self; 5] = [
        Self::Biplane,
        Self::SinglePlane(VentricleView::A4c),
        Self::SinglePlane(VentricleView::A2c),
        Self::Collapse,
        Self::Rate,
    ];

    /// What it is made of, the larger end of beat or breath first. A number of beats says nothing here.
    fn kinds(self) -> Vec<MeasureKind> {
        let both = |view| {
            [HeartPhase::EndDiastole, HeartPhase::EndSystole]
                .map(|phase| MeasureKind::Ventricle { view, phase })
        };
        match self {
            Self::Biplane => [VentricleView::A4c, VentricleView::A2c]
                .into_iter()
                .flat_map(both)
                .collect(),
            Self::SinglePlane(view) => both(view).to_vec(),
            Self::Collapse => [Extent::Largest, Extent::Smallest]
                .map(|extent| MeasureKind::VenaCava { extent })
                .to_vec(),
            Self::Rate => vec![
                MeasureKind::BeatStart {},
                MeasureKind::BeatEnd { beats: MAX_BEATS },
            ],
        }
    }

    pub(super) fn name(self) -> Code {
        match self {
            Self::Biplane => codes::EF_BIPLANE,
            Self::SinglePlane(VentricleView::A4c) => codes::EF_A4C,
            Self::SinglePlane(VentricleView::A2c) => codes::EF_A2C,
            Self::Collapse => codes::IVC_COLLAPSE,
            Self::Rate => codes::HEART_RATE,
        }
    }

    pub(super) fn unit(self) -> Code {
        match self {
            Self::Rate => codes::BEATS_PER_MINUTE,
            _ => codes::PERCENT,
        }
    }

    /// Its value, of its parts in order. None when they may show two patients, as on the pages.
    pub(super) fn value(self, parts: &[Measured<'_>]) -> Option<Value> {
        let shows = |part: &Measured<'_>| {
            let Anchor::Live { stream, .. } = part.anchor();
            (stream, part.gauge.patient)
        };
        let mut neighbours = parts.iter().zip(parts.iter().skip(1));
        if !neighbours.all(|(one, next)| shows(one) == shows(next)) {
            return None;
        }
        match (self, parts) {
            (Self::Biplane, [diastole, systole, other_diastole, other_systole]) => {
                both_planes([diastole, systole], [other_diastole, other_systole])
            }
            (Self::SinglePlane(_), [diastole, systole]) => {
                let cuts = [cut(diastole)?, cut(systole)?];
                let [full, rest] = [
                    single_plane(&cuts[0].0).ok()?,
                    single_plane(&cuts[1].0).ok()?,
                ];
                Some(Value {
                    number: ejection_fraction(full.value, rest.value).ok()?.get(),
                    scale: once(cuts.map(|(_, scale)| scale)),
                    doubt: None,
                })
            }
            (Self::Collapse, [largest, smallest]) => {
                let [widest, narrowest] = [diameter(largest)?, diameter(smallest)?];
                let [large, small] = [widest, narrowest].map(|of| Centimetres::new(of.value));
                let scales = [(largest, widest), (smallest, narrowest)];
                Some(Value {
                    number: collapse(large.ok()?, small.ok()?).ok()?.get(),
                    scale: once(scales.map(|(part, of)| scale_in_words(part.gauge, of.source))),
                    doubt: None,
                })
            }
            (Self::Rate, [start, end]) => {
                let MeasureKind::BeatEnd { beats } = end.what else {
                    return None;
                };
                let [
                    Anchor::Live { rtp_time, .. },
                    Anchor::Live { rtp_time: last, .. },
                ] = [start.anchor(), end.anchor()];
                let rate = heart_rate_of_frames(rtp_time, last, u32::from(beats)).ok()?;
                Some(Value {
                    number: rate.get(),
                    scale: CAPTURE_TIMES.to_owned(),
                    doubt: None,
                })
            }
            _ => None,
        }
    }
}

/// The newest measurement of each part, by its place in `made`; none when a part is missing.
pub(super) fn newest(follows: Follows, made: &[MeasureKind]) -> Option<Vec<usize>> {
    let parts = follows.kinds().into_iter();
    parts
        .map(|part| made.iter().rposition(|what| is_part(*what, part)))
        .collect()
}

/// Whether it can be a part of anything.
pub(super) fn is_any_part(what: MeasureKind) -> bool {
    matches!(
        what,
        MeasureKind::Ventricle { .. }
            | MeasureKind::VenaCava { .. }
            | MeasureKind::BeatStart {}
            | MeasureKind::BeatEnd { .. }
    )
}

fn is_part(what: MeasureKind, part: MeasureKind) -> bool {
    match (what, part) {
        (MeasureKind::BeatEnd { .. }, MeasureKind::BeatEnd { .. }) => true,
        _ => what == part,
    }
}

fn both_planes(one: [&Measured<'_>; 2], other: [&Measured<'_>; 2]) -> Option<Value> {
    let [diastole, systole] = [cut(one[0])?, cut(one[1])?];
    let [other_diastole, other_systole] = [cut(other[0])?, cut(other[1])?];
    let full = biplane(&diastole.0, &other_diastole.0).ok()?;
    let rest = biplane(&systole.0, &other_systole.0).ok()?;
    let fraction = ejection_fraction(full.volume.value, rest.volume.value).ok()?;
    let scales = [diastole, systole, other_diastole, other_systole].map(|(_, scale)| scale);
    Some(Value {
        number: fraction.get(),
        scale: once(scales),
        doubt: (full.lengths_differ || rest.lengths_differ).then_some(LENGTHS_DIFFER),
    })
}

/// The discs of a ventricle, and where their scale comes from.
fn cut(part: &Measured<'_>) -> Option<(Discs, String)> {
    let cut = discs_of(part.points, part.gauge).ok()?;
    Some((cut.value, scale_in_words(part.gauge, cut.source)))
}

fn diameter(part: &Measured<'_>) -> Option<Figure> {
    let found = figures(part.what, part.points, part.gauge).ok()?;
    found.first().copied()
}

/// Parts mostly have the same scale.
fn once<const N: usize>(scales: [String; N]) -> String {
    let mut said: Vec<String> = Vec::new();
    for scale in scales {
        if !said.contains(&scale) {
            said.push(scale);
        }
    }
    said.join("; ")
}
