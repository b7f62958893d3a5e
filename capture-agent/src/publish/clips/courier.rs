//! What is offered and sent next (sans-IO).
//!
//! Owns the conversation of one connection: which clips were offered on it, and from where on the relay wants each. One
//! clip at a time is sent to its end, in the order in which the relay wanted them, because a clip is of use when it is
//! whole. It reads no file and knows no channel.

use std::collections::{BTreeSet, VecDeque};
use wire::ClipId;
use wire::clip::{ClipGap, ClipToAgent};

/// What has to be done about what the relay said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Do {
    /// Nothing more than is known here already.
    Nothing,
    /// The device's copy may go.
    LetGo(ClipId),
    /// The clip stays, and somebody is told.
    Keep(ClipId, ClipGap),
}

/// A clip that the relay wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) clip: ClipId,
    /// Where the next piece begins.
    pub(super) offset: u64,
}

/// The conversation.
#[derive(Debug, Default)]
pub(super) struct Courier {
    /// Offered on this connection.
    offered: BTreeSet<ClipId>,
    /// Wanted and not sent to the end, the next one first.
    wanted: VecDeque<Wanted>,
}

impl Courier {
    /// Which of the unsent clips of this consult are still to be offered.
    pub(super) fn to_offer(&self, unsent: &[ClipId]) -> Vec<ClipId> {
        let new = |clip: &&ClipId| !self.offered.contains(*clip);
        unsent.iter().filter(new).copied().collect()
    }

    /// It was offered, or cannot be.
    pub(super) fn offered(&mut self, clip: ClipId) {
        self.offered.insert(clip);
    }

    /// The relay said something. About a clip that was not offered on this connection it has nothing to say.
    pub(super) fn hear(&mut self, word: ClipToAgent) -> Do {
        match word {
            ClipToAgent::Wanted { clip, offset } if self.offered.contains(&clip) => {
                match self.wanted.iter_mut().find(|it| it.clip == clip) {
                    // Asked anew: from there on, whatever was sent.
                    Some(wanted) => wanted.offset = offset,
                    None => self.wanted.push_back(Wanted { clip, offset }),
                }
                Do::Nothing
            }
            ClipToAgent::Kept { clip } | ClipToAgent::KeptBeside { clip }
                if self.offered.contains(&clip) =>
            {
                self.drop_wanted(clip);
                Do::LetGo(clip)
            }
            ClipToAgent::Refused { clip, reason } if self.offered.contains(&clip) => {
                self.drop_wanted(clip);
                Do::Keep(clip, reason)
            }
            ClipToAgent::Wanted { .. }
            | ClipToAgent::Durable { .. }
            | ClipToAgent::Kept { .. }
            | ClipToAgent::KeptBeside { .. }
            | ClipToAgent::Refused { .. } => Do::Nothing,
        }
    }

    /// What is to be sent next.
    pub(super) fn next(&self) -> Option<Wanted> {
        self.wanted.front().copied()
    }

    /// A piece that began at `from` went out; the clip has `total` bytes. Nothing changes when the relay has asked for
    /// another offset meanwhile.
    pub(super) fn sent(&mut self, clip: ClipId, from: u64, bytes: u64, total: u64) {
        let at = self
            .wanted
            .iter()
            .position(|it| it.clip == clip && it.offset == from);
        let Some(wanted) = at.and_then(|at| self.wanted.get_mut(at)) else {
            return;
        };
        wanted.offset += bytes;
        if wanted.offset >= total {
            self.drop_wanted(clip);
        }
    }

    /// From there on it cannot be sent; what was wanted meanwhile still is.
    pub(super) fn give_up(&mut self, wanted: Wanted) {
        self.wanted.retain(|it| *it != wanted);
    }

    fn drop_wanted(&mut self, clip: ClipId) {
        self.wanted.retain(|it| it.clip != clip);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offered(courier: &mut Courier) -> ClipId {
        let clip = ClipId::random();
        courier.offered(clip);
        clip
    }

    #[test]
    fn each_unsent_clip_is_offered_once_on_a_connection() {
        let mut courier = Courier::default();
        let first = offered(&mut courier);
        let second = ClipId::random();
        assert_eq!(courier.to_offer(&[first, second]), [second]);
        assert_eq!(Courier::default().to_offer(&[first, second]).len(), 2);
    }

    #[test]
    fn a_clip_goes_on_from_the_relays_offset_to_its_end() {
        let mut courier = Courier::default();
        let clip = offered(&mut courier);
        let offset = 50;
        courier.hear(ClipToAgent::Wanted { clip, offset });
        assert_eq!(courier.next(), Some(Wanted { clip, offset }));
        courier.sent(clip, 50, 30, 100);
        assert_eq!(courier.next(), Some(Wanted { clip, offset: 80 }));
        courier.sent(clip, 80, 20, 100);
        assert_eq!(courier.next(), None);
        assert_eq!(courier.hear(ClipToAgent::Kept { clip }), Do::LetGo(clip));
        let clip = offered(&mut courier);
        let beside = ClipToAgent::KeptBeside { clip };
        assert_eq!(
            courier.hear(beside),
            Do::LetGo(clip),
            "it is there, flagged"
        );
    }

    #[test]
    fn asked_anew_it_starts_there_although_a_piece_is_on_its_way() {
        let mut courier = Courier::default();
        let clip = offered(&mut courier);
        courier.hear(ClipToAgent::Wanted { clip, offset: 0 });
        courier.hear(ClipToAgent::Wanted { clip, offset: 10 });
        courier.sent(clip, 0, 30, 100);
        assert_eq!(courier.next(), Some(Wanted { clip, offset: 10 }));
    }

    #[test]
    fn clips_go_one_after_the_other_in_the_order_of_wanting() {
        let mut courier = Courier::default();
        let (a, b) = (offered(&mut courier), offered(&mut courier));
        courier.hear(ClipToAgent::Wanted { clip: b, offset: 0 });
        courier.hear(ClipToAgent::Wanted { clip: a, offset: 0 });
        assert_eq!(courier.next().unwrap().clip, b);
        courier.sent(b, 0, 5, 5);
        assert_eq!(courier.next().unwrap().clip, a);
    }

    #[test]
    fn a_refused_clip_stays_and_nothing_is_let_go_that_was_not_offered() {
        let mut courier = Courier::default();
        let clip = offered(&mut courier);
        courier.hear(ClipToAgent::Wanted { clip, offset: 0 });
        let reason = ClipGap::RelayStorage;
        assert_eq!(
            courier.hear(ClipToAgent::Refused { clip, reason }),
            Do::Keep(clip, reason)
        );
        assert_eq!(courier.next(), None);
        let clip = ClipId::random();
        assert_eq!(courier.hear(ClipToAgent::Kept { clip }), Do::Nothing);
        courier.hear(ClipToAgent::Wanted { clip, offset: 0 });
        assert_eq!(courier.next(), None);
    }
}
