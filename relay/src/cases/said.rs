//! What of a consult's log may be told in a case.
//!
//! Pure but for `read_said`. This is the one place where entries of the log come in. Of each only its moment, a role, a kind and a place on
//! the stream are taken, into types that have no room for a name, a word that somebody typed or a value. Owned elsewhere: which of it is
//! about a clip (`log`). Invariant: an event that is not named here is left out, so what is new in the log is in no case until
//! somebody decides it.

use crate::dicom_marks::each_entry;
use crate::store::{Store, StoreError};
use wire::case_log::{CaseAuthor, CaseMarkKind};
use wire::clip::SaveWhat;
use wire::link::LinkLevel;
use wire::log::{LogEntry, LogEvent};
use wire::mark::{Anchor, Shape};
use wire::measure::MeasureKind;
use wire::people::{Author, Role};
use wire::{AnnotationId, ClipId, ConsultId, FreezeId, PersonId, RelayTime, RtpTime, StreamId};

/// Most events of one consult that are held while its case is made: hours of many busy hands, a few megabytes.
const MAX_SAID: usize = 50_000;

/// A frame of a stream.
pub(super) type Place = (StreamId, RtpTime);

/// Something that happened in a consult.
#[derive(Debug, Clone, Copy)]
pub(super) struct Said {
    pub(super) at: RelayTime,
    pub(super) by: CaseAuthor,
    pub(super) what: What,
}

/// What.
#[derive(Debug, Clone, Copy)]
pub(super) enum What {
    Asked(ClipId, Option<Place>),
    Saved(ClipId),
    Frozen(FreezeId, Place),
    Stepped(FreezeId, Place),
    Released(FreezeId),
    Marked {
        mark: AnnotationId,
        on: Place,
        kind: CaseMarkKind,
        again: bool,
    },
    Withdrawn(AnnotationId),
    Calibrated(Place),
    Seen(LinkLevel, Option<u32>),
}

/// What of a consult's log may be told, in order.
#[derive(Default)]
pub struct ConsultSaid {
    said: Vec<Said>,
    /// Who said something, in order of appearance; nothing but the place in this list gets out.
    people: Vec<(Role, PersonId)>,
    /// What frames are on the clock of the log.
    timed: Vec<(Place, RelayTime)>,
    /// Events that there was no room for.
    unheld: u32,
}

/// Reads it.
///
/// # Errors
/// The store's.
pub async fn read_said(store: &Store, consult: ConsultId) -> Result<ConsultSaid, StoreError> {
    let mut all = ConsultSaid::default();
    each_entry(store, consult, |entry| all.take(entry)).await?;
    Ok(all)
}

impl ConsultSaid {
    /// The next entry.
    pub fn take(&mut self, entry: &LogEntry) {
        // Counted for whatever somebody did, so that a number means the same person in each log.
        let by = self.author(&entry.author);
        let what = match &entry.event {
            LogEvent::StreamTimed {
                stream,
                rtp_time,
                captured_relay,
                ..
            } => {
                if self.timed.len() < MAX_SAID {
                    self.timed.push(((*stream, *rtp_time), *captured_relay));
                }
                return;
            }
            event => what(event),
        };
        match what {
            Some(what) if self.said.len() < MAX_SAID => self.said.push(Said {
                at: entry.at,
                by,
                what,
            }),
            Some(_) => self.unheld = self.unheld.saturating_add(1),
            None => {}
        }
    }

    pub(super) fn all(&self) -> &[Said] {
        &self.said
    }

    pub(super) fn unheld(&self) -> u32 {
        self.unheld
    }

    /// When a frame was captured, by the clock of the log: as the newest stamp before it says, else the first one after it.
    pub(super) fn captured(&self, (stream, rtp_time): Place) -> Option<RelayTime> {
        let stamps = self.timed.iter().filter(|((of, _), _)| *of == stream);
        // Of two words about one stamp the newer one counts.
        let ((_, stamp), at) = stamps.rev().min_by_key(|((_, stamp), _)| {
            let ticks = rtp_time.since(*stamp);
            (ticks < 0, ticks.unsigned_abs())
        })?;
        let us = i64::from(rtp_time.since(*stamp)) * 100 / 9;
        Some(RelayTime(at.0.saturating_add_signed(us)))
    }

    fn author(&mut self, author: &Author) -> CaseAuthor {
        let Author::Person { person, role, .. } = author else {
            return match author {
                Author::Device { .. } => CaseAuthor::Device {},
                _ => CaseAuthor::Relay {},
            };
        };
        if !self.people.contains(&(*role, *person)) {
            self.people.push((*role, *person));
        }
        let same = self.people.iter().filter(|(of, _)| of == role);
        let before = same.take_while(|(_, of)| of != person).count();
        CaseAuthor::Person {
            role: *role,
            number: u32::try_from(before + 1).unwrap_or(u32::MAX),
        }
    }
}

fn place(anchor: &Anchor) -> Place {
    let Anchor::Live { stream, rtp_time } = anchor;
    (*stream, *rtp_time)
}

fn what(event: &LogEvent) -> Option<What> {
    Some(match event {
        LogEvent::ClipAsked { clip, what } => What::Asked(
            *clip,
            match what {
                SaveWhat::Frame { anchor } => Some(place(anchor)),
                SaveWhat::Last { .. } => None,
            },
        ),
        LogEvent::ClipSaved { head } => What::Saved(head.clip),
        LogEvent::Frozen { freeze, anchor } => What::Frozen(*freeze, place(anchor)),
        LogEvent::Stepped { freeze, anchor } => What::Stepped(*freeze, place(anchor)),
        LogEvent::Released { freeze } => What::Released(*freeze),
        LogEvent::Marked { mark, .. } => What::Marked {
            mark: mark.id,
            on: place(&mark.anchor),
            kind: kind(&mark.shape),
            again: mark.replaces.is_some(),
        },
        LogEvent::Withdrawn { mark } => What::Withdrawn(*mark),
        LogEvent::Calibrated { scale } => What::Calibrated((scale.stream, scale.rtp_time?)),
        LogEvent::LinkSample { seen } => What::Seen(seen.level, seen.age_ms),
        _ => return None,
    })
}

fn kind(shape: &Shape) -> CaseMarkKind {
    match shape {
        Shape::Stroke { .. } => CaseMarkKind::Stroke,
        Shape::Arrow { .. } => CaseMarkKind::Arrow,
        Shape::Label { .. } => CaseMarkKind::Label,
        Shape::Measure { what, .. } => match what {
            MeasureKind::Caliper {} => CaseMarkKind::Caliper,
            MeasureKind::Area {} => CaseMarkKind::Area,
            MeasureKind::Angle {} => CaseMarkKind::Angle,
            MeasureKind::Velocity {} => CaseMarkKind::Velocity,
            MeasureKind::Envelope {} => CaseMarkKind::Envelope,
            MeasureKind::Slope {} => CaseMarkKind::Slope,
            MeasureKind::HeartRate { .. } => CaseMarkKind::HeartRate,
            MeasureKind::BeatStart {} => CaseMarkKind::BeatStart,
            MeasureKind::BeatEnd { .. } => CaseMarkKind::BeatEnd,
            MeasureKind::Ventricle { .. } => CaseMarkKind::Ventricle,
            MeasureKind::VenaCava { .. } => CaseMarkKind::VenaCava,
        },
    }
}
