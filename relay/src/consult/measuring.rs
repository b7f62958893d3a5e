//! The rules of measuring: where it may be done, what a measurement is measured with, and who calibrates.
//!
//! Called by `marking` and `saying`. The relay never takes a value: it writes beside each measuring mark the size and
//! the scale of its frame, and everybody computes from those. Invariant: a measuring mark in the log belongs to a frame
//! whose original is kept, and its gauge is what was known of that frame when it was taken.

use super::core::{Consult, Refused};
use super::effect::Newcomer;
use super::ledger::KeptOriginal;
use super::originals::SAME_ROUND_US;
use super::rights::rights;
use echo_dicom::measure::by_depth;
use wire::log::LogEvent;
use wire::mark::{Anchor, Annotation, DrawnOn, Point, Shape};
use wire::measure::{DepthScale, Gauge, GaugeScale, ScaleRef};
use wire::original::Original;
use wire::people::Author;
use wire::problem::ProblemCode;
use wire::{FreezeId, RelayTime, ScaleId, StreamId};

/// What a device says of the depth scale.
#[derive(Debug, Clone, PartialEq)]
pub enum ScaleInput {
    /// The one that was marked there, or that there is none any more.
    Marked(Option<DepthScale>),
    /// One that was marked in the consult is over there: taken back on its page, or pictures have another size now.
    Ended(ScaleId),
}

impl Consult {
    /// What a measuring mark is measured with; nothing for any other mark.
    pub(super) fn gauge_of(
        &self,
        mark: &Annotation,
        now: RelayTime,
    ) -> Result<Option<Gauge>, ProblemCode> {
        let Shape::Measure { by, .. } = &mark.shape else {
            return Ok(None);
        };
        self.measuring_is_on()?;
        if mark.drawn_on != DrawnOn::Freeze {
            return Err(ProblemCode::MeasureNotHere);
        }
        let kept = self.kept_at(mark.anchor, now)?;
        let Anchor::Live { stream, rtp_time } = mark.anchor;
        let Original { width, height, .. } = kept.original;
        let scale = match by {
            ScaleRef::Pixels {} => GaugeScale::Pixels {},
            ScaleRef::Regions {} if kept.facts.regions.is_empty() => {
                return Err(ProblemCode::ScaleGone);
            }
            ScaleRef::Regions {} => GaugeScale::Regions {
                regions: kept.facts.regions.clone(),
            },
            ScaleRef::Depth { scale } => {
                let held = self.ledger.scales.get(&stream).filter(|held| {
                    let of = &held.scale;
                    let fits = (of.width, of.height) == (width, height)
                        && of.holds_at(rtp_time)
                        && of.holds_for(kept.facts.patient);
                    of.id == *scale && fits
                });
                GaugeScale::Depth {
                    by: held.ok_or(ProblemCode::ScaleGone)?.clone(),
                }
            }
        };
        Ok(Some(Gauge {
            frame: kept.facts.index,
            width,
            height,
            scale,
            patient: kept.facts.patient,
        }))
    }

    /// Somebody marks the depth scale of the frozen picture.
    pub(super) fn calibrate(
        &mut self,
        who: &Newcomer,
        freeze: FreezeId,
        scale: ScaleId,
        (ends, centimetres): ([Point; 2], f64),
        now: RelayTime,
    ) -> Result<(), Refused> {
        self.take_scale(who, freeze, scale, (ends, centimetres), now)
            .map_err(|code| Refused {
                code,
                mark: None,
                freeze: Some(freeze),
                clip: None,
            })
    }

    fn take_scale(
        &mut self,
        who: &Newcomer,
        freeze: FreezeId,
        id: ScaleId,
        (ends, centimetres): ([Point; 2], f64),
        now: RelayTime,
    ) -> Result<(), ProblemCode> {
        self.may_calibrate(who)?;
        if self.ledger.known_scales.contains(&id) {
            return Ok(()); // Said twice.
        }
        let held = self.shown.state.freeze.as_ref();
        let anchor = held
            .filter(|held| held.freeze == freeze)
            .map(|held| held.anchor)
            .ok_or(ProblemCode::NotFrozen)?;
        let kept = self.kept_at(anchor, now)?;
        // A file that states its scale is not overruled by hand.
        if !kept.facts.regions.is_empty() {
            return Err(ProblemCode::ScaleRefused);
        }
        let Original { width, height, .. } = kept.original;
        let patient = kept.facts.patient;
        let Anchor::Live { stream, rtp_time } = anchor;
        let [from, to] = ends;
        let scale = DepthScale {
            id,
            stream,
            width,
            height,
            from,
            to,
            centimetres,
            rtp_time: Some(rtp_time),
            since: self
                .follows_another((stream, width, height))
                .then_some(rtp_time),
            patient,
        };
        // By the same rules that will measure with it.
        if by_depth(&scale).is_err() {
            return Err(ProblemCode::ScaleRefused);
        }
        self.append(who.author(), LogEvent::Calibrated { scale }, now)
    }

    /// The physician marked the depth scale on the device itself, or took one back there. It counts as if it were done here,
    /// by whoever publishes; what makes no sense is left out, because nobody waits for an answer.
    pub(super) fn scale_of_device(&mut self, stream: StreamId, said: &ScaleInput, now: RelayTime) {
        let Some(author) = self.running.get(&stream).map(|it| it.author.clone()) else {
            return;
        };
        if self.measuring_is_on().is_err() {
            return;
        }
        let in_force = self.ledger.scales.get(&stream).map(|held| held.scale.id);
        let event = match said {
            // Said again after a reconnect. It may have been taken back here since.
            ScaleInput::Marked(Some(scale)) if self.ledger.known_scales.contains(&scale.id) => {
                if in_force.is_none() {
                    self.say_scale_gone(stream, scale.id, now);
                }
                None
            }
            ScaleInput::Marked(Some(scale)) => self.device_scale(stream, scale),
            ScaleInput::Marked(None) => self.own_scale(stream, &author),
            ScaleInput::Ended(scale) => (in_force == Some(*scale))
                .then_some(LogEvent::CalibrationWithdrawn { scale: *scale }),
        };
        if let Some(event) = event {
            let _ = self.append(author, event, now);
        }
    }

    /// One that fits the rules and overrules nothing that the source states for pictures of this size.
    fn device_scale(&self, stream: StreamId, marked: &DepthScale) -> Option<LogEvent> {
        let size = (marked.width, marked.height);
        let stated = self.ledger.originals.iter().any(|((of, _), kept)| {
            let Original { width, height, .. } = kept.original;
            *of == stream && (width, height) == size && !kept.facts.regions.is_empty()
        });
        let scale = DepthScale {
            // A device speaks of its own picture.
            stream,
            since: marked
                .rtp_time
                .filter(|_| self.follows_another((stream, marked.width, marked.height))),
            ..marked.clone()
        };
        (!stated && by_depth(&scale).is_ok()).then_some(LogEvent::Calibrated { scale })
    }

    /// Whether a scale was marked before in pictures of this stream and size, which a new one contradicts for what came before it.
    fn follows_another(&self, pictures: (StreamId, u32, u32)) -> bool {
        self.ledger.scaled.contains(&pictures)
    }

    /// The end of the scale in force, when it is this author's.
    fn own_scale(&self, stream: StreamId, author: &Author) -> Option<LogEvent> {
        let held = self.ledger.scales.get(&stream)?;
        let scale = held.scale.id;
        (held.author == *author).then_some(LogEvent::CalibrationWithdrawn { scale })
    }

    /// Takes a depth scale back. Anybody who may freeze can: a wrong scale must not wait for its author.
    pub(super) fn withdraw_calibration(
        &mut self,
        who: &Newcomer,
        scale: ScaleId,
        now: RelayTime,
    ) -> Result<(), Refused> {
        let in_force = |held: &&wire::measure::ScaleState| held.scale.id == scale;
        let done = self.may_calibrate(who).and_then(|()| {
            if self.ledger.scales.values().any(|held| in_force(&held)) {
                let event = LogEvent::CalibrationWithdrawn { scale };
                self.append(who.author(), event, now)
            } else if self.ledger.known_scales.contains(&scale) {
                Ok(()) // Somebody was quicker.
            } else {
                Err(ProblemCode::ScaleGone)
            }
        });
        done.map_err(|code| Refused {
            code,
            mark: None,
            freeze: None,
            clip: None,
        })
    }

    fn may_calibrate(&self, who: &Newcomer) -> Result<(), ProblemCode> {
        if !rights(who.role).freeze {
            return Err(ProblemCode::NotAllowed);
        }
        self.measuring_is_on()
    }

    fn measuring_is_on(&self) -> Result<(), ProblemCode> {
        if self.about.settings.measuring {
            Ok(())
        } else {
            Err(ProblemCode::MeasuringOff)
        }
    }

    /// The original of a frame: without it nobody knows how many pixels the picture really has.
    fn kept_at(&self, anchor: Anchor, now: RelayTime) -> Result<&KeptOriginal, ProblemCode> {
        let Anchor::Live { stream, rtp_time } = anchor;
        self.ledger
            .originals
            .get(&(stream, rtp_time))
            .filter(|kept| self.dated(now).0.saturating_sub(kept.at.0) < SAME_ROUND_US)
            .ok_or(ProblemCode::MeasureNotHere)
    }
}
