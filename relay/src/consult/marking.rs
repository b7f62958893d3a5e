//! The rules of marks: who may draw, which ids are whose, what replaces what, what is pinned.
//!
//! Called by `saying`. Invariant: sending the same thing twice changes nothing, and nobody changes or takes back what
//! somebody else drew.

use super::core::{Consult, Done, Refused};
use super::effect::Newcomer;
use super::rights::rights;
use wire::log::LogEvent;
use wire::mark::{Anchor, Annotation};
use wire::problem::ProblemCode;
use wire::{AnnotationId, RelayTime};

impl Consult {
    pub(super) fn mark(
        &mut self,
        who: &Newcomer,
        mark: Annotation,
        now: RelayTime,
    ) -> Result<Done, Refused> {
        let id = mark.id;
        self.take_mark(who, mark, now).map_err(about(id))
    }

    fn take_mark(
        &mut self,
        who: &Newcomer,
        mark: Annotation,
        now: RelayTime,
    ) -> Result<Done, ProblemCode> {
        if !rights(who.role).draw {
            return Err(ProblemCode::NotAllowed);
        }
        mark.shape.check().map_err(|_| ProblemCode::MarkRefused)?;
        if let Some(known) = self.ledger.marks.get(&mark.id) {
            let the_same = known.author == Some(who.person) && known.is(&mark);
            return match (the_same, known.in_force) {
                (false, _) => Err(ProblemCode::MarkIdTaken),
                (true, true) => Ok(self.known(mark.id)),
                // It was withdrawn or replaced since: a page that got a snapshot must not wait for it.
                (true, false) => Err(ProblemCode::MarkUnknown),
            };
        }
        let Anchor::Live { stream, .. } = mark.anchor;
        if !self.ledger.streams.contains_key(&stream) {
            return Err(ProblemCode::MarkRefused);
        }
        if let Some(replaced) = mark.replaces {
            self.own_mark(who, replaced)?;
        }
        let gauge = self.gauge_of(&mark, now)?;
        self.append(who.author(), LogEvent::Marked { mark, gauge }, now)
            .map(|()| Done::Taken)
    }

    pub(super) fn withdraw(
        &mut self,
        who: &Newcomer,
        mark: AnnotationId,
        now: RelayTime,
    ) -> Result<Done, Refused> {
        self.take_back(who, mark, now).map_err(about(mark))
    }

    fn take_back(
        &mut self,
        who: &Newcomer,
        mark: AnnotationId,
        now: RelayTime,
    ) -> Result<Done, ProblemCode> {
        if !rights(who.role).draw {
            return Err(ProblemCode::NotAllowed);
        }
        let own = self
            .ledger
            .marks
            .get(&mark)
            .is_some_and(|known| known.author == Some(who.person));
        if own
            && self
                .ledger
                .marks
                .get(&mark)
                .is_some_and(|known| !known.in_force)
        {
            return Ok(self.known(mark));
        }
        self.own_mark(who, mark)?;
        self.append(who.author(), LogEvent::Withdrawn { mark }, now)
            .map(|()| Done::Taken)
    }

    pub(super) fn pin(
        &mut self,
        who: &Newcomer,
        mark: AnnotationId,
        pinned: bool,
        now: RelayTime,
    ) -> Result<Done, Refused> {
        self.set_pin(who, mark, pinned, now).map_err(about(mark))
    }

    fn set_pin(
        &mut self,
        who: &Newcomer,
        mark: AnnotationId,
        pinned: bool,
        now: RelayTime,
    ) -> Result<Done, ProblemCode> {
        if !rights(who.role).pin {
            return Err(ProblemCode::NotAllowed);
        }
        match self.ledger.marks.get(&mark) {
            Some(known) if known.in_force && known.pinned == pinned => Ok(self.known(mark)),
            Some(known) if known.in_force => self
                .append(who.author(), LogEvent::Pinned { mark, pinned }, now)
                .map(|()| Done::Taken),
            _ => Err(ProblemCode::MarkUnknown),
        }
    }

    /// Said twice. What is still on its way to the disk is no answer: its entry will be one.
    fn known(&self, mark: AnnotationId) -> Done {
        let on_its_way = self
            .storing
            .iter()
            .chain(&self.waiting)
            .any(|entry| match &entry.event {
                LogEvent::Marked { mark: other, .. } => {
                    other.id == mark || other.replaces == Some(mark)
                }
                LogEvent::Withdrawn { mark: other } | LogEvent::Pinned { mark: other, .. } => {
                    *other == mark
                }
                _ => false,
            });
        if on_its_way {
            Done::Taken
        } else {
            Done::Known(mark)
        }
    }

    /// A mark in force that this person made; by person, so that somebody who came back through a fresh link still may.
    fn own_mark(&self, who: &Newcomer, mark: AnnotationId) -> Result<(), ProblemCode> {
        match self.ledger.marks.get(&mark) {
            Some(known) if !known.in_force => Err(ProblemCode::MarkUnknown),
            Some(known) if known.author == Some(who.person) => Ok(()),
            Some(_) => Err(ProblemCode::NotYourMark),
            None => Err(ProblemCode::MarkUnknown),
        }
    }
}

fn about(mark: AnnotationId) -> impl Fn(ProblemCode) -> Refused {
    move |code| Refused {
        code,
        mark: Some(mark),
        freeze: None,
        clip: None,
    }
}
