//! The rules of the shared freeze: the first one wins, and who may let the picture run again.
//!
//! Called by the core for what a page said. Invariant: at most one freeze is in force, and an id that was used once never
//! freezes again, so that a message that comes late does not stop a picture that runs.

use super::core::{Consult, Refused};
use super::effect::Newcomer;
use super::rights::rights;
use wire::log::LogEvent;
use wire::mark::Anchor;
use wire::problem::ProblemCode;
use wire::{FreezeId, RelayTime, RtpTime};

impl Consult {
    pub(super) fn freeze(
        &mut self,
        who: &Newcomer,
        freeze: FreezeId,
        anchor: Anchor,
        now: RelayTime,
    ) -> Result<(), Refused> {
        self.take_freeze(who, freeze, anchor, now)
            .map_err(about(freeze))
    }

    fn take_freeze(
        &mut self,
        who: &Newcomer,
        freeze: FreezeId,
        anchor: Anchor,
        now: RelayTime,
    ) -> Result<(), ProblemCode> {
        if !rights(who.role).freeze {
            return Err(ProblemCode::NotAllowed);
        }
        match self.ledger.freeze {
            Some((held, by)) if held == freeze && by == Some(who.person) => return Ok(()), // Said twice.
            Some(_) => return Err(ProblemCode::AlreadyFrozen),
            None if self.ledger.freezes.contains(&freeze) => return Err(ProblemCode::NotFrozen),
            None => {}
        }
        let Anchor::Live { stream, .. } = anchor;
        if !self.ledger.streams.contains_key(&stream) {
            return Err(ProblemCode::NoPicture);
        }
        self.append(who.author(), LogEvent::Frozen { freeze, anchor }, now)?;
        self.want_original(anchor, now);
        Ok(())
    }

    /// A page doubts an original of the freeze in force: the frozen frame, or one of its beat.
    pub(super) fn doubt(
        &mut self,
        who: &Newcomer,
        (freeze, of_beat): (FreezeId, Option<RtpTime>),
        now: RelayTime,
    ) -> Result<(), Refused> {
        self.doubt_original(who, (freeze, of_beat), now)
            .map_err(about(freeze))
    }

    pub(super) fn release(
        &mut self,
        who: &Newcomer,
        freeze: FreezeId,
        now: RelayTime,
    ) -> Result<(), Refused> {
        self.let_run(who, freeze, now).map_err(about(freeze))
    }

    fn let_run(
        &mut self,
        who: &Newcomer,
        freeze: FreezeId,
        now: RelayTime,
    ) -> Result<(), ProblemCode> {
        let may = rights(who.role);
        match self.ledger.freeze {
            _ if !may.freeze => Err(ProblemCode::NotAllowed),
            Some((held, by)) if held == freeze => {
                if by != Some(who.person) && !may.release_any {
                    return Err(ProblemCode::NotAllowed);
                }
                self.cut_beat(now);
                self.append(who.author(), LogEvent::Released { freeze }, now)
            }
            _ => Err(ProblemCode::NotFrozen),
        }
    }
}

fn about(freeze: FreezeId) -> impl Fn(ProblemCode) -> Refused {
    move |code| Refused {
        code,
        mark: None,
        freeze: Some(freeze),
        clip: None,
    }
}
