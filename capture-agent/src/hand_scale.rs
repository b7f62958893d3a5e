//! The depth scale that the physician marked in the picture of a source that states none.
//!
//! Owns the scale in force, shared by whoever saves, publishes and shows it, and the rules under which it is taken: those that
//! will measure with it. It knows no page and no file. Invariants: a scale is in force only for pictures of the size that it was
//! marked in, and never where the source states a scale of its own; one that follows another says nothing of the frames before
//! it, because somewhere among them the depth was changed.

use crate::provenance::Provenance;
use echo_dicom::UltrasoundRegion;
use echo_dicom::measure::{NoScale, Refusal, region_by_depth};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use tokio::sync::watch;
use wire::mark::Point;
use wire::measure::DepthScale;
use wire::{CaptureTime, ScaleId, StreamId};

/// A depth scale.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HandScale {
    /// The same for the consult, so that it is told once.
    pub id: ScaleId,
    /// Pixels of the picture that it was marked in.
    pub width: u32,
    /// The same.
    pub height: u32,
    /// One end on the scale drawn in the picture.
    pub from: Point,
    /// The other end.
    pub to: Point,
    /// Between the ends.
    pub centimetres: f64,
    /// When, by the device's clock.
    pub set_at: CaptureTime,
}

/// Why a depth scale is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ScaleRefused {
    /// The file states its own; nobody overrules it by hand.
    #[error("the source states a scale of its own")]
    Stated,
    /// Its ends are so close that each length would be wrong.
    #[error("the ends are too close, or nothing is between them")]
    TooShort,
    /// No echo is that large or small.
    #[error("no echo has this scale")]
    Implausible,
}

impl HandScale {
    /// Checks it by the rules that measure with it.
    ///
    /// # Errors
    /// `ScaleRefused`.
    pub fn check(&self) -> Result<(), ScaleRefused> {
        self.region().map(|_| ())
    }

    /// As a clip carries it: the whole picture.
    ///
    /// # Errors
    /// `ScaleRefused`.
    pub fn region(&self) -> Result<UltrasoundRegion, ScaleRefused> {
        let scale = DepthScale {
            id: self.id,
            // Nothing that is computed here depends on it.
            stream: StreamId::from_uuid(self.id.uuid()),
            width: self.width,
            height: self.height,
            from: self.from,
            to: self.to,
            centimetres: self.centimetres,
        };
        region_by_depth(&scale).map_err(|refusal| match refusal {
            Refusal::NoScale(NoScale::Implausible) => ScaleRefused::Implausible,
            _ => ScaleRefused::TooShort,
        })
    }

    /// Whether it holds for pictures of this size from this source.
    #[must_use]
    pub fn holds_for(&self, (width, height): (u32, u32), provenance: &Provenance) -> bool {
        (self.width, self.height) == (width, height) && provenance.regions.is_empty()
    }
}

/// The scale in force. Clones share it.
#[derive(Clone)]
pub struct ScaleInForce {
    held: watch::Sender<Option<HandScale>>,
    /// Frames captured before this, in microseconds of the capture time, may have been of another depth.
    since: Arc<AtomicU64>,
    /// One was in force for pictures of this size.
    had_one: Arc<AtomicBool>,
    /// The last one was taken back by somebody in the consult.
    taken_back: Arc<AtomicBool>,
}

impl ScaleInForce {
    /// Begins with what was remembered.
    #[must_use]
    pub fn new(remembered: Option<HandScale>) -> Self {
        Self {
            since: Arc::default(),
            had_one: Arc::new(AtomicBool::new(remembered.is_some())),
            held: watch::Sender::new(remembered),
            taken_back: Arc::default(),
        }
    }

    /// As it is now.
    #[must_use]
    pub fn now(&self) -> Option<HandScale> {
        self.held.borrow().clone()
    }

    /// The one that holds for all frames since this moment.
    #[must_use]
    pub fn for_all_since(&self, first: CaptureTime) -> Option<HandScale> {
        self.now()
            .filter(|_| self.since.load(Ordering::Relaxed) <= first.0)
    }

    /// Another one, or none.
    pub fn set(&self, scale: Option<HandScale>) {
        self.taken_back.store(false, Ordering::Relaxed);
        if let Some(scale) = &scale
            && self.had_one.swap(true, Ordering::Relaxed)
        {
            self.since.store(scale.set_at.0, Ordering::Relaxed);
        }
        self.held.send_if_modified(|held| {
            let is_news = *held != scale;
            *held = scale;
            is_news
        });
    }

    /// Pictures have this size now. A scale of another size is over, also when that size comes back: the depth was changed too,
    /// as likely as not.
    pub fn pictures_have(&self, width: u32, height: u32) {
        let is_over = self.held.send_if_modified(|held| {
            held.take_if(|scale| (scale.width, scale.height) != (width, height))
                .is_some()
        });
        if is_over {
            // No clip has frames of two sizes: the next one is the first of its size.
            self.had_one.store(false, Ordering::Relaxed);
            self.since.store(0, Ordering::Relaxed);
        }
    }

    /// Somebody in the consult took this one back.
    pub fn taken_back(&self, id: ScaleId) {
        let was_ours = self
            .held
            .send_if_modified(|held| held.take_if(|scale| scale.id == id).is_some());
        if was_ours {
            self.taken_back.store(true, Ordering::Relaxed);
        }
    }

    /// Whether the last one was taken back in the consult, and none was marked since.
    #[must_use]
    pub fn was_taken_back(&self) -> bool {
        self.taken_back.load(Ordering::Relaxed)
    }

    /// Sees each change.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<Option<HandScale>> {
        self.held.subscribe()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use wire::Fraction;
    use wire::region::Region;

    /// Half of a picture of 800 x 600 is this long.
    pub(crate) fn scale(centimetres: f64) -> HandScale {
        let at = |y| Point {
            x: Fraction::new(0.9).unwrap(),
            y: Fraction::new(y).unwrap(),
        };
        HandScale {
            id: ScaleId::random(),
            width: 800,
            height: 600,
            from: at(0.25),
            to: at(0.75),
            centimetres,
            set_at: CaptureTime(1_795_000_000_000_000),
        }
    }

    #[test]
    fn a_scale_is_checked_by_the_rules_that_measure_with_it() {
        assert_eq!(scale(10.0).check(), Ok(()));
        assert_eq!(scale(0.0).check(), Err(ScaleRefused::TooShort));
        assert_eq!(scale(f64::NAN).check(), Err(ScaleRefused::TooShort));
        assert_eq!(scale(500.0).check(), Err(ScaleRefused::Implausible));
        let mut short = scale(1.0);
        short.to = short.from;
        assert_eq!(short.check(), Err(ScaleRefused::TooShort));
    }

    #[test]
    fn it_holds_for_its_size_and_where_the_file_states_nothing() {
        let (scale, plain) = (scale(10.0), Provenance::default());
        assert!(scale.holds_for((800, 600), &plain));
        assert!(!scale.holds_for((800, 208), &plain));
        let stated = Provenance {
            regions: vec![Region::from(&scale.region().unwrap())],
            ..Provenance::default()
        };
        assert!(!scale.holds_for((800, 600), &stated));
    }

    #[test]
    fn one_that_the_consult_took_back_is_over_and_told_until_the_next() {
        let in_force = ScaleInForce::new(Some(scale(10.0)));
        in_force.taken_back(ScaleId::random());
        assert!(in_force.now().is_some() && !in_force.was_taken_back());
        let id = in_force.now().map(|scale| scale.id);
        in_force.taken_back(id.unwrap());
        assert!(in_force.now().is_none() && in_force.was_taken_back());
        in_force.set(Some(scale(12.0)));
        assert!(!in_force.was_taken_back());
    }

    #[test]
    fn one_that_follows_another_says_nothing_of_the_frames_before_it() {
        let (first, mut second) = (scale(10.0), scale(16.0));
        second.set_at = CaptureTime(first.set_at.0 + 9_000_000);
        let (before, after) = (first.set_at, second.set_at);
        let in_force = ScaleInForce::new(None);
        in_force.set(Some(first.clone()));
        // What was marked on a standing picture holds for it, too.
        let early = CaptureTime(before.0 - 3_000_000);
        assert_eq!(in_force.for_all_since(early), Some(first));
        for back in [false, true] {
            if back {
                in_force.set(None);
            }
            in_force.set(Some(second.clone()));
            assert_eq!(in_force.for_all_since(before), None);
            assert_eq!(in_force.for_all_since(after), Some(second.clone()));
        }
        in_force.pictures_have(640, 480);
        in_force.set(Some(second.clone()));
        assert_eq!(in_force.for_all_since(before), Some(second));
    }

    #[test]
    fn another_size_ends_it_for_good() {
        let in_force = ScaleInForce::new(Some(scale(10.0)));
        in_force.pictures_have(800, 600);
        assert!(in_force.now().is_some());
        in_force.pictures_have(640, 480);
        in_force.pictures_have(800, 600);
        assert_eq!(in_force.now(), None);
    }
}
