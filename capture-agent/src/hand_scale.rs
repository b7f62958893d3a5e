//! The depth scale that somebody marked in the picture of a source that states none, on this device or in the consult.
//!
//! Owns the scale in force, shared by whoever saves, publishes and shows it, and the rules under which it is taken: those that
//! will measure with it. It knows no page and no file. Invariants: a scale is in force only for pictures of the size that it was
//! marked in, only where this installation measures, and never where the source states a scale of its own or may show another
//! patient; one that follows
//! another says nothing of the frames before the one that it was marked on, because somewhere among them the depth was changed.

use crate::provenance::Provenance;
use echo_dicom::UltrasoundRegion;
use echo_dicom::measure::{NoScale, Refusal, region_by_depth};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use wire::measure::{DepthScale, ScaleState};
use wire::people::Author;
use wire::{CaptureTime, ScaleId};

/// How far a capture time that comes from an RTP time may be off: two floors to 1/90 kHz.
const ROUNDING_US: u64 = 23;

/// A depth scale, as this device knows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HandScale {
    /// As the consult knows it, too.
    pub scale: DepthScale,
    /// When the frame was captured that it was marked on.
    pub frame_at: CaptureTime,
    /// When it was marked, by the device's clock.
    pub set_at: CaptureTime,
    /// Who marked it in the consult; nothing where it was marked on this device.
    pub by: Option<String>,
}

/// Why a depth scale is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ScaleRefused {
    /// Nobody may mark one here.
    #[error("this installation does not measure")]
    Off,
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
    /// One that the consult has. `offset_us` is added to the device's clock to get the relay's; it was marked within hours
    /// before `now`.
    #[must_use]
    pub fn of_consult(held: ScaleState, offset_us: Option<i64>, now: CaptureTime) -> Self {
        let offset_us = offset_us.unwrap_or_default().saturating_neg();
        let set_at = CaptureTime(held.at.0.saturating_add_signed(offset_us));
        let frame_at = held.scale.rtp_time.map_or(set_at, |rtp_time| {
            let near = rtp_time.capture_time(now);
            CaptureTime(near.0.saturating_sub(ROUNDING_US))
        });
        let by = match held.author {
            Author::Person { name, .. } => Some(name),
            Author::Device { .. } | Author::Relay => None,
        };
        Self {
            scale: held.scale,
            frame_at,
            set_at,
            by,
        }
    }

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
        region_by_depth(&self.scale).map_err(|refusal| match refusal {
            Refusal::NoScale(NoScale::Implausible) => ScaleRefused::Implausible,
            _ => ScaleRefused::TooShort,
        })
    }

    /// Whether it holds for pictures of this size from this source.
    #[must_use]
    pub fn holds_for(&self, size: (u32, u32), provenance: &Provenance) -> bool {
        self.is_of(size)
            && provenance.regions.is_empty()
            && self.scale.holds_for(Some(provenance.patient))
    }

    fn is_of(&self, size: (u32, u32)) -> bool {
        (self.scale.width, self.scale.height) == size
    }
}

/// What is known of the scale.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Held {
    /// The one in force.
    scale: Option<HandScale>,
    /// Frames captured before this may have been of another depth.
    since: CaptureTime,
    /// One was in force for pictures of this size.
    had_one: bool,
    /// The last one that was marked here was taken back by somebody in the consult.
    taken_back: bool,
    /// The last one of the consult that ended on this device.
    ended: Option<ScaleId>,
    /// This installation does not measure.
    off: bool,
}

impl Held {
    /// The one in force.
    #[must_use]
    pub const fn scale(&self) -> Option<&HandScale> {
        self.scale.as_ref()
    }

    /// The last one of the consult that ended on this device.
    #[must_use]
    pub const fn ended(&self) -> Option<ScaleId> {
        self.ended
    }

    /// Whether this installation measures, as far as the relay said.
    #[must_use]
    pub const fn measuring(&self) -> bool {
        !self.off
    }

    fn is_of_consult(&self) -> bool {
        self.scale.as_ref().is_some_and(|held| held.by.is_some())
    }

    fn is(&self, id: ScaleId) -> bool {
        self.scale.as_ref().is_some_and(|held| held.scale.id == id)
    }

    fn put(&mut self, scale: HandScale) {
        self.taken_back = false;
        if std::mem::replace(&mut self.had_one, true) {
            self.since = scale.frame_at;
        }
        self.scale = Some(scale);
    }

    fn end(&mut self) {
        if self.is_of_consult() {
            self.ended = self.scale.as_ref().map(|held| held.scale.id);
        }
        self.scale = None;
    }

    /// Says whether this changes anything.
    fn consult_has(&mut self, said: Option<HandScale>) -> bool {
        match said {
            _ if self.off => false,
            // What was marked here is the device's word until the consult has it, also while it has another.
            None if !self.is_of_consult() => false,
            None => self.scale.take().is_some(),
            // Ours comes back to us: it counts when the consult's word for another one crossed it.
            Some(said) if said.by.is_none() && !self.is_of_consult() => false,
            Some(said) if self.is(said.scale.id) || self.ended == Some(said.scale.id) => false,
            Some(said) => {
                self.put(said);
                true
            }
        }
    }
}

/// The scale in force. Clones share it.
#[derive(Clone)]
pub struct ScaleInForce(watch::Sender<Held>);

impl ScaleInForce {
    /// Begins with what was remembered.
    #[must_use]
    pub fn new(remembered: Option<HandScale>) -> Self {
        Self(watch::Sender::new(Held {
            had_one: remembered.is_some(),
            scale: remembered,
            ..Held::default()
        }))
    }

    /// As it is now.
    #[must_use]
    pub fn now(&self) -> Option<HandScale> {
        self.0.borrow().scale.clone()
    }

    /// The one that holds for all frames since this moment.
    #[must_use]
    pub fn for_all_since(&self, first: CaptureTime) -> Option<HandScale> {
        let held = self.0.borrow();
        held.scale.clone().filter(|_| held.since <= first)
    }

    /// Another one is marked on this device, or the one in force is over there. Nothing is marked where nobody measures.
    pub fn set(&self, scale: Option<HandScale>) {
        self.change(|held| match scale {
            Some(scale) if !held.off => held.put(scale),
            _ => {
                held.taken_back = false;
                held.end();
            }
        });
    }

    /// Pictures have this size now. A scale of another size is over, also when that size comes back: the depth was changed too,
    /// as likely as not.
    pub fn pictures_have(&self, width: u32, height: u32) {
        let size = (width, height);
        self.change(|held| {
            if held.scale().is_some_and(|scale| !scale.is_of(size)) {
                held.end();
                // No clip has frames of two sizes: the next one is the first of its size.
                (held.had_one, held.since) = (false, CaptureTime(0));
            }
        });
    }

    /// What the consult has in force now. Says which one it must hear of, because it is over on this device.
    pub fn consult_has(&self, said: Option<HandScale>) -> Option<ScaleId> {
        let ended = self.0.borrow().ended;
        let over = said.as_ref().map(|said| said.scale.id);
        self.0.send_if_modified(|held| held.consult_has(said));
        over.filter(|id| ended == Some(*id))
    }

    /// Somebody in the consult took this one back.
    pub fn taken_back(&self, id: ScaleId) {
        self.change(|held| {
            if held.is(id) {
                held.taken_back |= !held.is_of_consult();
                held.scale = None;
            }
        });
    }

    /// Whether the last one that was marked here was taken back in the consult, and none was marked since.
    #[must_use]
    pub fn was_taken_back(&self) -> bool {
        self.0.borrow().taken_back
    }

    /// The relay says whether this installation measures. Where it does not, nothing is saved with a scale by hand.
    pub fn measuring_is(&self, on: bool) {
        self.change(|held| {
            held.off = !on;
            if held.off {
                held.scale = None;
            }
        });
    }

    /// Whether this installation measures, as far as the relay said.
    #[must_use]
    pub fn measuring(&self) -> bool {
        self.0.borrow().measuring()
    }

    /// Sees each change.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<Held> {
        self.0.subscribe()
    }

    fn change(&self, change: impl FnOnce(&mut Held)) {
        self.0.send_if_modified(|held| {
            let before = held.clone();
            change(held);
            *held != before
        });
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use wire::mark::Point;
    use wire::people::Role;
    use wire::region::Region;
    use wire::{DeviceId, Fraction, PersonId, RelayTime, RtpTime, SessionId, StreamId};

    /// Half of a picture of 800 x 600 is this long.
    pub(crate) fn scale(centimetres: f64) -> HandScale {
        let at = |y| Point {
            x: Fraction::new(0.9).unwrap(),
            y: Fraction::new(y).unwrap(),
        };
        let set_at = CaptureTime(1_795_000_000_000_000);
        HandScale {
            scale: DepthScale {
                id: ScaleId::random(),
                stream: StreamId::random(),
                width: 800,
                height: 600,
                from: at(0.25),
                to: at(0.75),
                centimetres,
                rtp_time: Some(RtpTime::of(set_at)),
                since: None,
                patient: None,
            },
            frame_at: set_at,
            set_at,
            by: None,
        }
    }

    /// The same in the consult, by 佐藤.
    fn of_consult(centimetres: f64) -> HandScale {
        HandScale {
            by: Some("佐藤".into()),
            ..scale(centimetres)
        }
    }

    fn id(scale: &HandScale) -> ScaleId {
        scale.scale.id
    }

    #[test]
    fn a_scale_is_checked_by_the_rules_that_measure_with_it() {
        assert_eq!(scale(10.0).check(), Ok(()));
        assert_eq!(scale(0.0).check(), Err(ScaleRefused::TooShort));
        assert_eq!(scale(f64::NAN).check(), Err(ScaleRefused::TooShort));
        assert_eq!(scale(500.0).check(), Err(ScaleRefused::Implausible));
        let mut short = scale(1.0);
        short.scale.to = short.scale.from;
        assert_eq!(short.check(), Err(ScaleRefused::TooShort));
    }

    #[test]
    fn it_holds_for_its_size_and_where_the_file_states_nothing() {
        let (scale, plain) = (scale(10.0), Provenance::default());
        assert!(scale.holds_for((800, 600), &plain));
        assert!(!scale.holds_for((800, 208), &plain));
        let (mut of_one, another) = (scale.clone(), Provenance::of_device("another", false));
        of_one.scale.patient = Some(plain.patient);
        assert!(of_one.holds_for((800, 600), &plain) && !of_one.holds_for((800, 600), &another));
        let stated = Provenance {
            regions: vec![Region::from(&scale.region().unwrap())],
            ..Provenance::default()
        };
        assert!(!scale.holds_for((800, 600), &stated));
    }

    #[test]
    fn one_that_the_consult_took_back_is_over_and_told_until_the_next() {
        let ours = scale(10.0);
        let in_force = ScaleInForce::new(Some(ours.clone()));
        in_force.taken_back(ScaleId::random());
        assert!(in_force.now().is_some() && !in_force.was_taken_back());
        in_force.taken_back(id(&ours));
        assert!(in_force.now().is_none() && in_force.was_taken_back());
        in_force.set(Some(scale(12.0)));
        assert!(!in_force.was_taken_back());
        let theirs = of_consult(14.0);
        in_force.consult_has(Some(theirs.clone()));
        in_force.taken_back(id(&theirs));
        // Nobody here marked that one.
        assert!(in_force.now().is_none() && !in_force.was_taken_back());
    }

    #[test]
    fn one_that_follows_another_says_nothing_of_the_frames_before_its_own() {
        let first = scale(10.0);
        let follow = |mut second: HandScale| {
            second.frame_at = CaptureTime(first.set_at.0 + 9_000_000);
            second.set_at = CaptureTime(second.frame_at.0 + 4_000_000);
            second
        };
        let (here, there) = (follow(scale(16.0)), follow(of_consult(16.0)));
        let (before, from) = (CaptureTime(here.frame_at.0 - 1), here.frame_at);
        for second in [here, there] {
            let in_force = ScaleInForce::new(None);
            let next = || match second.by {
                Some(_) => drop(in_force.consult_has(Some(second.clone()))),
                None => in_force.set(Some(second.clone())),
            };
            in_force.set(Some(first.clone()));
            // What was marked on a standing picture holds for it, too.
            let early = CaptureTime(first.frame_at.0 - 3_000_000);
            assert_eq!(in_force.for_all_since(early), Some(first.clone()));
            for back in [false, true] {
                if back {
                    in_force.taken_back(id(&second));
                    in_force.set(Some(first.clone()));
                }
                next();
                assert_eq!(in_force.for_all_since(before), None);
                assert_eq!(in_force.for_all_since(from), Some(second.clone()));
            }
        }
    }

    #[test]
    fn the_consults_scale_counts_until_one_is_marked_here_or_it_is_gone() {
        let (theirs, ours) = (of_consult(10.0), scale(12.0));
        let in_force = ScaleInForce::new(None);
        assert_eq!(in_force.consult_has(Some(theirs.clone())), None);
        assert_eq!(in_force.now(), Some(theirs.clone()));
        assert_eq!(in_force.consult_has(None), None);
        assert_eq!(in_force.now(), None, "it went while the link was away");
        in_force.consult_has(Some(theirs.clone()));
        in_force.set(Some(ours.clone()));
        // The consult did not hear of ours yet.
        in_force.consult_has(None);
        assert_eq!(in_force.now(), Some(ours.clone()));
        // Theirs crossed ours on the way, and came last here but first there.
        in_force.consult_has(Some(theirs));
        in_force.consult_has(Some(ours.clone()));
        assert_eq!(in_force.now(), Some(ours.clone()));
        in_force.set(None);
        in_force.consult_has(Some(ours));
        assert_eq!(in_force.now(), None, "ours is over");
    }

    #[test]
    fn one_of_the_consult_that_ends_here_does_not_come_back_and_the_consult_hears_of_it() {
        for ends in [
            (|in_force| in_force.set(None)) as fn(&ScaleInForce),
            |in_force| in_force.pictures_have(640, 480),
        ] {
            let theirs = of_consult(10.0);
            let in_force = ScaleInForce::new(None);
            in_force.consult_has(Some(theirs.clone()));
            ends(&in_force);
            assert_eq!(in_force.watch().borrow().ended(), Some(id(&theirs)));
            let told = in_force.consult_has(Some(theirs.clone()));
            assert_eq!((in_force.now(), told), (None, Some(id(&theirs))));
            let next = of_consult(11.0);
            assert_eq!(in_force.consult_has(Some(next.clone())), None);
            assert_eq!(in_force.now(), Some(next));
        }
    }

    #[test]
    fn another_size_ends_it_for_good() {
        let in_force = ScaleInForce::new(Some(scale(10.0)));
        in_force.pictures_have(800, 600);
        assert!(in_force.now().is_some());
        in_force.pictures_have(640, 480);
        in_force.pictures_have(800, 600);
        assert_eq!(in_force.now(), None);
        let (again, early) = (scale(12.0), CaptureTime(1));
        in_force.set(Some(again.clone()));
        assert_eq!(in_force.for_all_since(early), Some(again));
    }

    #[test]
    fn where_nobody_measures_there_is_none_from_either_side() {
        let in_force = ScaleInForce::new(Some(scale(10.0)));
        in_force.measuring_is(false);
        in_force.set(Some(scale(10.0)));
        in_force.consult_has(Some(of_consult(10.0)));
        assert!(in_force.now().is_none() && !in_force.measuring());
        in_force.measuring_is(true);
        in_force.set(Some(scale(10.0)));
        assert!(in_force.now().is_some());
    }

    #[test]
    fn one_of_the_consult_knows_its_author_its_frame_and_the_devices_clock() {
        let marked = scale(10.0);
        let frame_at = CaptureTime(marked.frame_at.0 + 7);
        let person = Author::Person {
            session: SessionId::random(),
            person: PersonId::random(),
            name: "佐藤".into(),
            initials: "佐".into(),
            role: Role::Cardiologist,
        };
        let device = Author::Device {
            device: DeviceId::random(),
            name: "往診バッグ 1".into(),
        };
        for (author, by) in [(person, Some("佐藤")), (device, None)] {
            let held = ScaleState {
                scale: DepthScale {
                    rtp_time: Some(RtpTime::of(frame_at)),
                    ..marked.scale.clone()
                },
                author,
                at: RelayTime(marked.set_at.0 + 250),
            };
            let now = CaptureTime(frame_at.0 + 60_000_000);
            let known = HandScale::of_consult(held, Some(250), now);
            assert_eq!((known.by.as_deref(), known.set_at), (by, marked.set_at));
            let early = frame_at.0 - known.frame_at.0;
            assert!(early <= 2 * ROUNDING_US, "its own frame counts: {early}");
        }
    }
}
