//! The rules of pictures from the video: whoever froze a frame that has no original supplies it as their page painted it.
//!
//! Called by the door over HTTP, before it takes the bytes and after they are durable. A late joiner never painted the frame
//! and has nothing else to stand on. Invariants: only the person who froze supplies it, once, and only where the publisher
//! keeps no originals; it is never an original, so nothing is measured on it.

use super::core::Consult;
use wire::log::LogEvent;
use wire::mark::Anchor;
use wire::original::VideoPicture;
use wire::people::Author;
use wire::problem::ProblemCode;
use wire::{FreezeId, PersonId, RelayTime, RtpTime, StreamId};

/// The frame of which a picture is wanted.
pub type WantedFrame = (StreamId, RtpTime);

impl Consult {
    /// Which frame this person may supply; nothing when it is here already.
    ///
    /// # Errors
    /// `NotFrozen` when that freeze is over, `NotAllowed` for anybody else and where originals are kept.
    pub fn wants_video_picture(
        &self,
        person: PersonId,
        freeze: FreezeId,
    ) -> Result<Option<WantedFrame>, ProblemCode> {
        let held = self.shown.state.freeze.as_ref();
        let held = held
            .filter(|held| held.freeze == freeze)
            .ok_or(ProblemCode::NotFrozen)?;
        let Anchor::Live { stream, rtp_time } = held.anchor;
        let froze = matches!(held.author, Author::Person { person: by, .. } if by == person);
        let mut streams = self.shown.state.streams.iter();
        let keeps_none = streams.any(|known| known.stream == stream && !known.stamped);
        if !froze || !keeps_none {
            return Err(ProblemCode::NotAllowed);
        }
        Ok(held.from_video.is_none().then_some((stream, rtp_time)))
    }

    /// It is durable. A freeze that ended meanwhile needs it no more.
    pub(super) fn video_picture_kept(
        &mut self,
        (person, freeze): (PersonId, FreezeId),
        picture: VideoPicture,
        now: RelayTime,
    ) {
        let Ok(Some((stream, rtp_time))) = self.wants_video_picture(person, freeze) else {
            return;
        };
        let author = self.shown.state.freeze.as_ref().map(|it| it.author.clone());
        let kept = LogEvent::VideoPictureKept {
            stream,
            rtp_time,
            picture,
        };
        let _ = self.append(author.unwrap_or(Author::Relay), kept, now);
    }
}

#[cfg(test)]
mod tests {
    use super::super::effect::{Input, PictureInput};
    use super::super::samples::{
        Meeting, STREAM, cardiologist, physician, picture, restored, trainer,
    };
    use super::*;
    use wire::original::Digest;

    fn supplied() -> VideoPicture {
        VideoPicture {
            width: 800,
            height: 600,
            blob: Digest::from_bytes([7; 32]),
            bytes: 480_000,
        }
    }

    /// Somebody froze a picture of a publisher with or without originals.
    fn frozen(stamped: bool) -> (Meeting, FreezeId) {
        let mut meeting = Meeting::of(&[cardiologist(), trainer(), physician()]);
        let mut publisher = picture();
        publisher.stamped = stamped;
        meeting.apply(Input::Picture(STREAM, PictureInput::Started(publisher)));
        let freeze = meeting.freezes(0);
        (meeting, freeze)
    }

    fn kept(meeting: &mut Meeting, person: PersonId, freeze: FreezeId) -> Option<VideoPicture> {
        meeting.apply(Input::VideoPicture(person, freeze, supplied()));
        restored(&meeting.disk).shown.state.freeze?.from_video
    }

    #[test]
    fn who_froze_supplies_the_frame_once_and_everybody_hears_of_it() {
        let (mut meeting, freeze) = frozen(false);
        let freezer = cardiologist().person;
        let wanted = meeting.core.wants_video_picture(freezer, freeze);
        assert!(matches!(wanted, Ok(Some((STREAM, _)))));
        assert_eq!(kept(&mut meeting, freezer, freeze), Some(supplied()));
        let entry = meeting.disk.last().unwrap();
        assert_eq!(entry.author, cardiologist().author());
        let entries = meeting.disk.len();
        assert_eq!(meeting.core.wants_video_picture(freezer, freeze), Ok(None));
        kept(&mut meeting, freezer, freeze);
        assert_eq!(meeting.disk.len(), entries, "once");
    }

    #[test]
    fn nobody_else_supplies_it_and_no_picture_takes_the_place_of_an_original() {
        for (stamped, who) in [(false, trainer()), (true, cardiologist())] {
            let (mut meeting, freeze) = frozen(stamped);
            let refused = meeting.core.wants_video_picture(who.person, freeze);
            assert_eq!(refused, Err(ProblemCode::NotAllowed));
            assert_eq!(kept(&mut meeting, who.person, freeze), None);
        }
    }

    #[test]
    fn a_freeze_that_is_over_needs_none() {
        let (mut meeting, freeze) = frozen(false);
        meeting.says(0, wire::socket::ToRelay::Release { freeze });
        let freezer = cardiologist().person;
        let refused = meeting.core.wants_video_picture(freezer, freeze);
        assert_eq!(refused, Err(ProblemCode::NotFrozen));
        let entries = meeting.disk.len();
        kept(&mut meeting, freezer, freeze);
        assert_eq!(meeting.disk.len(), entries);
    }
}
